"""Base models that retire soon, or have retired: what was tuned from them stops with them."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.core.desired import Backend
from reconciler.core.drift import DriftItem, DriftKind
from reconciler.core.state import Record
from reconciler.planning.auditing.models import declared_model
from reconciler.planning.auditing.written import as_tuned, known_place, written_model
from reconciler.planning.liveness import model_gone
from reconciler.planning.reasons import Code
from reconciler.planning.transitions.warnings import base_model_ends
from reconciler.planning.world import World

_ENDS = (Code.BASE_MODEL_RETIRING, Code.BASE_MODEL_RETIRED)


def audit_base_model(world: World, record: Record, backend: Backend) -> Iterator[DriftItem]:
    """The announced end of what the serving version of a model was tuned from."""
    serving = record.serving
    if serving is None or model_gone(world, record, serving):
        return
    tuned = as_tuned(written_model(record, backend, declared_model(world, record)), serving)
    name = world.base_model_of(tuned)
    known = world.catalog.find(name) if name else None
    if known is None or known.retires is None:
        return
    for found in base_model_ends(tuned, name, known, world.catalog, world.now.date()):
        if found.code in _ENDS:
            yield DriftItem(
                DriftKind.RETIRING,
                found.message,
                "warning",
                str(record.address),
                name,
                deadline=known.retires.isoformat(),
                source=known_place(found.source),
                hint=found.hint,
            )
