"""tuneform's own traffic, from the first plan to the last delete, held against Google's discovery documents."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.emulator.options import Options
from reconciler.emulator.testing import RunningEmulator
from tests.conformance.discovery import check_exchange
from tests.conformance.recorder import Recorder
from tests.e2e.workshop import Workshop

PREFERENCE = """\
apiVersion: tuneform/v1
kind: TunedModel
metadata: {name: tone, labels: {team: support}}
spec:
  vertex:
    location: us-central1
    baseModel: gemini-3.5-flash
    preferenceOptimizationSpec:
      trainingDatasetUri: Dataset/pairs
      hyperParameters: {epochCount: 2, beta: 0.1, adapterSize: 4, learningRateMultiplier: 1.0}
      exportLastCheckpointOnly: true
    serviceAccount: tuner@acme-ml.iam.gserviceaccount.com
    description: replies in our own voice
"""


@pytest.fixture
def recorded(tmp_path: Path) -> Iterator[tuple[Workshop, Recorder]]:
    with RunningEmulator(Options(run_seconds=60)) as emulator, Recorder(emulator.url) as recorder:
        yield Workshop(tmp_path, recorder.url, "conformance"), recorder


def finish(workshop: Workshop, *flags: str) -> None:
    """Apply, let the runs come to their end, and apply what follows."""
    workshop.apply(*flags)
    workshop.advance()
    workshop.apply("--wait", *flags)


def test_every_request_and_every_answer_of_a_models_life_is_googles(recorded: tuple[Workshop, Recorder]) -> None:
    workshop, recorder = recorded
    workshop.project()
    workshop.dataset()
    workshop.dataset("pairs", method="preference")
    workshop.write("specs/tone.yaml", PREFERENCE)
    workshop.model()
    workshop.run("plan")
    finish(workshop)
    workshop.model(epochs=5, labels=", tier: gold")
    finish(workshop)
    (workshop.folder / "specs/tone.yaml").unlink()
    finish(workshop, "--allow-deletes", "1")
    workshop.run("status")
    workshop.model(epochs=6)
    workshop.apply()
    workshop.run("destroy", "--auto-approve", "--allow-deletes", "5")
    workshop.advance()
    workshop.run("destroy", "--auto-approve", "--wait", "--allow-deletes", "5")

    seen = [e for e in recorder.exchanges if not e.path.startswith("/_emulator")]
    wrong = [f"{e.method} {e.path}: {problem}" for e in seen for problem in check_exchange(e)]
    assert wrong == []
    methods = Counter(e.method for e in seen)
    assert methods.keys() == {"GET", "POST", "PATCH", "DELETE"}
    assert any(e.path.endswith(":cancel") for e in seen)
    assert any(e.path.endswith(":undeployModel") for e in seen)


def test_a_rebase_and_its_operation_are_googles(recorded: tuple[Workshop, Recorder]) -> None:
    workshop, recorder = recorded
    workshop.project()
    workshop.dataset()
    workshop.model(extra="  lifecycle: {rebase: true}\n")
    finish(workshop)
    spec = workshop.folder / "specs/triage.yaml"
    spec.write_text(spec.read_text().replace("gemini-2.5-flash", "gemini-3.5-flash"))
    finish(workshop)
    seen = [e for e in recorder.exchanges if not e.path.startswith("/_emulator")]
    assert [f"{e.method} {e.path}: {problem}" for e in seen for problem in check_exchange(e)] == []
    assert sum(e.path.endswith(":rebaseTunedModel") for e in seen) == 1
    assert any("/operations/" in e.path for e in seen)
