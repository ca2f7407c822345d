"""How percentages become a traffic split: which part of an endpoint carries which share, and what stands in between."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from reconciler.core.observed import Deployed, LiveEndpoint
from reconciler.core.resource_names import model_key
from reconciler.core.state import Share, State, VersionStatus

ShareKey = tuple[str, str]


def own_models(state: State) -> frozenset[str]:
    """Keys of every model version that a record names: whatever else is deployed on an endpoint is not ours."""
    found = {
        model_key(v.model)
        for record in state.resources.values()
        for v in record.versions
        if v.model and v.status is not VersionStatus.DELETED
    }
    routes = (record.route for record in state.resources.values() if record.route is not None)
    found.update(share.key[0] for route in routes for share in (*route.shares, *route.base))
    return frozenset(found)


def strangers(live: LiveEndpoint, own: Collection[str]) -> tuple[Deployed, ...]:
    """What is deployed on an endpoint and belongs to nobody here."""
    return tuple(d for d in live.deployed if model_key(d.model) not in own)


def standing(shares: Iterable[Share], live: LiveEndpoint) -> dict[ShareKey, Deployed]:
    """Where each share is deployed; what is not deployed is left out.

    Google does not always say which checkpoint a deployed model is of, so one without a word on it fits any.
    """
    left = list(live.deployed)
    found: dict[ShareKey, Deployed] = {}
    for is_exact in (True, False):
        for share in shares:
            fits = [] if share.key in found else [d for d in left if _fits(share, d, exact=is_exact)]
            if fits:
                found[share.key] = max(fits, key=lambda d: (live.traffic.get(d.id, 0), d.id))
                left.remove(found[share.key])
    return found


def carried(live: LiveEndpoint) -> dict[str, int]:
    """The traffic of an endpoint as it is, by deployed model id, shares of nothing left out."""
    return {ident: percent for ident, percent in live.traffic.items() if percent > 0}


def split(shares: Sequence[Share], live: LiveEndpoint, own: Collection[str]) -> dict[str, int] | None:
    """The traffic of an endpoint by deployed model id, shares of nothing left out.

    Other people's models keep what they have, and ours divide the rest. None when that leaves too little, or when a
    share is not deployed.
    """
    others = {d.id: live.traffic.get(d.id, 0) for d in strangers(live, own)}
    room = 100 - sum(others.values())
    wanted = [share for share in shares if share.percent > 0]
    if not wanted:
        return {ident: percent for ident, percent in others.items() if percent > 0}
    places = standing(wanted, live)
    if room < len(wanted) or len(places) < len(wanted):
        return None
    parts = whole_percents([share.percent * room / 100 for share in wanted], room)
    ours = {places[share.key].id: part for share, part in zip(wanted, parts, strict=True)}
    return {ident: part for ident, part in {**others, **ours}.items() if part > 0}


def room_for(shares: Sequence[Share], live: LiveEndpoint, own: Collection[str]) -> bool:
    """Whether other people's models leave at least one percent to each share."""
    taken = sum(live.traffic.get(d.id, 0) for d in strangers(live, own))
    return 100 - taken >= sum(share.percent > 0 for share in shares)


def mixed(base: Sequence[Share], target: Sequence[Share], step: int) -> tuple[Share, ...]:
    """`step` percent of the way from one set of shares to another."""
    merged: dict[ShareKey, Share] = {share.key: share for share in (*base, *target)}
    before = {share.key: share.percent for share in base}
    after = {share.key: share.percent for share in target}
    exact = [(after.get(key, 0) * step + before.get(key, 0) * (100 - step)) / 100 for key in merged]
    percents = whole_percents(exact, 100)
    return tuple(replace(share, percent=p) for share, p in zip(merged.values(), percents, strict=True) if p > 0)


def same_shares(one: Iterable[Share], other: Iterable[Share]) -> bool:
    """Whether two splits are the same, in whatever order."""
    return _percents(one) == _percents(other)


def _percents(shares: Iterable[Share]) -> Mapping[ShareKey, int]:
    return {share.key: share.percent for share in shares}


def whole_percents(exact: Sequence[float], total: int) -> list[int]:
    """Whole numbers that add up to `total`, as near as can be; what is more than nothing gets at least one.

    `total` must be at least as many as those.
    """
    parts = [max(int(value), 1) if value > 0 else 0 for value in exact]
    places = range(len(parts))
    while sum(parts) < total:
        parts[max(places, key=lambda at: exact[at] - parts[at])] += 1
    while sum(parts) > total:
        parts[max((at for at in places if parts[at] > 1), key=lambda at: parts[at] - exact[at])] -= 1
    return parts


def _fits(share: Share, deployed: Deployed, *, exact: bool) -> bool:
    if model_key(deployed.model) != share.key[0]:
        return False
    if exact:
        return deployed.checkpoint == share.checkpoint
    return not deployed.checkpoint or not share.checkpoint
