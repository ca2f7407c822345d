"""Runs that carry this project's labels: proposed when they are what the spec asks for, never taken on trust."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from reconciler.core.desired import TunedModel
from reconciler.core.observed import LiveModel, Run, Unreadable
from reconciler.core.plan import Action
from reconciler.core.runs import RunState
from reconciler.core.state import IntentStatus, VersionStatus
from tests.planning.build import (
    content,
    dataset,
    desired,
    endpoint_name,
    failed,
    intent,
    job,
    model,
    model_name,
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
    stray,
    supervised,
    version,
    warned,
)

M = model()
CHANGED = model(body=supervised(epochCount=4))


def finished(spec: TunedModel, number: int, **fields: Any) -> tuple[Run, LiveModel]:
    """A run with a spec's labels that no record knows, and the model that it left."""
    found = stray(spec, number, RunState.SUCCEEDED, model=model_name(number), **fields)
    return found, LiveModel(model_name(number))


def test_a_run_with_our_labels_and_another_body_is_held_as_a_mismatch() -> None:
    poisoned = stray(M, 7, body=supervised("gs://elsewhere/poison.jsonl", epochCount=3))
    made = plan(desired(M), state(), observed(poisoned))
    change = only(made)
    assert (change.action, change.reasons[0].code) == (Action.HOLD, "label_mismatch")
    assert [f.path for f in change.fields] == ["vertex.supervisedTuningSpec.trainingDatasetUri"]


def test_the_servers_own_spelling_of_the_body_is_no_mismatch() -> None:
    echoed = supervised(epochCount="3", adapterSize="ADAPTER_SIZE_FOUR", learningRateMultiplier=1)
    assert steps(plan(desired(M), state(), observed(stray(M, 7, body=echoed)))) == [("adopt", "labelled_run_found")]


def test_a_run_that_was_given_the_uploaded_dataset_is_adopted() -> None:
    spec = model(body=supervised("Dataset/d"))
    want = desired(spec, dataset(), contents={"d": content()})
    uri = dataset().uri(content().sha256)
    made = version(spec, 1, VersionStatus.ACTIVE, want=want, run_id=7)
    found = run_of(spec, made, body=supervised(uri))
    assert steps(plan(want, state(), observed(found, stored(uri)))) == [("adopt", "labelled_run_found")]


@pytest.mark.parametrize("end", [RunState.FAILED, RunState.CANCELLED, RunState.EXPIRED])
def test_runs_that_came_to_nothing_are_not_adopted(end: RunState) -> None:
    assert steps(plan(desired(M), state(), observed(stray(M, 7, end)))) == [("create", "new")]


def test_a_run_of_another_project_is_not_ours() -> None:
    theirs = stray(M, 7)
    theirs = replace(theirs, labels={**theirs.labels, "tuneform-project": "other"})
    made = plan(desired(M), state(), observed(theirs))
    assert steps(made) == [("create", "new")]
    assert "unmanaged" in warned(made)


def test_a_retune_adopts_the_run_that_was_bought_for_it_already() -> None:
    known, seen = serving(M)
    made = plan(desired(CHANGED), known, seen.merged(observed(stray(CHANGED, 9))))
    assert steps(made) == [("adopt", "labelled_run_found")]
    assert only(made).version == 2


def test_a_run_of_another_fingerprint_is_left_where_the_address_is_recorded() -> None:
    known, seen = serving(M)
    made = plan(desired(M), known, seen.merged(observed(stray(CHANGED, 9))))
    assert made.is_empty
    assert warned(made) == ["unrecorded_run"]


def test_the_newest_of_several_lost_versions_is_taken_over() -> None:
    older = finished(model(body=supervised(epochCount=1)), 7, created_at="2026-11-01T00:00:00Z")
    newer = finished(model(body=supervised(epochCount=2)), 6, created_at="2026-11-02T00:00:00Z")
    made = plan(desired(M), state(), observed(*older, *newer))
    assert only(made).targets == (job(6),)
    assert warned(made) == []


def test_an_adopted_run_that_had_been_asked_for_otherwise_is_tuned_again() -> None:
    v1 = replace(version(M), fingerprint="", body={}, resolved=dict(M.body), adopted=True)
    seen = observed(run_of(M, v1))
    same = plan(desired(M), state(record(M, v1, current=1)), seen)
    assert ("retune", "training_changed") not in steps(same)
    other = plan(desired(CHANGED), state(record(M, v1, current=1)), seen)
    assert ("retune", "training_changed") in steps(other)


def test_a_run_of_which_everything_was_deleted_is_not_adopted() -> None:
    done, _ = finished(M, 7)
    assert steps(plan(desired(M), state(), observed(done))) == [("create", "new")]
    hidden = Unreadable("projects/acme/locations/us/models", "403")
    assert steps(plan(desired(M), state(), observed(done, hidden))) == [("adopt", "labelled_run_found")]


