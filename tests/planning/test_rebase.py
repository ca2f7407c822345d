"""Rebase: what is planned when only the base model was changed and `lifecycle.rebase` is set."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from reconciler.core.desired import Limits, TunedModel
from reconciler.core.state import VersionStatus
from tests.planning.build import (
    BASE,
    desired,
    failed,
    job,
    live,
    model,
    observed,
    only,
    pin,
    plan,
    record,
    run_of,
    serving,
    state,
    steps,
    stored,
    supervised,
    version,
    warned,
)

NEWER = "gemini-3.5-flash"
M = model()


def bumped(base: str = NEWER, *, rebase: bool = True, **hyper: Any) -> TunedModel:
    return model(body=supervised(base=base, **{"epochCount": 3, **hyper}), rebase=rebase)


def test_a_bumped_base_model_is_rebased_where_that_was_asked_for() -> None:
    known, seen = serving(M)
    made = plan(desired(bumped()), known, seen)
    change = only(made)
    assert steps(made) == [("retune", "rebase")]
    assert [r.code for r in change.reasons] == ["rebase", "training_changed"]
    assert (change.version, change.serving, change.targets) == (2, 1, (job("m-1"),))
    assert change.reasons[0].message == f"v2: v1 is rebased from {BASE} onto {NEWER} instead of being tuned anew"
    assert [f.path for f in change.fields] == ["vertex.baseModel"]


def test_without_lifecycle_rebase_it_is_an_ordinary_retune() -> None:
    known, seen = serving(M)
    made = plan(desired(bumped(rebase=False)), known, seen)
    assert steps(made) == [("retune", "training_changed")]
    assert only(made).targets == ()


def test_lifecycle_rebase_alone_changes_nothing() -> None:
    known, seen = serving(M)
    assert plan(desired(replace(M, lifecycle=replace(M.lifecycle, rebase=True))), known, seen).is_empty


def test_when_more_than_the_base_model_changed_it_is_tuned_anew() -> None:
    known, seen = serving(M)
    assert steps(plan(desired(bumped(epochCount=4)), known, seen)) == [("retune", "training_changed")]


def test_when_the_data_changed_as_well_it_is_tuned_anew() -> None:
    known, seen = serving(M, datasets=(pin(crc32c="AAAA"),))
    seen = seen.merged(observed(stored(crc32c="BBBB")))
    assert ("retune", "training_changed") in steps(plan(desired(bumped()), known, seen))


def test_an_older_base_model_is_tuned_anew() -> None:
    spec = model(body=supervised(base=NEWER, epochCount=3))
    known, seen = serving(spec)
    assert steps(plan(desired(bumped("gemini-old")), known, seen)) == [("retune", "training_changed")]


def test_a_base_model_that_the_catalog_does_not_know_may_be_newer() -> None:
    known, seen = serving(M)
    assert steps(plan(desired(bumped("gemini-9-flash")), known, seen)) == [("retune", "rebase")]


def test_a_successor_is_newer() -> None:
    spec = model(body=supervised(base="gemini-old", epochCount=3))
    known, seen = serving(spec)
    assert steps(plan(desired(bumped()), known, seen)) == [("retune", "rebase")]


def test_without_a_version_that_serves_there_is_nothing_to_rebase() -> None:
    made = version(M, 1, VersionStatus.CANDIDATE)
    known = state(record(M, made))
    assert steps(plan(desired(bumped()), known, observed(run_of(M, made), live(M, made)))) == [
        ("retune", "training_changed")
    ]


def test_when_the_job_is_not_listed_the_model_is_rebased() -> None:
    made = version(M)
    known = state(record(M, made, current=1))
    assert only(plan(desired(bumped()), known, observed(live(M, made)))).targets == (made.model,)


def test_when_the_serving_model_is_gone_nothing_is_rebased() -> None:
    made = version(M)
    known = state(record(M, made, current=1))
    plans = plan(desired(bumped()), known, observed(run_of(M, made)))
    assert not [c for c in plans.changes if c.targets]


def test_another_attempt_at_a_rebase_is_a_rebase() -> None:
    spec = bumped()
    v1, v2 = version(M), failed(spec, 13, 2)
    known = state(record(M, v1, v2, current=1))
    made = plan(desired(spec), known, observed(run_of(M, v1), run_of(spec, v2), live(M, v1)))
    assert [r.code for r in only(made).reasons] == ["rebase", "retry"]
    assert only(made).targets == (v1.run,)


def test_going_back_to_the_earlier_base_is_a_rollback() -> None:
    spec = bumped()
    v1, v2 = version(M, 1, VersionStatus.SUPERSEDED), version(spec, 2)
    known = state(record(M, v1, v2, current=2))
    seen = observed(run_of(M, v1), live(M, v1), run_of(spec, v2), live(spec, v2))
    assert ("rollback", "reverted") in steps(plan(desired(replace(M, lifecycle=spec.lifecycle)), known, seen))


def test_its_cost_is_an_estimate_even_where_tuning_would_be_exact() -> None:
    known, seen = serving(M, billed_tokens=1_000_000, datasets=(pin(),))
    seen = seen.merged(observed(stored()))
    cost = only(plan(desired(bumped()), known, seen)).cost
    assert cost is not None
    assert cost.estimate
    assert "Google names no price for rebasing" in cost.basis


def test_a_rebase_of_unknown_cost_is_held_by_a_limit() -> None:
    known, seen = serving(M)
    limits = Limits(max_concurrent_jobs=5, max_cost_usd=10)
    assert steps(plan(desired(bumped("gemini-9-flash"), limits=limits), known, seen))[0] == ("hold", "price_unknown")


@pytest.mark.parametrize(
    ("rebase", "words"),
    [(False, "with lifecycle.rebase: true a change of baseModel alone"), (True, "the model is rebased onto it")],
)
def test_a_retiring_base_model_names_rebase_as_a_way_on(rebase: bool, words: str) -> None:
    spec = bumped("gemini-old", rebase=rebase)
    known, seen = serving(spec)
    made = plan(desired(spec), known, seen)
    assert "base_model_retired" in warned(made)
    assert words in made.diagnostics[0].hint
    assert NEWER in made.diagnostics[0].hint
