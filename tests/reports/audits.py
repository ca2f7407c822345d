"""Audits as planning makes them, for the tests of what people and machines read."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

from reconciler.core.address import Address
from reconciler.core.diagnostics import Diagnostic, Source
from reconciler.core.drift import DriftItem, DriftKind, DriftReport, Failure, PendingChange
from reconciler.core.ignoring import IgnoreRule
from reconciler.core.plan import Action, FieldChange, FieldClass, StateRef
from tests.reports.plans import JOBS

TRIAGE = Address("TunedModel", "support-triage")
SUPPORT = Address("Endpoint", "support")
TRAIN = Address("Dataset", "triage-train")
SPEC = Source("specs/triage.yaml", 4, 37)
RULE = IgnoreRule(
    "billing relabels every night",
    "finops@acme.example",
    dt.date(2027, 3, 31),
    address="TunedModel/*",
    path="metadata.labels.*",
    source=Source("tuneform.yaml", 11, 9),
)


def changed(path: str, before: Any, after: Any, source: Source | None = SPEC) -> FieldChange:
    return FieldChange(path, before, after, FieldClass.METADATA, source)


def audit(*items: DriftItem, **rest: Any) -> DriftReport:
    made = DriftReport(
        project="acme-support",
        created_at="2026-11-21T04:00:00.000000Z",
        items=items,
        audited=(TRAIN, SUPPORT, TRIAGE),
        state=StateRef("6f1b2c1e-7d4e-4f57-9a55-1d6b2f0f9a11", 3),
        spec_digest="sha256:" + "5" * 64,
    )
    return replace(made, **rest)


MISSING = DriftItem(
    DriftKind.MISSING,
    "v2, which serves: its endpoint was deleted",
    "error",
    str(TRIAGE),
    "projects/acme-ml/locations/us/endpoints/8841",
    source=Source("specs/triage.yaml", 3, 18),
)
TRAFFIC = DriftItem(
    DriftKind.CHANGED,
    "what it carries, or its traffic, changed outside of tuneform",
    "error",
    str(SUPPORT),
    f"{JOBS}/endpoints/support-1",
    (
        changed("traffic (TunedModel/support-triage v2)", 100, 60, Source("specs/support.yaml", 7, 3)),
        changed(f"deployedModels.{JOBS}/models/77@1", None, 40, Source("specs/support.yaml", 7, 3)),
    ),
    source=Source("specs/support.yaml", 7, 3),
)
LABELS = DriftItem(
    DriftKind.CHANGED,
    "v2: names, labels or settings of its model changed outside of tuneform",
    "warning",
    str(TRIAGE),
    "projects/acme-ml/locations/us/models/8841@1",
    (changed("metadata.labels.team", "support", "sales"),),
    source=SPEC,
)
DATA = DriftItem(
    DriftKind.DATASET_CHANGED,
    "gs://acme-tuning/datasets/triage-train/0123456789abcdef.jsonl was deleted; tuned from it: "
    "TunedModel/support-triage v2",
    "warning",
    str(TRAIN),
    "gs://acme-tuning/datasets/triage-train/0123456789abcdef.jsonl",
    (changed("crc32c", "yZRlqg==", None, None),),
    source=Source("specs/triage.yaml", 21, 8),
)
NOTEBOOK = DriftItem(
    DriftKind.UNMANAGED,
    "a finished run and what it left, without a label of this project, and in no record",
    "note",
    resource=f"{JOBS}/tuningJobs/99",
    related=(f"{JOBS}/models/99@1", *(f"{JOBS}/endpoints/99{n}" for n in range(4))),
    labelled=False,
    hint="Adopt it with `tuneform import`, ignore it in the project file, or delete it where it was made.",
)
RETIRING = DriftItem(
    DriftKind.RETIRING,
    "gemini-2.5-flash retires 2026-12-20, in 29 days, and what was tuned from it with it",
    "warning",
    str(TRIAGE),
    "gemini-2.5-flash",
    deadline="2026-12-20",
    source=Source("specs/triage.yaml", 7, 5),
    hint="Tune from gemini-3.5-flash-lite instead.",
)
BLIND = DriftItem(
    DriftKind.UNREADABLE,
    "could not be read: Permission 'aiplatform.endpoints.list' denied",
    "error",
    resource=f"{JOBS}/endpoints",
    hint="Mend the access and run the audit again; what lies there is neither in sync nor missing.",
)
PENDING = PendingChange(TRIAGE, Action.RETUNE, "v3: vertex.supervisedTuningSpec.hyperParameters.epochCount changed")
EXPIRED = Diagnostic(
    "warning",
    "ignore_expired",
    "the rule to ignore unmanaged projects/*/locations/europe-west4/* ended on 2026-10-01 and is not followed: "
    "research notebooks (research@acme.example)",
    source=Source("tuneform.yaml", 12, 9),
    hint="Mend what it was about, or have its owner give it another day.",
)

IN_SYNC = audit()
DRIFT = audit(
    MISSING,
    TRAFFIC,
    replace(LABELS, ignored=RULE),
    DATA,
    NOTEBOOK,
    RETIRING,
    pending=(PENDING,),
    diagnostics=(EXPIRED,),
    elsewhere={"acme-prod": 12},
)
INCOMPLETE = audit(LABELS, BLIND, unseen=(SUPPORT,))
ERROR = DriftReport(
    "",
    "2026-11-21T04:00:00.000000Z",
    failures=(Failure("there are no usable credentials", "google-auth", "Run: gcloud auth application-default login"),),
)
AUDITS = {"in-sync": IN_SYNC, "drift": DRIFT, "incomplete": INCOMPLETE, "error": ERROR}


def hostile(text: str) -> DriftReport:
    """An audit in which everything that a spec, a server or a project file could have written is `text`."""
    place = Source(text, 1, 1)
    rule = IgnoreRule(text, text, dt.date(2027, 3, 31), text, text, "", text, place)
    items = [
        DriftItem(
            kind,
            text,
            "warning",
            "TunedModel/x" if kind is DriftKind.CHANGED else "",
            text,
            (FieldChange("a." + text, text, {text: [text]}, FieldClass.METADATA, place),),
            (text,) * 5,
            source=place,
            hint=text,
        )
        for kind in DriftKind
    ]
    return audit(
        *items,
        replace(items[0], ignored=rule),
        project=text,
        pending=(PendingChange(TRIAGE, Action.RETUNE, text),),
        diagnostics=(Diagnostic("warning", "code", text, text, place, text),),
        elsewhere={text: 1},
    )
