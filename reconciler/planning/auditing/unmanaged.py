"""Live runs, models and endpoints in the places of a project that no record knows.

What belongs together is one finding: a run with the model and the endpoints that it left. A run that left nothing is
history, a model that nobody tuned is not ours to manage, and what carries the label of another tuneform project is
managed there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from reconciler.core.address import Address
from reconciler.core.client_ids import client_id_of, parse_client_id
from reconciler.core.drift import DriftItem, DriftKind
from reconciler.core.labels import ADDRESS, ATTEMPT, PROJECT, address_label, is_servers
from reconciler.core.observed import LiveEndpoint, LiveModel, Run
from reconciler.core.resource_names import is_tuned_model, key_of
from reconciler.core.state import VersionStatus
from reconciler.planning.liveness import left_a_model, leftovers
from reconciler.planning.world import World

UNKNOWN_PROJECT = "another project"
_OURS = "carrying this project's label, and in no record"
_FOREIGN = "without a label of this project, and in no record"
_HINT_OURS = "Take it over with `tuneform import`, or delete it by hand if nobody uses it."
_HINT_FOREIGN = "Adopt it with `tuneform import`, ignore it in the project file, or delete it where it was made."


@dataclass(slots=True)
class Outside:
    """What no record knows: findings, and how many resources other tuneform projects own, by their label.

    `addresses` says which declared or recorded address a label stands for.
    """

    items: list[DriftItem]
    elsewhere: Counter[str]
    addresses: Mapping[str, Address]


def audit_unmanaged(world: World) -> Outside:
    """Everything live that is in no record, in every place that was listed."""
    known = (*world.desired.models, *world.desired.endpoints, *world.state.resources)
    outside = Outside([], Counter(), {address_label(a): a for a in known})
    managed = _managed(world)
    told: set[str] = set()
    for run in (*(r for runs in world.strays.values() for r in runs), *world.foreign):
        if run.model and key_of(run.model) in managed:
            continue  # the model was adopted by its own name
        if run.state.is_active or left_a_model(world, run):
            told.update(_tell_run(world, outside, run, managed))
    for key, model in sorted(world.observed.models.items()):
        if not (key in managed or key in told) and (PROJECT in model.labels or _is_tuned(model)):
            told.update(_tell_model(world, outside, model, managed))
    for key, endpoint in sorted(world.observed.endpoints.items()):
        if not (key in managed or key in told) and (
            PROJECT in endpoint.labels or _could_be_ours(world, endpoint, managed)
        ):
            _add(world, outside, endpoint.name, dict(endpoint.labels), f"an endpoint{_load(endpoint)}", ())
    return outside


def _managed(world: World) -> frozenset[str]:
    """Keys of everything that a record names, and of models that carry the label of a recorded attempt."""
    names = {r.route.name for r in world.state.resources.values() if r.route is not None}
    attempts = {client_id_of(intent.attempt) for intent in world.intents.values()}
    for record in world.state.resources.values():
        for version in record.versions:
            if version.status is not VersionStatus.DELETED:
                names.update((*leftovers(version), version.run))
                attempts.add(client_id_of(version.attempt))
    labelled = {
        key
        for key, model in world.observed.models.items()
        if (label := model.labels.get(ATTEMPT, "")) and client_id_of(label) in attempts
    }
    return frozenset({key_of(name) for name in names if name} | labelled)


def _tell_run(world: World, outside: Outside, run: Run, managed: frozenset[str]) -> set[str]:
    """A run with what it left; the keys of all that."""
    related = _standing(world, (*run.resources, *_deployments(world, run.model)), managed)
    labels = dict(run.labels)
    if is_tuned_model(run.name) and PROJECT not in labels and parse_client_id(run.name.partition("/")[2]):
        labels[PROJECT] = UNKNOWN_PROJECT
    what = "a run that is under way" if run.state.is_active else "a finished run and what it left"
    _add(world, outside, run.name, labels, what, tuple(name for name in related if name != run.name))
    return {key_of(name) for name in (run.name, *related)}


def _tell_model(world: World, outside: Outside, model: LiveModel, managed: frozenset[str]) -> set[str]:
    related = _standing(world, _deployments(world, model.name), managed)
    _add(world, outside, model.name, dict(model.labels), "a tuned model", related)
    return {key_of(name) for name in (model.name, *related)}


def _deployments(world: World, model: str) -> tuple[str, ...]:
    """The endpoints that carry this model and no other."""
    live = world.observed.model(model) if model else None
    if live is None:
        return ()
    endpoints = (world.observed.endpoint(name) for name, _ in live.deployments)
    return tuple(
        e.name for e in endpoints if e is not None and {key_of(d.model) for d in e.deployed} == {key_of(model)}
    )


def _standing(world: World, names: Iterable[str], managed: frozenset[str]) -> tuple[str, ...]:
    """Those of some names that are live and in no record, each once."""
    there = (name for name in names if name and (world.observed.model(name) or world.observed.endpoint(name)))
    return tuple({key_of(name): name for name in there if key_of(name) not in managed}.values())


def _is_tuned(model: LiveModel) -> bool:
    """Whether Google's own labels say that a model was tuned; others of the registry are not ours to manage."""
    return any(map(is_servers, model.labels))


def _could_be_ours(world: World, endpoint: LiveEndpoint, managed: frozenset[str]) -> bool:
    """Whether an endpoint is empty or carries a tuned model, so that it could be declared."""
    carried = [(key_of(d.model), world.observed.model(d.model)) for d in endpoint.deployed]
    return not carried or any(key in managed or (model is not None and _is_tuned(model)) for key, model in carried)


def _load(endpoint: LiveEndpoint) -> str:
    models = ", ".join(sorted({d.model for d in endpoint.deployed}))
    return f" that carries {models}" if models else " that carries nothing"


def _add(
    world: World, outside: Outside, name: str, labels: dict[str, str], what: str, related: tuple[str, ...]
) -> None:
    owner = labels.get(PROJECT)
    project = world.desired.project.name
    if owner is not None and owner != project:
        outside.elsewhere[owner] += 1 + len(related)
        return
    ours = owner == project
    outside.items.append(
        DriftItem(
            DriftKind.UNMANAGED,
            f"{what}, {_OURS if ours else _FOREIGN}",
            "warning" if ours else "note",
            str(outside.addresses.get(labels.get(ADDRESS, ""), "")) if ours else "",
            name,
            related=related,
            labelled=ours,
            hint=_HINT_OURS if ours else _HINT_FOREIGN,
        )
    )
