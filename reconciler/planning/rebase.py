"""Rebase: where only the base model was changed to a newer one, Google tunes the same again on it, if asked for."""

from __future__ import annotations

from dataclasses import replace

from reconciler.catalog import BaseModel, Catalog
from reconciler.core.desired import TunedModel
from reconciler.core.plan import Change, Cost
from reconciler.core.runs import RunState
from reconciler.core.state import Record
from reconciler.planning.compare import data_change, training_changes
from reconciler.planning.liveness import model_gone
from reconciler.planning.reasons import Code, because
from reconciler.planning.world import World

UNPRICED = "Google names no price for rebasing"


def as_rebase(world: World, model: TunedModel, record: Record | None, change: Change) -> Change:
    """A purchase as a rebase of the version that serves, where `lifecycle.rebase` asks for it and it can be one.

    `targets` then holds what is rebased: the run that made the serving version, or its model where no run is listed.
    """
    serving = record.serving if record else None
    if record is None or serving is None or not (model.lifecycle.rebase and model.backend == "vertex"):
        return change
    if not serving.model or model_gone(world, record, serving) or data_change(world, model, serving):
        return change
    differing = training_changes(world, model, serving)
    if [field.path for field in differing] != ["vertex.baseModel"]:
        return change
    before, after = str(differing[0].before), str(differing[0].after)
    if is_known_not_newer(world.catalog, before, after):
        return change
    run = world.observed.run(serving.run)
    source = run.name if run is not None and run.state is RunState.SUCCEEDED else serving.model
    message = f"v{change.version}: v{serving.number} is rebased from {before} onto {after} instead of being tuned anew"
    return replace(change, reasons=(because(Code.REBASE, message), *change.reasons), targets=(source,))


def rebased_from(change: Change) -> str:
    """What a purchase rebases: the name of a run or of a model; empty when it is tuned anew."""
    is_rebase = any(reason.code == Code.REBASE.value for reason in change.reasons)
    return change.targets[0] if is_rebase else ""


def rebase_cost(cost: Cost) -> Cost:
    """What a rebase is taken to cost: as much as tuning the same, for Google tunes again and names no other price."""
    return replace(cost, basis=f"{cost.basis}; {UNPRICED}: taken as for tuning", estimate=True)


def is_known_not_newer(catalog: Catalog, before: str, after: str) -> bool:
    """Whether the catalog says that a base model is no step forward: neither a successor nor longer to live."""
    old, new = catalog.find(before), catalog.find(after)
    if old is None or new is None or new.id in _successors(catalog, old):
        return False
    if old.id in _successors(catalog, new):
        return True
    return old.retires is not None and new.retires is not None and new.retires <= old.retires


def _successors(catalog: Catalog, model: BaseModel) -> set[str]:
    """What the catalog names to follow a base model, and to follow that."""
    found: set[str] = set()
    current: BaseModel | None = model
    while current is not None and current.successor and current.successor not in found:
        found.add(current.successor)
        current = catalog.find(current.successor)
    return found
