"""A run is under way: for the declared spec, or for one that has changed meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from reconciler.core.desired import TunedModel
from reconciler.core.labels import ATTEMPT
from reconciler.core.moments import parse_moment
from reconciler.core.observed import LiveModel, Run
from reconciler.core.plan import Action, Change, FieldChange
from reconciler.core.runs import RunState
from reconciler.core.state import Record, Version, VersionStatus
from reconciler.planning.reasons import Code, because
from reconciler.planning.transitions.findings import Finding, change, diagnose
from reconciler.planning.transitions.metadata import metadata_fields
from reconciler.planning.world import World

# A run that was created a moment ago need not be listed yet.
LISTING_GRACE = timedelta(minutes=10)
# How long a run may go without its first step. v1 does not tell steps at all, so then there is more patience:
# validating a large dataset alone was seen to take 18 hours (GoogleCloudPlatform/generative-ai#656).
PATIENCE_WITH_STEPS = timedelta(hours=6)
PATIENCE_WITHOUT_STEPS = timedelta(hours=24)


def under_way(world: World, model: TunedModel, record: Record, version: Version) -> Iterator[Finding]:
    """The version that the spec asks for is on its way."""
    run = world.observed.run(version.run)
    if run is None:
        yield _lost(world, model, version)
        return
    if version.status is VersionStatus.CANCELLING or run.state is RunState.CANCELLING:
        yield _wait_for_cancel(model, version)
        return
    wait = change(model, Action.WAIT, Code.RUN_ACTIVE, _progress(version, run), version=version, targets=(run.name,))
    # Only the state's own view of a run (plan --no-refresh) has no labels, for each of our runs carries four.
    deferred = metadata_fields(model, record, run.display_name, None, run.labels) if run.labels else ()
    if deferred:
        later = because(Code.METADATA_DEFERRED, "a job cannot be patched; names and labels follow once it has finished")
        wait = replace(wait, reasons=(*wait.reasons, later), fields=deferred)
    yield wait
    yield from _alerts(world, model, version, run)


def supersede(
    world: World, model: TunedModel, version: Version, fields: tuple[FieldChange, ...], *, revert: bool
) -> Change | None:
    """What happens to a run that the spec no longer asks for; None when there is no run to speak of.

    With `revert` the spec went back to what an earlier version already is, so there is nothing to wait for.
    """
    run = world.observed.run(version.run)
    if run is None:
        return _not_listed(model, version) if is_fresh(world, version) else None
    if version.status is VersionStatus.CANCELLING or run.state is RunState.CANCELLING:
        return _wait_for_cancel(model, version)
    if revert:
        message = f"v{version.number} is not wanted any more: the spec is again what an earlier version was tuned from"
        return change(model, Action.CANCEL, Code.REVERTED, message, version=version, targets=(run.name,))
    if not run.state.has_started:
        message = f"v{version.number} has not started; it is cancelled and tuned from the new spec"
        code, action = Code.CHANGED_BEFORE_START, Action.CANCEL
    elif model.lifecycle.while_running == "cancelAndReplace":
        message = f"v{version.number} is cancelled {_since(run)}; what it has cost so far is lost"
        code, action = Code.REPLACED, Action.CANCEL
    else:
        message = f"v{version.number} of the earlier spec finishes first (whileRunning: wait)"
        code, action = Code.CHANGED_WHILE_RUNNING, Action.WAIT
    return change(model, action, code, message, version=version, targets=(run.name,), fields=fields)


def _lost(world: World, model: TunedModel, version: Version) -> Change:
    """The run of the wanted version is not there."""
    if is_fresh(world, version):
        return _not_listed(model, version)
    left = _labelled_model(world, version)
    if left is not None:
        message = f"v{version.number}: {version.run} is gone, but {left.name} carries its label"
        return change(model, Action.ADOPT, Code.MODEL_OF_LOST_RUN, message, version=version, targets=(left.name,))
    message = (
        f"v{version.number}: {version.run} is not there any more and left no model; "
        f"to pay for another run, `tuneform state rm {model.address}` first"
    )
    return change(model, Action.HOLD, Code.RUN_GONE, message, version=version)


def _labelled_model(world: World, version: Version) -> LiveModel | None:
    if not version.attempt:
        return None
    found = [m for m in world.observed.models.values() if m.labels.get(ATTEMPT) == version.attempt]
    return min(found, key=lambda m: (m.created_at, m.name), default=None)


def is_fresh(world: World, version: Version) -> bool:
    """Whether a version's run was created so shortly ago that it need not be listed yet."""
    created = parse_moment(version.created_at)
    return created is not None and world.now - created < LISTING_GRACE


def _not_listed(model: TunedModel, version: Version) -> Change:
    message = f"v{version.number}: {version.run} is not listed yet"
    return change(model, Action.WAIT, Code.RUN_NOT_LISTED_YET, message, version=version)


def _wait_for_cancel(model: TunedModel, version: Version) -> Change:
    message = f"v{version.number} is being cancelled; until then it uses its place"
    return change(model, Action.WAIT, Code.CANCELLING, message, version=version, targets=(version.run,))


def _progress(version: Version, run: Run) -> str:
    words = f"v{version.number} is {run.state.lower()}"
    if run.completed_steps is not None and run.total_steps:
        words = f"{words}, step {run.completed_steps} of {run.total_steps}"
    return f"{words}, {_since(run)}" if run.started_at or run.created_at else words


def _since(run: Run) -> str:
    return f"started {run.started_at}" if run.started_at else f"created {run.created_at}"


def _alerts(world: World, model: TunedModel, version: Version, run: Run) -> Iterator[Finding]:
    if version.tainted:
        hint = "It will not serve unasked. Cancel the job in the console to stop paying for it."
        yield diagnose(model, Code.TAINTED, f"v{version.number}: {version.tainted}", hint=hint)
    if run.state in (RunState.PAUSED, RunState.UPDATING):
        yield diagnose(model, Code.RUN_PAUSED, f"v{version.number} is {run.state.lower()}: {run.name}")
    started = parse_moment(run.started_at or run.created_at)
    if run.state is not RunState.RUNNING or started is None or run.completed_steps:
        return
    patience = PATIENCE_WITHOUT_STEPS if run.completed_steps is None else PATIENCE_WITH_STEPS
    if world.now - started >= patience:
        hours = int((world.now - started).total_seconds() // 3600)
        yield diagnose(
            model,
            Code.RUN_STALLED,
            f"v{version.number} has been running for {hours} h and no step is known: {run.name}",
            hint="See its logs in the console; cancel it there if it is stuck.",
        )
