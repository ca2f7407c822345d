"""The rows of the state table: what is declared, recorded and live, and what follows from it."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from reconciler.core.desired import Backend, Endpoint, Limits, TunedModel
from reconciler.core.moments import stamp
from reconciler.core.observed import Deployed, LiveEndpoint, LiveModel
from reconciler.core.plan import Action, Cost
from reconciler.core.runs import RunState
from reconciler.core.state import Checkpoint, IntentStatus, Version, VersionStatus
from reconciler.planning.absorb import absorb
from reconciler.planning.guards import counted_deletes
from reconciler.planning.plan import make_plan
from reconciler.spec.fingerprint import evaluation_fingerprint
from tests.planning.build import (
    BASE,
    CATALOG,
    JUST_NOW,
    LONG_AGO,
    NOW,
    TRAIN,
    content,
    dataset,
    desired,
    endpoint,
    endpoint_name,
    failed,
    intent,
    job,
    live,
    model,
    model_name,
    observed,
    only,
    pin,
    plan,
    record,
    run,
    run_of,
    serving,
    state,
    steps,
    stored,
    stray,
    supervised,
    version,
    warned,
)

M = model()
CHANGED = model(body=supervised(epochCount=4))
# Three epochs of 900,000 tokens at 3 USD a million, from a file that is in the bucket already.
LOCAL = model(body=supervised("Dataset/d", epochCount=3))
UPLOADED = stored(dataset().uri(content().sha256))
EPOCHS_COST = pytest.approx(8.1)


def active(spec: TunedModel = M, number: int = 1, **fields: Any) -> Version:
    return version(spec, number, VersionStatus.ACTIVE, **fields)


# Rows 1 to 9: new


def test_row_01_a_new_spec_is_created() -> None:
    made = plan(desired(M), state(), observed())
    assert steps(made) == [("create", "new")]
    assert only(made).version == 1
    assert only(made).cost == Cost(None, f"the number of tokens in {TRAIN} is not known")
    assert made.unknown_costs == 1


def test_row_01_what_a_new_spec_costs_is_said_where_its_tokens_are_known() -> None:
    made = plan(desired(LOCAL, dataset()), state(), observed(UPLOADED))
    assert steps(made, "m") == [("create", "new")]
    assert made.cost_usd == EPOCHS_COST


def test_row_02_an_unowned_run_of_the_same_spec_is_proposed_for_adoption() -> None:
    made = plan(desired(M), state(), observed(stray(M, 7)))
    assert steps(made) == [("adopt", "labelled_run_found")]
    assert only(made).targets == (job(7),)
    assert (made.cost_usd, made.unknown_costs) == (0, 0)


def test_row_02_a_finished_run_whose_model_was_deleted_is_no_reason_not_to_buy() -> None:
    finished = stray(M, 7, RunState.SUCCEEDED, model=model_name(7))
    assert steps(plan(desired(M), state(), observed(finished))) == [("create", "new")]


def test_row_03_several_unowned_runs_of_the_same_spec_are_held_as_ambiguous() -> None:
    finished = stray(M, 8, RunState.SUCCEEDED, model=model_name(8))
    made = plan(desired(M), state(), observed(stray(M, 7), finished, LiveModel(model_name(8))))
    assert steps(made) == [("hold", "ambiguous")]
    assert job(7) in only(made).reasons[0].message
    assert job(8) in only(made).reasons[0].message


def test_row_04_an_intent_proved_absent_is_created_again() -> None:
    absent = intent(M, IntentStatus.ABSENT)
    assert steps(plan(desired(M), state(intents=(absent,)), observed())) == [("create", "new")]


def test_row_04_an_intent_in_doubt_after_the_grace_waits_for_apply_to_settle_it() -> None:
    sending = intent(M, IntentStatus.SENDING)
    made = plan(desired(M), state(intents=(sending,)), observed())
    assert steps(made) == [("wait", "in_doubt")]
    assert sending.decide_at in only(made).reasons[0].message


def test_row_04_an_intent_in_doubt_within_the_grace_is_held_until_it_can_be_decided() -> None:
    sending = intent(M, IntentStatus.SENDING, decide_at=stamp(NOW + timedelta(minutes=4)))
    made = plan(desired(M), state(intents=(sending,)), observed())
    assert steps(made) == [("hold", "in_doubt")]
    assert sending.decide_at in only(made).reasons[0].message


def test_row_04_an_intent_that_was_never_sent_is_planned_as_if_absent() -> None:
    prepared = intent(M, IntentStatus.PREPARED)
    assert steps(plan(desired(M), state(intents=(prepared,)), observed())) == [("create", "new")]


def test_row_05_an_intent_whose_label_is_found_is_attached() -> None:
    sending = intent(M, IntentStatus.SENDING)
    found = run(job(7), labels={"tuneform-attempt": sending.attempt, "tuneform-project": "proj"})
    made = plan(desired(M), state(intents=(sending,)), observed(found))
    assert steps(made) == [("adopt", "intent_found")]
    assert only(made).targets == (job(7),)
    assert only(made).version == 1


def test_row_06_a_full_quota_queues_and_counts_foreign_runs() -> None:
    want = desired(LOCAL, dataset(), limits=Limits(max_concurrent_jobs=1))
    made = plan(want, state(), observed(UPLOADED, run(job("foreign"))))
    (change,) = (c for c in made.changes if c.address == LOCAL.address)
    assert steps(made, "m") == [("queue", "queue_full")]
    assert job("foreign") in change.reasons[0].message
    assert "place 1 of 1" in change.reasons[0].message
    assert change.cost is not None
    assert change.cost.usd == EPOCHS_COST


def test_row_07_a_retired_base_model_warns_and_names_the_successor() -> None:
    made = plan(desired(model(body=supervised(base="gemini-old"))), state(), observed())
    assert steps(made) == [("create", "new")]
    assert warned(made) == ["base_model_retired", "price_unknown"]
    assert "gemini-3.5-flash" in made.diagnostics[0].hint


@pytest.mark.parametrize("backend", ["gemini", "palm"])
def test_row_08_a_service_that_takes_no_new_tunes_is_held(backend: Backend) -> None:
    task = {"trainingData": {"examples": {"examples": [{"textInput": "1", "output": "2"}]}}}
    spec = model(body={"baseModel": "models/gemini-1.0-pro-001", "tuningTask": task}, backend=backend)
    held = plan(desired(spec), state(), observed())
    assert steps(held) == [("hold", "service_retired")]
    assert "tune" in only(held).reasons[0].message.rpartition(";")[2], "it says what to do instead"
    assert only(held).cost is None
    assert steps(plan(desired(spec), state(), observed(), allow_retired=True)) == [("create", "new")]


def test_row_09_a_missing_dataset_is_held_before_anything_is_paid() -> None:
    made = plan(desired(M), state(), observed(gone=[TRAIN]))
    assert steps(made) == [("hold", "dataset_missing")]
    assert only(made).cost is None


def test_row_09_a_local_dataset_that_could_not_be_read_is_held() -> None:
    want = desired(model(body=supervised("Dataset/d")), dataset(), contents={})
    assert steps(plan(want, state(), observed())) == [("hold", "dataset_missing"), ("hold", "dataset_missing")]


# Rows 10 to 19: under way


@pytest.mark.parametrize("at", [RunState.QUEUED, RunState.PENDING])
def test_row_10_a_run_that_has_not_started_is_waited_for(at: RunState) -> None:
    made = plan(desired(M), state(record(M, active())), observed(run_of(M, active(), at)))
    assert steps(made) == [("wait", "run_active")]
    assert at.lower() in only(made).reasons[0].message


def test_row_11_a_running_run_is_waited_for() -> None:
    going = run_of(M, active(), RunState.RUNNING, completed_steps=3, total_steps=40)
    made = plan(desired(M), state(record(M, active())), observed(going))
    assert steps(made) == [("wait", "run_active")]
    assert "step 3 of 40" in only(made).reasons[0].message
    assert warned(made) == []


@pytest.mark.parametrize(
    ("done", "hours", "expected"), [(0, 7, True), (0, 5, False), (None, 25, True), (None, 7, False)]
)
def test_row_12_a_run_without_steps_for_long_alerts(done: int | None, hours: int, expected: bool) -> None:
    started = stamp(NOW - timedelta(hours=hours))
    going = run_of(M, active(), RunState.RUNNING, completed_steps=done, started_at=started)
    made = plan(desired(M), state(record(M, active())), observed(going))
    assert steps(made) == [("wait", "run_active")]
    assert warned(made) == (["run_stalled"] if expected else [])


@pytest.mark.parametrize("at", [RunState.PAUSED, RunState.UPDATING])
def test_row_13_a_paused_run_is_waited_for_with_an_alert(at: RunState) -> None:
    made = plan(desired(M), state(record(M, active())), observed(run_of(M, active(), at)))
    assert steps(made) == [("wait", "run_active")]
    assert warned(made) == ["run_paused"]


def test_row_14_a_run_not_started_is_cancelled_when_training_changes_and_created_in_the_next_pass() -> None:
    v1 = active()
    made = plan(desired(CHANGED), state(record(M, v1)), observed(run_of(M, v1, RunState.PENDING)))
    assert steps(made) == [("cancel", "changed_before_start")]
    assert only(made).targets == (v1.run,)
    assert [f.path for f in only(made).fields] == ["vertex.supervisedTuningSpec.hyperParameters.epochCount"]
    stopping = replace(v1, status=VersionStatus.CANCELLING)
    after = plan(desired(CHANGED), state(record(M, stopping)), observed(run_of(M, v1, RunState.CANCELLED)))
    assert steps(after) == [("create", "training_changed")]
    assert only(after).version == 2


def test_row_15_a_running_run_finishes_first_when_training_changes() -> None:
    made = plan(desired(CHANGED), state(record(M, active())), observed(run_of(M, active())))
    assert steps(made) == [("wait", "changed_while_running")]


def test_row_15_a_running_run_is_cancelled_when_training_changes_and_replacing_was_asked_for() -> None:
    spec = model(body=supervised(epochCount=4), while_running="cancelAndReplace")
    made = plan(desired(spec), state(record(M, active())), observed(run_of(M, active())))
    assert steps(made) == [("cancel", "replaced")]
    assert "lost" in only(made).reasons[0].message


@pytest.mark.parametrize("at", [RunState.CANCELLING, RunState.RUNNING])
def test_row_16_a_run_being_cancelled_is_waited_for_and_uses_its_slot(at: RunState) -> None:
    v1 = replace(active(), status=VersionStatus.CANCELLING)
    other = model("other")
    want = desired(CHANGED, other, limits=Limits(max_concurrent_jobs=1))
    made = plan(want, state(record(M, v1)), observed(run_of(M, v1, at)))
    assert steps(made, "m") == [("wait", "cancelling")]
    assert steps(made, "other") == [("queue", "queue_full")]


def test_row_16_a_run_that_is_wanted_again_while_it_is_being_cancelled_is_waited_for() -> None:
    v1 = replace(active(), status=VersionStatus.CANCELLING)
    made = plan(desired(M), state(record(M, v1)), observed(run_of(M, v1, RunState.CANCELLING)))
    assert steps(made) == [("wait", "cancelling")]


def test_row_17_a_cancelled_run_that_won_the_race_is_kept_as_superseded_and_the_new_one_created() -> None:
    v1 = replace(active(), status=VersionStatus.CANCELLING)
    seen = observed(run_of(M, v1, RunState.SUCCEEDED, model=model_name(1), endpoint=endpoint_name(1)))
    known = absorb(state(record(M, v1)), seen, NOW)
    assert known.resources[M.address].versions[0].status is VersionStatus.SUPERSEDED
    made = plan(desired(CHANGED), known, seen)
    assert steps(made) == [("retune", "training_changed")]
    assert only(made).version == 2
    assert made.unknown_costs == 1, "the new run is paid for"


def test_row_18_reverting_cancels_the_newer_run_and_serves_the_earlier_version_without_retraining() -> None:
    v1, v2 = version(M), active(CHANGED, 2)
    known = state(record(M, v1, v2, current=1))
    seen = observed(run_of(M, v1), live(M, v1), run_of(CHANGED, v2))
    made = plan(desired(M), known, seen)
    assert steps(made) == [("cancel", "reverted"), ("rollback", "reverted")]
    assert [c.version for c in made.changes] == [2, 1]
    assert made.cost_usd == 0


def test_row_19_a_metadata_change_while_running_is_deferred() -> None:
    spec = model(labels={"team": "support"})
    made = plan(desired(spec), state(record(M, active())), observed(run_of(M, active())))
    change = only(made)
    assert change.action is Action.WAIT
    assert [r.code for r in change.reasons] == ["run_active", "metadata_deferred"]
    assert [(f.path, f.before, f.after) for f in change.fields] == [("metadata.labels.team", None, "support")]


# Rows 20 to 24: finished


def test_row_20_metadata_ready_succeeded_is_patched() -> None:
    spec = model(labels={"team": "support"}, display_name="Support")
    known, seen = serving(M)
    made = plan(desired(spec), known, seen)
    change = only(made)
    assert steps(made) == [("update", "metadata_changed")]
    assert change.targets == (model_name("m-1"), endpoint_name("m-1"))
    assert {f.path: (f.before, f.after) for f in change.fields} == {
        "metadata.labels.team": (None, "support"),
        "vertex.tunedModelDisplayName": ("m", "Support"),
    }
    assert all(f.source is not None for f in change.fields)


GATED = model(gates={"metrics": [{"name": "/eval_total_loss", "max": 0.9}]})


def candidate(spec: TunedModel = M, number: int = 1, **fields: Any) -> Version:
    return version(spec, number, VersionStatus.CANDIDATE, **fields)


def test_row_21_a_finished_version_with_gates_is_evaluated() -> None:
    v1 = candidate(GATED)
    known, seen = state(record(GATED, v1)), observed(run_of(GATED, v1), live(GATED, v1))
    assert steps(plan(desired(GATED), known, seen, evaluates=True)) == [("evaluate", "gate_pending")]


def test_row_21_a_finished_version_whose_gates_cannot_be_judged_is_held() -> None:
    v1 = candidate(GATED)
    known, seen = state(record(GATED, v1)), observed(run_of(GATED, v1), live(GATED, v1))
    assert steps(plan(desired(GATED), known, seen)) == [("hold", "gate_pending")]


def evidence(passed: bool) -> dict[str, object]:
    return {"gates": {"digest": evaluation_fingerprint(GATED, {}), "passed": passed}}


def test_row_22_a_version_that_passed_its_gates_is_promoted() -> None:
    v1 = candidate(GATED, evidence=evidence(True))
    made = plan(desired(GATED), state(record(GATED, v1)), observed(run_of(GATED, v1), live(GATED, v1)))
    assert steps(made) == [("promote", "first_version")]


def test_row_22_a_version_without_gates_is_promoted_over_the_one_that_serves() -> None:
    v1, v2 = version(M), candidate(CHANGED, 2)
    seen = observed(run_of(M, v1), live(CHANGED, v1), run_of(CHANGED, v2), live(CHANGED, v2))
    made = plan(desired(CHANGED), state(record(CHANGED, v1, v2, current=1)), seen)
    assert steps(made) == [("promote", "new_version")]
    assert only(made).version == 2


def test_row_23_a_version_that_failed_its_gates_is_held_and_the_pointer_stays() -> None:
    v1, v2 = version(CHANGED), candidate(GATED, 2, evidence=evidence(False))
    seen = observed(run_of(GATED, v1), live(GATED, v1), run_of(GATED, v2), live(GATED, v2))
    made = plan(desired(GATED), state(record(GATED, v1, v2, current=1)), seen)
    assert steps(made) == [("hold", "gate_failed")]
    assert (only(made).version, only(made).serving) == (2, 1)
    assert only(made).targets == ()


def test_row_23_a_first_version_that_failed_its_gates_serves_nobody() -> None:
    v1 = candidate(GATED, evidence=evidence(False))
    made = plan(desired(GATED), state(record(GATED, v1)), observed(run_of(GATED, v1), live(GATED, v1)))
    assert steps(made) == [("hold", "gate_failed")]


def test_row_24_a_partial_success_is_held_for_approval() -> None:
    v1 = active()
    seen = observed(run_of(M, v1, RunState.PARTIALLY_SUCCEEDED, model=model_name(1), endpoint=endpoint_name(1)))
    assert steps(plan(desired(M), state(record(M, v1)), seen)) == [("hold", "partial_success")]


def test_row_24_more_dropped_examples_than_allowed_are_held_for_approval() -> None:
    spec = model(gates={"maxDroppedRatio": 0.01})
    words = "2 of 10 examples were dropped, and 0.01 of them is the most"
    found = {"digest": evaluation_fingerprint(spec, {}), "passed": False, "results": [{"detail": words}]}
    v1 = candidate(spec, evidence={"gates": found})
    made = plan(desired(spec), state(record(spec, v1)), observed(run_of(spec, v1), live(spec, v1)))
    assert steps(made) == [("hold", "gate_failed")]
    assert words in only(made).reasons[0].message
    assert "gates override TunedModel/m --version 1 --reason" in only(made).reasons[0].message


def test_row_24_a_partial_success_that_a_person_approved_is_promoted() -> None:
    approved = {"override": {"reason": "two bad rows", "by": "ann"}}
    v1 = candidate(run_state=RunState.PARTIALLY_SUCCEEDED, evidence=approved)
    made = plan(desired(M), state(record(M, v1)), observed(run_of(M, v1), live(M, v1)))
    assert steps(made) == [("promote", "first_version")]


# Rows 25 to 32: ended badly


@pytest.mark.parametrize(
    ("code", "reason"), [(3, "failed_data"), (9, "failed_data"), (7, "failed_permission"), (1, "failed_unknown")]
)
def test_row_25_a_failure_by_data_or_permission_is_held(code: int, reason: str) -> None:
    made = plan(desired(M), state(record(M, failed(M, code))), observed(run_of(M, failed(M, code))))
    assert steps(made) == [("hold", reason)]
    assert "it went wrong" in only(made).reasons[0].message


def test_row_25_a_failure_by_data_is_tuned_again_when_the_fingerprint_changes() -> None:
    made = plan(desired(CHANGED), state(record(M, failed(M, 3))), observed(run_of(M, failed(M, 3))))
    assert steps(made) == [("create", "training_changed")]
    assert only(made).version == 2


def test_row_26_a_transient_failure_is_retried_under_the_same_number() -> None:
    made = plan(desired(M), state(record(M, failed(M, 13))), observed())
    assert steps(made) == [("create", "retry")]
    assert only(made).version == 1
    assert "attempt 2" in only(made).reasons[0].message
    assert made.unknown_costs == 1, "another attempt is paid for"


def test_row_26_a_retry_waits_for_its_backoff() -> None:
    v1 = failed(M, 13, finished_at=JUST_NOW)
    assert steps(plan(desired(M), state(record(M, v1)), observed())) == [("wait", "backoff")]


def test_row_26_a_failed_retune_is_retried_as_a_retune_while_the_earlier_version_serves() -> None:
    v1, v2 = version(M), failed(CHANGED, 14, 2)
    seen = observed(run_of(M, v1), live(CHANGED, v1))
    made = plan(desired(CHANGED), state(record(CHANGED, v1, v2, current=1)), seen)
    assert steps(made) == [("retune", "retry")]
    assert only(made).version == 2


def test_row_26_a_failure_by_quota_keeps_its_place_in_the_queue() -> None:
    v1 = failed(M, 8, finished_at=JUST_NOW, attempts=9)
    assert steps(plan(desired(M), state(record(M, v1)), observed())) == [("queue", "quota")]
    later = plan(desired(M), state(record(M, replace(v1, finished_at=LONG_AGO))), observed())
    assert steps(later) == [("create", "quota")]


def test_row_26_a_retry_waits_for_a_run_of_another_spec_to_finish_first() -> None:
    v1, v2 = failed(M, 13), active(CHANGED, 2)
    made = plan(desired(M), state(record(M, v1, v2)), observed(run_of(M, v1), run_of(CHANGED, v2)))
    assert steps(made) == [("wait", "changed_while_running")]


def test_row_27_an_exhausted_version_is_held() -> None:
    made = plan(desired(M), state(record(M, failed(M, 13, attempts=2))), observed())
    assert steps(made) == [("hold", "exhausted")]


def test_row_28_a_run_cancelled_elsewhere_is_held() -> None:
    made = plan(desired(M), state(record(M, active())), observed(run_of(M, active(), RunState.CANCELLED)))
    assert steps(made) == [("hold", "cancelled_elsewhere")]


def test_row_28_a_run_cancelled_elsewhere_is_tuned_again_when_the_fingerprint_changes() -> None:
    made = plan(desired(CHANGED), state(record(M, active())), observed(run_of(M, active(), RunState.CANCELLED)))
    assert steps(made) == [("create", "training_changed")]


def test_row_29_a_run_that_we_cancelled_is_created_again_only_if_desired() -> None:
    v1 = replace(active(), status=VersionStatus.CANCELLING)
    seen = observed(run_of(M, v1, RunState.CANCELLED))
    assert steps(plan(desired(M), state(record(M, v1)), seen)) == [("create", "new")]
    assert steps(plan(desired(), state(record(M, v1)), seen)) == [("forget", "nothing_left")]


def test_row_30_an_expired_run_is_retried_once() -> None:
    first = version(M, 1, VersionStatus.FAILED, run_state=RunState.EXPIRED)
    patient = model(max_attempts=5)
    assert steps(plan(desired(patient), state(record(M, first)), observed())) == [("create", "retry")]
    second = replace(first, attempts=2)
    assert steps(plan(desired(patient), state(record(M, second)), observed())) == [("hold", "exhausted")]


def test_row_31_a_lost_run_whose_labelled_model_is_there_is_attached() -> None:
    left = LiveModel(model_name(9), labels={"tuneform-attempt": active().attempt})
    made = plan(desired(M), state(record(M, active())), observed(left))
    assert steps(made) == [("adopt", "model_of_lost_run")]
    assert only(made).targets == (model_name(9),)
    assert only(made).version == 1


def test_row_32_a_lost_run_without_a_model_is_held_for_approval_of_a_second_payment() -> None:
    made = plan(desired(M), state(record(M, active())), observed())
    assert steps(made) == [("hold", "run_gone")]
    assert "state rm TunedModel/m" in only(made).reasons[0].message


def test_row_32_a_lost_run_of_an_earlier_spec_stands_in_nobodys_way() -> None:
    made = plan(desired(CHANGED), state(record(M, active())), observed())
    assert steps(made) == [("create", "training_changed")]
    fresh = plan(desired(CHANGED), state(record(M, active(created_at=JUST_NOW))), observed())
    assert steps(fresh) == [("wait", "run_not_listed_yet")]


def test_row_32_a_run_created_a_moment_ago_is_waited_for_until_it_is_listed() -> None:
    fresh = active(created_at=JUST_NOW)
    assert steps(plan(desired(M), state(record(M, fresh)), observed())) == [("wait", "run_not_listed_yet")]


# Rows 33 to 36: what serves is lost


def test_row_33_a_deleted_endpoint_is_deployed_again() -> None:
    v1 = version(M)
    known = state(record(M, v1, current=1))
    only_model = [t for t in live(M, v1) if isinstance(t, LiveModel)]
    made = plan(desired(M), known, observed(run_of(M, v1), *only_model))
    assert steps(made) == [("deploy", "endpoint_gone")]
    assert only(made).version == 1
    assert only(made).targets == ()
    assert made.cost_usd == 0


def test_row_34_an_emptied_endpoint_is_deployed_to_again() -> None:
    v1 = version(M)
    known = state(record(M, v1, current=1))
    emptied = LiveEndpoint(v1.endpoint, display_name="m")
    seen = observed(run_of(M, v1), live(M, v1), emptied)
    made = plan(desired(M), known, seen)
    assert steps(made) == [("deploy", "endpoint_empty")]
    assert only(made).targets == (v1.endpoint,)
    assert (made.cost_usd, made.unknown_costs) == (0, 0)


def test_row_34_a_finished_version_without_an_endpoint_is_deployed_before_it_is_promoted() -> None:
    v1 = candidate(endpoint="")
    made = plan(desired(M), state(record(M, v1)), observed(run_of(M, v1), live(M, v1)))
    assert steps(made) == [("deploy", "endpoint_missing")]


def test_row_35_a_deleted_model_is_held_for_retuning_needs_approval() -> None:
    v1 = version(M)
    only_endpoint = [t for t in live(M, v1) if isinstance(t, LiveEndpoint)]
    made = plan(desired(M), state(record(M, v1, current=1)), observed(run_of(M, v1), *only_endpoint))
    assert steps(made) == [("hold", "model_gone")]
    assert "state rm TunedModel/m" in only(made).reasons[0].message
    assert only(made).cost is None


def test_row_35_a_model_that_was_deleted_before_it_served_is_held_and_what_serves_is_left() -> None:
    v1, v2 = version(M), candidate(CHANGED, 2)
    known = state(record(CHANGED, v1, v2, current=1))
    made = plan(desired(CHANGED), known, observed(run_of(M, v1), live(CHANGED, v1), run_of(CHANGED, v2)))
    assert steps(made) == [("hold", "model_gone")]
    assert (only(made).version, only(made).serving) == (2, 1)


def test_row_36_a_deleted_model_that_others_go_on_from_warns_of_broken_lineage() -> None:
    v1 = version(M)
    child = model("child", body={**supervised(), "preTunedModel": {"tunedModelName": "TunedModel/m"}})
    c1 = version(child)
    known = state(record(M, v1, current=1), record(child, c1, current=1))
    made = plan(desired(M, child), known, observed(run_of(M, v1), run_of(child, c1), live(child, c1)))
    assert steps(made) == [("hold", "model_gone")]
    assert "lineage_broken" in warned(made)


# Rows 39 to 47: drift, data, retirement


def test_row_39_labels_changed_by_hand_are_patched_back() -> None:
    spec = model(labels={"team": "support"})
    known, _ = serving(spec)
    v1 = version(spec)
    seen = observed(run_of(spec, v1), live(spec, v1, labels={"team": "sales", "by-hand": "yes"}))
    made = plan(desired(spec), known, seen)
    assert steps(made) == [("update", "metadata_drift")]
    assert [(f.path, f.before, f.after) for f in only(made).fields] == [("metadata.labels.team", "sales", "support")]


def test_row_41_a_new_generation_with_the_same_content_is_nothing() -> None:
    known, seen = serving(M, datasets=(pin(),))
    same = seen.merged(observed(stored(generation="9")))
    for policy in ("warn", "retune"):
        made = plan(desired(model(on_dataset_change=policy)), known, same)
        assert made.is_empty
        assert warned(made) == []


def test_row_42_overwritten_data_warns() -> None:
    known, seen = serving(M, datasets=(pin(),))
    made = plan(desired(M), known, seen.merged(observed(stored(crc32c="BBBB"))))
    assert made.is_empty
    assert warned(made) == ["dataset_changed"]


def test_row_42_overwritten_data_retunes_where_that_was_asked_for() -> None:
    spec = model(on_dataset_change="retune")
    known, seen = serving(spec, datasets=(pin(),))
    made = plan(desired(spec), known, seen.merged(observed(stored(crc32c="BBBB"))))
    assert steps(made) == [("retune", "dataset_changed")]
    (field,) = only(made).fields
    assert field.path == "vertex.supervisedTuningSpec.trainingDatasetUri.crc32c"
    assert (field.before, field.after) == ("AAAA", "BBBB")
    assert only(made).serving == 1
    cost = only(made).cost
    assert cost is not None
    assert cost.estimate


def test_row_43_data_changed_while_the_run_was_under_way_taints_and_is_not_promoted() -> None:
    v1 = active(datasets=(pin(),))
    going = observed(run_of(M, v1), stored(crc32c="BBBB"))
    known = absorb(state(record(M, v1)), going, NOW)
    made = plan(desired(M), known, going)
    assert steps(made) == [("wait", "run_active")]
    assert warned(made) == ["tainted"]
    done = observed(run_of(M, v1, RunState.SUCCEEDED, model=model_name(1), endpoint=endpoint_name(1)))
    after = plan(desired(M), known, done)
    assert steps(after) == [("hold", "tainted")]
    assert TRAIN in only(after).reasons[0].message


def test_row_44_a_deleted_dataset_warns_and_serving_is_not_affected() -> None:
    known, seen = serving(M, datasets=(pin(),))
    made = plan(desired(M), known, seen.merged(observed(gone=[TRAIN])))
    assert made.is_empty
    assert warned(made) == ["dataset_deleted"]


def test_row_45_a_base_model_that_retires_soon_warns_with_its_date() -> None:
    spec = model(body=supervised(base="gemini-closing"))
    known, seen = serving(spec)
    made = plan(desired(spec), known, seen)
    assert made.is_empty
    assert warned(made) == ["base_model_retiring", "tuning_closed"]
    assert "not before 2026-12-10, in 19 days" in made.diagnostics[0].message
    assert "Tune from gemini-3.5-flash instead" in made.diagnostics[0].hint


def test_row_45_the_successor_is_named_with_its_own_date() -> None:
    spec = model(body=supervised(base="gemini-closing"))
    successor = replace(CATALOG.models["gemini-3.5-flash"], retires=dt.date(2027, 5, 19), retires_is_earliest=True)
    catalog = replace(CATALOG, models={**CATALOG.models, successor.id: successor})
    known, seen = serving(spec)
    made = make_plan(desired(spec), known, seen, catalog, NOW)
    assert "Tune from gemini-3.5-flash (there until 2027-05-19 at least) instead" in made.diagnostics[0].hint


def test_row_47_a_bumped_base_model_tunes_a_new_version_while_the_old_one_serves() -> None:
    spec = model(body=supervised(base="gemini-3.5-flash", epochCount=3))
    known, seen = serving(M)
    made = plan(desired(spec), known, seen)
    assert steps(made) == [("retune", "training_changed")]
    (field,) = only(made).fields
    assert (field.path, field.before, field.after) == ("vertex.baseModel", BASE, "gemini-3.5-flash")
    assert field.source == spec.sources.at("vertex.baseModel")
    assert (only(made).version, only(made).serving) == (2, 1)
    assert made.unknown_costs == 1


# Rows 48 to 56


def test_row_48_rolling_back_to_an_undeployed_version_deploys_it_first_and_then_repoints() -> None:
    v1, v2 = version(M, 1, VersionStatus.SUPERSEDED), version(CHANGED, 2)
    known = state(record(M, v1, v2, current=2))
    undeployed = [t for t in live(M, v1) if isinstance(t, LiveModel)]
    seen = observed(run_of(M, v1), run_of(CHANGED, v2), live(M, v2), *undeployed)
    made = plan(desired(M), known, seen)
    assert steps(made) == [("deploy", "endpoint_gone")]
    assert only(made).version == 1
    assert made.cost_usd == 0
    after = plan(desired(M), known, seen.merged(observed(live(M, v1))))
    assert steps(after) == [("rollback", "reverted")]
    assert only(after).version == 1
    assert after.cost_usd == 0


def test_row_48_an_earlier_version_whose_model_is_gone_has_to_be_tuned_again() -> None:
    v1, v2 = version(M, 1, VersionStatus.SUPERSEDED), version(CHANGED, 2)
    seen = observed(run_of(M, v1), run_of(CHANGED, v2), live(M, v2))
    made = plan(desired(M), state(record(M, v1, v2, current=2)), seen)
    assert steps(made) == [("retune", "training_changed")]
    assert only(made).version == 3


def test_row_49_a_removed_spec_deletes_every_version_in_the_order_of_teardown() -> None:
    v1 = version(M, 1, VersionStatus.SUPERSEDED, checkpoints=(Checkpoint("1", endpoint=endpoint_name("c1")),))
    v2 = version(CHANGED, 2)
    seen = observed(run_of(M, v1), run_of(CHANGED, v2), live(M, v1), live(M, v2))
    made = plan(desired(), state(record(M, v1, v2, current=2)), seen)
    assert steps(made) == [("delete", "removed")]
    assert only(made).targets == (v1.endpoint, endpoint_name("c1"), v2.endpoint, v1.model, v2.model)
    assert counted_deletes(made) == made.changes


def test_row_49_a_removed_spec_that_asked_to_be_retained_is_forgotten() -> None:
    known, seen = serving(M)
    kept = state(replace(known.resources[M.address], on_remove="retain"))
    assert steps(plan(desired(), kept, seen)) == [("forget", "retained")]


def test_row_49_a_removed_spec_that_was_protected_is_held() -> None:
    known, seen = serving(M)
    kept = state(replace(known.resources[M.address], prevent_destroy=True))
    assert steps(plan(desired(), kept, seen)) == [("hold", "prevent_destroy")]


def test_row_50_a_removed_spec_cancels_its_running_run() -> None:
    made = plan(desired(), state(record(M, active())), observed(run_of(M, active())))
    assert steps(made) == [("cancel", "removed")]
    assert only(made).targets == (active().run,)
    kept = state(record(M, active(), on_remove="retain"))
    assert steps(plan(desired(), kept, observed(run_of(M, active())))) == [("forget", "retained")]
    stopping = replace(active(), status=VersionStatus.CANCELLING)
    after = plan(desired(), state(record(M, stopping)), observed(run_of(M, active(), RunState.CANCELLING)))
    assert steps(after) == [("wait", "cancelling")]


@pytest.mark.parametrize(
    "user",
    [
        endpoint("support", "TunedModel/m"),
        model("child", body={"preTunedModel": {"tunedModelName": model_name("m-1")}, "supervisedTuningSpec": {}}),
    ],
    ids=["endpoint", "continuous tuning"],
)
def test_row_51_a_removed_spec_that_others_refer_to_is_held(user: TunedModel | Endpoint) -> None:
    known, seen = serving(M)
    assert ("hold", "still_referenced") in steps(plan(desired(user), known, seen), "m")


def test_row_52_versions_past_keep_last_are_cleared_away() -> None:
    spec = model(keep_last=2)
    versions = (
        version(CHANGED, 1, VersionStatus.SUPERSEDED),
        version(model(body=supervised(epochCount=5)), 2, VersionStatus.SUPERSEDED),
        version(spec, 3),
    )
    seen = observed(*(run_of(spec, v) for v in versions), *(live(spec, v) for v in versions))
    made = plan(desired(spec), state(record(spec, *versions, current=3)), seen)
    assert steps(made) == [("delete", "past_keep_last")]
    assert only(made).version == 1
    assert only(made).targets == (versions[0].endpoint, versions[0].model)
    assert counted_deletes(made) == ()


def test_row_53_unused_checkpoint_endpoints_are_cleared_away_after_their_time_and_the_model_stays() -> None:
    spec = model(keep_checkpoint_endpoints=86400)
    unused = LiveEndpoint(endpoint_name("c1"), deployed=(Deployed("d1", model_name("m-1")),))
    known, seen = serving(spec, checkpoints=(Checkpoint("1", endpoint=unused.name), Checkpoint("2")))
    made = plan(desired(spec), known, seen.merged(observed(unused)))
    assert steps(made) == [("delete", "unused_checkpoints")]
    assert only(made).targets == (unused.name,)
    assert made.cost_usd == 0
    kept = model(keep_checkpoint_endpoints=30 * 86400)
    assert plan(desired(kept), known, seen.merged(observed(unused))).is_empty


def test_row_54_an_expired_model_without_other_traffic_is_deleted() -> None:
    spec = model(expire_after=86400)
    known, seen = serving(spec)
    made = plan(desired(spec), known, seen)
    assert steps(made) == [("delete", "expired")]
    assert only(made).targets == (endpoint_name("m-1"), model_name("m-1"))


def test_row_54_an_expired_model_that_another_endpoint_sends_traffic_to_is_kept_with_a_warning() -> None:
    spec = model(expire_after=86400)
    known, seen = serving(spec)
    v1 = version(spec)
    other = replace(live(spec, v1)[1], name=endpoint_name("other"))
    made = plan(desired(spec), known, seen.merged(observed(other)))
    assert made.is_empty
    assert warned(made) == ["expired_serving"]


def test_row_54_an_expired_model_is_not_tuned_again() -> None:
    spec = model(expire_after=86400)
    gone = version(spec, 1, VersionStatus.DELETED, run_state=RunState.SUCCEEDED, finished_at=LONG_AGO)
    assert plan(desired(spec), state(record(spec, gone)), observed()).is_empty
    assert steps(plan(desired(model()), state(record(spec, gone)), observed())) == [("create", "new")]


def test_row_55_unlabelled_runs_are_only_reported() -> None:
    known, seen = serving(M)
    made = plan(desired(M), known, seen.merged(observed(run(job("theirs"), RunState.SUCCEEDED))))
    assert made.is_empty
    assert warned(made) == ["unmanaged"]


def test_row_56_labelled_resources_rebuild_a_lost_state() -> None:
    finished = stray(M, 7, RunState.SUCCEEDED, model=model_name(7))
    made = plan(desired(CHANGED), state(), observed(finished, LiveModel(model_name(7))))
    assert steps(made) == [("adopt", "state_rebuilt")]
    assert only(made).targets == (job(7),)


def test_row_56_the_run_of_the_declared_spec_comes_before_runs_of_others() -> None:
    ours = stray(M, 7, RunState.SUCCEEDED, model=model_name(7))
    theirs = stray(CHANGED, 8, RunState.SUCCEEDED, model=model_name(8))
    seen = observed(ours, theirs, LiveModel(model_name(7)), LiveModel(model_name(8)))
    made = plan(desired(M), state(), seen)
    assert steps(made) == [("adopt", "labelled_run_found")]
    assert only(made).targets == (job(7),)
