"""The `gates` block: what a finished version must pass before it serves."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from annotated_types import MinLen

from reconciler.spec.kinds.base import Block
from reconciler.spec.kinds.values import NotNegativeNumber, Number, ProjectPath, Ratio, Reads

# Metrics of the tuning experiment, as Google's pages on Vertex tuning metrics name them.
_TRAIN = ("/train_total_loss", "/train_fraction_of_correct_next_step_preds", "/train_num_predictions")
_EVAL = ("/eval_total_loss", "/eval_fraction_of_correct_next_step_preds", "/eval_num_predictions")
METRICS = {
    "supervised": (*_TRAIN, *_EVAL),
    "preference": ("/preference_optimization_train_loss", "/eval_total_loss"),
    "gemini": ("/mean_loss",),
}


def _with_slash(value: Any) -> Any:
    return f"/{value}" if isinstance(value, str) and value and not value.startswith("/") else value


MetricName = Annotated[str, MinLen(1), Reads(_with_slash, {"type": "string"})]


class MetricGate(Block):
    """A bound on one metric."""

    name: MetricName
    """The metric, such as /eval_total_loss."""
    max: Number | None = None
    """The value must be at most this."""
    min: Number | None = None
    """The value must be at least this."""
    max_regression: NotNegativeNumber | None = None
    """How much worse than the serving version the value may be, as a fraction of its value: 0.05 is 5 %."""
    better: Literal["lower", "higher"] | None = None
    """Which way is better; losses are better lower and everything else higher when unset."""


class PromptGate(Block):
    """Prompts that are sent to the candidate's endpoint."""

    file: ProjectPath
    """A JSONL file in the project: prompts, and how each answer is judged."""
    min_pass: Ratio | None = None
    """The part that must pass, 0 to 1; all when unset."""


class Gates(Block):
    """What a finished version must pass before it serves."""

    metrics: list[MetricGate] | None = None
    """Bounds on metrics of the run."""
    prompts: PromptGate | None = None
    """Prompts that must be answered well."""
    max_dropped_ratio: Ratio | None = None
    """The part of the examples that Google may have dropped, 0 to 1."""
