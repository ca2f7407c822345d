"""From what is declared, recorded and observed to a plan.

order       what is referred to first
decide      address by address, with no regard to the others
guard       limits over all of them together; what only held models would read is not uploaded
assemble    changes, counts, and what is worth saying besides
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime

from reconciler.catalog import Catalog
from reconciler.core.address import Address
from reconciler.core.desired import Desired
from reconciler.core.diagnostics import Diagnostic
from reconciler.core.moments import stamp
from reconciler.core.observed import Observed
from reconciler.core.plan import Action, Change, Plan, StateRef
from reconciler.core.state import IntentStatus, Record, State
from reconciler.planning.graph import declared_order, removal_order, with_needs
from reconciler.planning.guards import guard
from reconciler.planning.reasons import Code
from reconciler.planning.transitions.datasets import upload
from reconciler.planning.transitions.declared import decide
from reconciler.planning.transitions.endpoints import decide_endpoint
from reconciler.planning.transitions.findings import Finding
from reconciler.planning.transitions.outsiders import outsiders
from reconciler.planning.transitions.removed import (
    farewell,
    remove,
    remove_dataset,
    remove_endpoint,
    unrecorded_endpoint,
)
from reconciler.planning.uploads import hold_back_uploads
from reconciler.planning.world import PlanOptions, World, look

__all__ = ["PlanOptions", "make_plan"]

_DEFAULTS = PlanOptions()


def make_plan(
    desired: Desired,
    state: State,
    observed: Observed,
    catalog: Catalog,
    now: datetime,
    *,
    options: PlanOptions = _DEFAULTS,
) -> Plan:
    """What would be done now, in the order in which it would be done.

    `state` is expected to have absorbed `observed` (see `absorb`). Raises SpecError when specs refer to one another in
    a circle.
    """
    world = look(desired, state, observed, catalog, now, options, _scope(desired, state, options))
    findings = hold_back_uploads(world, guard(world, _decisions(world)))
    if not options.targets:
        findings.extend(outsiders(world, findings))
    findings.extend(_about_the_view(world))
    return _assemble(world, findings)


def _scope(desired: Desired, state: State, options: PlanOptions) -> frozenset[Address]:
    """The addresses a decision is asked for: all, or the targets with what they need.

    Destroying takes no more than it was told to: what a target needs is left.
    """
    sent = (i.address for i in state.intents if i.status is IntentStatus.SENDING)
    everything = frozenset({*desired.models, *desired.datasets, *desired.endpoints, *state.resources, *sent})
    if not options.targets:
        return everything
    wanted = frozenset(options.targets) if options.destroy else with_needs(desired, options.targets)
    return wanted & everything


def _decisions(world: World) -> Iterator[Finding]:
    if not world.options.destroy:
        for address in declared_order(world.desired):
            if address in world.scope:
                yield from _declared(world, address)
    yield from _removals(world)


def _declared(world: World, address: Address) -> Iterator[Finding]:
    if address in world.desired.models:
        yield from decide(world, world.desired.models[address])
    elif address in world.desired.datasets:
        yield from upload(world, world.desired.datasets[address])
    else:
        yield from decide_endpoint(world, world.desired.endpoints[address])


def _removals(world: World) -> Iterator[Finding]:
    going = {
        address: record
        for address, record in {**_sent_only(world), **_made_only(world), **world.state.resources}.items()
        if address in world.scope and (world.options.destroy or address not in world.desired)
    }
    for address in removal_order(going.values()):
        record = going[address]
        spec = world.desired.models.get(address) or world.desired.endpoints.get(address)
        leave = farewell(record, spec, destroy=world.options.destroy)
        if address.kind == "Dataset":
            yield remove_dataset(record, leave)
        elif address.kind == "Endpoint":
            yield remove_endpoint(world, record, leave)
        else:
            yield from remove(world, record, leave)


def _sent_only(world: World) -> dict[Address, Record]:
    """Addresses of which nothing is known but that a create was sent for them: they must not be lost sight of."""
    sent = [i for i in world.intents.values() if i.status is IntentStatus.SENDING]
    return {i.address: Record(i.address, i.backend, i.project, i.location) for i in sent}


def _made_only(world: World) -> dict[Address, Record]:
    """Declared endpoints that are there and in no record: destroying takes them too, or their models would stay."""
    if not world.options.destroy:
        return {}
    found = (unrecorded_endpoint(world, e) for a, e in world.desired.endpoints.items() if world.record(a) is None)
    return {record.address: record for record in found if record is not None}


def _about_the_view(world: World) -> Iterator[Diagnostic]:
    for target in sorted(set(world.options.targets) - world.scope):
        message = f"{target} is neither declared nor recorded, so this target changes nothing"
        yield Diagnostic("warning", Code.TARGET_UNKNOWN.value, message, str(target))
    for unreadable in world.observed.unreadable:
        hint = "Mend the access and plan again; nothing is applied from an incomplete view."
        yield Diagnostic("warning", Code.UNREADABLE.value, f"{unreadable.what}: {unreadable.reason}", hint=hint)


def _assemble(world: World, findings: Iterable[Finding]) -> Plan:
    changes: list[Change] = []
    diagnostics: list[Diagnostic] = []
    for finding in findings:
        if isinstance(finding, Change):
            changes.append(_with_serving(world, finding))
        else:
            diagnostics.append(finding)
    return Plan(
        project=world.desired.project.name,
        created_at=stamp(world.now),
        state=StateRef(world.state.lineage, world.state.serial),
        spec_digest=world.desired.spec_digest,
        changes=tuple(changes),
        summary=_summary(world, changes, diagnostics),
        complete=world.observed.complete,
        diagnostics=tuple(diagnostics),
        unreadable=tuple(f"{u.what}: {u.reason}" for u in world.observed.unreadable),
    )


def _with_serving(world: World, change: Change) -> Change:
    """The change with the version that serves meanwhile, where that is another one."""
    record = world.record(change.address)
    if record is None or change.version is None or record.current in (None, change.version):
        return change
    return replace(change, serving=record.current)


def _summary(world: World, changes: list[Change], diagnostics: list[Diagnostic]) -> dict[Action, int]:
    """How many addresses each action concerns; about what could not be seen nothing is claimed, not even `none`."""
    counts = Counter(action for _, action in {(c.address, c.action) for c in changes})
    decided = {str(c.address) for c in changes}
    decided.update(d.address for d in diagnostics if d.code == Code.UNREADABLE.value)
    counts[Action.NONE] = sum(1 for a in world.scope if str(a) not in decided) if decided else len(world.scope)
    return {action: counts[action] for action in Action}
