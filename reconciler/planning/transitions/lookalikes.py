"""Runs of others that made, or are making, the very model that is about to be bought: nobody shall pay twice."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.core.desired import TunedModel
from reconciler.core.diagnostics import Diagnostic
from reconciler.core.labels import PROJECT
from reconciler.core.observed import Run
from reconciler.core.runs import RunState
from reconciler.planning.compare import changes_from_run
from reconciler.planning.reasons import Code
from reconciler.planning.transitions.findings import diagnose
from reconciler.planning.world import World

_CAME_TO_SOMETHING = frozenset({RunState.SUCCEEDED, RunState.PARTIALLY_SUCCEEDED})


def lookalikes(world: World, model: TunedModel) -> Iterator[Diagnostic]:
    """A warning where an unlabelled run has the spec's display name and was given the same.

    Whether its model is still there is not known: models are listed only where something is recorded.
    """
    for run in world.unlabelled.get((model.backend, model.display_name), ()):
        if _is_same(world, model, run):
            message = f"{run.name} ({run.state.lower()}) has the same name and was given the same as this spec asks for"
            hint = f"If its model is still there, `tuneform import {model.address} {run.name}` takes it over unpaid."
            yield diagnose(model, Code.LOOKALIKE_FOUND, message, hint=hint)
            return


def _is_same(world: World, model: TunedModel, run: Run) -> bool:
    if PROJECT in run.labels or not (run.state.is_active or run.state in _CAME_TO_SOMETHING):
        return False
    return not changes_from_run(world, model, run)
