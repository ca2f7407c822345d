"""What the state says of a model once some of what its versions left was taken away."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from reconciler.core.plan import Change
from reconciler.core.resource_names import key_of
from reconciler.core.state import Record, State, Version, VersionStatus


def shared_models(state: State, change: Change) -> frozenset[str]:
    """Keys of models in `change` that also hold a version somebody keeps: only `model@version` may go then."""
    going = {t for t in change.targets if "/models/" in t}
    kept = {
        key_of(v.model)
        for record in state.resources.values()
        for v in record.versions
        if v.model and v.model not in going and v.status is not VersionStatus.DELETED
    }
    return frozenset(key_of(t) for t in going) & frozenset(kept)


def without_targets(record: Record, targets: Collection[str], at: str) -> Record:
    """The record with every version marked as deleted, at that moment (RFC 3339), of which nothing is left."""
    versions = tuple(_without(version, frozenset(targets), at) for version in record.versions)
    serving = next((v for v in versions if v.number == record.current), None)
    is_gone = serving is not None and serving.status is VersionStatus.DELETED
    return replace(record, versions=versions, current=None if is_gone else record.current)


def has_remains(version: Version) -> bool:
    """Whether a version still has a model or an endpoint."""
    return bool(version.resources)


def _without(version: Version, gone: frozenset[str], at: str) -> Version:
    if gone.isdisjoint((version.run, *version.resources)):
        return version
    left = replace(
        version,
        model="" if version.model in gone else version.model,
        endpoint="" if version.endpoint in gone else version.endpoint,
        checkpoints=tuple(replace(c, endpoint="") if c.endpoint in gone else c for c in version.checkpoints),
    )
    if has_remains(left):
        return left
    return replace(left, status=VersionStatus.DELETED, finished_at=left.finished_at or at)
