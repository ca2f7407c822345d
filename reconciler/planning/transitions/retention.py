"""What is cleared away of a declared model: versions past keepLast, orphans of failed runs, endpoints of checkpoints,
what has expired.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from reconciler.core.desired import TunedModel
from reconciler.core.moments import parse_moment
from reconciler.core.plan import Action, Change
from reconciler.core.resource_names import key_of
from reconciler.core.state import Record, Version, VersionStatus
from reconciler.planning.liveness import (
    FINISHED,
    carriers_of,
    failed_attempts,
    is_named,
    leftovers,
    shares_with_kept,
    traffic_entries,
)
from reconciler.planning.reasons import Code
from reconciler.planning.transitions.checkpoints import unused_checkpoints
from reconciler.planning.transitions.findings import Finding, change, diagnose
from reconciler.planning.world import World


def retention(world: World, model: TunedModel, record: Record, wanted: Version | None) -> Iterator[Finding]:
    """Deletes of versions that serve nothing and that neither keepLast nor another spec keeps."""
    whole = [*_past_keep_last(world, model, record, wanted), *_orphans(world, model, record, wanted)]
    yield from whole
    yield from unused_checkpoints(world, model, record, {c.version for c in whole})
    if failed := failed_attempts(world, model.address):
        message = "an earlier attempt failed and left what serves nobody"
        yield change(model, Action.DELETE, Code.ORPHAN_MODEL, message, targets=failed)


def has_expired(world: World, model: TunedModel, record: Record) -> bool:
    """Whether expireAfter has passed since the last version finished; never while a run is under way."""
    seconds = model.lifecycle.expire_after
    if seconds is None or not record.versions or any(v.is_live for v in record.versions):
        return False
    finished = [parse_moment(v.finished_at or v.created_at) for v in record.versions]
    known = [moment for moment in finished if moment is not None]
    return bool(known) and world.now - max(known) >= timedelta(seconds=seconds)


def expire(world: World, model: TunedModel, record: Record) -> Iterator[Finding]:
    """Everything an expired model left goes, unless it serves others."""
    left = [v for v in record.versions if v.status is not VersionStatus.DELETED]
    targets = tuple(dict.fromkeys(name for v in left for name in leftovers(v)))
    if not targets:
        return
    if model.lifecycle.prevent_destroy:
        message = "has expired (expireAfter), but preventDestroy protects it"
        yield change(model, Action.HOLD, Code.PREVENT_DESTROY, message, at="lifecycle.expireAfter")
    elif reason := _still_serves(world, model, left):
        yield diagnose(
            model, Code.EXPIRED_SERVING, f"has expired (expireAfter) and is kept: {reason}", at="lifecycle.expireAfter"
        )
    else:
        days = (model.lifecycle.expire_after or 0) / 86400
        message = f"expireAfter ({days:g} days) has passed since it finished"
        yield change(
            model,
            Action.DELETE,
            Code.EXPIRED,
            message,
            targets=in_teardown_order(targets),
            at="lifecycle.expireAfter",
        )


def in_teardown_order(targets: tuple[str, ...]) -> tuple[str, ...]:
    """Endpoints before models, for Google deletes no model that is deployed; otherwise as given."""
    return tuple(sorted(targets, key=lambda name: "/endpoints/" not in name))


def _past_keep_last(world: World, model: TunedModel, record: Record, wanted: Version | None) -> Iterator[Change]:
    if record.current is None:
        return
    kept = {record.current} | ({wanted.number} if wanted else set())
    kept.update(v.number for v in record.versions if v.is_live)
    finished = sorted((v for v in record.versions if v.status in FINISHED), key=lambda v: v.number, reverse=True)
    room = max(model.lifecycle.keep_last, 1) - sum(v.number in kept for v in finished)
    for version in finished:
        if version.number in kept:
            continue
        if room > 0 or _is_referenced(world, model, version):
            kept.add(version.number)
            room -= 1
    for version in reversed(finished):
        targets = leftovers(version)
        if version.number in kept or not targets or shares_with_kept(record, version, kept):
            continue
        message = f"v{version.number} serves nothing and is past keepLast: {model.lifecycle.keep_last}"
        yield change(
            model,
            Action.DELETE,
            Code.PAST_KEEP_LAST,
            message,
            version=version,
            targets=targets,
            at="lifecycle.keepLast",
        )


def _orphans(world: World, model: TunedModel, record: Record, wanted: Version | None) -> Iterator[Change]:
    for version in record.versions:
        if version.status not in (VersionStatus.FAILED, VersionStatus.CANCELLED):
            continue
        is_wanted = wanted is not None and wanted.number == version.number
        others = {v.number for v in record.versions if v.number != version.number}
        if is_wanted or not leftovers(version) or shares_with_kept(record, version, others):
            continue
        if not _is_referenced(world, model, version):
            message = f"v{version.number} {version.run_state.lower()} and left what serves nobody"
            yield change(model, Action.DELETE, Code.ORPHAN_MODEL, message, version=version, targets=leftovers(version))


def _is_referenced(world: World, model: TunedModel, version: Version) -> bool:
    """Whether a declared spec asks for this very version, or another endpoint than its own still carries it."""
    in_traffic = version.number in _versions_in_traffic(world, model)
    return in_traffic or is_named(world, version) or bool(carriers_of(world, version))


def _versions_in_traffic(world: World, model: TunedModel) -> set[int]:
    """Version numbers that declared endpoints name in their traffic."""
    return {entry["version"] for entry in traffic_entries(world, model.address) if "version" in entry}


def _still_serves(world: World, model: TunedModel, versions: list[Version]) -> str:
    """What an expired model still serves: specs that refer to it, or endpoints other than its own."""
    users = world.users.get(model.address, ())
    if users:
        return f"{', '.join(str(a) for a in users)} refers to it"
    if any(is_named(world, v) for v in versions):
        return "another spec names its model"
    own = {key_of(name) for v in versions for name in leftovers(v)}
    models = {key_of(v.model) for v in versions if v.model}
    for key, endpoint in sorted(world.observed.endpoints.items()):
        serving = {key_of(d.model) for d in endpoint.deployed if endpoint.traffic.get(d.id, 0) > 0}
        if key not in own and not models.isdisjoint(serving):
            return f"{endpoint.name} sends traffic to it"
    return ""
