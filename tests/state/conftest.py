from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

import pytest

from reconciler.state.local import LocalBackend
from reconciler.state.store import StateStore
from tests.state.builders import store_in


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """An empty project folder; its state lives in `state/`."""
    return tmp_path


@pytest.fixture
def backend(project: Path) -> LocalBackend:
    return LocalBackend(Path("state"), project)


@pytest.fixture
def store(project: Path) -> StateStore:
    return store_in(project)


@pytest.fixture
def quick_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory where there is one: what the kernel has outlives a killed process, so fsync can be free."""
    if not os.access("/dev/shm", os.W_OK):
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        yield Path(folder)


REPOSITORY = Path(__file__).parent.parent.parent


class Processes:
    """Starts modules of this folder as processes of their own."""

    environment: ClassVar[dict[str, str]] = {
        **os.environ,
        "PYTHONPATH": str(REPOSITORY),
        "PYTHONDONTWRITEBYTECODE": "1",
    }

    def command(self, module: str, *arguments: object) -> list[str]:
        return [sys.executable, "-m", f"tests.state.{module}", *map(str, arguments)]

    @contextmanager
    def running(self, module: str, *arguments: object) -> Iterator[subprocess.Popen[bytes]]:
        """A module that runs, until the block ends and it is killed."""
        child = subprocess.Popen(
            self.command(module, *arguments), env=self.environment, cwd=REPOSITORY, stdout=subprocess.PIPE
        )
        try:
            yield child
        finally:
            child.kill()
            child.communicate()

    def answer(self, module: str, *arguments: object) -> Any:
        """What a module prints as JSON."""
        done = subprocess.run(
            self.command(module, *arguments),
            env=self.environment,
            cwd=REPOSITORY,
            capture_output=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, done.stderr.decode()
        return json.loads(done.stdout)


@pytest.fixture(scope="session")
def processes() -> Processes:
    return Processes()
