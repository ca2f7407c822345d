"""Limits over what the transitions propose: services that are gone, policy, money, and how many runs at once.

Only what would be created is looked at. What may not happen becomes `hold`, what may happen later `queue`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from reconciler.catalog.services import service_of
from reconciler.core.address import Address
from reconciler.core.client_ids import client_id_of
from reconciler.core.desired import TunedModel
from reconciler.core.diagnostics import Diagnostic
from reconciler.core.labels import ATTEMPT
from reconciler.core.plan import Action, Change, Cost, Plan
from reconciler.core.resource_names import key_of
from reconciler.core.state import IntentStatus
from reconciler.planning.blocks import base_model, base_model_place, training_source
from reconciler.planning.cost import billed_before, one_off_cost
from reconciler.planning.parents import after_parent, movers
from reconciler.planning.policy import policy_violations
from reconciler.planning.reasons import Code
from reconciler.planning.rebase import rebase_cost, rebased_from
from reconciler.planning.transitions.findings import Finding, diagnose, instead
from reconciler.planning.world import World

_BY_REMOVAL = frozenset({Code.REMOVED.value, Code.DESTROYED.value})
_SHOWN_BLOCKERS = 3
# Model.supportedGenerationMethods of generativelanguage v1beta.
_CREATE_TUNED_MODEL = "createTunedModel"

_NO_TRAINING_DATA = (
    "the spec names no training data, and Google does not give back what a model was tuned from: add "
    "tuningTask.trainingData, which is a Dataset/name of format textPairs or {examples: {examples: [...]}}"
)

ChangeKey = tuple[Address, Action, int | None]


def guard(world: World, findings: Iterable[Finding]) -> list[Finding]:
    """The findings with every create priced, and held or queued where a limit stands in its way."""
    found = list(findings)
    proposed = [f for f in found if isinstance(f, Change) and f.action.is_paid]
    if not proposed:
        return found
    violations = {d.address: d for d in reversed(policy_violations(world.desired))}
    judged = {c.key: _barred(world, c, violations) for c in proposed}
    stuck = {f.address for f in (*found, *judged.values()) if isinstance(f, Change) and f.action is Action.HOLD}
    judged.update({key: _behind(world, c, stuck) for key, c in judged.items()})
    moving = movers(judged.get(f.key, f) for f in found if isinstance(f, Change))
    judged.update({key: after_parent(world, c, moving) for key, c in judged.items()})
    free = [c for c in proposed if judged[c.key] is c and c.address in world.desired.models]
    judged.update(_within_limits(world, free))
    unpriced = [c for c in judged.values() if c.action.is_paid and c.cost is not None and c.cost.usd is None]
    notes = [_price_unknown(world, c.address, c.cost.basis) for c in unpriced if c.cost is not None]
    return [*(judged.get(f.key, f) if isinstance(f, Change) else f for f in found), *notes]


def counted_deletes(plan: Plan) -> tuple[Change, ...]:
    """The changes that `limits.maxDeletes` is about: what the removal of specs deletes or cancels.

    Clearing away versions past keepLast, orphans and what has expired is what the specs ask for, and is not counted.
    """
    return tuple(c for c in plan.changes if is_counted_delete(c))


def is_counted_delete(change: Change) -> bool:
    """Whether a change deletes or cancels because its spec was removed, or because destroying was asked for."""
    return change.action in (Action.DELETE, Action.CANCEL) and change.reasons[0].code in _BY_REMOVAL


def busy_runs(world: World) -> tuple[str, ...]:
    """Everything that holds a quota slot, foreign runs included: recorded ones by address, others by name.

    An address with two runs under way is in it twice.
    """
    owners = {
        key_of(v.run): str(r.address) for r in world.state.resources.values() for v in r.versions if v.is_live and v.run
    }
    active = {key for key, run in world.observed.runs.items() if run.state.is_active}
    # A run that is recorded as under way and not listed is counted: better to wait than to be refused.
    active.update(key for key in owners if key not in world.observed.runs)
    names = [owners.get(key) or world.observed.runs[key].name for key in active]
    seen = (
        {client_id_of(run.labels.get(ATTEMPT, "")) for run in world.observed.runs.values()} if world.intents else set()
    )
    names.extend(
        str(i.address)
        for i in world.intents.values()
        if i.status is IntentStatus.SENDING and client_id_of(i.attempt) not in seen
    )
    return tuple(sorted(names))


def _barred(world: World, change: Change, violations: Mapping[str, Diagnostic]) -> Change:
    """The change itself, or a hold when its service or the policy does not allow it at all."""
    model = world.desired.models.get(change.address)
    service = service_of(model.backend) if model else None
    if service is not None and not service.takes_new_tunes and not world.options.allow_retired:
        message = (
            f"no new tunes with {service.name} since {service.ended}: {service.reason}; {service.instead}. "
            "--allow-retired tries it all the same"
        )
        return _held(change, Code.SERVICE_RETIRED, message)
    if model is not None and (why := _not_tunable(world, model)):
        return replace(_held(change, Code.BASE_NOT_TUNABLE, why), source=model.sources.at(base_model_place(model)))
    if model is not None and model.backend == "gemini" and training_source(model) is None:
        held = _held(change, Code.NO_TRAINING_DATA, _NO_TRAINING_DATA)
        return replace(held, source=model.sources.at("gemini.tuningTask"))
    violation = violations.get(str(change.address))
    if violation is None:
        return change
    where = f"{violation.source}: " if violation.source else ""
    return replace(_held(change, violation.code, f"{where}{violation.message}"), source=violation.source)


def _not_tunable(world: World, model: TunedModel) -> str:
    """Why the Gemini API would refuse a base model, by what it lists; empty when nothing speaks against it."""
    methods = world.observed.base_methods
    base = base_model(model.body)
    if model.backend != "gemini" or methods is None or not base:
        return ""
    tunable = sorted(name for name, able in methods.items() if _CREATE_TUNED_MODEL in able)
    if f"models/{base}" in tunable:
        return ""
    listed = "is not listed" if f"models/{base}" not in methods else f"is listed without {_CREATE_TUNED_MODEL}"
    instead = f"use one of {', '.join(tunable[:_SHOWN_BLOCKERS])}, or " if tunable else ""
    return f"models/{base} {listed}, so tuning it would be refused; {instead}{service_of(model.backend).instead}"


def _behind(world: World, change: Change, stuck: Collection[Address]) -> Change:
    """The change itself, or a wait when a dataset that it needs is held back."""
    model = world.desired.models.get(change.address)
    if model is None or not change.action.is_paid:
        return change
    missing = next((a for a in model.depends_on if a in world.desired.datasets and a in stuck), None)
    if missing is None:
        return change
    return instead(change, Action.WAIT, Code.DEPENDENCY, f"waits for {missing}, which is held")


def _within_limits(world: World, changes: Sequence[Change]) -> dict[ChangeKey, Change]:
    """What becomes of each change: it gets its cost and goes on, or it is held by it, or queued by priority."""
    limits = world.desired.project.limits
    ceiling = limits.max_cost_usd if world.options.max_cost is None else world.options.max_cost
    billed = billed_before(world.state)
    busy = list(busy_runs(world))
    judged: dict[ChangeKey, Change] = {}
    queued: dict[ChangeKey, Change] = {}
    spent = world.options.spent
    for change in sorted(changes, key=lambda c: (-world.desired.models[c.address].lifecycle.priority, c.address)):
        cost = one_off_cost(world, world.desired.models[change.address], billed)
        if rebased_from(change):
            cost = rebase_cost(cost)
        if ceiling is not None and (bar := _too_dear(cost, ceiling, world.options.spent)):
            judged[change.key] = _held(change, *bar)
        elif len(busy) >= limits.max_concurrent_jobs:
            queued[change.key] = replace(change, cost=cost)
        elif ceiling is not None and (bar := _too_dear(cost, ceiling, spent)):
            judged[change.key] = _held(change, *bar)
        else:
            judged[change.key] = replace(change, cost=cost)
            busy.append(str(change.address))
            spent += cost.usd or 0.0
    for place, (key, change) in enumerate(queued.items(), start=1):
        judged[key] = _queued(change, place, len(queued), busy, limits.max_concurrent_jobs)
    return judged


def _too_dear(cost: Cost, ceiling: float, spent: float) -> tuple[Code, str] | None:
    if cost.usd is None:
        return (
            Code.PRICE_UNKNOWN,
            f"{cost.basis}, and {ceiling:.2f} USD is the limit: only a project without limits.maxCostUSD buys that",
        )
    if spent + cost.usd <= ceiling:
        return None
    before = f" after {spent:.2f} USD for others" if spent else ""
    return Code.COST_LIMIT, f"would cost {cost.usd:.2f} USD{before}, and {ceiling:.2f} USD is the limit: {cost.basis}"


def _queued(change: Change, place: int, total: int, busy: Sequence[str], allowed: int) -> Change:
    shown = ", ".join(busy[:_SHOWN_BLOCKERS])
    more = f" and {len(busy) - _SHOWN_BLOCKERS} more" if len(busy) > _SHOWN_BLOCKERS else ""
    behind = f"; before it: {shown}{more}" if busy else ""
    message = f"place {place} of {total}, for at most {allowed} may run at once (maxConcurrentJobs){behind}"
    return instead(change, Action.QUEUE, Code.QUEUE_FULL, message)


def _held(change: Change, code: str, message: str) -> Change:
    return replace(instead(change, Action.HOLD, code, message), cost=None)


def _price_unknown(world: World, address: Address, basis: str) -> Diagnostic:
    hint = "Set limits.maxCostUSD to have what has no known price held."
    model = world.desired.models[address]
    return diagnose(model, Code.PRICE_UNKNOWN, basis, at=base_model_place(model), hint=hint)
