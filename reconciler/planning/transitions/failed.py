"""The wanted version's run ended badly: hold what would fail again, retry what may pass."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from reconciler.core.desired import TunedModel
from reconciler.core.moments import parse_moment, stamp
from reconciler.core.plan import Action, Change
from reconciler.core.runs import FailureCause, RunState, cause_of
from reconciler.core.state import Record, Version
from reconciler.planning.liveness import model_gone
from reconciler.planning.reasons import Code
from reconciler.planning.transitions.findings import Finding, change, diagnose
from reconciler.planning.transitions.new import buy
from reconciler.planning.world import World

FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=1)

# google.rpc.Code INTERNAL
_INTERNAL = 13
_HOLDS = {
    FailureCause.DATA: (Code.FAILED_DATA, "mend the data or the spec; until the spec changes nothing is started"),
    FailureCause.PERMISSION: (Code.FAILED_PERMISSION, "grant the access, then change the spec or `tuneform state rm`"),
    FailureCause.OTHER: (Code.FAILED_UNKNOWN, "see the run's error; until the spec changes nothing is started"),
}


def ended(world: World, model: TunedModel, record: Record, version: Version) -> Iterator[Finding]:
    """What follows from a run that failed, expired or was cancelled by somebody else."""
    if version.run_state is RunState.CANCELLED:
        message = f"v{version.number}: somebody cancelled {version.run}; until the spec changes it is not started again"
        yield change(model, Action.HOLD, Code.CANCELLED_ELSEWHERE, message, version=version)
        return
    if version.model and not model_gone(world, record, version):
        message = (
            f"v{version.number} failed after it had uploaded {version.model} ({_words(version)}); nothing is paid "
            f"again while that exists: delete it to have the spec tuned again"
        )
        yield change(model, Action.HOLD, Code.ORPHAN_MODEL, message, version=version, targets=(version.model,))
        return
    cause = FailureCause.TRANSIENT if version.run_state is RunState.EXPIRED else _cause(version)
    if cause in _HOLDS:
        code, advice = _HOLDS[cause]
        message = f"v{version.number} failed: {_words(version)}; {advice}"
        yield change(model, Action.HOLD, code, message, version=version)
        return
    if _is_first_run(world, version, model):
        message = f"v{version.number} failed with INTERNAL, and nothing was ever tuned in this project"
        hint = "Google's remedy is an empty dataset in the region and five minutes: apply with --first-run-fix."
        yield diagnose(model, Code.FIRST_RUN, message, hint=hint)
    yield from _again(world, model, record, version, cause)


def _is_first_run(world: World, version: Version, model: TunedModel) -> bool:
    """Whether this may be the first tuning of a Google project, which Google fails with INTERNAL."""
    if model.backend == "gemini" or version.error is None or version.error.code != _INTERNAL:
        return False
    succeeded = (RunState.SUCCEEDED, RunState.PARTIALLY_SUCCEEDED)
    recorded = any(v.run_state in succeeded for r in world.state.resources.values() for v in r.versions)
    return not recorded and not any(run.state in succeeded for run in world.observed.runs.values())


def pause_after(attempts: int) -> timedelta:
    """How long to wait after that many attempts: a minute, doubling, at most an hour."""
    doublings = min(max(attempts - 1, 0), 10)
    return min(FIRST_PAUSE * (1 << doublings), LONGEST_PAUSE)


def _again(world: World, model: TunedModel, record: Record, version: Version, cause: FailureCause) -> Iterator[Finding]:
    by_quota = cause is FailureCause.QUOTA
    if not by_quota and version.attempts >= _attempts_allowed(model, version):
        yield _exhausted(model, version)
        return
    ready_at = _ready_at(version)
    if ready_at is not None and world.now < ready_at:
        action, code = (Action.QUEUE, Code.QUOTA) if by_quota else (Action.WAIT, Code.BACKOFF)
        message = f"v{version.number} failed: {_words(version)}; tried again from {stamp(ready_at)} on"
        yield change(model, action, code, message, version=version)
        return
    code = Code.QUOTA if by_quota else Code.RETRY
    newest = record.newest
    # Retrying keeps the number, unless other versions were bought since: the list stays in order of purchase.
    again = version if newest is not None and newest.number == version.number else None
    yield from buy(world, model, code, f"attempt {version.attempts + 1} after {_words(version)}", again=again)


def _attempts_allowed(model: TunedModel, version: Version) -> int:
    """An expired run is tried once more and no oftener: it had all the time that Google gives."""
    allowed = model.lifecycle.max_attempts
    return min(allowed, 2) if version.run_state is RunState.EXPIRED else allowed


def _exhausted(model: TunedModel, version: Version) -> Change:
    noun = "attempt" if version.attempts == 1 else "attempts"
    message = (
        f"v{version.number} failed in {version.attempts} {noun}, the last time with {_words(version)}; "
        "change the spec or raise maxAttempts"
    )
    return change(model, Action.HOLD, Code.EXHAUSTED, message, version=version, at="lifecycle.maxAttempts")


def _ready_at(version: Version) -> datetime | None:
    finished = parse_moment(version.finished_at)
    return finished + pause_after(version.attempts) if finished else None


def _cause(version: Version) -> FailureCause:
    return cause_of(version.error.code) if version.error else FailureCause.OTHER


def _words(version: Version) -> str:
    if version.error is None:
        return version.run_state.lower()
    return f"code {version.error.code}, {version.error.message}"
