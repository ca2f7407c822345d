"""Declared endpoints: there, called what was written, and their traffic divided as it was last written."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace

from reconciler.core.desired import Endpoint
from reconciler.core.drift import DriftItem, DriftKind
from reconciler.core.observed import LiveEndpoint
from reconciler.core.plan import FieldChange, FieldClass
from reconciler.core.resource_names import model_key
from reconciler.core.state import Record, Route
from reconciler.planning.auditing.written import finding, known_place, turned, written_endpoint
from reconciler.planning.traffic import carried, split, standing, strangers
from reconciler.planning.transitions.endpoint_words import words_of
from reconciler.planning.transitions.endpoints import version_in_words
from reconciler.planning.world import World


def audit_endpoint(world: World, record: Record, route: Route, own: Collection[str]) -> Iterator[DriftItem]:
    """Everything about one recorded endpoint. `own` are the models that are recorded; see `own_models`."""
    spec = world.desired.endpoints.get(record.address)
    written = written_endpoint(record, spec)
    if world.sight.hides("vertex", route.name):
        return
    live = world.observed.endpoint(route.name)
    if live is None:
        message = "was deleted; applications that call it get an error"
        yield finding(written, DriftKind.MISSING, message, "error", route.name)
        return
    fields = tuple(_with_place(f, written) for f in _traffic(world, route, live, own))
    if fields:
        message = "what it carries, or its traffic, changed outside of tuneform"
        yield finding(written, DriftKind.CHANGED, message, "error", live.name, fields)
    if record.metadata or spec is not None:
        yield from _words(record, written, spec, live)


def strangers_in(world: World, live: LiveEndpoint, own: Collection[str]) -> Iterator[FieldChange]:
    """Models of nobody here that are deployed on an endpoint, each with the traffic that it gets."""
    for deployed in strangers(live, own):
        path = f"deployedModels.{version_in_words(world, deployed)}"
        yield FieldChange(path, None, live.traffic.get(deployed.id, 0), FieldClass.SERVING)


def _traffic(world: World, route: Route, live: LiveEndpoint, own: Collection[str]) -> Iterator[FieldChange]:
    """Where the traffic goes otherwise than it was last written; what is deployed and gets none may be on its way."""
    places = standing(route.shares, live)
    expected = split(route.shares, live, own)
    for share in route.shares:
        place = places.get(share.key)
        wanted = expected.get(place.id, 0) if expected is not None and place is not None else share.percent
        now = live.traffic.get(place.id, 0) if place is not None else None
        if now != wanted:
            yield FieldChange(f"traffic ({share.words})", wanted, now, FieldClass.SERVING)
    known = {place.id for place in places.values()}
    for deployed in live.deployed:
        if deployed.id in carried(live) and deployed.id not in known and model_key(deployed.model) in own:
            path = f"traffic ({version_in_words(world, deployed)}, deployed beside)"
            yield FieldChange(path, 0, live.traffic[deployed.id], FieldClass.SERVING)
    yield from strangers_in(world, live, own)


def _words(record: Record, written: Endpoint, spec: Endpoint | None, live: LiveEndpoint) -> Iterator[DriftItem]:
    """Display name, description and labels, but for what is by now as the spec wants it."""
    unwanted = {f.path for f in words_of(spec, record, live).fields} if spec is not None else None
    found = words_of(written, record, live).fields
    fields = turned(f for f in found if unwanted is None or f.path in unwanted)
    if fields:
        message = "its name, description or labels changed outside of tuneform"
        yield finding(written, DriftKind.CHANGED, message, "warning", live.name, fields)


def _with_place(field: FieldChange, written: Endpoint) -> FieldChange:
    return replace(field, source=known_place(written.sources.at("traffic")))
