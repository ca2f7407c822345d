"""One declared model: which version the spec asks for, and from there to the module that knows what comes next."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.core.desired import TunedModel
from reconciler.core.plan import Action, Change, FieldChange
from reconciler.core.state import IntentStatus, Record, Version, VersionStatus
from reconciler.planning.blocks import training_source
from reconciler.planning.compare import data_change, training_changes
from reconciler.planning.content import is_untold
from reconciler.planning.liveness import FINISHED, cancelled_by_us, ended_badly, model_gone
from reconciler.planning.reasons import Code
from reconciler.planning.transitions.doubt import settle
from reconciler.planning.transitions.failed import ended
from reconciler.planning.transitions.findings import Finding, change, diagnose
from reconciler.planning.transitions.finished import hand_over, recheck, upkeep
from reconciler.planning.transitions.metadata import metadata
from reconciler.planning.transitions.new import buy
from reconciler.planning.transitions.retention import expire, has_expired, retention
from reconciler.planning.transitions.running import supersede, under_way
from reconciler.planning.transitions.warnings import warnings
from reconciler.planning.world import World
from reconciler.spec.fingerprint import training_fingerprint


def decide(world: World, model: TunedModel) -> Iterator[Finding]:
    """Everything to be done and said about a declared model."""
    record = world.record(model.address)
    if _is_hidden(world, model, record):
        message = f"the runs in {model.location or 'the Gemini API'} could not be read, so nothing is decided"
        yield diagnose(model, Code.UNREADABLE, message)
        return
    if record is not None and record.versions and record.backend != model.backend:
        message = (
            f"is recorded as a {record.backend} model and declared as a {model.backend} model; "
            "give the new one a name of its own, so that the old one can go on until it takes over"
        )
        yield change(model, Action.HOLD, Code.BACKEND_CHANGED, message, at=model.backend)
        return
    intent = world.intents.get(model.address)
    if intent is not None and intent.status is IntentStatus.SENDING:
        yield from settle(world, model, intent)
        yield from _care(world, model, record)
        yield from warnings(world, model, record.serving if record else None)
    elif _unread(world, model):
        yield change(model, Action.HOLD, Code.DATASET_MISSING, "the content of its dataset could not be read")
    elif record is None or not record.versions:
        yield from buy(world, model, Code.NEW, "is new")
        yield from warnings(world, model, None)
    else:
        yield from _decide_recorded(world, model, record)


def _decide_recorded(world: World, model: TunedModel, record: Record) -> Iterator[Finding]:
    if has_expired(world, model, record) and _is_unchanged(world, model, record):
        yield from expire(world, model, record)
        return
    wanted = wanted_version(world, model, record)
    yield from _towards(world, model, record, wanted)
    yield from _care(world, model, record)
    yield from retention(world, model, record, wanted)
    yield from warnings(world, model, record.serving or wanted)


def wanted_version(world: World, model: TunedModel, record: Record) -> Version | None:
    """The newest version that the spec as it is now would be tuned into, or None when it has to be bought."""
    fingerprint = training_fingerprint(model, world.desired.contents)
    for version in reversed(record.versions):
        if _can_stand(world, record, version) and _is_same(world, model, version, fingerprint):
            return version
    return None


def _is_same(world: World, model: TunedModel, version: Version, fingerprint: str) -> bool:
    if version.fingerprint != fingerprint and training_changes(world, model, version):
        return False
    if version.is_live or model.lifecycle.on_dataset_change != "retune":
        return True
    return data_change(world, model, version) is None


def _can_stand(world: World, record: Record, version: Version) -> bool:
    """Whether a version counts at all: it is there, or how it ended must not be forgotten."""
    if cancelled_by_us(version):
        return False
    if version.status is VersionStatus.DELETED:
        return ended_badly(version)
    is_old = version.status in (VersionStatus.READY, VersionStatus.SUPERSEDED) and version.number != record.current
    return not (is_old and model_gone(world, record, version))


def _towards(world: World, model: TunedModel, record: Record, wanted: Version | None) -> Iterator[Finding]:
    """From what there is to what the spec asks for."""
    fields = () if wanted else _changes(world, model, record)
    is_reached = wanted is not None and wanted.status in FINISHED
    others = [v for v in record.versions if v.is_live and v is not wanted]
    stopping = [s for v in others if (s := supersede(world, model, v, fields, revert=is_reached))]
    yield from stopping
    if wanted is None:
        if not stopping:
            yield from _buy_next(world, model, fields)
    elif wanted.is_live:
        yield from under_way(world, model, record, wanted)
    elif not is_reached:
        # Another attempt at it is only bought once no other run is under way.
        yield from (f for f in ended(world, model, record, wanted) if not (stopping and _is_bought(f)))
    elif wanted.number != record.current:
        yield from hand_over(world, model, record, wanted)
    elif any(s.action is Action.CANCEL for s in stopping):
        message = f"v{wanted.number} goes on serving; nothing is tuned"
        yield change(model, Action.ROLLBACK, Code.REVERTED, message, version=wanted)
    elif not (stopping or model_gone(world, record, wanted)):
        yield from _at_its_word(model, wanted)


def _at_its_word(model: TunedModel, version: Version) -> Iterator[Finding]:
    """Data that a spec names for a version of which nobody knows it: remembered, so that a change of it counts."""
    source = training_source(model)
    if source is None or not is_untold(version, model.backend):
        return
    what = source if isinstance(source, str) else "the examples of the spec"
    message = (
        f"v{version.number} is taken to have been tuned from {what}, as the spec says: Google does not tell. "
        "Nothing is tuned; a later change of the data will be"
    )
    at = "gemini.tuningTask.trainingData"
    yield change(model, Action.ADOPT, Code.DATA_DECLARED, message, version=version, targets=(version.run,), at=at)


def _is_bought(finding: Finding) -> bool:
    return isinstance(finding, Change) and finding.action.is_paid


def _buy_next(world: World, model: TunedModel, fields: tuple[FieldChange, ...]) -> Iterator[Finding]:
    if not fields:
        yield from buy(world, model, Code.NEW, "nothing is left of the earlier versions")
        return
    by_data = all(f.path.endswith(".crc32c") for f in fields)
    code = Code.DATASET_CHANGED if by_data else Code.TRAINING_CHANGED
    names = ", ".join(f.path for f in fields)
    yield from buy(world, model, code, f"{names} changed", fields=fields)


def _changes(world: World, model: TunedModel, record: Record) -> tuple[FieldChange, ...]:
    """What differs from the version that serves, or else from the one that was bought last."""
    left = [v for v in record.versions if v.status is not VersionStatus.DELETED or ended_badly(v)]
    basis = record.serving or (left[-1] if left else None)
    if basis is None:
        return ()
    data = data_change(world, model, basis)
    return training_changes(world, model, basis) + ((data,) if data else ())


def _is_unchanged(world: World, model: TunedModel, record: Record) -> bool:
    """Whether the spec still asks for the version that was bought last, whatever became of it."""
    newest = record.versions[-1]
    fingerprint = training_fingerprint(model, world.desired.contents)
    return newest.fingerprint == fingerprint or not training_changes(world, model, newest)


def _care(world: World, model: TunedModel, record: Record | None) -> Iterator[Finding]:
    """For the version that serves: its model and endpoint must stand and say what the spec says, and it is judged by
    the gates as they are now, also while another version is on its way or held.
    """
    serving = record.serving if record else None
    if record is None or serving is None:
        return
    standing = tuple(upkeep(world, model, record, serving))
    yield from standing or metadata(world, model, record, serving)
    if not model_gone(world, record, serving):
        yield from recheck(world, model, serving)


def _is_hidden(world: World, model: TunedModel, record: Record | None) -> bool:
    if world.sight.clear:
        return False
    if world.sight.hides_runs(model.backend, model.location):
        return True
    runs = [v.run for v in record.versions if v.is_live and v.run] if record else []
    return any(world.sight.hides(model.backend, run) for run in runs)


def _unread(world: World, model: TunedModel) -> bool:
    """Whether the content of a local dataset is not known, so that nothing can be said about training."""
    return any(a in world.desired.datasets and a not in world.desired.contents for a in model.depends_on)
