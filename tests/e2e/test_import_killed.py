"""An import that is killed on the way can simply be run again, and nothing is lost, doubled or bought."""

from __future__ import annotations

import signal
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from reconciler.applying.adopting import importing
from reconciler.applying.adopting.files import create_file
from reconciler.state.store import StateStore
from tests.e2e.killed import after, before, die
from tests.e2e.test_import import import_all, outside, written
from tests.e2e.test_import_endpoints import Operator, operator
from tests.e2e.workshop import Workshop

__all__ = ["operator", "outside"]


def _after_one_file() -> None:
    count = iter(range(2))

    def then_die(*arguments: Any, **named: Any) -> None:
        create_file(*arguments, **named)
        if next(count) == 1:
            die()

    setattr(importing, "create_file", then_die)  # noqa: B010 - a plain assignment to a function is no valid type


def _before_the_last_write() -> None:
    whole, count = StateStore.write, iter(range(9))

    def second_dies(*arguments: Any) -> Any:
        return die() if next(count) else whole(*arguments)

    setattr(StateStore, "write", second_dies)  # noqa: B010 - as above


POINTS: dict[str, Callable[[], None]] = {
    "before the state": partial(before, StateStore, "write"),
    "after the state, before the files": partial(after, StateStore, "write"),
    "between the files": _after_one_file,
    "after the files": _before_the_last_write,
}


@pytest.mark.parametrize("point", POINTS)
def test_an_import_that_was_killed_is_run_again(workshop: Workshop, operator: Operator, point: str) -> None:
    operator.tuned("A", "B")
    operator.endpoint("support", "Support", {"A": 60, "B": 40})
    ran = workshop.run("import", "--all", "--out", "specs", expect=None, prepare=POINTS[point])
    assert ran.returncode == -signal.SIGKILL
    assert set(workshop.actions().values()) <= {"forget"}
    import_all(workshop)
    assert sorted(written(workshop)) == ["a.yaml", "b.yaml", "support-endpoint.yaml"]
    assert workshop.actions() == {}
    workshop.apply()
    assert workshop.jobs() == []
