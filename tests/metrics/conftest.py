from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.emulator.options import Options
from tests.e2e.workshop import Workshop, open_workshop

ADDRESS = "TunedModel/triage"


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    """Two finished versions, measured on validation data; the second serves."""
    folder: Path = tmp_path_factory.mktemp("metrics")
    with open_workshop(folder, Options(run_seconds=0.3)) as bench:
        bench.project()
        bench.dataset(rows=40)
        bench.dataset("val", rows=10)
        for epochs in (3, 6):
            bench.model(epochs=epochs)
            spec = folder / "specs/triage.yaml"
            training = "      trainingDatasetUri: Dataset/train\n"
            spec.write_text(spec.read_text().replace(training, f"{training}      validationDatasetUri: Dataset/val\n"))
            bench.apply("--wait")
        yield bench
