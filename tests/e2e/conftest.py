"""One emulator for the run; a project of its own name for every test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.emulator.options import Options
from tests.e2e.workshop import Workshop, open_workshop


@pytest.fixture
def workshop(tmp_path: Path) -> Iterator[Workshop]:
    with open_workshop(tmp_path, Options(run_seconds=0.5)) as opened:
        yield opened
