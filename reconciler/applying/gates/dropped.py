"""How much of its data a run did not learn from."""

from __future__ import annotations

from reconciler.applying.gates.result import GateResult
from reconciler.core.observed import Run

GATE = "dropped examples"


def judge_dropped(run: Run | None, most: float) -> GateResult:
    """The part of the examples that the service dropped, by the statistics of the run."""
    if run is None or not run.examples:
        return GateResult(GATE, False, "the run does not tell how many examples it was given", None, most)
    # A count of zero is left out of the API's answers.
    dropped = run.dropped_examples or 0
    ratio = dropped / run.examples
    detail = f"{dropped} of {run.examples} examples were dropped, {most:.4g} allowed"
    return GateResult(GATE, ratio <= most, detail, ratio, most)
