"""From the wire to core nouns. A tuned model is a run and, once it is ACTIVE, the model that serves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from reconciler.cloud.failures import clean
from reconciler.core.metrics import Point, RunMetrics, Series
from reconciler.core.observed import LiveModel, Run
from reconciler.core.runs import RunState
from reconciler.core.state import RunError
from reconciler.providers.gemini import wire

# google.rpc.Code CANCELLED: how the operation of a cancelled run ends. The model itself has no such state.
CANCELLED = 1
LOSS = "/mean_loss"
_STATES = {"CREATING": RunState.RUNNING, "ACTIVE": RunState.SUCCEEDED, "FAILED": RunState.FAILED}


def run_of(model: wire.TunedModel, labels: Mapping[str, str]) -> Run:
    """A tuned model as a run; `labels` are what its id says. A state that is not known counts as under way."""
    task = model.tuning_task or wire.TuningTask()
    state = _STATES.get(model.state, RunState.UNKNOWN)
    return Run(
        name=model.name,
        backend="gemini",
        state=state,
        body=_body(model, task),
        labels=labels,
        display_name=model.display_name,
        description=model.description,
        created_at=model.create_time,
        started_at=task.start_time,
        ended_at=task.complete_time if state.is_final else "",
        model=model.name if state is RunState.SUCCEEDED else "",
        completed_steps=max((s.step for s in task.snapshots), default=None),
        loss=_last_loss(task.snapshots),
    )


def with_operation(run: Run, tuning: wire.Tuning | None) -> Run:
    """The run with what only its operation tells: steps, the cause of a failure, and that it was cancelled.

    What a cancelled run leaves may be ACTIVE, but its answers are unpredictable, so it does not count as tuned.
    Source: https://ai.google.dev/gemini-api/docs/model-tuning/tutorial (2025 copies)
    """
    if tuning is None:
        return run
    told = tuning.metadata or wire.Metadata()
    error = tuning.error if tuning.done else None
    learned = replace(
        run,
        completed_steps=run.completed_steps if told.completed_steps is None else told.completed_steps,
        total_steps=told.total_steps,
        loss=_last_loss(told.snapshots) if told.snapshots else run.loss,
        error=RunError(error.code, clean(error.message)) if error and error.code else None,
    )
    if learned.error is not None and learned.error.code == CANCELLED and run.state.is_final:
        return replace(learned, state=RunState.CANCELLED, model="")
    return learned


def model_of(model: wire.TunedModel, labels: Mapping[str, str], permissions: Mapping[str, Any]) -> LiveModel:
    """A tuned model as what serves. `settings` are what else can be patched, in the API's names; left-out zeros are
    zeros.
    """
    settings = {
        "temperature": model.temperature or 0.0,
        "topP": model.top_p or 0.0,
        "topK": model.top_k or 0,
        "readerProjectNumbers": model.reader_project_numbers or [],
        **permissions,
    }
    return LiveModel(
        name=model.name,
        display_name=model.display_name,
        description=model.description,
        labels=labels,
        created_at=model.create_time,
        settings=settings,
    )


def metrics_of(snapshots: Iterable[wire.Snapshot]) -> RunMetrics:
    """The loss by step."""
    ordered = sorted(snapshots, key=lambda s: s.step)
    points = tuple(Point(s.step, s.mean_loss, s.compute_time) for s in ordered)
    return RunMetrics({LOSS: Series(LOSS, points)} if points else {})


def _last_loss(snapshots: Iterable[wire.Snapshot]) -> float | None:
    last = max(snapshots, key=lambda s: s.step, default=None)
    return last.mean_loss if last else None


def _body(model: wire.TunedModel, task: wire.TuningTask) -> dict[str, Any]:
    """The input side, which a spec's block can be compared with; the source's own base model is output only."""
    source = {k: v for k, v in (model.tuned_model_source or {}).items() if k != "baseModel"}
    fields = {
        "baseModel": "" if source else model.base_model,
        "tunedModelSource": source,
        "tuningTask": {"hyperparameters": task.hyperparameters} if task.hyperparameters else {},
        "displayName": model.display_name,
        "description": model.description,
    }
    return {name: value for name, value in fields.items() if value}
