"""How an endpoint's traffic comes from what it is to what it shall be: at once, or in the steps of a canary."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from reconciler.core.address import Address
from reconciler.core.desired import Endpoint
from reconciler.core.plan import Action, Change
from reconciler.core.state import Route, Share, VersionStatus
from reconciler.planning.blocks import value_at
from reconciler.planning.gates import Verdict, failure_in_words, verdict
from reconciler.planning.liveness import model_gone
from reconciler.planning.reasons import Code
from reconciler.planning.traffic import mixed, same_shares
from reconciler.planning.transitions.endpoint_targets import Target
from reconciler.planning.transitions.findings import change
from reconciler.planning.world import World


def next_route(world: World, endpoint: Endpoint, known: Route, target: Target, *, undisturbed: bool) -> Route:
    """What the endpoint is to carry after this pass. `known` is what was last written, perhaps nothing.

    A canary that was disturbed by hand is put back to the step it had reached before it goes on.
    """
    there = Route(known.name, known.counter, target.shares)
    if same_shares(known.shares, target.shares):
        return replace(known, base=(), step=0)
    if not known.shares or not all_stand(world, known.shares):
        return there
    steps = value_at(endpoint.body, ("strategy", "steps"))
    if not steps or goes_back(known.base or known.shares, target.shares):
        return there
    if not undisturbed:
        return known
    goes_on = bool(known.base) and same_shares(known.shares, mixed(known.base, target.shares, known.step))
    base, reached = (known.base, known.step) if goes_on else (known.shares, 0)
    step = next((s for s in steps if s > reached), 100)
    if step >= 100:
        return there
    return replace(known, shares=mixed(base, target.shares, step), base=base, step=step)


def goes_back(base: Sequence[Share], target: Sequence[Share]) -> bool:
    """Whether a move only returns to what served before: there is nothing to try out in steps."""
    if same_shares(base, target):
        return True
    served = {share.key for share in base}
    coming = [share for share in target if share.key not in served]
    return bool(coming) and all(
        any(b.spec == share.spec and b.version > share.version for b in base) for share in coming
    )


def all_stand(world: World, shares: Collection[Share]) -> bool:
    """Whether the models of all these shares are still there, so that they can be deployed."""
    for share in shares:
        record = world.record(Address.parse(share.spec))
        version = record.version(share.version) if record else None
        if record is None or version is None or version.model != share.model or model_gone(world, record, version):
            return False
    return True


def barred(world: World, endpoint: Endpoint, known: Route, target: Target) -> Change | None:
    """A hold or wait unless every version that is on its way to more traffic has passed its gates."""
    settled = {share.key for share in (known.base or known.shares)}
    for share in target.shares:
        if share.key not in settled and (bar := _not_passed(world, endpoint, share, target.paths[share.key])):
            return bar
    return None


def _not_passed(world: World, endpoint: Endpoint, share: Share, path: str) -> Change | None:
    address = Address.parse(share.spec)
    model, record = world.desired.models.get(address), world.record(address)
    version = record.version(share.version) if record else None
    if model is None or record is None or version is None:
        return None
    found = verdict(version, model, world.desired.contents)
    if found is Verdict.FAILED:
        message = f"{share.spec}: {failure_in_words(address, version)}"
        return change(endpoint, Action.HOLD, Code.GATE_FAILED, message, version=version, at=f"{path}.model")
    if found is Verdict.PASSED:
        return None
    if share.version == record.current:
        message = f"waits for the gates of {share.words}, which have not been judged as they are now"
        return change(endpoint, Action.WAIT, Code.GATE_PENDING, message, version=version, at=f"{path}.model")
    if version.status in (VersionStatus.READY, VersionStatus.SUPERSEDED):
        return None  # it has served before, so it passed the gates of its time
    message = (
        f"{share.words} has not been judged by its gates. To let it serve all the same: "
        f'`tuneform gates override {address} --version {share.version} --reason "…"`'
    )
    return change(endpoint, Action.HOLD, Code.GATE_PENDING, message, version=version, at=f"{path}.version")
