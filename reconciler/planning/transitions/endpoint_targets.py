"""What an endpoint's spec asks for, as versions that can be deployed; or what is in the way of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from reconciler.core.address import Address
from reconciler.core.desired import Endpoint, TunedModel
from reconciler.core.plan import Action, Change
from reconciler.core.resource_names import location_of
from reconciler.core.runs import RunState
from reconciler.core.state import Record, Share, Version, VersionStatus
from reconciler.planning.gates import is_overridden
from reconciler.planning.liveness import model_gone
from reconciler.planning.reasons import Code
from reconciler.planning.traffic import ShareKey
from reconciler.planning.transitions.checkpoints import no_such_checkpoint
from reconciler.planning.transitions.findings import change
from reconciler.planning.world import World


@dataclass(frozen=True, slots=True)
class Target:
    """The declared split. `paths` says which entry of the spec a share comes from, such as `traffic[0]`."""

    shares: tuple[Share, ...]
    paths: Mapping[ShareKey, str]


def target_of(world: World, endpoint: Endpoint) -> Target | Change:
    """The split that the spec asks for now, or the wait or hold that says why there is none."""
    shares: dict[ShareKey, Share] = {}
    paths: dict[ShareKey, str] = {}
    for index, entry in enumerate(endpoint.body["traffic"]):
        path = f"traffic[{index}]"
        found = _share(world, endpoint, entry, path)
        if isinstance(found, Change):
            return found
        earlier = shares.get(found.key)
        # The current version and the same one named by its number are one share.
        shares[found.key] = replace(found, percent=found.percent + earlier.percent) if earlier else found
        paths.setdefault(found.key, path)
    return Target(tuple(shares.values()), paths)


def _share(world: World, endpoint: Endpoint, entry: Mapping[str, Any], path: str) -> Share | Change:
    address = Address.parse(entry["model"])
    model = world.desired.models.get(address)
    if model is None:
        return change(endpoint, Action.HOLD, Code.DEPENDENCY, f"{address} is not declared", at=f"{path}.model")
    found = _version(world, endpoint, model, entry.get("version"), path)
    if isinstance(found, Change):
        return found
    bar = _not_fit(world, endpoint, model, found, path)
    checkpoint = _checkpoint(endpoint, model, found, entry.get("checkpoint"), path)
    if bar is not None:
        return bar
    if isinstance(checkpoint, Change):
        return checkpoint
    return Share(str(address), found.number, found.model, entry["percent"], checkpoint)


def _version(world: World, endpoint: Endpoint, model: TunedModel, number: int | None, path: str) -> Version | Change:
    """The version an entry means: the one it names, or else the current one."""
    record = world.record(model.address) or Record(model.address, model.backend, model.project, model.location)
    if number is None:
        if record.serving is not None:
            return record.serving
        return _elsewhere(world, endpoint, model, path) or change(
            endpoint,
            Action.WAIT,
            Code.DEPENDENCY,
            f"waits for {model.address}, of which no version serves yet",
            at=f"{path}.model",
        )
    version = record.version(number)
    if version is None:
        known = ", ".join(f"v{v.number}" for v in record.versions) or "none yet"
        message = f"{model.address} has no v{number}; its versions: {known}"
        return change(endpoint, Action.HOLD, Code.UNKNOWN_VERSION, message, at=f"{path}.version")
    if version.is_live:
        message = f"waits for {model.address} v{number}, which is being tuned"
        return change(endpoint, Action.WAIT, Code.DEPENDENCY, message, at=f"{path}.version")
    if version.status in (VersionStatus.FAILED, VersionStatus.CANCELLED, VersionStatus.DELETED):
        message = f"{model.address} v{number} cannot serve: it is {version.status}"
        return change(endpoint, Action.HOLD, Code.UNKNOWN_VERSION, message, at=f"{path}.version")
    return version


def _elsewhere(world: World, endpoint: Endpoint, model: TunedModel, path: str) -> Change | None:
    """A hold, before anything is paid for, where the catalog knows that the tuned model will land elsewhere."""
    base = world.catalog.find(world.base_model_of(model))
    lands = base.serving.get(model.location, "") if base is not None else ""
    return _location(endpoint, model.address, lands, "will live", path) if lands else None


def _location(endpoint: Endpoint, what: object, location: str, verb: str, path: str) -> Change | None:
    if location == endpoint.location:
        return None
    message = (
        f"{what} {verb} in {location}, and an endpoint in {endpoint.location} can only carry models of "
        f"{endpoint.location}: set `location: {location}` in {endpoint.address}"
    )
    at = "location" if "location" in endpoint.body else f"{path}.model"
    return change(endpoint, Action.HOLD, Code.ENDPOINT_LOCATION, message, at=at)


def _not_fit(world: World, endpoint: Endpoint, model: TunedModel, version: Version, path: str) -> Change | None:
    name = f"{model.address} v{version.number}"
    record = world.record(model.address)
    if not version.model:
        return change(endpoint, Action.HOLD, Code.NO_MODEL, f"{name} names no model", at=f"{path}.model")
    if record is not None and model_gone(world, record, version):
        message = f"{name}: {version.model} was deleted, so it cannot be deployed"
        return change(endpoint, Action.HOLD, Code.MODEL_GONE, message, at=f"{path}.model")
    if not is_overridden(version) and version.tainted:
        message = f"{name}: {version.tainted}; it gets traffic only if a person approves it"
        return change(endpoint, Action.HOLD, Code.TAINTED, message, at=f"{path}.model")
    if not is_overridden(version) and version.run_state is RunState.PARTIALLY_SUCCEEDED:
        message = f"{name} succeeded only in part and gets traffic only if a person approves it"
        return change(endpoint, Action.HOLD, Code.PARTIAL_SUCCESS, message, at=f"{path}.model")
    return _location(endpoint, name, location_of(version.model), "lives", path)


def _checkpoint(endpoint: Endpoint, model: TunedModel, version: Version, wanted: str | None, path: str) -> str | Change:
    """The checkpoint to deploy: the one that is named, or else the one Google took for the default."""
    known = version.checkpoints
    if wanted is None:
        default = next((c.id for c in known if c.endpoint and c.endpoint == version.endpoint), "")
        return default or (known[-1].id if known else "")
    if any(c.id == wanted for c in known):
        return wanted
    message = no_such_checkpoint(model.address, version, wanted)
    return change(endpoint, Action.HOLD, Code.UNKNOWN_CHECKPOINT, message, at=f"{path}.checkpoint")
