"""What a refresh taught: the recorded state brought up to what the APIs answered.

Nothing is decided here, and nothing that could not be read changes anything. When nothing was learned the very same
state comes back, so that a quiet pass writes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from reconciler.core.address import Address
from reconciler.core.client_ids import next_endpoint_name, redeployment_name
from reconciler.core.labels import ADDRESS, address_label
from reconciler.core.moments import stamp
from reconciler.core.observed import Observed, Run
from reconciler.core.resource_names import key_of
from reconciler.core.runs import RunState
from reconciler.core.state import Intent, IntentStatus, Record, Route, RunError, State, Version, VersionStatus
from reconciler.planning.liveness import CANCELLED_BY, FINISHED, US
from reconciler.planning.sight import Sight, sight_of

# google.rpc.Code NOT_FOUND: what a run that is not there any more is recorded with.
NOT_FOUND = 5


def absorb(state: State, observed: Observed, now: datetime) -> State:
    """The state with committed creates replayed and every version as its run is now; the same object if it is.

    Committed intents stay in `State.intents`: whoever stores the state lets go of the journal entries afterwards.
    """
    learned: dict[Address, Record] = {}
    for intent in state.intents:
        if intent.status is IntentStatus.COMMITTED:
            record = learned.get(intent.address) or state.resources.get(intent.address)
            if not _is_accounted_for(intent, record):
                learned[intent.address] = _replayed(intent, record)
    for address, record in state.resources.items():
        if record.route is not None and (again := _made_again(record, record.route, observed)):
            learned[address] = replace(record, route=again)
    sight = sight_of(observed.unreadable)
    routes = frozenset(key_of(r.route.name) for r in {**state.resources, **learned}.values() if r.route is not None)
    for address, record in {**state.resources, **learned}.items():
        refreshed = _refreshed(record, observed, sight, now, routes)
        if refreshed is not record:
            learned[address] = refreshed
    return replace(state, resources={**state.resources, **learned}) if learned else state


def _is_accounted_for(intent: Intent, record: Record | None) -> bool:
    """Whether the record already has this create, or one that came after it."""
    if record is None:
        return False
    same = record.version(intent.version)
    if same is not None:
        return same.attempt == intent.attempt or same.attempts >= intent.attempts
    return any(v.number > intent.version for v in record.versions)


def _replayed(intent: Intent, record: Record | None) -> Record:
    base = record or Record(intent.address, intent.backend, intent.project, intent.location)
    version = Version(
        number=intent.version,
        status=VersionStatus.ACTIVE,
        fingerprint=intent.fingerprint,
        body=intent.body,
        attempt=intent.attempt,
        attempts=intent.attempts,
        run=intent.run,
        datasets=intent.datasets,
        created_at=intent.sent_at or intent.prepared_at,
        estimated_usd=intent.estimated_usd,
    )
    return base.with_version(version)


def _made_again(record: Record, route: Route, observed: Observed) -> Route | None:
    """The endpoint that a pass made for a lost one before it died, which then was recorded nowhere."""
    if observed.endpoint(route.name) is not None:
        return None
    made = observed.endpoint(next_endpoint_name(route.name, route.counter))
    if made is None or made.labels.get(ADDRESS) != address_label(record.address):
        return None
    return replace(route, name=made.name, counter=route.counter + 1)


def _refreshed(record: Record, observed: Observed, sight: Sight, now: datetime, routes: frozenset[str]) -> Record:
    versions = []
    changed = False
    for version in record.versions:
        learned = version
        if version.is_live:
            learned = _followed(record, version, observed, sight, now)
        elif version.status in FINISHED:
            late = version if version.endpoint else _with_late_endpoint(version, observed, routes)
            learned = _with_redeployment(record, late, observed)
        changed = changed or learned is not version
        versions.append(learned)
    return replace(record, versions=tuple(versions)) if changed else record


def _followed(record: Record, version: Version, observed: Observed, sight: Sight, now: datetime) -> Version:
    """A version under way, as its run is now."""
    run = observed.run(version.run)
    if run is None:
        return version if sight.hides(record.backend, version.run) else _after_vanishing(record, version, now)
    learned = replace(
        version,
        status=_status(version.status, run.state),
        run_state=run.state,
        resolved=run.body or version.resolved,
        model=run.model or version.model,
        endpoint=run.endpoint or version.endpoint,
        checkpoints=run.checkpoints or version.checkpoints,
        experiment=run.experiment or version.experiment,
        error=run.error,
        billed_tokens=version.billed_tokens if run.billed_tokens is None else run.billed_tokens,
        created_at=version.created_at or run.created_at,
        finished_at=(run.ended_at or stamp(now)) if run.state.is_final else "",
        evidence=_evidence(version, run),
        tainted=version.tainted or _taint(version, observed),
    )
    return version if learned == version else learned


def _status(before: VersionStatus, run: RunState) -> VersionStatus:
    """Where a version stands with us now that its run is in that state."""
    if run.is_active:
        return before
    if run in (RunState.SUCCEEDED, RunState.PARTIALLY_SUCCEEDED):
        # A run that we asked to stop and that won the race is kept, but nobody waits for it any more.
        return VersionStatus.SUPERSEDED if before is VersionStatus.CANCELLING else VersionStatus.CANDIDATE
    return VersionStatus.CANCELLED if run is RunState.CANCELLED else VersionStatus.FAILED


def _evidence(version: Version, run: Run) -> Mapping[str, object]:
    if version.status is VersionStatus.CANCELLING and run.state is RunState.CANCELLED:
        return {**version.evidence, CANCELLED_BY: US}
    return version.evidence


def _after_vanishing(record: Record, version: Version, now: datetime) -> Version:
    """A run that is not there: the newest is left to a decision; of any other nothing more is to be expected."""
    if version.status is VersionStatus.CANCELLING:
        return replace(
            version,
            status=VersionStatus.CANCELLED,
            run_state=RunState.CANCELLED,
            finished_at=stamp(now),
            evidence={**version.evidence, CANCELLED_BY: US},
        )
    if version is record.newest:
        return version
    error = RunError(NOT_FOUND, "the run is not there any more")
    return replace(version, status=VersionStatus.FAILED, run_state=RunState.FAILED, finished_at=stamp(now), error=error)


def _taint(version: Version, observed: Observed) -> str:
    """What is wrong with a version whose data was overwritten while its run was under way; empty if nothing is."""
    for pin in version.datasets:
        stored = observed.objects.get(pin.uri)
        if stored is not None and pin.is_overwritten_by(stored.crc32c):
            return f"{pin.uri} was overwritten while the run was under way (crc32c {pin.crc32c}, then {stored.crc32c})"
    return ""


def _with_redeployment(record: Record, version: Version, observed: Observed) -> Version:
    """What a pass deployed again for a lost endpoint before it died, which then was recorded nowhere."""
    if not version.model or (version.endpoint and observed.endpoint(version.endpoint) is not None):
        return version
    made = observed.endpoint(redeployment_name(record.address, version.model, version.endpoint))
    return version if made is None else replace(version, endpoint=made.name)


def _with_late_endpoint(version: Version, observed: Observed, routes: frozenset[str]) -> Version:
    """Google deploys a finished model on its own, sometimes late; declared endpoints are not that.

    What an adopted version serves on was settled when it was adopted: only its run's own endpoint can be late.
    """
    run = observed.run(version.run)
    if version.adopted:
        late = observed.endpoint(run.endpoint) if run is not None and run.endpoint else None
        return replace(version, endpoint=late.name) if late is not None and late.deployed else version
    if run is not None and run.endpoint:
        return replace(version, endpoint=run.endpoint, checkpoints=run.checkpoints or version.checkpoints)
    model = observed.model(version.model) if version.model else None
    own = [name for name, _ in model.deployments if key_of(name) not in routes] if model is not None else []
    return replace(version, endpoint=own[0]) if own else version
