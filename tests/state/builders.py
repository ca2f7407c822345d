"""States, records and intents to test with."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from reconciler.core.address import Address
from reconciler.core.canonical import digest
from reconciler.core.runs import RunState
from reconciler.core.state import (
    Checkpoint,
    DatasetPin,
    Intent,
    Record,
    RunError,
    State,
    Version,
    VersionStatus,
)
from reconciler.state.local import LocalBackend
from reconciler.state.store import StateStore

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
TRIAGE = Address("TunedModel", "support-triage")
BODY = {
    "baseModel": "gemini-3.1-flash-lite",
    "supervisedTuningSpec": {
        "trainingDatasetUri": "sha256:ab",
        "hyperParameters": {"epochCount": 3, "learningRateMultiplier": 1.5},
    },
    "description": "routes tickets: größer als 日本",
}


def run_name(number: int) -> str:
    return f"projects/acme-ml/locations/us-central1/tuningJobs/{number}"


def version(number: int = 1, *, attempt: str = "attempt1") -> Version:
    return Version(
        number=number,
        status=VersionStatus.READY,
        fingerprint=digest(number),
        body=BODY,
        attempt=attempt,
        run=run_name(number),
        run_state=RunState.SUCCEEDED,
        resolved={"baseModel": "gemini-3.1-flash-lite"},
        datasets=(DatasetPin("gs://acme/triage.jsonl", "17", "AAAAAA==", 1234),),
        model=f"projects/1/locations/us-central1/models/{number}@1",
        endpoint=f"projects/1/locations/us-central1/endpoints/{number}",
        checkpoints=(Checkpoint("1", 1, 10), Checkpoint("2", 2, 20, "projects/1/locations/us-central1/endpoints/9")),
        error=RunError(3, "row 4 is not valid"),
        created_at="2026-11-21T08:00:00Z",
        billed_tokens=270_000,
        estimated_usd=8.1,
        evidence={"/eval_total_loss": 0.41},
    )


def record(address: Address = TRIAGE, *versions: Version) -> Record:
    held = versions or (version(),)
    return Record(
        address=address,
        backend="vertex",
        project="acme-ml",
        location="us-central1",
        versions=held,
        current=held[0].number,
        prevent_destroy=True,
        metadata={"displayName": "Support triage", "labels": {"team": "support"}},
    )


def state_of(*records: Record, lineage: str = "0f0e", serial: int = 1) -> State:
    return State(lineage, serial, {r.address: r for r in records or (record(),)})


def intent(*, attempt: str = "attempt1", number: int = 1, attempts: int = 1) -> Intent:
    return Intent(
        id=f"tunedmodel_support-triage.v{number}.a{attempts}",
        address=TRIAGE,
        backend="vertex",
        project="acme-ml",
        location="us-central1",
        version=number,
        attempts=attempts,
        attempt=attempt,
        fingerprint=digest(number),
        body_digest=digest(BODY),
        body=BODY,
        datasets=(DatasetPin("gs://acme/triage.jsonl"),),
        prepared_at="2026-11-21T12:00:00Z",
    )


def store_in(project: Path) -> StateStore:
    """A store as another process would open it: it knows nothing but what is on disk."""
    return StateStore(LocalBackend(Path("state"), project), now=lambda: NOW, new_lineage=lambda: "0f0e")


def add_model(store: StateStore, name: str) -> State:
    """One more recorded model, read and written as an apply would."""
    base = store.read()
    return store.write(base.with_record(record(Address("TunedModel", name))), base)


def retag(recorded: Record, tag: str) -> Record:
    return replace(recorded, metadata={"displayName": tag})
