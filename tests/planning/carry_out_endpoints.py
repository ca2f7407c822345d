"""What each planned action does to a declared endpoint in the model of the APIs in `simulate`."""

from __future__ import annotations

from dataclasses import replace

from reconciler.core.desired import Endpoint
from reconciler.core.labels import ADDRESS, PROJECT, address_label
from reconciler.core.observed import Deployed, LiveEndpoint
from reconciler.core.plan import Action, Change
from reconciler.core.resource_names import key_of, model_key
from reconciler.core.state import Record, Route
from reconciler.planning.traffic import own_models, split, standing
from reconciler.planning.transitions.endpoint_words import declared_words
from tests.planning.simulate import Sim


def carry_out_endpoint(sim: Sim, change: Change) -> None:
    """One change of an endpoint: it is made, given its models, its traffic moved, or taken away."""
    if change.action is Action.DELETE:
        _take_away(sim, change)
    elif change.action is Action.FORGET:
        sim.state = sim.state.without(change.address)
    elif change.action is Action.UPDATE:
        _put_right(sim, change, sim.want.endpoints[change.address])
    elif change.action.mutates:
        _towards(sim, change, sim.want.endpoints[change.address])


def _take_away(sim: Sim, change: Change) -> None:
    if change.address not in sim.want:
        sim.taken_away.append(change.address)
    for name in change.targets:
        sim.effect()
        sim.endpoints.pop(key_of(name), None)
    sim.state = sim.state.without(change.address)


def _put_right(sim: Sim, change: Change, spec: Endpoint) -> None:
    record = sim.state.resources[change.address]
    assert record.route is not None
    key = key_of(record.route.name)
    going = {model_key(name) for name in change.targets if "/models/" in name}
    sim.effect()
    one = sim.endpoints[key]
    left = tuple(d for d in one.deployed if model_key(d.model) not in going or one.traffic.get(d.id))
    labels = {**one.labels, **spec.labels}
    sim.endpoints[key] = replace(one, deployed=left, display_name=spec.display_name, labels=labels)
    sim.state = sim.state.with_record(replace(record, metadata=declared_words(spec)))


def _towards(sim: Sim, change: Change, spec: Endpoint) -> None:
    route = change.route
    assert route is not None, "an endpoint is only changed along a route"
    key = key_of(route.name)
    if key not in sim.endpoints:
        assert change.action is Action.CREATE, "an endpoint was to be changed that is not there"
        sim.effect()
        owner = {PROJECT: sim.want.project.name, ADDRESS: address_label(spec.address)}
        sim.endpoints[key] = LiveEndpoint(route.name, spec.display_name, labels={**spec.labels, **owner})
    was_empty = not any(sim.endpoints[key].traffic.values())
    if change.action in (Action.CREATE, Action.DEPLOY):
        _deploy_missing(sim, key, route)
    if change.action is Action.DEPLOY and not was_empty:
        return
    sim.effect()
    record = sim.state.resources.get(spec.address) or Record(spec.address, "vertex", spec.project, spec.location)
    traffic = split(route.shares, sim.endpoints[key], own_models(sim.state))
    assert traffic is not None, "traffic was to go to what is not deployed"
    sim.state = sim.state.with_record(replace(record, route=route, metadata=declared_words(spec)))
    sim.endpoints[key] = replace(sim.endpoints[key], traffic=traffic)


def _deploy_missing(sim: Sim, key: str, route: Route) -> None:
    for share in route.shares:
        one = sim.endpoints[key]
        if share.key not in standing(route.shares, one):
            assert key_of(share.model) in sim.models, f"{share.model} was to be deployed and is not there"
            sim.effect()
            sim.made += 1
            new = Deployed(str(sim.made), share.model, share.checkpoint)
            sim.endpoints[key] = replace(one, deployed=(*one.deployed, new), traffic=one.traffic or {new.id: 100})
