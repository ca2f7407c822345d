"""What each planned action does to a declared endpoint: look, write what is missing, then the ledger.

Every step looks at the live endpoint first and leaves alone what is done already, so that a pass that died anywhere is
gone on with by the next one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from reconciler.applying.clock import Clock
from reconciler.applying.ledger import Ledger
from reconciler.applying.metadata import patched_labels
from reconciler.applying.operations import OperationWaiter
from reconciler.applying.teardown import Teardown
from reconciler.core import labels
from reconciler.core.desired import Desired, Endpoint
from reconciler.core.events import Event, EventSink
from reconciler.core.moments import stamp
from reconciler.core.observed import LiveEndpoint
from reconciler.core.plan import Change
from reconciler.core.resource_names import model_key, parse_resource_name
from reconciler.core.state import Record, Route, Share
from reconciler.errors import AlreadyExists, NotFound, TuneformError
from reconciler.planning.traffic import own_models, same_shares, split, standing, strangers
from reconciler.planning.transitions.endpoint_words import declared_words
from reconciler.planning.transitions.endpoints import is_of
from reconciler.providers.protocol import TuningProvider


@dataclass(frozen=True, slots=True)
class EndpointActions:
    """The hands of one pass for endpoints. Every method raises on failure and leaves the ledger true."""

    desired: Desired
    ledger: Ledger
    provider: TuningProvider
    waiter: OperationWaiter
    clock: Clock
    emit: EventSink

    def create(self, change: Change, endpoint: Endpoint) -> None:
        """Make the endpoint, unless it is there already, deploy what it is to carry, and send it traffic."""
        wanted = _route(change)
        route = self._existing(endpoint) or self._made(endpoint, wanted)
        record = self.ledger.state.resources.get(endpoint.address) or Record(
            endpoint.address, "vertex", endpoint.project, endpoint.location
        )
        written = replace(route, shares=(), base=(), step=0)
        self.ledger.put(replace(record, route=written, metadata=declared_words(endpoint)))
        self.ledger.protect(endpoint)
        self._deploy(change, route.name, wanted.shares)
        self._send(change, replace(wanted, name=route.name, counter=route.counter))

    def deploy(self, change: Change, endpoint: Endpoint) -> None:
        """Put versions beside what serves; where nothing serves they get the traffic at once."""
        wanted, name = _route(change), self._name(endpoint)
        was_empty = not _served(self.provider.endpoint(name))
        self._deploy(change, name, wanted.shares)
        if was_empty:
            self._send(change, wanted)

    def promote(self, change: Change, endpoint: Endpoint) -> None:
        """Divide the traffic as planned. Raises when something that is to get traffic is not deployed."""
        self._send(change, replace(_route(change), name=self._name(endpoint)))

    def update(self, change: Change, endpoint: Endpoint) -> None:
        """Put names and labels right, and take off what gets no traffic."""
        name = self._name(endpoint)
        going = set()
        for target in change.targets:
            parsed = parse_resource_name(target)
            if parsed is not None and parsed.collection == "models":
                going.add(model_key(target))
            else:
                self._patch_words(change, endpoint, name)
        if going:
            self._take_off(change, name, going)

    def delete(self, change: Change) -> None:
        """Empty the endpoint and delete it; what is gone already counts as deleted."""
        for name in change.targets:
            try:
                others = strangers(self.provider.endpoint(name), own_models(self.ledger.state))
            except NotFound:
                continue
            if others:
                raise TuneformError(
                    f"{name} also carries {others[0].model}, which is not ours", where=str(change.address)
                )
            Teardown(
                self.provider,
                self.waiter,
                lambda what, how: self._say("deleting", change, f"{what}: {how}", target=what),
            ).take_away((name,))
        self.ledger.drop(change.address)
        self._say("deleted", change, f"deleted {', '.join(change.targets)}", targets=change.targets)

    def _existing(self, endpoint: Endpoint) -> Route | None:
        """The recorded endpoint, where it is there after all: lists may lag behind."""
        record = self.ledger.state.resources.get(endpoint.address)
        if record is None or record.route is None:
            return None
        try:
            self.provider.endpoint(record.route.name)
        except NotFound:
            return None
        return record.route

    def _made(self, endpoint: Endpoint, wanted: Route) -> Route:
        name = parse_resource_name(wanted.name)
        if name is None:
            raise TuneformError(f"{wanted.name!r} is no endpoint's name", where=str(endpoint.address))
        body: dict[str, Any] = {
            "displayName": endpoint.display_name,
            "labels": {**endpoint.labels, **owner_labels(self.desired.project.name, endpoint)},
        }
        body.update({k: endpoint.body[k] for k in ("description", "encryptionSpec") if k in endpoint.body})
        try:
            operation = self.provider.create_endpoint(name.project, name.location, name.id, body)
        except AlreadyExists as taken:
            if not is_of(self.provider.endpoint(wanted.name), self.desired.project.name, endpoint):
                raise TuneformError(
                    f"{wanted.name} exists and was not made for this address",
                    where=str(endpoint.address),
                    next_step="Choose another endpointId, or label that one as tuneform's.",
                ) from taken
            return wanted
        self.waiter.finish(operation, f"creating {wanted.name}")
        return wanted

    def _deploy(self, change: Change, name: str, shares: Iterable[Share]) -> None:
        wanted = sorted(shares, key=lambda share: -share.percent)
        for share in wanted:
            live = self.provider.endpoint(name)
            if share.key in standing(wanted, live):
                continue
            operation = self.provider.deploy(
                name,
                share.model,
                display_name=f"{share.spec.partition('/')[2]} v{share.version}",
                checkpoint=share.checkpoint,
                # Empty leaves the traffic as it is; an endpoint on which nothing serves must not be left so.
                traffic={} if _served(live) else {"0": 100},
            )
            self.waiter.finish(operation, f"deploying {share.model}")
            self._say("updated", change, f"deployed {share.words} on {name}", endpoint=name, version=share.version)

    def _send(self, change: Change, route: Route) -> None:
        live = self.provider.endpoint(route.name)
        traffic = split(route.shares, live, own_models(self.ledger.state))
        if traffic is None:
            raise TuneformError(
                f"not everything that is to get traffic is deployed on {route.name}",
                where=str(change.address),
                next_step="Nothing was changed; apply again.",
            )
        if traffic != _served(live):
            changes = {"trafficSplit": traffic, **({"etag": live.etag} if live.etag else {})}
            self.provider.update_endpoint(route.name, changes)
        record = self.ledger.record(change.address)
        before = record.route.shares if record.route is not None else ()
        since = record.since if same_shares(before, route.shares) and record.since else stamp(self.clock.now())
        self.ledger.put(replace(record, route=route, since=since))
        words = ", ".join(f"{share.words} {share.percent} %" for share in route.shares)
        self._say("promoted", change, f"traffic: {words}", endpoint=route.name)

    def _patch_words(self, change: Change, endpoint: Endpoint, name: str) -> None:
        record = self.ledger.record(endpoint.address)
        live = self.provider.endpoint(name)
        patched = patched_labels(endpoint.labels, record.metadata, live.labels)
        changes: dict[str, Any] = {"displayName": endpoint.display_name, "labels": patched}
        if "description" in endpoint.body:
            changes["description"] = endpoint.body["description"]
        self.provider.update_endpoint(name, changes)
        self.ledger.put(replace(record, metadata=declared_words(endpoint)))
        self._say("updated", change, f"patched {name}", target=name)

    def _take_off(self, change: Change, name: str, going: set[str]) -> None:
        """Undeploy these models wherever they get no traffic and stand for no share."""
        route = self.ledger.record(change.address).route
        live = self.provider.endpoint(name)
        shares = {s.key: s for s in (*route.shares, *route.base)} if route is not None else {}
        kept = {d.id for d in standing(shares.values(), live).values()}
        served = _served(live)
        for deployed in live.deployed:
            if model_key(deployed.model) not in going or deployed.id in kept or deployed.id in served:
                continue
            undeploy = partial(self.provider.undeploy, name, deployed.id, served)
            self.waiter.gone(undeploy, f"undeploying from {name}")
            self._say("updated", change, f"took {deployed.model} off {name}", endpoint=name)

    def _name(self, endpoint: Endpoint) -> str:
        record = self.ledger.state.resources.get(endpoint.address)
        if record is None or record.route is None:
            raise TuneformError("there is no endpoint yet", where=str(endpoint.address), next_step="Apply again.")
        return record.route.name

    def _say(self, kind: str, change: Change, message: str, **fields: Any) -> None:
        self.emit(Event(kind, message, address=str(change.address), fields=fields))


def owner_labels(project_label: str, endpoint: Endpoint) -> dict[str, str]:
    """The labels that say whose an endpoint is."""
    return {labels.PROJECT: project_label, labels.ADDRESS: labels.address_label(endpoint.address)}


def _route(change: Change) -> Route:
    if change.route is None:
        raise TuneformError(f"cannot {change.action} an endpoint without a route", where=str(change.address))
    return change.route


def _served(live: LiveEndpoint) -> dict[str, int]:
    """The traffic of an endpoint, shares of nothing left out."""
    return {ident: percent for ident, percent in live.traffic.items() if percent > 0}
