"""What is still there of a version, as far as can be seen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.core.address import Address
from reconciler.core.observed import Run
from reconciler.core.resource_names import is_tuned_model, key_of, model_key
from reconciler.core.runs import RunState
from reconciler.core.state import Record, Version, VersionStatus
from reconciler.planning.world import World

# How a version remembers that it was we who asked its run to stop.
CANCELLED_BY = "cancelled_by"
US = "tuneform"

FINISHED = frozenset({VersionStatus.CANDIDATE, VersionStatus.READY, VersionStatus.SUPERSEDED})
ENDED_BADLY = frozenset({RunState.FAILED, RunState.EXPIRED, RunState.CANCELLED})


def leftovers(version: Version) -> tuple[str, ...]:
    """Everything remote that a version left, in the order of teardown: endpoints, checkpoints' too, then the model."""
    # A run of the Gemini API that failed or was cancelled is still there, and can be deleted like a model.
    ended = not version.is_live and version.status is not VersionStatus.DELETED
    run = version.run if ended and is_tuned_model(version.run) else ""
    return tuple(dict.fromkeys(name for name in (*version.resources, run) if name))


def run_gone(world: World, record: Record, version: Version) -> bool:
    """Whether a version's run is known not to be there."""
    return world.observed.run(version.run) is None and not world.sight.hides(record.backend, version.run)


def model_gone(world: World, record: Record, version: Version) -> bool:
    """Whether a version's model is known not to be there. For the Gemini API the run is the model."""
    if record.backend == "gemini":
        return run_gone(world, record, version)
    if not version.model or world.sight.hides(record.backend, version.model):
        return False
    return world.observed.model(version.model) is None


def left_a_model(world: World, run: Run) -> bool:
    """Whether a finished run's model is there: jobs stay listed for ever, also when all they made was deleted."""
    if run.state not in (RunState.SUCCEEDED, RunState.PARTIALLY_SUCCEEDED):
        return False
    if not run.model:
        return run.backend == "gemini"
    return world.observed.model(run.model) is not None or world.sight.hides(run.backend, run.model)


def failed_attempts(world: World, address: Address) -> tuple[str, ...]:
    """Gemini API models of earlier attempts that failed: unlike a tuning job they can, and should, be deleted."""
    badly = (run for run in world.strays_of(address) if is_tuned_model(run.name) and run.state in ENDED_BADLY)
    return tuple(run.name for run in badly)


def ended_badly(version: Version) -> bool:
    """Whether a version's run failed, expired or was cancelled, even if what it left was deleted since."""
    return version.run_state in ENDED_BADLY


def cancelled_by_us(version: Version) -> bool:
    """Whether it was tuneform that asked the run to stop."""
    return version.evidence.get(CANCELLED_BY) == US


def shares_with_kept(record: Record, version: Version, kept: set[int]) -> bool:
    """Whether something of a version also belongs to a version that is kept."""
    others = {name for v in record.versions if v.number in kept for name in leftovers(v)}
    return not others.isdisjoint(leftovers(version))


def carriers_of(world: World, version: Version) -> tuple[str, ...]:
    """The endpoints besides a version's own on which its model is deployed."""
    own = {key_of(name) for name in leftovers(version)}
    names = world.carriers.get(model_key(version.model), ()) if version.model else ()
    return tuple(sorted(name for name in names if key_of(name) not in own))


def traffic_entries(world: World, address: Address) -> Iterator[Mapping[str, Any]]:
    """The entries of declared endpoints' traffic that are about a model."""
    for endpoint in world.desired.endpoints.values():
        yield from (entry for entry in endpoint.body.get("traffic", ()) if entry.get("model") == str(address))


def is_named(world: World, version: Version) -> bool:
    """Whether a declared spec or a run under way names a version's model directly."""
    return bool(version.model) and key_of(version.model) in world.named
