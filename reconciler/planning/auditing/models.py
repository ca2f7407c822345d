"""Tuned models: their runs, models and endpoints must be there, carry what they carried and say what was written."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from reconciler.core.desired import Backend, TunedModel
from reconciler.core.diagnostics import Severity
from reconciler.core.drift import DriftItem, DriftKind
from reconciler.core.observed import LiveEndpoint, LiveModel
from reconciler.core.plan import FieldChange, FieldClass
from reconciler.core.resource_names import parse_resource_name
from reconciler.core.runs import RunState
from reconciler.core.state import Record, State, Version, VersionStatus
from reconciler.planning.auditing.endpoints import strangers_in
from reconciler.planning.auditing.written import finding, turned, written_model
from reconciler.planning.liveness import FINISHED, cancelled_by_us, model_gone, run_gone
from reconciler.planning.reasons import Code
from reconciler.planning.transitions.finished import not_deployed
from reconciler.planning.transitions.metadata import differences
from reconciler.planning.transitions.running import is_fresh
from reconciler.planning.world import World


def audit_model(
    world: World, before: State, record: Record, backend: Backend, own: Collection[str]
) -> Iterator[DriftItem]:
    """Everything about one recorded model.

    `before` is the state as it was stored, before this look was absorbed; `own` are the models that are recorded.
    """
    spec = declared_model(world, record)
    written = written_model(record, backend, spec)
    stored = before.resources.get(record.address)
    for version in record.versions:
        earlier = stored.version(version.number) if stored else None
        if earlier is not None and earlier.is_live:
            yield from _run(world, record, written, earlier, version)
        elif version.status in FINISHED:
            yield from _remains(world, record, written, version, own)
    serving = record.serving
    if serving is not None and (record.metadata or spec is not None):
        yield from _words(world, record, written, spec, serving)


def declared_model(world: World, record: Record) -> TunedModel | None:
    """The spec of a recorded model, if it still is one of the same service."""
    spec = world.desired.models.get(record.address)
    return spec if spec is not None and spec.backend == record.backend else None


def _run(world: World, record: Record, written: TunedModel, earlier: Version, version: Version) -> Iterator[DriftItem]:
    """A run that was under way when it was last looked at: what it comes to by itself is no drift."""
    if version.status is VersionStatus.CANCELLED and not cancelled_by_us(version):
        message = f"v{version.number}: somebody cancelled its run"
        field = FieldChange("state", str(earlier.run_state), str(RunState.CANCELLED), FieldClass.RUNTIME)
        yield finding(written, DriftKind.CHANGED, message, "warning", version.run, (field,))
    elif run_gone(world, record, earlier) and earlier.status is VersionStatus.ACTIVE and not is_fresh(world, earlier):
        message = f"v{version.number}: its run is not there any more and was not finished"
        yield finding(written, DriftKind.MISSING, message, "error", version.run)


def _remains(
    world: World, record: Record, written: TunedModel, version: Version, own: Collection[str]
) -> Iterator[DriftItem]:
    """The model and the endpoints of a version that has finished and was not cleared away."""
    name, severity = _rank(record, version)
    if model_gone(world, record, version):
        lost = "" if version.number == record.current else "; a rollback to it is not possible any more"
        message = f"{name}: its model was deleted{lost}"
        yield finding(written, DriftKind.MISSING, message, severity, version.model or version.run)
    yield from _deployment(world, written, version, (name, severity), own)
    for checkpoint in version.checkpoints:
        if checkpoint.endpoint and checkpoint.endpoint != version.endpoint:
            if world.sight.hides(record.backend, checkpoint.endpoint) or world.observed.endpoint(checkpoint.endpoint):
                continue
            message = f"{name}: the endpoint of its checkpoint {checkpoint.id} was deleted"
            yield finding(written, DriftKind.MISSING, message, "warning", checkpoint.endpoint)
    yield from _default_checkpoint(world, written, version, name)


def _rank(record: Record, version: Version) -> tuple[str, Severity]:
    if version.number == record.current:
        return f"v{version.number}, which serves", "error"
    return f"v{version.number}", "warning"


def _deployment(
    world: World, written: TunedModel, version: Version, rank: tuple[str, Severity], own: Collection[str]
) -> Iterator[DriftItem]:
    """The endpoint that a version came with."""
    name, severity = rank
    lost = not_deployed(world, written, version)
    code = lost.reasons[0].code if lost else ""
    if code == Code.ENDPOINT_GONE:
        message = f"{name}: its endpoint was deleted"
        yield finding(written, DriftKind.MISSING, message, severity, version.endpoint)
    live = world.observed.endpoint(version.endpoint) if version.endpoint else None
    if live is None:
        return
    fields = [*strangers_in(world, live, own)]
    if code == Code.ENDPOINT_EMPTY:
        fields.insert(0, FieldChange(f"deployedModels.{version.model}", 100, None, FieldClass.SERVING))
    if fields:
        what = "does not carry its model any more" if code == Code.ENDPOINT_EMPTY else "carries other models as well"
        yield finding(written, DriftKind.CHANGED, f"{name}: its endpoint {what}", severity, live.name, tuple(fields))


def _default_checkpoint(world: World, written: TunedModel, version: Version, name: str) -> Iterator[DriftItem]:
    """The checkpoint that is deployed and asked where nobody names one."""
    default = next((c.id for c in version.checkpoints if c.endpoint and c.endpoint == version.endpoint), "")
    live = world.observed.model(version.model) if version.model else None
    parsed = parse_resource_name(version.model)
    # A list gives the default version of a model only.
    if (
        live is None
        or not default
        or not live.default_checkpoint
        or live.version not in ("", parsed and parsed.version)
    ):
        return
    if live.default_checkpoint != default:
        field = FieldChange("defaultCheckpointId", default, live.default_checkpoint, FieldClass.SERVING)
        message = f"{name}: another checkpoint was made its default"
        yield finding(written, DriftKind.CHANGED, message, "warning", live.name, (field,))


def _words(
    world: World, record: Record, written: TunedModel, spec: TunedModel | None, version: Version
) -> Iterator[DriftItem]:
    """Names, labels and settings of what serves. What is by now as the spec wants it is left alone by apply too."""
    things: tuple[tuple[str, LiveModel | LiveEndpoint | None], ...] = (
        ("model", world.observed.model(version.model) if version.model else None),
        ("endpoint", world.observed.endpoint(version.endpoint) if version.endpoint else None),
    )
    for what, live in things:
        if live is None:
            continue
        unwanted = {f.path for f in differences(spec, record, live)} if spec is not None else None
        fields = turned(f for f in differences(written, record, live) if unwanted is None or f.path in unwanted)
        if fields:
            message = f"v{version.number}: names, labels or settings of its {what} changed outside of tuneform"
            yield finding(written, DriftKind.CHANGED, message, "warning", live.name, fields)
