"""No spec declares it any more, or everything is to go: cancel what runs, delete what is left, then forget."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from reconciler.core.address import Address
from reconciler.core.amounts import counted
from reconciler.core.desired import Endpoint, TunedModel
from reconciler.core.diagnostics import Diagnostic, Source
from reconciler.core.plan import Action, Change
from reconciler.core.resource_names import key_of, parse_resource_name
from reconciler.core.runs import RunState
from reconciler.core.state import IntentStatus, Record, Version, VersionStatus
from reconciler.planning.liveness import carriers_of, failed_attempts, is_named, leftovers
from reconciler.planning.reasons import Code, because
from reconciler.planning.sight import RUN_COLLECTIONS
from reconciler.planning.traffic import own_models, strangers
from reconciler.planning.transitions.endpoints import is_of, unrecorded_route
from reconciler.planning.transitions.findings import Finding
from reconciler.planning.transitions.retention import in_teardown_order
from reconciler.planning.world import World


@dataclass(frozen=True, slots=True)
class Farewell:
    """Why a record is to go, and what its spec, where there still is one, says about that."""

    code: Code
    prevent_destroy: bool
    on_remove: str
    source: Source | None = None

    @property
    def why(self) -> str:
        """The reason in a few words."""
        return "the spec was removed" if self.code is Code.REMOVED else "destroying was asked for"


def farewell(record: Record, spec: TunedModel | Endpoint | None, *, destroy: bool) -> Farewell:
    """How a record is taken leave of. Without a spec the protection that the state remembers holds."""
    code = Code.DESTROYED if destroy else Code.REMOVED
    if spec is None:
        return Farewell(code, record.prevent_destroy, record.on_remove)
    kept = spec.lifecycle
    return Farewell(code, kept.prevent_destroy, kept.on_remove, spec.sources.at("metadata.name"))


def remove(world: World, record: Record, leave: Farewell) -> Iterator[Finding]:
    """The next step in taking a recorded model away."""
    intent = world.intents.get(record.address)
    left = [v for v in record.versions if v.status is not VersionStatus.DELETED]
    running = [v for v in left if v.is_live and world.observed.run(v.run) is not None]
    names = (name for v in left for name in (*leftovers(v), *_job_records(world, v)))
    targets = tuple(dict.fromkeys((*names, *failed_attempts(world, record.address))))
    if _is_hidden(world, record):
        yield _unreadable(record)
    elif intent is not None and intent.status is IntentStatus.SENDING:
        message = f"{leave.why}, but a create sent at {intent.sent_at} is only settled from {intent.decide_at} on"
        yield _change(record, leave, Action.HOLD, Code.IN_DOUBT, message, version=intent.version)
    elif not running and not targets:
        yield _change(record, leave, Action.FORGET, Code.NOTHING_LEFT, f"{leave.why} and nothing is left of it")
    elif leave.prevent_destroy:
        yield _change(record, leave, Action.HOLD, Code.PREVENT_DESTROY, f"{leave.why}, but preventDestroy protects it")
    elif leave.on_remove == "retain":
        message = f"{leave.why}; its resources are kept (onRemove: retain) and no longer managed"
        yield _change(record, leave, Action.FORGET, Code.RETAINED, message)
    elif users := _users(world, record, left):
        yield _change(record, leave, Action.HOLD, Code.STILL_REFERENCED, f"{leave.why}, but {users} refers to it")
    elif running:
        yield from (_stop(world, record, leave, v) for v in running)
    else:
        message = f"{leave.why}; the job's own record stays with Google" if record.backend == "vertex" else leave.why
        yield _change(record, leave, Action.DELETE, leave.code, message, targets=in_teardown_order(targets))


def unrecorded_endpoint(world: World, endpoint: Endpoint) -> Record | None:
    """A record for the endpoint that a pass made for a declared address before it died; None where there is none."""
    route = unrecorded_route(world, endpoint)
    live = world.observed.endpoint(route.name)
    if live is None or not is_of(live, world.desired.project.name, endpoint):
        return None
    return Record(endpoint.address, "vertex", endpoint.project, endpoint.location, route=route)


def remove_endpoint(world: World, record: Record, leave: Farewell) -> Change | Diagnostic:
    """An endpoint is emptied and deleted; the versions it carried are kept or go by what their own specs say."""
    name = record.route.name if record.route is not None else ""
    if world.sight.hides("vertex", name):
        message = f"{name} could not be looked for, so nothing is decided"
        return Diagnostic("warning", Code.UNREADABLE.value, message, str(record.address))
    live = world.observed.endpoint(name)
    if live is None:
        return _change(record, leave, Action.FORGET, Code.NOTHING_LEFT, f"{leave.why} and nothing is left of it")
    if leave.prevent_destroy:
        message = f"{leave.why}, but preventDestroy protects it"
        return _change(record, leave, Action.HOLD, Code.PREVENT_DESTROY, message)
    if leave.on_remove == "retain":
        message = f"{leave.why}; it stays as it is (onRemove: retain) and is no longer managed"
        return _change(record, leave, Action.FORGET, Code.RETAINED, message)
    if others := strangers(live, own_models(world.state)):
        names = ", ".join(d.model for d in others)
        message = f"{leave.why}, but {name} also carries {names}, which is not this project's: take that off by hand"
        return _change(record, leave, Action.HOLD, Code.ENDPOINT_SHARED, message)
    message = f"{leave.why}; applications that call {name} get an error from then on"
    return _change(record, leave, Action.DELETE, leave.code, message, targets=(name,))


def remove_dataset(record: Record, leave: Farewell) -> Change:
    """Uploaded objects stay where they are: nothing is lost, and a revert costs nothing."""
    stays = "stays" if len(record.objects) == 1 else "stay"
    message = f"{leave.why}; {counted(len(record.objects), 'uploaded object')} {stays} in the bucket"
    return _change(record, leave, Action.FORGET, leave.code, message)


def _is_hidden(world: World, record: Record) -> bool:
    """Whether a run or a resource of a record could not be looked for, so that nothing may be concluded."""
    if world.sight.clear:
        return False
    names = [v.run for v in record.versions if v.is_live and v.run]
    return world.sight.hides_runs(record.backend, record.location) or any(
        world.sight.hides(record.backend, name) for name in names
    )


def _unreadable(record: Record) -> Diagnostic:
    message = f"the runs in {record.location or 'the Gemini API'} could not be read, so nothing is decided"
    return Diagnostic("warning", Code.UNREADABLE.value, message, str(record.address))


def _users(world: World, record: Record, left: Sequence[Version]) -> str:
    """Who still refers to a record or to one of its models: declared specs, endpoints that carry it."""
    users = world.users.get(record.address, ())
    if users:
        return ", ".join(str(a) for a in users)
    if named := next((v.model for v in left if is_named(world, v)), ""):
        return f"a spec that names {named}"
    return next((name for v in left for name in carriers_of(world, v) if not _goes(world, name)), "")


def _goes(world: World, endpoint: str) -> bool:
    """Whether this very plan deletes an endpoint, before the models that it carries."""
    owner, record = _owner_of(world, endpoint)
    if owner is None or record is None or owner not in world.scope:
        return False
    if not world.options.destroy and owner in world.desired:
        return False
    leave = farewell(record, world.desired.endpoints.get(owner), destroy=world.options.destroy)
    found = remove_endpoint(world, record, leave)
    return isinstance(found, Change) and found.action is Action.DELETE


def _owner_of(world: World, endpoint: str) -> tuple[Address | None, Record | None]:
    """Whose a live endpoint is: by the record of it, or by being declared where a pass died before it was recorded."""
    owner = world.routes.get(key_of(endpoint))
    if owner is not None:
        return owner, world.record(owner)
    for address, spec in world.desired.endpoints.items():
        found = unrecorded_endpoint(world, spec) if world.record(address) is None else None
        if found is not None and found.route is not None and key_of(found.route.name) == key_of(endpoint):
            return address, found
    return None, None


def _job_records(world: World, version: Version) -> tuple[str, ...]:
    """The record of a pipeline job, which unlike a tuning job's can be deleted once the job has ended."""
    run = world.observed.run(version.run)
    parsed = parse_resource_name(version.run)
    is_deletable = parsed is not None and parsed.collection == RUN_COLLECTIONS["palm"]
    return (run.name,) if is_deletable and run is not None and run.state.is_final else ()


def _stop(world: World, record: Record, leave: Farewell, version: Version) -> Change:
    run = world.observed.run(version.run)
    is_stopping = run is not None and run.state is RunState.CANCELLING
    if version.status is VersionStatus.CANCELLING or is_stopping:
        message = f"v{version.number} is being cancelled; what it leaves is deleted once it has stopped"
        return _change(
            record, leave, Action.WAIT, Code.CANCELLING, message, version=version.number, targets=(version.run,)
        )
    message = f"{leave.why}; v{version.number} is cancelled, and what it leaves is deleted afterwards"
    return _change(record, leave, Action.CANCEL, leave.code, message, version=version.number, targets=(version.run,))


def _change(
    record: Record,
    leave: Farewell,
    action: Action,
    code: Code,
    message: str,
    *,
    version: int | None = None,
    targets: tuple[str, ...] = (),
) -> Change:
    return Change(
        record.address, action, (because(code, message),), version=version, targets=targets, source=leave.source
    )
