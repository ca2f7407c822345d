"""Limits over several models at once: places, money, policy, services that are gone."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from reconciler.core.desired import Desired, Limits, Policy
from reconciler.core.diagnostics import Source
from reconciler.core.moments import stamp
from reconciler.core.observed import Observed
from reconciler.core.plan import Action
from reconciler.core.runs import RunState
from reconciler.core.state import IntentStatus, VersionStatus
from reconciler.planning.guards import counted_deletes
from reconciler.planning.policy import policy_violations
from tests.planning.build import (
    JUST_NOW,
    NOW,
    content,
    dataset,
    desired,
    endpoint,
    failed,
    intent,
    job,
    live,
    model,
    observed,
    only,
    plan,
    record,
    run,
    run_of,
    serving,
    state,
    steps,
    stored,
    supervised,
    version,
    warned,
)


class TestPlaces:
    """maxConcurrentJobs counts everything that is under way."""

    def test_the_most_urgent_first_and_then_by_address(self) -> None:
        specs = [model("a"), model("b", priority=1), model("c")]
        made = plan(desired(*specs, limits=Limits(max_concurrent_jobs=1)), state(), observed())
        assert steps(made) == [("queue", "queue_full"), ("create", "new"), ("queue", "queue_full")]
        messages = {c.address.name: c.reasons[0].message for c in made.of(Action.QUEUE)}
        assert messages["a"].startswith("place 1 of 2, ")
        assert messages["c"].startswith("place 2 of 2, ")
        assert "before it: TunedModel/b" in messages["a"]

    def test_a_queued_create_keeps_its_own_reasons_and_its_price(self) -> None:
        want = desired(model(), limits=Limits(max_concurrent_jobs=0))
        change = only(plan(want, state(), observed()))
        assert [r.code for r in change.reasons] == ["queue_full", "new"]
        assert "before it" not in change.reasons[0].message
        assert change.cost is not None

    def test_a_long_list_of_what_is_before_is_cut(self) -> None:
        busy = [run(job(f"f{n}")) for n in range(5)]
        made = plan(desired(model(), limits=Limits(max_concurrent_jobs=5)), state(), observed(*busy))
        assert "and 2 more" in only(made).reasons[0].message

    def test_a_recorded_run_that_is_not_listed_yet_has_its_place(self) -> None:
        other = model("other")
        fresh = version(other, 1, VersionStatus.ACTIVE, created_at=JUST_NOW)
        want = desired(model(), other, limits=Limits(max_concurrent_jobs=1))
        made = plan(want, state(record(other, fresh)), observed())
        assert steps(made) == [("queue", "queue_full"), ("wait", "run_not_listed_yet")]

    @pytest.mark.parametrize("listed", [False, True])
    def test_a_create_in_doubt_has_one_place_whether_its_run_is_found_or_not(self, listed: bool) -> None:
        other = model("other")
        sending = intent(other, IntentStatus.SENDING)
        found = [run(job(1), labels={"tuneform-attempt": sending.attempt})] if listed else []
        for allowed, expected in ((1, "queue"), (2, "create")):
            want = desired(model(), other, limits=Limits(max_concurrent_jobs=allowed))
            made = plan(want, state(intents=(sending,)), observed(*found))
            assert steps(made, "m")[0][0] == expected

    def test_two_runs_of_one_address_have_two_places(self) -> None:
        other = model("other", supervised(epochCount=2))
        v1 = replace(version(model("other"), 1, VersionStatus.ACTIVE), status=VersionStatus.CANCELLING)
        v2 = version(other, 2, VersionStatus.ACTIVE)
        want = desired(model(), other, limits=Limits(max_concurrent_jobs=2))
        made = plan(
            want, state(record(other, v1, v2)), observed(run_of(other, v1, RunState.CANCELLING), run_of(other, v2))
        )
        assert steps(made, "m") == [("queue", "queue_full")]

    def test_finished_runs_have_none(self) -> None:
        done = [run(job(n), s) for n, s in enumerate(RunState) if s.is_final]
        made = plan(desired(model(), limits=Limits(max_concurrent_jobs=1)), state(), observed(*done))
        assert steps(made) == [("create", "new")]


def priced(*specs: Any, **limits: Any) -> tuple[Desired, Observed]:
    """Specs whose runs cost 8.10 USD each."""
    want = desired(*specs, dataset(), contents={"d": content()}, limits=Limits(max_concurrent_jobs=9, **limits))
    return want, observed(stored(dataset().uri(content().sha256)))


LOCAL = supervised("Dataset/d", epochCount=3)


class TestMoney:
    """What is above the limit is held, and what has no price too where there is a limit."""

    def test_within_the_limit_goes(self) -> None:
        want, seen = priced(model(body=LOCAL), max_cost_usd=8.1)
        assert steps(plan(want, state(), seen)) == [("create", "new")]

    def test_above_the_limit_is_held_with_both_amounts(self) -> None:
        want, seen = priced(model(body=LOCAL), max_cost_usd=8.0)
        change = only(plan(want, state(), seen))
        assert [r.code for r in change.reasons] == ["cost_limit", "new"]
        assert "would cost 8.10 USD, and 8.00 USD is the limit" in change.reasons[0].message
        assert change.cost is None

    def test_the_limit_is_for_one_pass(self) -> None:
        want, seen = priced(model("a", LOCAL), model("b", LOCAL), max_cost_usd=10.0)
        made = plan(want, state(), seen)
        assert steps(made) == [("create", "new"), ("hold", "cost_limit")]
        assert "after 8.10 USD for others" in made.changes[1].reasons[0].message

    def test_what_earlier_passes_of_the_same_apply_spent_counts(self) -> None:
        want, seen = priced(model(body=LOCAL), max_cost_usd=10.0)
        assert steps(plan(want, state(), seen, spent=1.9)) == [("create", "new")]
        assert steps(plan(want, state(), seen, spent=2.0)) == [("hold", "cost_limit")]

    def test_the_limit_of_the_command_line_wins(self) -> None:
        want, seen = priced(model(body=LOCAL), max_cost_usd=1.0)
        assert steps(plan(want, state(), seen, max_cost=9.0)) == [("create", "new")]
        assert steps(plan(want, state(), seen, max_cost=0.0)) == [("hold", "cost_limit")]

    def test_an_unknown_price_is_held_only_where_there_is_a_limit(self) -> None:
        want = desired(model())
        made = plan(want, state(), observed())
        assert steps(made) == [("create", "new")]
        assert warned(made) == ["price_unknown"]
        held = plan(want, state(), observed(), max_cost=100.0)
        assert steps(held) == [("hold", "price_unknown")]
        assert warned(held) == []

    def test_a_retry_is_paid_again_and_limited_too(self) -> None:
        want, seen = priced(model(body=LOCAL), max_cost_usd=1.0)
        known = state(record(model(body=LOCAL), failed(model(), 13, fingerprint="x", body=LOCAL)))
        assert steps(plan(want, known, seen))[0][0] == "hold"

    def test_what_is_held_by_its_cost_takes_nobodys_place(self) -> None:
        dear = model("a", supervised("Dataset/d", epochCount=300))
        want, seen = priced(dear, model("b", LOCAL), max_cost_usd=10.0)
        want = replace(want, project=replace(want.project, limits=Limits(1, 10.0)))
        assert steps(plan(want, state(), seen)) == [("hold", "cost_limit"), ("create", "new")]


class TestPolicy:
    """What the project forbids is held in the plan and an error in validate, with the spec line."""

    @pytest.mark.parametrize(
        ("policy", "code", "words"),
        [
            (Policy(base_models=("gemini-3.5-*",)), "policy_base_model", "gemini-3.1-flash-lite is not among"),
            (Policy(locations=("europe-west4",)), "policy_location", "location us-central1 is not among europe-west4"),
            (Policy(require_labels=("team",)), "policy_label", "the label 'team' is missing"),
            (Policy(require_service_account=True), "policy_service_account", "a serviceAccount is missing"),
            (Policy(require_cmek=True), "policy_cmek", "an encryptionSpec.kmsKeyName is missing"),
            (Policy(dataset_buckets=("other-*",)), "policy_bucket", "bucket acme-data is not among other-*"),
        ],
    )
    def test_what_is_not_allowed_is_held_with_its_line(self, policy: Policy, code: str, words: str) -> None:
        change = only(plan(desired(model(), policy=policy), state(), observed()))
        assert (change.action, change.reasons[0].code) == (Action.HOLD, code)
        assert words in change.reasons[0].message
        assert change.source is not None
        assert change.reasons[0].message.startswith(f"specs/m.yaml:{change.source.line}:")

    def test_what_is_allowed_goes(self) -> None:
        body = {**supervised(), "serviceAccount": "t@acme", "encryptionSpec": {"kmsKeyName": "k"}}
        policy = Policy(("gemini-3.1*",), ("us-*",), ("team",), True, True, ("acme-*",))
        want = desired(model(body=body, labels={"team": "support"}), dataset(), endpoint("e"), policy=policy)
        assert policy_violations(want) == ()

    def test_a_full_path_of_the_base_model_is_judged_by_its_name(self) -> None:
        spec = model(body=supervised(base="publishers/google/models/gemini-3.5-flash"))
        assert policy_violations(desired(spec, policy=Policy(base_models=("gemini-*",)))) == ()

    def test_what_serves_already_is_left_alone(self) -> None:
        known, seen = serving(model())
        assert plan(desired(model(), policy=Policy(require_labels=("team",))), known, seen).is_empty

    def test_datasets_and_endpoints_are_judged_too(self) -> None:
        policy = Policy(locations=("europe-west4",), dataset_buckets=("acme-sets",))
        want = desired(dataset(bucket="gs://acme-data/x"), endpoint("e"), policy=policy)
        assert [(d.address, d.code, d.severity) for d in policy_violations(want)] == [
            ("Dataset/d", "policy_bucket", "error"),
            ("Endpoint/e", "policy_location", "error"),
        ]
        assert steps(plan(want, state(), observed()), "d") == [("hold", "policy_bucket")]

    def test_what_would_be_tuned_from_a_held_dataset_waits(self) -> None:
        spec = model(body=supervised("Dataset/d"))
        free = model("z", body=supervised("gs://acme-sets/x.jsonl"))
        want = desired(spec, free, dataset(), contents={"d": content()}, policy=Policy(dataset_buckets=("acme-sets",)))
        made = plan(want, state(), observed())
        assert steps(made, "m") == [("wait", "dependency")]
        assert steps(made, "z") == [("create", "new")]

    def test_the_first_of_several_violations_is_the_reason(self) -> None:
        policy = Policy(base_models=("x",), require_labels=("a", "b"))
        want = desired(model(), policy=policy)
        assert [d.code for d in policy_violations(want)] == ["policy_base_model", "policy_label", "policy_label"]
        assert steps(plan(want, state(), observed())) == [("hold", "policy_base_model")]

    def test_validation_data_has_to_be_in_an_allowed_bucket_too(self) -> None:
        body = {"supervisedTuningSpec": {"validationDatasetUri": "gs://elsewhere/val.jsonl"}}
        (found,) = policy_violations(desired(model(body=body), policy=Policy(dataset_buckets=("acme-*",))))
        assert isinstance(found.source, Source)
        assert "elsewhere" in found.message


def test_deletes_are_counted_where_specs_were_removed_and_not_where_keep_last_clears_away() -> None:
    kept, gone, going = model("kept", keep_last=1), model("gone"), model("going")
    old, new = version(model(body=supervised()), 1, VersionStatus.SUPERSEDED, run_id="old"), version(kept, 2)
    g1, r1 = version(gone), version(going, 1, VersionStatus.ACTIVE)
    known = state(record(kept, old, new, current=2), record(gone, g1, current=1), record(going, r1))
    seen = observed(
        run_of(kept, old),
        run_of(kept, new),
        live(kept, old),
        live(kept, new),
        run_of(gone, g1),
        live(gone, g1),
        run_of(going, r1),
    )
    made = plan(desired(kept), known, seen)
    assert steps(made, "kept") == [("delete", "past_keep_last")]
    assert [(str(c.address), c.action) for c in counted_deletes(made)] == [
        ("TunedModel/going", Action.CANCEL),
        ("TunedModel/gone", Action.DELETE),
    ]


def test_a_backoff_ends() -> None:
    v1 = failed(model(max_attempts=9), 13, finished_at=stamp(NOW - timedelta(minutes=3)), attempts=2)
    spec = model(max_attempts=9)
    assert steps(plan(desired(spec), state(record(spec, v1)), observed())) == [("create", "retry")]
    assert steps(plan(desired(spec), state(record(spec, replace(v1, attempts=4))), observed())) == [("wait", "backoff")]
