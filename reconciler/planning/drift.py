"""From what is declared, recorded and observed to an audit: what live differs in from what was last written.

What specs ask for and no apply has done yet is no drift; it is counted apart, from the plan that would do it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import get_args

from reconciler.catalog import Catalog
from reconciler.core.address import Address
from reconciler.core.desired import Backend, Desired
from reconciler.core.drift import DriftItem, DriftKind, DriftReport, PendingChange
from reconciler.core.moments import stamp
from reconciler.core.observed import Observed
from reconciler.core.plan import StateRef
from reconciler.core.state import State
from reconciler.planning.absorb import absorb
from reconciler.planning.auditing.datasets import audit_datasets
from reconciler.planning.auditing.endpoints import audit_endpoint
from reconciler.planning.auditing.ignoring import ignore
from reconciler.planning.auditing.models import audit_model
from reconciler.planning.auditing.retiring import audit_base_model
from reconciler.planning.auditing.unmanaged import audit_unmanaged
from reconciler.planning.auditing.unseen import audit_view, unseen
from reconciler.planning.plan import make_plan
from reconciler.planning.reasons import Code
from reconciler.planning.traffic import own_models
from reconciler.planning.world import PlanOptions, World, look

_OPTIONS = PlanOptions(evaluates=True)
_RANK = {kind: at for at, kind in enumerate(DriftKind)}
# Why a plan puts right what somebody else did: told as findings, and not as changes that wait to be applied.
_REPAIRS = frozenset(
    {
        Code.METADATA_DRIFT,
        Code.TRAFFIC_DRIFT,
        Code.ENDPOINT_GONE,
        Code.ENDPOINT_EMPTY,
        Code.MODEL_GONE,
        Code.RUN_GONE,
        Code.MODEL_OF_LOST_RUN,
        Code.CANCELLED_ELSEWHERE,
        Code.DATASET_CHANGED,
        Code.OBJECT_DIFFERS,
    }
)


def audit(desired: Desired, state: State, observed: Observed, catalog: Catalog, now: datetime) -> DriftReport:
    """Every difference between what was last written and what is live, and everything that could not be seen.

    `state` is as it was stored. Raises SpecError when specs refer to one another in a circle.
    """
    world = look(desired, absorb(state, observed, now), observed, catalog, now, _OPTIONS, frozenset())
    outside = audit_unmanaged(world)
    found = sorted((*_about_records(world, state), *outside.items), key=_place_in_report)
    items, remarks = ignore(found, desired.project.ignores, now.date(), complete=observed.complete)
    return DriftReport(
        project=desired.project.name,
        created_at=stamp(now),
        items=items,
        audited=tuple(sorted(world.state.resources)),
        unseen=unseen(world),
        pending=_pending(world, {item.address for item in items if item.kind is DriftKind.DATASET_CHANGED}),
        diagnostics=remarks,
        elsewhere=dict(sorted(outside.elsewhere.items())),
        state=StateRef(state.lineage, state.serial),
        spec_digest=desired.spec_digest,
    )


def _about_records(world: World, before: State) -> Iterator[DriftItem]:
    own = own_models(world.state)
    for address, record in sorted(world.state.resources.items()):
        if record.route is not None:
            yield from audit_endpoint(world, record, record.route, own)
        backend = next((b for b in get_args(Backend) if b == record.backend), None)
        if address.kind == "TunedModel" and backend is not None:
            yield from audit_model(world, before, record, backend, own)
            yield from audit_base_model(world, record, backend)
    yield from audit_datasets(world)
    yield from audit_view(world)


def _place_in_report(item: DriftItem) -> tuple[int, bool, str, str]:
    """By kind, what has an address first."""
    return _RANK[item.kind], not item.address, item.address, item.resource


def _pending(world: World, lost: Collection[str]) -> tuple[PendingChange, ...]:
    """What the next apply would do because of the specs, and not because of what somebody else did.

    Uploading again what is `lost` is not asked for by a spec either.
    """
    plan = make_plan(world.desired, world.state, world.observed, world.catalog, world.now, options=_OPTIONS)
    found: dict[Address, PendingChange] = {}
    for change in plan.changes:
        reason = change.reasons[0]
        is_repair = reason.code in _REPAIRS or (reason.code == Code.NOT_UPLOADED and str(change.address) in lost)
        if not is_repair:
            found.setdefault(change.address, PendingChange(change.address, change.action, reason.message))
    return tuple(found[address] for address in sorted(found))
