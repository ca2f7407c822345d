"""Our side: a project of many models that are all tuned already, and an emulator in another process that has them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from reconciler.applying.metadata import declared_metadata
from reconciler.applying.outcomes import Cloud
from reconciler.applying.refreshing import refresh
from reconciler.cli.factory import build_engine
from reconciler.cli.settings import Settings
from reconciler.core.address import Address
from reconciler.core.desired import Desired, TunedModel
from reconciler.core.labels import own_labels
from reconciler.core.state import Intent, IntentStatus, Record, State, VersionStatus
from reconciler.emulator.testing import Admin
from reconciler.engine import Engine
from reconciler.planning.absorb import absorb
from reconciler.spec.fields import training_body
from reconciler.spec.fingerprint import training_fingerprint

PLAN = (sys.executable, "-m", "reconciler", "plan", "--detailed-exitcode")
PROJECT, LOCATION = "acme-bench", "us-central1"
DATASETS = 20
ROW = '{"contents": [{"role": "user", "parts": [{"text": "a"}]}, {"role": "model", "parts": [{"text": "b"}]}]}\n'


@contextmanager
def emulator() -> Iterator[str]:
    """The address of an emulator in a process of its own."""
    command = [sys.executable, "-m", "reconciler.emulator", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield "http://" + process.stdout.readline().split("http://", 1)[1].split()[0]
        finally:
            process.terminate()


def environ(url: str) -> dict[str, str]:
    """The environment of every run."""
    return {**os.environ, "TUNEFORM_EMULATOR": url, "NO_COLOR": "1"}


def build(folder: Path, count: int, url: str) -> None:
    """Specs, live jobs with their models and endpoints, and the state in which nothing is to be done."""
    _write_specs(folder, count)
    engine = build_engine(Settings(folder, None, environ(url), verbose=False))
    desired = engine.load(()).desired
    admin = Admin(url)
    for number in range(DATASETS):
        admin.put_object(f"gs://{PROJECT}/{number}.jsonl", ROW.encode() * 100)
    models = sorted(desired.models.values(), key=lambda m: m.address)
    names = admin.seed(PROJECT, LOCATION, [_job(model, desired) for model in models])
    admin.close()
    _record(engine, desired, dict(zip((m.address for m in models), names, strict=True)))


def _write_specs(folder: Path, count: int) -> None:
    (folder / "specs").mkdir(parents=True)
    (folder / "tuneform.yaml").write_text(
        "apiVersion: tuneform/v1\nkind: Project\nmetadata: {name: bench}\n"
        f"spec: {{specs: [specs/], state: state/, google: {{project: {PROJECT}, location: {LOCATION}}}}}\n"
    )
    for start in range(0, count, 10):
        documents = "---\n".join(_document(i) for i in range(start, min(start + 10, count)))
        (folder / "specs" / f"models_{start:05d}.yaml").write_text(documents)


def _document(number: int) -> str:
    return f"""\
apiVersion: tuneform/v1
kind: TunedModel
metadata:
  name: model-{number}
  labels:
    team: team-{number % 20}
spec:
  vertex:
    location: {LOCATION}
    baseModel: gemini-2.5-flash
    supervisedTuningSpec:
      trainingDatasetUri: gs://{PROJECT}/{number % DATASETS}.jsonl
      validationDatasetUri: gs://{PROJECT}/{(number + 1) % DATASETS}.jsonl
      hyperParameters:
        epochCount: {3 + number % 4}
        adapterSize: 4
        learningRateMultiplier: 1.5
      exportLastCheckpointOnly: true
    tunedModelDisplayName: model {number}
    description: number {number}
  lifecycle:
    keepLast: 2
"""


def _job(model: TunedModel, desired: Desired) -> dict[str, Any]:
    fingerprint = training_fingerprint(model, desired.contents)
    labels = own_labels(desired.project.name, model.address, fingerprint, f"bench{model.address.name}")
    body = {k: v for k, v in model.body.items() if k != "location"}
    return {**body, "tunedModelDisplayName": model.display_name, "labels": {**model.labels, **labels}}


def _record(engine: Engine, desired: Desired, names: dict[Address, str]) -> None:
    base = engine.store.read()
    intents = tuple(_intent(desired.models[address], desired, name) for address, name in names.items())
    state = replace(base, intents=intents)
    cloud: Cloud = engine.cloud()
    known = absorb(state, refresh(desired, state, cloud.providers, cloud.objects), engine.clock.now())
    seen = refresh(desired, known, cloud.providers, cloud.objects)
    known = absorb(known, seen, engine.clock.now())
    records = {a: _serving(r, desired.models[a]) for a, r in known.resources.items()}
    engine.store.write(State(base.lineage, base.serial, records), base)


def _intent(model: TunedModel, desired: Desired, name: str) -> Intent:
    return Intent(
        id=f"{model.address.name}.v1.a1",
        address=model.address,
        backend=model.backend,
        project=model.project,
        location=model.location,
        version=1,
        attempts=1,
        attempt=f"bench{model.address.name}",
        fingerprint=training_fingerprint(model, desired.contents),
        body_digest="",
        body=training_body(model, desired.contents),
        status=IntentStatus.COMMITTED,
        run=name,
    )


def _serving(record: Record, model: TunedModel) -> Record:
    version = replace(record.versions[0], status=VersionStatus.READY)
    return replace(record, versions=(version,), current=1, metadata=declared_metadata(model))
