"""A run that failed with INTERNAL where nothing was ever tuned gets Google's remedy for it; others do not."""

from __future__ import annotations

import pytest

from reconciler.core.runs import RunState
from reconciler.core.state import Record
from tests.planning.build import (
    desired,
    failed,
    job,
    model,
    observed,
    plan,
    record,
    run,
    state,
    stored,
    version,
    warned,
)

M = model("m")
OTHER = model("other")
INTERNAL, INVALID_ARGUMENT = 13, 3


def warned_of(*records: Record, runs: tuple[str, ...] = ()) -> bool:
    seen = observed(stored(), *(run(name, RunState.SUCCEEDED) for name in runs))
    return "first_run" in warned(plan(desired(M), state(*records), seen))


def test_the_first_run_of_a_project_that_fails_with_internal_is_told_its_remedy() -> None:
    made = plan(desired(M), state(record(M, failed(M, INTERNAL))), observed(stored()))
    (found,) = [d for d in made.diagnostics if d.code == "first_run"]
    assert "apply with --first-run-fix" in found.hint


@pytest.mark.parametrize("attempts", [1, 2])
def test_it_is_told_before_another_attempt_and_after_the_last(attempts: int) -> None:
    assert warned_of(record(M, failed(M, INTERNAL, attempts=attempts)))


def test_another_cause_has_no_such_remedy() -> None:
    assert not warned_of(record(M, failed(M, INVALID_ARGUMENT)))


def test_where_something_was_tuned_before_it_is_not_the_first_run() -> None:
    assert not warned_of(record(M, failed(M, INTERNAL)), record(OTHER, version(OTHER), current=1))


def test_a_run_of_somebody_else_that_succeeded_counts_as_well() -> None:
    assert not warned_of(record(M, failed(M, INTERNAL)), runs=(job("foreign"),))
