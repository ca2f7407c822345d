"""What is worth saying about a declared model although nothing is done about it now."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from reconciler.catalog import BaseModel, Catalog
from reconciler.core.desired import TunedModel
from reconciler.core.diagnostics import Diagnostic
from reconciler.core.state import Version
from reconciler.planning.blocks import base_model_place, training_source
from reconciler.planning.compare import data_change
from reconciler.planning.content import training_pin
from reconciler.planning.reasons import Code
from reconciler.planning.transitions.findings import diagnose
from reconciler.planning.world import World

RETIRING_SOON = timedelta(days=90)


def warnings(world: World, model: TunedModel, version: Version | None) -> Iterator[Diagnostic]:
    """The base model's end, and data that is not what it was. `version` is the one that serves, or is to."""
    name = world.base_model_of(model)
    known = world.catalog.find(name) if name else None
    if known is not None:
        yield from base_model_ends(model, name, known, world.catalog, world.now.date())
    if version is not None:
        yield from _data(world, model, version)


def base_model_ends(
    model: TunedModel, name: str, known: BaseModel, catalog: Catalog, today: date
) -> Iterator[Diagnostic]:
    """That a base model retires within RETIRING_SOON, has retired, or takes no more tunes."""
    hint = _way_on(model, _successor(known, catalog))
    at = base_model_place(model)
    if known.retires is not None and known.is_retired(today):
        words = f"{name} was announced to retire on {known.retires}, and what was tuned from it with it"
        yield diagnose(model, Code.BASE_MODEL_RETIRED, words, at=at, hint=hint)
        return
    if known.retires is not None and known.retires - today <= RETIRING_SOON:
        left = (known.retires - today).days
        earliest = "not before " if known.retires_is_earliest else ""
        words = f"{name} retires {earliest}{known.retires}, in {left} days, and what was tuned from it with it"
        yield diagnose(model, Code.BASE_MODEL_RETIRING, words, at=at, hint=hint)
    if not known.takes_tunes(today):
        words = f"new tuning of {name} was announced to end on {known.tuning_ends}"
        yield diagnose(model, Code.TUNING_CLOSED, words, at=at, hint=hint)


def _successor(known: BaseModel, catalog: Catalog) -> str:
    """What to tune from instead, with the day until which that is there; empty when the catalog names nothing."""
    following = catalog.find(known.successor) if known.successor else None
    if following is None or following.retires is None:
        return known.successor or ""
    return f"{following.id} (there until {following.retires}{' at least' if following.retires_is_earliest else ''})"


def _way_on(model: TunedModel, successor: str) -> str:
    if not successor:
        return ""
    if model.backend != "vertex":
        return f"Tune from {successor} on Vertex AI instead: a `vertex` block."
    if "baseModel" not in model.body:
        return f"Tune from {successor} instead."
    if model.lifecycle.rebase:
        return f"Set vertex.baseModel to {successor}: the model is rebased onto it (lifecycle.rebase)."
    return f"Tune from {successor} instead; with lifecycle.rebase: true a change of baseModel alone is a rebase."


def _data(world: World, model: TunedModel, version: Version) -> Iterator[Diagnostic]:
    if version.is_live:
        return
    changed = data_change(world, model, version)
    if changed is not None and model.lifecycle.on_dataset_change == "warn":
        words = f"{training_source(model)} holds other content than v{version.number} was tuned from"
        path = changed.path.removesuffix(".crc32c")
        hint = "Set lifecycle.onDatasetChange to retune, or name the new data by another URI."
        yield diagnose(model, Code.DATASET_CHANGED, words, at=path, hint=hint)
    pin = training_pin(version, model.backend)
    if pin is None or pin.uri != training_source(model) or world.sight.hides_object(pin.uri):
        return
    if pin.uri in world.observed.objects and world.observed.objects[pin.uri] is None:
        words = f"{pin.uri}, which v{version.number} was tuned from, was deleted; what serves is not affected"
        yield diagnose(model, Code.DATASET_DELETED, words)
