"""The endpoints that a job makes for its intermediate checkpoints: kept and shown, or cleared away where asked for.

The checkpoints themselves stay with the model, so any of them can be deployed again at no cost.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import timedelta

from reconciler.core.address import Address
from reconciler.core.desired import TunedModel
from reconciler.core.moments import parse_moment
from reconciler.core.plan import Action
from reconciler.core.resource_names import key_of
from reconciler.core.state import Checkpoint, Record, Version
from reconciler.planning.blocks import METHODS, value_at
from reconciler.planning.compare import EXPORT_LAST
from reconciler.planning.liveness import FINISHED, traffic_entries
from reconciler.planning.reasons import Code
from reconciler.planning.transitions.findings import Finding, change
from reconciler.planning.world import World


def unused_checkpoints(
    world: World, model: TunedModel, record: Record, going: Collection[int | None]
) -> Iterator[Finding]:
    """Deletes of checkpoint endpoints that no declared traffic names and that the spec does not keep any longer.

    `going` are the versions that this plan takes away altogether.
    """
    used = _in_traffic(world, model, record)
    for version in record.versions:
        # Without an endpoint of its own nothing tells which of the checkpoints is the one that serves.
        if version.status not in FINISHED or version.number in going or not version.endpoint:
            continue
        why = _why_not_kept(world, model, version)
        targets = tuple(
            c.endpoint
            for c in version.checkpoints
            if (version.number, c.id) not in used and _is_spare(world, version, c)
        )
        if why and targets:
            at, words = why
            noun = "endpoint" if len(targets) == 1 else "endpoints"
            message = (
                f"v{version.number}: {len(targets)} {noun} of intermediate checkpoints that no traffic names; {words}; "
                "the checkpoints stay with the model"
            )
            yield change(
                model, Action.DELETE, Code.UNUSED_CHECKPOINTS, message, version=version, targets=targets, at=at
            )


def no_such_checkpoint(address: Address, version: Version, wanted: str) -> str:
    """That a version does not have the checkpoint that is asked for, and which it has."""
    ids = ", ".join(c.id for c in version.checkpoints)
    which = f"its checkpoints: {ids}" if ids else f"it kept none ({EXPORT_LAST})"
    return f"{address} v{version.number} has no checkpoint {wanted!r}; {which}"


def _why_not_kept(world: World, model: TunedModel, version: Version) -> tuple[str, str] | None:
    """The field that says so, and why in words; None as long as they are kept."""
    for method in METHODS:
        if value_at(model.body, (method, EXPORT_LAST)) is True:
            return f"{model.backend}.{method}.{EXPORT_LAST}", f"only the last one is asked for ({EXPORT_LAST})"
    seconds = model.lifecycle.keep_checkpoint_endpoints
    finished = parse_moment(version.finished_at)
    if seconds is None or finished is None or world.now - finished < timedelta(seconds=seconds):
        return None
    words = f"keepCheckpointEndpoints ({seconds / 86400:g} days) has passed since it finished"
    return "lifecycle.keepCheckpointEndpoints", words


def _in_traffic(world: World, model: TunedModel, record: Record) -> set[tuple[int | None, str]]:
    """(version number, checkpoint) of every checkpoint that declared endpoints name."""
    entries = traffic_entries(world, model.address)
    return {(entry.get("version", record.current), entry["checkpoint"]) for entry in entries if "checkpoint" in entry}


def _is_spare(world: World, version: Version, checkpoint: Checkpoint) -> bool:
    """Whether a checkpoint has an endpoint to itself: not the version's own, nor one that a spec declares."""
    if checkpoint.endpoint in ("", version.endpoint):
        return False
    return world.observed.endpoint(checkpoint.endpoint) is not None and key_of(checkpoint.endpoint) not in world.routes
