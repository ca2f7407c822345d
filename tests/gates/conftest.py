"""A project with gates, the emulator beside it."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reconciler.emulator.options import Options
from reconciler.emulator.testing import RunningEmulator
from tests.e2e.workshop import Workshop

ADDRESS = "TunedModel/triage"


def gates(block: str) -> str:
    """A `gates` block for a spec."""
    return f"  gates:\n    {block}\n"


class Gated(Workshop):
    """A workshop with a model that has gates."""

    def prompts(self, *rows: dict[str, Any]) -> None:
        self.write("prompts.jsonl", "".join(json.dumps(row) + "\n" for row in rows))

    def gated(self, block: str, *, epochs: int = 3, labels: str = "") -> None:
        self.model(epochs=epochs, labels=labels, extra=gates(block))

    def serving(self) -> int:
        shown = json.loads(self.run("output", ADDRESS, "--format", "json").stdout)
        return int(shown["version"])

    def evidence(self, version: int) -> dict[str, Any]:
        record = json.loads(self.run("state", "show", ADDRESS).stdout)
        found: dict[str, Any] = next(v for v in record["versions"] if v["number"] == version)["evidence"]
        return found

    def generated(self) -> int:
        sent = self.requests()["requests"]
        return sum(1 for r in sent if r["path"].endswith(":generateContent"))


@pytest.fixture
def workshop(tmp_path: Path) -> Iterator[Gated]:
    with RunningEmulator(Options(run_seconds=0.3)) as emulator:
        bench = Gated(tmp_path, emulator.url, f"w{uuid.uuid4().hex[:12]}")
        bench.project()
        bench.dataset()
        yield bench
