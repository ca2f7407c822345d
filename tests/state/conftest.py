from __future__ import annotations

from pathlib import Path

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
