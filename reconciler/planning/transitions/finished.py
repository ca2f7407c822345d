"""A version has finished: may it serve, and does what serves still stand?"""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.core.desired import TunedModel
from reconciler.core.plan import Action, Change
from reconciler.core.resource_names import key_of, model_key
from reconciler.core.runs import RunState
from reconciler.core.state import Record, Version
from reconciler.planning.gates import Verdict, failure_in_words, gates_passed, is_overridden, verdict
from reconciler.planning.liveness import model_gone
from reconciler.planning.reasons import Code
from reconciler.planning.transitions.findings import Finding, change, diagnose
from reconciler.planning.world import World


def hand_over(world: World, model: TunedModel, record: Record, version: Version) -> Iterator[Finding]:
    """A finished version that the spec asks for and that does not serve yet: the way to serving, or what bars it."""
    bar = (
        _not_fit(model, version)
        or _lost(world, model, record, version)
        or not_deployed(world, model, version)
        or _not_judged(world, model, version)
    )
    yield bar or _promotion(model, record, version)


def upkeep(world: World, model: TunedModel, record: Record, version: Version) -> Iterator[Finding]:
    """What serves must have its model, and its endpoint must carry it; a lost endpoint is deployed, never trained."""
    if model_gone(world, record, version):
        message = (
            f"v{version.number}: {version.model or version.run} was deleted; tuning it again would be paid, "
            f"so it is not done unasked: `tuneform state rm {model.address}`, then apply"
        )
        yield change(model, Action.HOLD, Code.MODEL_GONE, message, version=version)
        children = [a for a in world.users.get(model.address, ()) if a.kind == "TunedModel"]
        if children:
            names = ", ".join(str(a) for a in children)
            yield diagnose(model, Code.LINEAGE_BROKEN, f"{names} cannot be tuned on from {model.address} any more")
        return
    deploy = not_deployed(world, model, version)
    if deploy:
        yield deploy


def recheck(world: World, model: TunedModel, version: Version) -> Iterator[Finding]:
    """What serves is judged again when the gates or the validation data changed; failing does not take it down."""
    if not model.gates:
        return
    found = verdict(version, model, world.desired.contents)
    if found is Verdict.PENDING and world.options.evaluates:
        message = f"v{version.number} serves and has not been judged by the gates as they are now"
        yield change(model, Action.EVALUATE, Code.GATES_CHANGED, message, version=version, at="gates")
    elif found is Verdict.FAILED:
        message = f"v{version.number} serves and does not pass the gates as they are now"
        yield diagnose(model, Code.GATE_FAILED, message, at="gates")


def _not_fit(model: TunedModel, version: Version) -> Change | None:
    """What only a person can decide."""
    if is_overridden(version):
        return None
    if version.tainted:
        message = f"v{version.number}: {version.tainted}; {_by_approval(model, version)}"
        return change(model, Action.HOLD, Code.TAINTED, message, version=version)
    if version.run_state is RunState.PARTIALLY_SUCCEEDED:
        message = f"v{version.number} succeeded only in part: {version.run}; {_by_approval(model, version)}"
        return change(model, Action.HOLD, Code.PARTIAL_SUCCESS, message, version=version)
    if model.backend != "gemini" and not version.model:
        message = f"v{version.number}: {version.run} succeeded and names no model"
        return change(model, Action.HOLD, Code.NO_MODEL, message, version=version)
    return None


def _by_approval(model: TunedModel, version: Version) -> str:
    command = f"tuneform gates override {model.address} --version {version.number} --reason ..."
    return f"it serves only if a person approves it (`{command}`), and another change of the spec tunes anew"


def _lost(world: World, model: TunedModel, record: Record, version: Version) -> Change | None:
    """A hold when the model was deleted before it served: there is nothing to deploy."""
    if not model_gone(world, record, version):
        return None
    message = (
        f"v{version.number}: {version.model or version.run} was deleted before it served; tuning it again would be "
        "paid, so it is not done unasked: change what it is trained with"
    )
    return change(model, Action.HOLD, Code.MODEL_GONE, message, version=version)


def not_deployed(world: World, model: TunedModel, version: Version) -> Change | None:
    """A deploy when no endpoint carries the version. Tuned models of the Gemini API serve by themselves."""
    if model.backend == "gemini" or _is_served_by_declared(world, version):
        return None
    if not version.endpoint:
        message = f"v{version.number}: {version.model} has no endpoint"
        return change(model, Action.DEPLOY, Code.ENDPOINT_MISSING, message, version=version)
    if world.sight.hides(model.backend, version.endpoint):
        return None
    endpoint = world.observed.endpoint(version.endpoint)
    if endpoint is None:
        message = f"v{version.number}: {version.endpoint} was deleted; {version.model} is deployed again"
        return change(model, Action.DEPLOY, Code.ENDPOINT_GONE, message, version=version)
    wanted = key_of(version.model)
    if any(key_of(d.model) == wanted for d in endpoint.deployed):
        return None
    message = f"v{version.number}: {version.endpoint} does not carry {version.model} any more"
    return change(model, Action.DEPLOY, Code.ENDPOINT_EMPTY, message, version=version, targets=(version.endpoint,))


def _is_served_by_declared(world: World, version: Version) -> bool:
    """Whether an adopted version stands on a managed Endpoint: then its run's own was taken away on purpose."""
    names = world.carriers.get(model_key(version.model), ()) if version.adopted and version.model else ()
    return any(key_of(name) in world.routes for name in names)


def _not_judged(world: World, model: TunedModel, version: Version) -> Change | None:
    contents = world.desired.contents
    if gates_passed(version, model, contents):
        return None
    if verdict(version, model, contents) is Verdict.FAILED:
        message = failure_in_words(model.address, version)
        return change(model, Action.HOLD, Code.GATE_FAILED, message, version=version, at="gates")
    message = f"v{version.number} has finished and its gates have not been judged yet; it serves if it passes"
    action = Action.EVALUATE if world.options.evaluates else Action.HOLD
    return change(model, action, Code.GATE_PENDING, message, version=version, at="gates")


def _promotion(model: TunedModel, record: Record, version: Version) -> Change:
    if record.current is None:
        message = f"v{version.number} has finished and is the first to serve"
        return change(model, Action.PROMOTE, Code.FIRST_VERSION, message, version=version)
    if version.number < record.current:
        message = f"v{version.number} serves again instead of v{record.current}; nothing is tuned"
        return change(model, Action.ROLLBACK, Code.REVERTED, message, version=version)
    message = f"v{version.number} has finished and takes over from v{record.current}"
    return change(model, Action.PROMOTE, Code.NEW_VERSION, message, version=version)
