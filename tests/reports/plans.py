"""Plans as planning makes them, for the tests of what people and machines read."""

from typing import Any

from reconciler.core.address import Address
from reconciler.core.diagnostics import Diagnostic, Source
from reconciler.core.plan import Action, Change, Cost, FieldChange, FieldClass, Plan, Reason, StateRef

TRAINING = FieldClass.TRAINING
METADATA = FieldClass.METADATA
HYPER = "vertex.supervisedTuningSpec.hyperParameters"
BUCKET = "gs://acme-tuning/datasets/triage-train"
JOBS = "projects/acme-ml/locations/us-central1"


def field(path: str, before: Any, after: Any, line: int = 0, kind: FieldClass = TRAINING) -> FieldChange:
    return FieldChange(path, before, after, kind, Source("specs/triage.yaml", line, 9) if line else None)


def change(action: Action, name: str, *reasons: str, kind: str = "TunedModel", **rest: Any) -> Change:
    return Change(Address(kind, name), action, tuple(Reason("because", text) for text in reasons), **rest)


def plan(
    *changes: Change,
    unchanged: int = 0,
    diagnostics: tuple[Diagnostic, ...] = (),
    unreadable: tuple[str, ...] = (),
) -> Plan:
    summary = {action: sum(c.action is action for c in changes) for action in Action}
    summary[Action.NONE] = unchanged
    return Plan(
        project="acme-support",
        created_at="2026-11-21T04:00:00.000000Z",
        state=StateRef("6f1b2c1e-7d4e-4f57-9a55-1d6b2f0f9a11", 3),
        spec_digest="sha256:" + "5" * 64,
        changes=changes,
        summary=summary,
        complete=not unreadable,
        diagnostics=diagnostics,
        unreadable=unreadable,
    )


CREATE = change(
    Action.CREATE,
    "tone-pref",
    "The spec is declared and nothing that belongs to it exists.",
    fields=(
        field("vertex.baseModel", None, "gemini-3.1-flash-lite", 5),
        field("vertex.preferenceOptimizationSpec.trainingDatasetUri", None, "sha256:" + "8a" * 32, 7),
        field("vertex.preferenceOptimizationSpec.hyperParameters.beta", None, 0.1, 9),
        field("vertex.preferenceOptimizationSpec.hyperParameters.epochCount", None, 2, 9),
    ),
    cost=Cost(None, "no price is known for preference tuning of gemini-3.1-flash-lite (catalog 2026-11-01)"),
    version=1,
    source=Source("specs/tone.yaml", 1, 1),
)
RETUNE = change(
    Action.RETUNE,
    "support-triage",
    "A field that decides what is trained differs from what was tuned.",
    fields=(
        field(f"{HYPER}.epochCount", 3, 4, 14),
        field(f"{HYPER}.adapterSize", "ADAPTER_SIZE_ONE", "ADAPTER_SIZE_FOUR", 15),
        field(
            "vertex.supervisedTuningSpec.trainingDatasetUri",
            f"{BUCKET}/0123456789abcdef.jsonl",
            f"{BUCKET}/fedcba9876543210.jsonl",
            11,
        ),
    ),
    cost=Cost(8.1, "2700000 tokens x 1 epoch x 3.00/1M (catalog 2026-11-01)", low=6.4, high=12.0),
    version=2,
    serving=1,
    source=Source("specs/triage.yaml", 1, 1),
)
UPDATE = change(
    Action.UPDATE,
    "legal-summary",
    "Labels, display name or description changed in the spec.",
    fields=(
        field("displayName", "Legal summary", "Legal summaries", 3, METADATA),
        field("labels.team", "legal", "legal-ops", 4, METADATA),
        field("description", "summarises contracts", None, 0, METADATA),
    ),
    version=1,
    serving=1,
)
UPLOAD = change(
    Action.CREATE,
    "triage-train",
    "The file's content is not in the bucket yet.",
    kind="Dataset",
    targets=(f"{BUCKET}/fedcba9876543210.jsonl",),
)
WAIT = change(Action.WAIT, "intent-router", "The run is under way: 120 of 400 steps.", version=1)
HOLD = change(
    Action.HOLD,
    "next-number",
    "The service takes no new tunes; --allow-retired tries nevertheless.",
    source=Source("specs/numbers.yaml", 1, 1),
)
DELETE = change(
    Action.DELETE,
    "old-router",
    "The spec was removed.",
    version=3,
    targets=(f"{JOBS}/endpoints/8841", f"{JOBS}/models/7733@1"),
)
RETIRING = Diagnostic(
    "warning",
    "base_model_retiring",
    "gemini-2.5-flash retires on 2026-10-20, and the tuned model with it.",
    "TunedModel/legal-summary",
    Source("specs/legal.yaml", 8, 5),
    "Move to gemini-3.1-flash-lite before then.",
)
NOTE = Diagnostic("note", "unmanaged", "2 runs in us-central1 do not carry this project's labels.")

EVERYTHING = plan(CREATE, RETUNE, UPDATE, UPLOAD, WAIT, HOLD, DELETE, unchanged=12, diagnostics=(RETIRING, NOTE))
EMPTY = plan(unchanged=12)
INCOMPLETE = plan(WAIT, unchanged=3, unreadable=("locations/europe-west4: 403 permission denied",))
