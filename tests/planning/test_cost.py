"""What a plan says that a run will cost, on which basis, and how sure it is."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from reconciler.core.desired import Desired, TunedModel
from reconciler.core.plan import Cost
from reconciler.core.state import State, VersionStatus
from reconciler.planning.cost import AS_BILLED
from reconciler.planning.world import PlanOptions, look
from tests.planning.build import (
    CATALOG,
    NOW,
    TRAIN,
    content,
    dataset,
    desired,
    model,
    observed,
    only,
    pin,
    plan,
    record,
    state,
    stored,
    supervised,
    version,
    warned,
)

LOCAL = supervised("Dataset/d", epochCount=3)


def with_data(spec: TunedModel, **contents: Any) -> Desired:
    return desired(spec, dataset(), contents=contents or {"d": content(tokens=900_000)})


def cost_of(want: Desired, known: State | None = None, **seen: Any) -> Cost:
    uri = dataset().uri(content().sha256)
    made = plan(want, known or state(), observed(stored(uri), *seen.values()))
    found = only(made).cost
    assert found is not None
    return found


def test_a_local_file_gives_an_estimate_with_a_band() -> None:
    cost = cost_of(with_data(model(body=LOCAL)))
    assert cost.usd == 8.1
    assert cost.basis == "900000 tokens x 3 epochs x 3.00/1M (catalog 2026-11-01)"
    assert cost.estimate
    assert (cost.low, cost.high) == (6.075, 10.935)


def test_one_epoch_is_one_epoch() -> None:
    cost = cost_of(with_data(model(body=supervised("Dataset/d", epochCount="1")), d=content(tokens=2_700_000)))
    assert cost.basis == "2700000 tokens x 1 epoch x 3.00/1M (catalog 2026-11-01)"
    assert cost.usd == 8.1


def test_the_same_data_tuned_before_gives_the_exact_cost() -> None:
    other = model("other", body=LOCAL)
    want = with_data(model(body=supervised("Dataset/d", epochCount=2)))
    want = replace(want, models={**want.models})
    bought = version(other, want=want, billed_tokens=1_000_000)
    made = plan(want, state(record(other, bought, current=1)), observed(stored(dataset().uri(content().sha256))))
    cost = next(c.cost for c in made.changes if c.address.name == "m")
    assert cost == Cost(6.0, f"1000000 tokens x 2 epochs x 3.00/1M (catalog 2026-11-01); {AS_BILLED}", estimate=False)


def test_the_same_object_billed_before_under_another_uri_gives_the_exact_cost() -> None:
    spec = model(body=supervised("gs://acme-data/copy.jsonl", epochCount=4))
    bought = version(model(body=supervised(epochCount=3)), billed_tokens=500_000, datasets=(pin(),))
    known = state(record(spec, bought, current=1))
    made = plan(desired(spec), known, observed(stored("gs://acme-data/copy.jsonl")))
    paid = next(c for c in made.changes if c.is_paid)
    basis = f"500000 tokens x 4 epochs x 3.00/1M (catalog 2026-11-01); {AS_BILLED}"
    assert paid.cost == Cost(6.0, basis, estimate=False)


def test_an_object_that_was_never_tuned_is_estimated_by_its_size_with_a_wide_band() -> None:
    spec = model(body=supervised(epochCount=2))
    paid = only(plan(desired(spec), state(), observed(stored(size=6_000_000))))
    assert paid.cost is not None
    assert (paid.cost.usd, paid.cost.estimate) == (6.0, True)
    assert (paid.cost.low, paid.cost.high) == (2.5714, 12.0)
    assert f"by the size of {TRAIN}, taken as text alone" in paid.cost.basis


def test_an_object_that_grew_is_estimated_by_what_was_billed_for_it_before() -> None:
    spec = model(body=supervised(epochCount=2), on_dataset_change="retune")
    bought = version(spec, billed_tokens=1_000_000, datasets=(pin(size=100),))
    made = plan(desired(spec), state(record(spec, bought, current=1)), observed(stored(crc32c="BBBB", size=150)))
    paid = next(c for c in made.changes if c.is_paid)
    assert paid.cost is not None
    assert (paid.cost.usd, paid.cost.low, paid.cost.high) == (9.0, 6.75, 12.15)
    assert paid.cost.basis.endswith(f"tokens by the size of {TRAIN} and what v1 was billed")


def test_a_preference_object_counts_its_prompts_twice() -> None:
    method = {"trainingDatasetUri": TRAIN, "hyperParameters": {"epochCount": 1}}
    body = {"baseModel": "gemini-3.1-flash-lite", "preferenceOptimizationSpec": method}
    paid = only(plan(desired(model(body=body)), state(), observed(stored(size=6_000_000))))
    assert paid.cost is not None
    assert (paid.cost.usd, paid.cost.high) == (4.5, 12.0)


def test_tokens_billed_for_another_base_model_are_not_taken_as_exact() -> None:
    spec = model(body=supervised("Dataset/d", base="gemini-3.5-flash", epochCount=3))
    want = with_data(spec)
    bought = version(model(body=LOCAL), want=want, billed_tokens=1_000_000)
    cost = cost_of(want, state(record(spec, bought, current=None)))
    assert cost.estimate
    assert cost.usd == 27.0


def test_without_a_number_of_epochs_the_assumption_is_told_and_the_band_is_wide() -> None:
    cost = cost_of(with_data(model(body=supervised("Dataset/d"))))
    assert cost.usd == 27.0
    assert "10 assumed" in cost.basis
    assert (cost.low, cost.high) == (2.025, 145.8)


def test_without_a_number_of_epochs_what_the_service_chose_last_time_is_assumed() -> None:
    spec = model(body=supervised("Dataset/d", adapterSize=8))
    want = with_data(spec)
    before = version(
        model(body=supervised("Dataset/d")),
        1,
        VersionStatus.SUPERSEDED,
        want=want,
        resolved=supervised("Dataset/d", epochCount="4"),
        model="",
    )
    cost = cost_of(want, state(record(spec, before)))
    assert "as many as the service chose last time" in cost.basis
    assert cost.usd == 10.8


@pytest.mark.parametrize("written", [True, "many", 2.5, [3]])
def test_epochs_that_are_no_number_are_not_taken_for_one(written: object) -> None:
    cost = cost_of(with_data(model(body=supervised("Dataset/d", epochCount=written))))
    assert cost.basis.startswith("900000 tokens x")


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        (model(body=supervised(base="gemini-unheard-of")), "no training price for gemini-unheard-of"),
        (model(body={"supervisedTuningSpec": {}}), "no training price for the base model"),
        (model(), f"the number of tokens in {TRAIN} is not known"),
        (model(body={"baseModel": "gemini-3.5-flash"}), "the number of tokens in the training data is not known"),
    ],
)
def test_what_is_not_known_is_called_unknown_with_the_reason(spec: TunedModel, words: str) -> None:
    made = plan(desired(spec), state(), observed())
    cost = only(made).cost
    assert cost is not None
    assert cost.usd is None
    assert words in cost.basis
    assert warned(made) == ["price_unknown"]
    assert made.unknown_costs == 1


def test_a_local_file_without_a_token_count_is_unknown() -> None:
    cost = cost_of(with_data(model(body=LOCAL), d=content(tokens=None)))
    assert cost.usd is None
    assert "Dataset/d" in cost.basis


def test_a_model_tuned_from_another_costs_what_its_base_costs() -> None:
    parent = model("parent", body=LOCAL)
    child = model(
        "m",
        body={
            "preTunedModel": {"tunedModelName": "TunedModel/parent"},
            "supervisedTuningSpec": LOCAL["supervisedTuningSpec"],
        },
    )
    want = desired(parent, child, dataset(), contents={"d": content()})
    known = state(record(parent, version(parent, want=want), current=1))
    made = plan(want, known, observed(stored(dataset().uri(content().sha256))))
    assert next(c.cost.usd for c in made.changes if c.is_paid and c.cost) == 8.1


def test_models_tuned_from_one_another_have_no_known_base() -> None:
    one = model("one", body={"preTunedModel": {"tunedModelName": "TunedModel/two"}})
    two = model("two", body={"preTunedModel": {"tunedModelName": "TunedModel/one"}})
    serving = [record(s, version(s), current=1) for s in (one, two)]
    world = look(desired(one, two), state(*serving), observed(), CATALOG, NOW, PlanOptions(), frozenset())
    assert world.base_model_of(one) == ""
