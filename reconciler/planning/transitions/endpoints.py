"""One declared endpoint: created, given its models, its traffic moved; a lost one is deployed again, never tuned.

deploy    what is to get traffic is deployed beside what serves
promote   the traffic moves, all at once or one step of a canary
update    what no traffic goes to any more is taken off, and labels and names are put right
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from reconciler.core import labels
from reconciler.core.client_ids import endpoint_id
from reconciler.core.desired import Endpoint
from reconciler.core.observed import Deployed, LiveEndpoint
from reconciler.core.plan import Action, Change, FieldChange, FieldClass
from reconciler.core.resource_names import model_key, parse_resource_name
from reconciler.core.state import Record, Route, Share
from reconciler.planning.reasons import Code
from reconciler.planning.traffic import carried, own_models, room_for, same_shares, split, standing, strangers
from reconciler.planning.transitions.declared_fields import fields_of_endpoint
from reconciler.planning.transitions.endpoint_steps import all_stand, barred, goes_back, next_route
from reconciler.planning.transitions.endpoint_targets import Target, target_of
from reconciler.planning.transitions.endpoint_words import words_of
from reconciler.planning.transitions.findings import Finding, change, diagnose
from reconciler.planning.world import World

_NOWHERE = Target((), {})


def decide_endpoint(world: World, endpoint: Endpoint) -> Iterator[Finding]:
    """Everything to be done and said about a declared endpoint."""
    record = world.record(endpoint.address)
    place = f"projects/{endpoint.project}/locations/{endpoint.location}/endpoints"
    if world.sight.hides("vertex", f"{place}/any"):
        message = f"the endpoints in {endpoint.location} could not be read, so nothing is decided"
        yield diagnose(endpoint, Code.UNREADABLE, message)
        return
    if bar := _moved(endpoint, record):
        yield bar
        return
    live, known = _found(world, endpoint, record)
    if isinstance(known, Change):
        yield known
        return
    target = target_of(world, endpoint)
    obstacle: Change | None = target if isinstance(target, Change) else barred(world, endpoint, known, target)
    wanted = _NOWHERE if isinstance(target, Change) else target
    if obstacle is not None:
        yield obstacle
        if not known.shares or not all_stand(world, known.shares):
            return
        goal = known
    else:
        goal = next_route(world, endpoint, known, wanted, undisturbed=_is_as_written(world, live, known))
    if live is None:
        made = _creation(world, endpoint, record, goal)
        yield replace(made, fields=fields_of_endpoint(endpoint, goal, wanted.paths))
        return
    yield from _towards(world, endpoint, record, live, known, goal, wanted)


def name_of(world: World, endpoint: Endpoint, counter: int) -> str:
    """The resource name of the counter-th endpoint of an address."""
    chosen = endpoint.body.get("endpointId") or endpoint_id(world.desired.project.name, endpoint.address, counter)
    return f"projects/{endpoint.project}/locations/{endpoint.location}/endpoints/{chosen}"


def _moved(endpoint: Endpoint, record: Record | None) -> Change | None:
    """A hold when the spec moved an endpoint that exists: a name that applications hold on to cannot be changed."""
    route = record.route if record is not None else None
    name = parse_resource_name(route.name) if route is not None else None
    if name is None:
        return None
    chosen = endpoint.body.get("endpointId")
    advice = "declare a new Endpoint under another metadata.name, move the applications, then remove this one"
    if name.location != endpoint.location:
        message = f"is in {name.location} and cannot move to {endpoint.location}: {advice}"
        return change(endpoint, Action.HOLD, Code.ENDPOINT_MOVED, message, at="location")
    if chosen is not None and chosen != name.id:
        message = f"has the id {name.id} and cannot get the id {chosen}: {advice}"
        return change(endpoint, Action.HOLD, Code.ENDPOINT_MOVED, message, at="endpointId")
    return None


def _found(world: World, endpoint: Endpoint, record: Record | None) -> tuple[LiveEndpoint | None, Route | Change]:
    """The live endpoint and what was last written to it; a create whose record was lost is found by its id."""
    if record is not None and record.route is not None:
        live = world.observed.endpoint(record.route.name)
        # The next one gets an id of its own: Google may not give out that of a deleted endpoint again at once.
        return live, record.route
    first = unrecorded_route(world, endpoint)
    taken = world.observed.endpoint(first.name)
    if taken is not None and not is_of(taken, world.desired.project.name, endpoint):
        message = (
            f"{taken.name} exists and does not carry the labels {labels.PROJECT}={world.desired.project.name} and "
            f"{labels.ADDRESS}={labels.address_label(endpoint.address)}: set them by hand to hand it over, or choose "
            "another endpointId"
        )
        return None, change(endpoint, Action.HOLD, Code.ENDPOINT_FOREIGN, message, at="endpointId")
    return None, first


def unrecorded_route(world: World, endpoint: Endpoint) -> Route:
    """The last endpoint that was made for an address, by labels and id, or else the first that is to be made."""
    project = world.desired.project.name
    counters = [1]
    for live in world.observed.endpoints.values():
        tail = live.name.rpartition("-")[2]
        counter = int(tail) if tail.isdecimal() and len(tail) < 9 else 0
        is_ours = is_of(live, project, endpoint)
        if is_ours and live.name.endswith(f"/{endpoint_id(project, endpoint.address, counter)}"):
            counters.append(counter)
    return Route(name_of(world, endpoint, max(counters)), max(counters))


def is_of(live: LiveEndpoint, project_label: str, endpoint: Endpoint) -> bool:
    """Whether a live endpoint was made for that address of that project."""
    owner = live.labels.get(labels.PROJECT), live.labels.get(labels.ADDRESS)
    return owner == (project_label, labels.address_label(endpoint.address))


def _is_as_written(world: World, live: LiveEndpoint | None, known: Route) -> bool:
    if live is None:
        return False
    return split(known.shares, live, own_models(world.state)) == carried(live)


def _creation(world: World, endpoint: Endpoint, record: Record | None, goal: Route) -> Change:
    """A create, of the next endpoint where one was lost. Executing it looks first whether it is there already."""
    if record is None or record.route is None:
        existing = world.observed.endpoint(goal.name)
        if existing is not None:
            message = f"{existing.name} is there already under the id of this address, and is taken over"
            return _change(endpoint, Action.CREATE, Code.ENDPOINT_FOUND, message, goal, targets=(existing.name,))
        message = f"is new and carries {_in_words(goal.shares)}"
        return _change(endpoint, Action.CREATE, Code.NEW, message, goal, targets=(goal.name,))
    again = replace(goal, name=name_of(world, endpoint, goal.counter + 1), counter=goal.counter + 1)
    message = (
        f"{record.route.name} was deleted; {_in_words(goal.shares)} is deployed on a new one, nothing is tuned. "
        f"Applications have to be told: {again.name}"
    )
    if again.name == record.route.name:
        message = f"{record.route.name} was deleted; it is created again with {_in_words(goal.shares)}"
    return _change(endpoint, Action.CREATE, Code.ENDPOINT_GONE, message, again, targets=(again.name,))


def _towards(
    world: World,
    endpoint: Endpoint,
    record: Record | None,
    live: LiveEndpoint,
    known: Route,
    goal: Route,
    target: Target,
) -> Iterator[Finding]:
    own = own_models(world.state)
    if not room_for(goal.shares, live, own):
        others = ", ".join(d.model for d in strangers(live, own))
        message = f"{live.name} also carries {others}, which leaves no traffic to divide: take that off by hand"
        yield change(endpoint, Action.HOLD, Code.ENDPOINT_SHARED, message, at="traffic")
        return
    places = standing(goal.shares, live)
    missing = tuple(share for share in goal.shares if share.key not in places)
    if missing:
        yield _deployment(endpoint, live, known, goal, missing, own)
    # On an endpoint where nothing serves, deploying gives the traffic too.
    if not (missing and not carried(live)) and (
        missing or goal != known or split(goal.shares, live, own) != carried(live)
    ):
        yield _move(endpoint, live, known, goal, target)
    unused = _unused(live, (*goal.shares, *goal.base, *target.shares), own)
    yield from _upkeep(world, endpoint, record, live, unused)


def _deployment(
    endpoint: Endpoint,
    live: LiveEndpoint,
    known: Route,
    goal: Route,
    missing: tuple[Share, ...],
    own: frozenset[str],
) -> Change:
    names = ", ".join(share.words for share in missing)
    written = {share.key for share in known.shares}
    if not any(model_key(d.model) in own for d in live.deployed) and known.shares:
        code, message = Code.ENDPOINT_EMPTY, f"{live.name} was emptied; {names} is deployed again, nothing is tuned"
    elif any(share.key in written for share in missing):
        code, message = Code.ENDPOINT_EMPTY, f"{live.name} does not carry {names} any more; deployed again"
    else:
        code, message = Code.DEPLOY_BESIDE, f"{names} is deployed on {live.name}"
    return _change(endpoint, Action.DEPLOY, code, message, goal, version=missing[0].version, targets=(live.name,))


def _move(endpoint: Endpoint, live: LiveEndpoint, known: Route, goal: Route, target: Target) -> Change:
    """The traffic as it is to be after this pass, field by field."""
    coming = _candidate(known, goal)
    action = Action.PROMOTE
    if same_shares(known.shares, goal.shares) and known.base == goal.base:
        code, why = Code.TRAFFIC_DRIFT, "was changed outside of tuneform and is put back"
    elif goal.step:
        code, why = Code.CANARY_STEP, f"reaches {goal.step} % of the way to {_in_words(target.shares)}"
    elif {s.key for s in known.shares} == {s.key for s in goal.shares} and not known.base:
        code, why = Code.TRAFFIC_CHANGED, "changed in the spec"
    else:
        code, why = Code.TRAFFIC_FOLLOWS, f"goes to {_in_words(goal.shares)}"
        if known.shares and goes_back(known.base or known.shares, goal.shares):
            action = Action.ROLLBACK
    fields = tuple(_fields(endpoint, live, known, goal, target))
    at = fields[0].path if fields else "traffic"
    return replace(
        _change(endpoint, action, code, f"the traffic {why}", goal, version=coming, targets=(live.name,), at=at),
        fields=fields,
    )


def _candidate(known: Route, goal: Route) -> int | None:
    """The version that the move is about: one that gets traffic and had none, or what serves most."""
    settled = {share.key for share in (known.base or known.shares)}
    new = [share.version for share in goal.shares if share.key not in settled]
    return new[0] if new else max(goal.shares, key=lambda s: s.percent).version if goal.shares else None


def _fields(endpoint: Endpoint, live: LiveEndpoint, known: Route, goal: Route, target: Target) -> Iterator[FieldChange]:
    everything = {share.key: share for share in (*known.shares, *known.base, *goal.shares)}
    places = standing(everything.values(), live)
    after = {share.key: share.percent for share in goal.shares}
    for key, share in everything.items():
        before = live.traffic.get(places[key].id, 0) if key in places else 0
        if before != after.get(key, 0):
            path = target.paths.get(key)
            source = endpoint.sources.at(f"{path}.percent" if path else "traffic")
            name = f"{path}.percent" if path else f"traffic ({share.words})"
            yield FieldChange(name, before, after.get(key, 0), FieldClass.SERVING, source)


def _unused(live: LiveEndpoint, shares: tuple[Share, ...], own: frozenset[str]) -> tuple[Deployed, ...]:
    """What is ours, gets no traffic, and is neither wanted nor on its way."""
    kept = {d.id for d in standing({s.key: s for s in shares}.values(), live).values()}
    idle = (d for d in live.deployed if d.id not in kept and live.traffic.get(d.id, 0) == 0)
    return tuple(d for d in idle if model_key(d.model) in own)


def _upkeep(
    world: World, endpoint: Endpoint, record: Record | None, live: LiveEndpoint, unused: tuple[Deployed, ...]
) -> Iterator[Finding]:
    """One change for what is put right in place: names and labels, and models that nobody is sent to."""
    words = words_of(endpoint, record, live)
    if not words.fields and not unused:
        return
    off = ", ".join(sorted({version_in_words(world, d) for d in unused}))
    parts = [words.message, f"{off} gets no traffic any more and is taken off" if unused else ""]
    code = words.code if words.fields else Code.OUT_OF_TRAFFIC
    targets = (*((live.name,) if words.fields else ()), *sorted({d.model for d in unused}))
    yield change(
        endpoint,
        Action.UPDATE,
        code,
        "; ".join(part for part in parts if part),
        targets=targets,
        fields=words.fields,
        at="traffic",
    )


def version_in_words(world: World, deployed: Deployed) -> str:
    """Which recorded version a deployed model is; its name where it is none."""
    key = model_key(deployed.model)
    owners = (
        f"{address} v{v.number}"
        for address, record in world.state.resources.items()
        for v in record.versions
        if v.model and model_key(v.model) == key
    )
    return next(owners, deployed.model)


def _change(
    endpoint: Endpoint,
    action: Action,
    code: Code,
    message: str,
    goal: Route,
    *,
    version: int | None = None,
    targets: tuple[str, ...] = (),
    at: str = "traffic",
) -> Change:
    return replace(change(endpoint, action, code, message, version=version, targets=targets, at=at), route=goal)


def _in_words(shares: tuple[Share, ...]) -> str:
    """`TunedModel/x v2`, or `TunedModel/x v1 (90 %), TunedModel/x v2 (10 %)`."""
    if len(shares) == 1:
        return shares[0].words
    return ", ".join(f"{share.words} ({share.percent} %)" for share in shares)
