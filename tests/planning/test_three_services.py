"""The state table over all three services, rows 1 to 32: what is new, what runs, what has ended.

`row` says which services a row runs against, and why not against the others.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from reconciler.core.desired import Limits, TunedModel
from reconciler.core.moments import stamp
from reconciler.core.observed import LiveModel
from reconciler.core.plan import Action
from reconciler.core.runs import RunState
from reconciler.core.state import IntentStatus, RunError, Version, VersionStatus
from reconciler.planning.absorb import absorb
from reconciler.spec.fingerprint import evaluation_fingerprint
from tests.planning.build import JUST_NOW, NOW, TRAIN, intent, model, model_name, steps, warned
from tests.planning.build import observed as observed_of
from tests.planning.build import record as record_of
from tests.planning.build import run as a_run
from tests.planning.build import state as state_of
from tests.planning.services import IN_THE_REQUEST, NO_SUCH_STATE, Service, active, row


def candidate(service: Service) -> tuple[TunedModel, Version]:
    """A spec with a gate, and its first version, finished and not judged yet."""
    spec = service.spec(gates={"metrics": [{"name": "/loss", "max": 0.9}]})
    return spec, service.version(spec, 1, VersionStatus.CANDIDATE)


@row(1)
def test_row_01_a_new_spec_is_created(service: Service) -> None:
    assert service.steps(service.spec(), state_of()) == [("create", "new")]


@row(2)
def test_row_02_a_run_of_the_same_spec_that_no_record_knows_is_proposed(service: Service) -> None:
    spec = service.spec()
    made = service.version(spec, 1, VersionStatus.ACTIVE)
    assert service.steps(spec, state_of(), service.run(spec, made)) == [("adopt", "labelled_run_found")]


@row(3)
def test_row_03_several_such_runs_are_ambiguous(service: Service) -> None:
    spec = service.spec()
    runs = [
        service.run(spec, service.version(spec, 1, VersionStatus.ACTIVE, run=service.run_name(spec, 1, attempt)))
        for attempt in (1, 2)
    ]
    assert service.steps(spec, state_of(), *runs) == [("hold", "ambiguous")]


@row(4)
@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (IntentStatus.ABSENT, ("create", "new")),
        (IntentStatus.PREPARED, ("create", "new")),
        (IntentStatus.SENDING, ("wait", "in_doubt")),
    ],
)
def test_row_04_an_unsettled_create_is_never_sent_again_before_its_absence_is_certain(
    service: Service, status: IntentStatus, expected: tuple[str, str]
) -> None:
    spec = service.spec()
    open_one = replace(
        intent(model("m"), status), backend=service.backend, location=spec.location, fingerprint="sha256:1"
    )
    assert service.steps(spec, state_of(intents=(open_one,))) == [expected]


@row(5)
def test_row_05_a_create_whose_answer_was_lost_is_attached(service: Service) -> None:
    spec = service.spec()
    made = service.version(spec, 1, VersionStatus.ACTIVE)
    found = service.run(spec, made)
    attempt = found.labels["tuneform-attempt"]
    open_one = replace(
        intent(model("m"), IntentStatus.SENDING), backend=service.backend, location=spec.location, attempt=attempt
    )
    assert service.steps(spec, state_of(intents=(open_one,)), found) == [("adopt", "intent_found")]


@row(6)
def test_row_06_a_full_quota_queues_and_counts_foreign_runs(service: Service) -> None:
    spec = service.spec()
    foreign = a_run("tunedModels/foreign", backend="gemini")
    want = service.want(spec, limits=Limits(max_concurrent_jobs=1))
    assert steps(service.plan(want, state_of(), observed_of(foreign)), "m") == [("queue", "queue_full")]


@row(7)
def test_row_07_a_base_model_past_its_last_day_is_told_with_its_successor(service: Service) -> None:
    made = service.plan(service.want(service.spec(base="gemini-old")), state_of(), observed_of())
    (told,) = [d for d in made.diagnostics if d.code == "base_model_retired"]
    assert "gemini-3.5-flash" in told.hint
    assert ("on Vertex AI" in told.hint) is (service.backend != "vertex")
    assert told.source == service.spec().sources.at(service.base_path)
    assert steps(made, "m") == [("create", "new")]


@row(8, vertex="takes new tunes")
def test_row_08_a_service_that_takes_no_new_tunes_is_held_with_what_to_do_instead(service: Service) -> None:
    made = service.plan(service.want(service.spec()), state_of(), observed_of(), allow_retired=False)
    assert steps(made, "m") == [("hold", "service_retired")]
    (change,) = [c for c in made.changes if c.address.kind == "TunedModel"]
    assert "`vertex` block" in change.reasons[0].message


@row(9)
def test_row_09_a_local_dataset_that_could_not_be_read_is_held(service: Service) -> None:
    want = replace(service.want(service.spec()), contents={})
    assert steps(service.plan(want, state_of(), observed_of()), "m") == [("hold", "dataset_missing")]


@row(9, gemini=IN_THE_REQUEST)
def test_row_09_a_missing_object_is_held_before_anything_is_paid(service: Service) -> None:
    want = service.want(service.spec(data=TRAIN))
    assert steps(service.plan(want, state_of(), observed_of(gone=[TRAIN])), "m") == [("hold", "dataset_missing")]


@row(11)
@pytest.mark.parametrize("status", [RunState.RUNNING, RunState.UNKNOWN])
def test_row_11_what_runs_is_waited_for(service: Service, status: RunState) -> None:
    spec = service.spec()
    record, made = active(service, spec)
    assert service.steps(spec, state_of(record), service.run(spec, made, status)) == [("wait", "run_active")]


@row(10, gemini="starts at once: it has no state before CREATING")
@pytest.mark.parametrize("status", [RunState.QUEUED, RunState.PENDING])
def test_row_10_what_has_not_started_is_waited_for(service: Service, status: RunState) -> None:
    spec = service.spec()
    record, made = active(service, spec)
    assert service.steps(spec, state_of(record), service.run(spec, made, status)) == [("wait", "run_active")]


@row(12)
def test_row_12_a_run_without_steps_for_a_day_alerts(service: Service) -> None:
    spec = service.spec()
    record, made = active(service, spec)
    found = service.run(spec, made, RunState.RUNNING, started_at=stamp(NOW - timedelta(hours=25)))
    planned = service.plan(service.want(spec), state_of(record), observed_of(found))
    assert steps(planned, "m") == [("wait", "run_active")]
    assert "run_stalled" in warned(planned)


@row(13, gemini="is never paused")
def test_row_13_a_paused_run_is_waited_for_with_an_alert(service: Service) -> None:
    spec = service.spec()
    record, made = active(service, spec)
    planned = service.plan(service.want(spec), state_of(record), observed_of(service.run(spec, made, RunState.PAUSED)))
    assert steps(planned, "m") == [("wait", "run_active")]
    assert "run_paused" in warned(planned)


@row(14, gemini="starts at once: it has no state before CREATING")
def test_row_14_a_run_that_has_not_started_is_replaced(service: Service) -> None:
    spec = service.spec()
    record, made = active(service, spec)
    found = service.run(spec, made, RunState.PENDING)
    assert service.steps(service.spec(4), state_of(record), found) == [("cancel", "changed_before_start")]


@row(15)
@pytest.mark.parametrize(
    ("while_running", "expected"),
    [("wait", ("wait", "changed_while_running")), ("cancelAndReplace", ("cancel", "replaced"))],
)
def test_row_15_a_changed_spec_waits_for_the_run_or_replaces_it(
    service: Service, while_running: str, expected: tuple[str, str]
) -> None:
    spec = service.spec()
    record, made = active(service, spec)
    changed = service.spec(4, while_running=while_running)
    assert service.steps(changed, state_of(record), service.run(spec, made, RunState.RUNNING)) == [expected]


@row(16)
def test_row_16_what_is_being_cancelled_is_waited_for(service: Service) -> None:
    spec = service.spec()
    made = service.version(spec, 1, VersionStatus.CANCELLING)
    found = service.run(spec, made, RunState.RUNNING)
    assert service.steps(spec, state_of(record_of(spec, made)), found) == [("wait", "cancelling")]


@row(17)
def test_row_17_a_cancelled_run_that_won_the_race_is_kept_and_the_new_one_is_tuned(service: Service) -> None:
    spec, changed = service.spec(), service.spec(4)
    stopping = service.version(spec, 1, VersionStatus.CANCELLING)
    done = service.version(spec)
    won = service.run(spec, replace(stopping, model=done.model, endpoint=done.endpoint), RunState.SUCCEEDED)
    seen = observed_of(won, *service.live(spec, done))
    known = absorb(state_of(record_of(spec, stopping)), seen, NOW)
    assert known.resources[spec.address].versions[0].status is VersionStatus.SUPERSEDED
    assert steps(service.plan(service.want(changed), known, seen), "m") == [("retune", "training_changed")]


@row(18)
def test_row_18_a_reverted_spec_cancels_the_run_and_trains_nothing(service: Service) -> None:
    spec, changed = service.spec(), service.spec(4)
    first = service.version(spec)
    second = service.version(changed, 2, VersionStatus.ACTIVE)
    known = state_of(record_of(spec, first, second, current=1))
    seen = [service.run(spec, first), service.run(changed, second), *service.live(spec, first)]
    assert service.steps(spec, known, *seen) == [("cancel", "reverted"), ("rollback", "reverted")]


@row(19)
def test_row_19_a_new_name_waits_for_the_run(service: Service) -> None:
    spec = service.spec()
    record, made = active(service, spec)
    renamed = service.spec(display_name="New")
    planned = service.plan(
        service.want(renamed), state_of(record), observed_of(service.run(spec, made, RunState.RUNNING))
    )
    (change,) = [c for c in planned.changes if c.address == spec.address]
    assert (change.action, [r.code for r in change.reasons]) == (Action.WAIT, ["run_active", "metadata_deferred"])


@row(20)
def test_row_20_a_new_display_name_is_patched(service: Service) -> None:
    record, there = service.serving(service.spec())
    assert service.steps(service.spec(display_name="New"), state_of(record), *there) == [("update", "metadata_changed")]


@row(21)
def test_row_21_a_finished_version_with_gates_is_evaluated(service: Service) -> None:
    spec, made = candidate(service)
    seen = (service.run(spec, made), *service.live(spec, made))
    known = state_of(record_of(spec, made))
    assert service.steps(spec, known, *seen, evaluates=True) == [("evaluate", "gate_pending")]
    assert service.steps(spec, known, *seen) == [("hold", "gate_pending")]


@row(22)
def test_row_22_a_finished_version_is_promoted(service: Service) -> None:
    spec = service.spec()
    record, made = active(service, spec)
    done = service.version(spec)
    found = service.run(spec, replace(made, model=done.model, endpoint=done.endpoint), RunState.SUCCEEDED)
    assert service.steps(spec, state_of(record), found, *service.live(spec, done)) == [("promote", "first_version")]


@row(22, 23)
@pytest.mark.parametrize(
    ("passed", "expected"), [(True, ("promote", "first_version")), (False, ("hold", "gate_failed"))]
)
def test_rows_22_23_gates_decide_over_a_finished_version(
    service: Service, passed: bool, expected: tuple[str, str]
) -> None:
    spec, made = candidate(service)
    evidence = {"gates": {"digest": evaluation_fingerprint(spec, service.want(spec).contents), "passed": passed}}
    judged = replace(made, evidence=evidence)
    seen = (service.run(spec, judged), *service.live(spec, judged))
    assert service.steps(spec, state_of(record_of(spec, judged)), *seen) == [expected]


@row(24, gemini=NO_SUCH_STATE, palm=NO_SUCH_STATE)
def test_row_24_a_partial_success_is_held_for_approval(service: Service) -> None:
    spec = service.spec()
    record, made = active(service, spec)
    done = service.version(spec)
    partly = replace(made, model=done.model, endpoint=done.endpoint)
    found = service.run(spec, partly, RunState.PARTIALLY_SUCCEEDED)
    assert service.steps(spec, state_of(record), found, *service.live(spec, done)) == [("hold", "partial_success")]


@row(25, 26)
@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (3, ("hold", "failed_data")),
        (7, ("hold", "failed_permission")),
        (13, ("create", "retry")),
        (0, ("hold", "failed_unknown")),
    ],
)
def test_rows_25_26_a_failed_run_is_held_or_tried_again_by_its_cause(
    service: Service, code: int, expected: tuple[str, str]
) -> None:
    spec = service.spec()
    made = service.version(spec, 1, VersionStatus.FAILED, error=RunError(code, "no") if code else None)
    found = service.run(spec, made, RunState.FAILED)
    assert service.steps(spec, state_of(record_of(spec, made)), found)[0] == expected


@row(26)
def test_row_26_a_retry_waits_its_time(service: Service) -> None:
    spec = service.spec()
    error = RunError(13, "no")
    just = (NOW - timedelta(seconds=5)).isoformat()
    made = service.version(spec, 1, VersionStatus.FAILED, error=error, finished_at=just)
    found = service.run(spec, made, RunState.FAILED)
    assert service.steps(spec, state_of(record_of(spec, made)), found) == [("wait", "backoff")]


@row(27)
def test_row_27_attempts_are_used_up(service: Service) -> None:
    spec = service.spec()
    made = service.version(spec, 1, VersionStatus.FAILED, error=RunError(13, "no"), attempts=2)
    found = service.run(spec, made, RunState.FAILED)
    assert service.steps(spec, state_of(record_of(spec, made)), found) == [("hold", "exhausted")]


@row(28)
def test_row_28_what_somebody_else_cancelled_is_not_started_again(service: Service) -> None:
    spec = service.spec()
    record, made = active(service, spec)
    found = service.run(spec, made, RunState.CANCELLED)
    assert service.steps(spec, state_of(record), found) == [("hold", "cancelled_elsewhere")]


@row(29)
def test_row_29_what_we_cancelled_is_tuned_again_only_if_it_is_wanted(service: Service) -> None:
    spec = service.spec()
    made = service.version(spec, 1, VersionStatus.CANCELLING)
    known, ended = state_of(record_of(spec, made)), service.run(spec, made, RunState.CANCELLED)
    assert service.steps(spec, known, ended)[0] == ("create", "new")
    # Jobs can never be deleted; what the other services keep of a run can, and is.
    gone = ("forget", "nothing_left") if service.backend == "vertex" else ("delete", "removed")
    assert service.steps(None, known, ended) == [gone]


@row(30, gemini=NO_SUCH_STATE, palm=NO_SUCH_STATE)
def test_row_30_an_expired_run_is_retried_once(service: Service) -> None:
    spec = service.spec(max_attempts=5)
    first = service.version(spec, 1, VersionStatus.FAILED, run_state=RunState.EXPIRED)
    assert service.steps(spec, state_of(record_of(spec, first))) == [("create", "retry")]
    second = replace(first, attempts=2)
    assert service.steps(spec, state_of(record_of(spec, second))) == [("hold", "exhausted")]


@row(31, gemini="run and model are one: neither is there without the other")
def test_row_31_the_model_of_a_run_that_is_gone_is_attached(service: Service) -> None:
    spec = service.spec()
    record, made = active(service, spec)
    left = LiveModel(model_name(9), labels={"tuneform-attempt": made.attempt})
    assert service.steps(spec, state_of(record), left) == [("adopt", "model_of_lost_run")]


@row(32)
def test_row_32_a_run_that_is_gone_is_not_paid_for_again_unasked(service: Service) -> None:
    spec = service.spec()
    record, _ = active(service, spec)
    assert service.steps(spec, state_of(record)) == [("hold", "run_gone")]


@row()
def test_a_run_of_a_moment_ago_need_not_be_listed_yet(service: Service) -> None:
    spec = service.spec()
    record, _ = active(service, spec, created_at=JUST_NOW)
    assert service.steps(spec, state_of(record)) == [("wait", "run_not_listed_yet")]