def test_a_tuned_model_of_the_gemini_api_is_its_own_run() -> None:
    spec = model(body={"tuningTask": {}}, backend="gemini", location="")
    done = stray(spec, 7, RunState.SUCCEEDED)
    assert steps(plan(desired(spec), state(), observed(done))) == [("adopt", "labelled_run_found")]


def test_a_run_of_ours_for_an_address_that_nobody_declares_is_warned_about_while_anything_is_left_of_it() -> None:
    done, left = finished(M, 7)
    assert warned(plan(desired(), state(), observed(done))) == []
    made = plan(desired(), state(), observed(done, left))
    assert made.is_empty
    assert warned(made) == ["unrecorded_run"]
    assert job(7) in made.diagnostics[0].message


def test_everybody_elses_runs_are_told_in_one_note() -> None:
    made = plan(desired(), state(), observed(*(run(job(f"x{n}"), RunState.SUCCEEDED) for n in range(5))))
    (found,) = made.diagnostics
    assert (found.severity, found.code) == ("note", "unmanaged")
    assert "5 runs" in found.message
    assert "and 2 more" in found.message


class TestInDoubt:
    """A create was sent and its outcome is not recorded."""

    SENDING = intent(CHANGED, IntentStatus.SENDING, number=2)

    def test_what_serves_is_cared_for_meanwhile(self) -> None:
        known, seen = serving(M)
        lost = replace(seen, endpoints={})
        made = plan(desired(CHANGED), replace(known, intents=(self.SENDING,)), lost)
        assert steps(made) == [("wait", "in_doubt"), ("deploy", "endpoint_gone")]
        assert made.changes[0].serving == 1

    def test_nothing_is_cleared_away_meanwhile(self) -> None:
        spec = model(body=supervised(epochCount=4), keep_last=1)
        v1, v2 = version(M, 1, VersionStatus.SUPERSEDED), version(M, 2)
        known = state(record(M, v1, v2, current=2), intents=(intent(spec, IntentStatus.SENDING, number=3),))
        made = plan(desired(spec), known, observed(run_of(M, v1), run_of(M, v2)))
        assert not made.of(Action.DELETE)

    def test_the_oldest_of_replayed_requests_is_adopted(self) -> None:
        labels = {"tuneform-attempt": self.SENDING.attempt}
        one = run(job(1), labels=labels, created_at="2026-11-02T00:00:00Z")
        two = run(job(2), labels=labels, created_at="2026-11-01T00:00:00Z")
        made = plan(desired(CHANGED), state(intents=(self.SENDING,)), observed(one, two))
        assert only(made).targets == (job(2),)

    def test_without_a_time_to_decide_it_is_held(self) -> None:
        undated = replace(self.SENDING, decide_at="")
        assert steps(plan(desired(CHANGED), state(intents=(undated,)), observed())) == [("hold", "in_doubt")]

    @pytest.mark.parametrize("destroy", [False, True])
    def test_a_create_of_which_nothing_else_is_known_is_not_lost_sight_of(self, destroy: bool) -> None:
        made = plan(desired(), state(intents=(self.SENDING,)), observed(), destroy=destroy)
        assert steps(made) == [("hold", "in_doubt")]
        prepared = replace(self.SENDING, status=IntentStatus.PREPARED)
        assert plan(desired(), state(intents=(prepared,)), observed(), destroy=destroy).is_empty

    def test_a_removed_spec_waits_for_it_too(self) -> None:
        known, seen = serving(M)
        made = plan(desired(), replace(known, intents=(self.SENDING,)), seen)
        assert steps(made) == [("hold", "in_doubt")]


def test_a_model_of_a_lost_run_without_an_attempt_is_not_guessed() -> None:
    nameless = version(M, 1, VersionStatus.ACTIVE, attempt="")
    assert steps(plan(desired(M), state(record(M, nameless)), observed())) == [("hold", "run_gone")]


def test_a_failed_run_that_left_a_model_is_held_so_that_nobody_pays_twice() -> None:
    v1 = failed(M, 13, model=model_name(1))
    made = plan(desired(M), state(record(M, v1)), observed(LiveModel(model_name(1))))
    assert steps(made) == [("hold", "orphan_model")]
    assert model_name(1) in only(made).reasons[0].message
    gone = plan(desired(M), state(record(M, v1)), observed())
    assert steps(gone) == [("create", "retry")]


def test_an_orphan_of_a_failed_run_is_cleared_away_once_another_version_is_wanted() -> None:
    v1 = failed(M, 3, model=model_name(1), endpoint=endpoint_name(1))
    made = plan(desired(CHANGED), state(record(M, v1)), observed())
    assert steps(made) == [("retune", "training_changed"), ("delete", "orphan_model")]
    assert made.changes[1].targets == (endpoint_name(1), model_name(1))


def test_how_a_cleared_away_version_had_failed_is_not_forgotten() -> None:
    v1 = replace(failed(M, 3), status=VersionStatus.DELETED)
    assert steps(plan(desired(M), state(record(M, v1)), observed())) == [("hold", "failed_data")]
