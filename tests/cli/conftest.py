"""Running command lines in this process."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from reconciler.cli.main import run
from tests.cli.fakes import FakeEngine, session_with


@dataclass(frozen=True)
class Ran:
    """What a command line came to."""

    code: int
    out: str
    err: str


Runner = Callable[..., Ran]


@pytest.fixture
def tuneform(capsys: pytest.CaptureFixture[str]) -> Runner:
    """Run `tuneform …` over a fake engine; stdout and stderr are no terminals."""

    def runner(*args: str, engine: FakeEngine | None = None, environ: dict[str, str] | None = None) -> Ran:
        code = run(list(args), session_with(engine or FakeEngine(), environ))
        out, err = capsys.readouterr()
        return Ran(code, out, err)

    return runner
