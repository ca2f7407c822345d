"""Runs and endpoints that belong to no address: shown, so that nobody pays for what is forgotten, and never touched."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from reconciler.core.amounts import counted
from reconciler.core.diagnostics import Diagnostic
from reconciler.core.labels import ADDRESS, PROJECT, address_label
from reconciler.core.plan import Change
from reconciler.core.resource_names import key_of
from reconciler.planning.liveness import left_a_model
from reconciler.planning.reasons import Code
from reconciler.planning.transitions.findings import Finding
from reconciler.planning.world import World

_SHOWN = 3


def outsiders(world: World, findings: Iterable[Finding]) -> Iterator[Diagnostic]:
    """A warning for each run of ours that nothing accounts for, and one note about everybody else's."""
    taken = {name for f in findings if isinstance(f, Change) for name in f.targets}
    declared = {address_label(a) for a in world.desired.models}
    for label, runs in world.strays.items():
        for run in runs:
            # A finished run of a declared address is an earlier version whose record is gone; it costs nothing.
            is_left = label not in declared and left_a_model(world, run)
            if run.name not in taken and (run.state.is_active or is_left):
                message = f"{run.name} ({run.state.lower()}) carries this project's labels and is in no record"
                hint = "Cancel or delete it by hand, or take it over with `tuneform import`."
                yield Diagnostic("warning", Code.UNRECORDED_RUN.value, message, label, hint=hint)
    yield from _endpoints(world, taken)
    if world.foreign:
        names = ", ".join(r.name for r in world.foreign[:_SHOWN])
        more = f" and {len(world.foreign) - _SHOWN} more" if len(world.foreign) > _SHOWN else ""
        verb = "does" if len(world.foreign) == 1 else "do"
        message = f"{counted(len(world.foreign), 'run')} {verb} not belong to this project: {names}{more}"
        yield Diagnostic("note", Code.UNMANAGED.value, message)


def _endpoints(world: World, taken: set[str]) -> Iterator[Diagnostic]:
    """Endpoints that were made for an address and are in no record: a pass died, or the state was lost."""
    known = {*world.routes, *(key_of(name) for name in taken)}
    declared = {address_label(a) for a in world.desired.endpoints}
    for key, live in sorted(world.observed.endpoints.items()):
        label = live.labels.get(ADDRESS, "")
        is_ours = live.labels.get(PROJECT) == world.desired.project.name and label.startswith("endpoint_")
        if is_ours and key not in known:
            message = f"{live.name} carries this project's labels and is in no record"
            hint = "Undeploy what is on it and delete it by hand, if nobody calls it."
            if label in declared:
                hint = f"Its spec takes it over again if it has the id that the spec asks for. Otherwise: {hint}"
            yield Diagnostic("warning", Code.UNRECORDED_ENDPOINT.value, message, label, hint=hint)
