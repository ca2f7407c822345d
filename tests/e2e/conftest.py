"""One emulator for the run; a project of its own name for every test."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.emulator.options import Options
from reconciler.emulator.testing import RunningEmulator
from tests.e2e.workshop import Workshop


@pytest.fixture
def workshop(tmp_path: Path) -> Iterator[Workshop]:
    with RunningEmulator(Options(run_seconds=0.5)) as emulator:
        yield Workshop(tmp_path, emulator.url, f"w{uuid.uuid4().hex[:12]}")
