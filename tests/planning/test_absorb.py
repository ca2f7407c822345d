"""What a refresh teaches the state, and what it must not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.core.address import Address
from reconciler.core.client_ids import redeployment_name
from reconciler.core.moments import stamp
from reconciler.core.observed import LiveEndpoint, LiveModel, Observed, Unreadable
from reconciler.core.runs import RunState
from reconciler.core.state import Checkpoint, IntentStatus, Record, Route, RunError, State, Version, VersionStatus
from reconciler.planning.absorb import absorb
from tests.planning.build import (
    LOCATION,
    LONG_AGO,
    NOW,
    endpoint_name,
    failed,
    intent,
    job,
    live,
    model,
    model_name,
    observed,
    record,
    run_of,
    serving,
    state,
    version,
)

M = model()
ACTIVE = version(M, 1, VersionStatus.ACTIVE)


def learned(known: State, seen: Observed, number: int = 1) -> Version:
    found = absorb(known, seen, NOW).resources[M.address].version(number)
    assert found is not None
    return found


def test_a_quiet_refresh_gives_back_the_very_same_state() -> None:
    known, seen = serving(M)
    assert absorb(known, seen, NOW) is known


def test_a_run_still_under_way_as_before_gives_back_the_very_same_state() -> None:
    known = absorb(state(record(M, ACTIVE)), observed(run_of(M, ACTIVE)), NOW)
    assert absorb(known, observed(run_of(M, ACTIVE)), NOW) is known


def test_a_finished_run_brings_everything_that_came_of_it() -> None:
    points = (Checkpoint("1", epoch=1, step=10, endpoint=endpoint_name("c1")),)
    seen = run_of(
        M,
        ACTIVE,
        RunState.SUCCEEDED,
        model=model_name(1),
        endpoint=endpoint_name(1),
        checkpoints=points,
        experiment="experiments/1",
        billed_tokens=255243,
        ended_at=LONG_AGO,
        body={"baseModel": "x"},
    )
    made = learned(state(record(M, ACTIVE)), observed(seen))
    assert made.status is VersionStatus.CANDIDATE
    assert made.run_state is RunState.SUCCEEDED
    assert (made.model, made.endpoint, made.checkpoints) == (model_name(1), endpoint_name(1), points)
    assert (made.experiment, made.billed_tokens, made.finished_at) == ("experiments/1", 255243, LONG_AGO)
    assert made.resolved == {"baseModel": "x"}


def test_an_end_that_google_does_not_date_is_dated_now() -> None:
    assert learned(state(record(M, ACTIVE)), observed(run_of(M, ACTIVE, RunState.SUCCEEDED))).finished_at == stamp(NOW)


@pytest.mark.parametrize(
    ("run_state", "status"),
    [
        (RunState.RUNNING, VersionStatus.ACTIVE),
        (RunState.CANCELLING, VersionStatus.ACTIVE),
        (RunState.UNKNOWN, VersionStatus.ACTIVE),
        (RunState.SUCCEEDED, VersionStatus.CANDIDATE),
        (RunState.PARTIALLY_SUCCEEDED, VersionStatus.CANDIDATE),
        (RunState.FAILED, VersionStatus.FAILED),
        (RunState.EXPIRED, VersionStatus.FAILED),
        (RunState.CANCELLED, VersionStatus.CANCELLED),
    ],
)
def test_where_a_version_stands_once_its_run_is_in_a_state(run_state: RunState, status: VersionStatus) -> None:
    made = learned(state(record(M, ACTIVE)), observed(run_of(M, ACTIVE, run_state)))
    assert (made.status, made.run_state) == (status, run_state)
    assert "cancelled_by" not in made.evidence


def test_a_failed_run_brings_its_error_and_the_model_that_it_left() -> None:
    error = RunError(13, "Failed to create endpoint. Tuned model is uploaded")
    made = learned(
        state(record(M, ACTIVE)), observed(run_of(M, ACTIVE, RunState.FAILED, error=error, model=model_name(1)))
    )
    assert (made.status, made.error, made.model) == (VersionStatus.FAILED, error, model_name(1))


def test_a_run_that_we_cancelled_remembers_that_it_was_us() -> None:
    stopping = replace(ACTIVE, status=VersionStatus.CANCELLING)
    made = learned(state(record(M, stopping)), observed(run_of(M, ACTIVE, RunState.CANCELLED)))
    assert made.status is VersionStatus.CANCELLED
    assert made.evidence == {"cancelled_by": "tuneform"}


def test_what_cannot_be_read_changes_nothing() -> None:
    stopping = replace(ACTIVE, status=VersionStatus.CANCELLING)
    known = state(record(M, ACTIVE, replace(stopping, number=2)))
    blind = Unreadable(f"projects/acme/locations/{LOCATION}/tuningJobs", "403")
    assert absorb(known, observed(blind), NOW) is known


def test_a_newest_run_that_is_gone_is_left_to_a_decision() -> None:
    known = state(record(M, ACTIVE))
    assert absorb(known, observed(), NOW) is known


def test_an_older_run_that_is_gone_has_failed() -> None:
    newer = version(M, 2, VersionStatus.ACTIVE)
    made = learned(state(record(M, ACTIVE, newer)), observed(run_of(M, newer)))
    assert (made.status, made.run_state) == (VersionStatus.FAILED, RunState.FAILED)
    assert made.error == RunError(5, "the run is not there any more")


def test_a_run_that_we_cancelled_and_that_is_gone_is_cancelled() -> None:
    stopping = replace(ACTIVE, status=VersionStatus.CANCELLING)
    made = learned(state(record(M, stopping)), observed())
    assert (made.status, made.run_state) == (VersionStatus.CANCELLED, RunState.CANCELLED)
    assert made.evidence == {"cancelled_by": "tuneform"}


class TestLateEndpoints:
    """Google deploys a finished model by itself, sometimes after the run has ended."""

    WAITING = version(M, 1, VersionStatus.CANDIDATE, endpoint="")

    def test_the_run_may_name_it_later(self) -> None:
        points = (Checkpoint("1", endpoint=endpoint_name("c")),)
        seen = observed(run_of(M, self.WAITING, endpoint=endpoint_name(9), checkpoints=points))
        made = learned(state(record(M, self.WAITING)), seen)
        assert (made.endpoint, made.checkpoints) == (endpoint_name(9), points)

    def test_the_model_may_know_where_it_is_deployed(self) -> None:
        deployed = LiveModel(self.WAITING.model, deployments=((endpoint_name(9), "d1"),))
        seen = observed(run_of(M, self.WAITING), deployed)
        assert learned(state(record(M, self.WAITING)), seen).endpoint == endpoint_name(9)

    def test_until_then_nothing_changes(self) -> None:
        known = state(record(M, self.WAITING, replace(self.WAITING, number=2, model="")))
        assert absorb(known, observed(run_of(M, self.WAITING), LiveModel(self.WAITING.model)), NOW) is known


def test_the_endpoint_that_a_pass_made_for_a_lost_one_before_it_died_is_found() -> None:
    known, _ = serving(M)
    (before,) = known.resources[M.address].versions
    again = redeployment_name(M.address, before.model, before.endpoint)
    seen = observed(run_of(M, before), LiveModel(before.model), LiveEndpoint(again))
    assert learned(known, seen).endpoint == again


def test_what_a_dead_pass_made_is_no_reason_to_leave_an_endpoint_that_stands() -> None:
    known, seen = serving(M)
    (before,) = known.resources[M.address].versions
    again = LiveEndpoint(redeployment_name(M.address, before.model, before.endpoint))
    assert absorb(known, seen.merged(observed(again)), NOW) is known


class TestDeclaredEndpoints:
    """A lost endpoint is made again under the next id."""

    FRONT = Address.parse("Endpoint/front")
    PLACE = "projects/acme-ml/locations/us/endpoints"

    def absorbed(self, made: LiveEndpoint, name: str = f"{PLACE}/front-0123456789ab-1") -> Route | None:
        lost = Record(self.FRONT, "vertex", "acme-ml", "us", route=Route(name, 1))
        return absorb(state(lost), observed(made), NOW).resources[self.FRONT].route

    def test_the_one_that_a_pass_made_before_it_died_is_found(self) -> None:
        made = LiveEndpoint(f"{self.PLACE}/front-0123456789ab-2", labels={"tuneform-address": "endpoint_front"})
        assert self.absorbed(made) == Route(made.name, 2)

    @pytest.mark.parametrize("labels", [{}, {"tuneform-address": "endpoint_other"}])
    def test_one_without_the_label_of_the_address_is_somebody_elses(self, labels: dict[str, str]) -> None:
        made = LiveEndpoint(f"{self.PLACE}/front-0123456789ab-2", labels=labels)
        assert self.absorbed(made) == Route(f"{self.PLACE}/front-0123456789ab-1", 1)

    def test_an_id_that_a_person_chose_has_no_next_one(self) -> None:
        made = LiveEndpoint(f"{self.PLACE}/front-2", labels={"tuneform-address": "endpoint_front"})
        assert self.absorbed(made, f"{self.PLACE}/front-1") == Route(f"{self.PLACE}/front-1", 1)


class TestReplay:
    """A create that was committed and whose state was never written."""

    COMMITTED = intent(M, IntentStatus.COMMITTED, run=job(7), estimated_usd=8.1)

    def test_it_becomes_a_version_of_a_new_record(self) -> None:
        known = absorb(state(intents=(self.COMMITTED,)), observed(), NOW)
        (made,) = known.resources[M.address].versions
        assert (made.number, made.run, made.attempt) == (1, job(7), self.COMMITTED.attempt)
        assert (made.status, made.body, made.estimated_usd) == (VersionStatus.ACTIVE, self.COMMITTED.body, 8.1)
        assert known.intents == (self.COMMITTED,), "whoever stores the state lets go of it"

    def test_it_takes_what_its_run_says_at_once(self) -> None:
        found = run_of(M, replace(ACTIVE, run=job(7)), RunState.RUNNING)
        assert learned(state(intents=(self.COMMITTED,)), observed(found)).run_state is RunState.RUNNING

    def test_a_second_version_joins_the_record(self) -> None:
        known, seen = serving(M)
        second = intent(M, IntentStatus.COMMITTED, number=2, run=job(8))
        after = absorb(replace(known, intents=(second,)), seen, NOW)
        assert [v.number for v in after.resources[M.address].versions] == [1, 2]
        assert after.resources[M.address].current == 1

    def test_a_retry_takes_the_place_of_the_failed_attempt(self) -> None:
        again = intent(M, IntentStatus.COMMITTED, attempts=2, run=job(8))
        made = learned(state(record(M, failed(M, 13)), intents=(again,)), observed())
        assert (made.attempts, made.run, made.error) == (2, job(8), None)

    def test_two_creates_of_one_address_are_both_replayed(self) -> None:
        second = intent(M, IntentStatus.COMMITTED, number=2, run=job(8))
        known = absorb(state(intents=(self.COMMITTED, second)), observed(), NOW)
        assert [v.run for v in known.resources[M.address].versions] == [job(7), job(8)]

    @pytest.mark.parametrize(
        "versions",
        [
            (replace(ACTIVE, attempt=COMMITTED.attempt),),
            (replace(ACTIVE, attempts=2),),
            (replace(ACTIVE, number=2),),
        ],
        ids=["recorded", "retried since", "a later version"],
    )
    def test_what_the_state_accounts_for_is_not_replayed(self, versions: tuple[Version, ...]) -> None:
        known = state(record(M, *versions), intents=(self.COMMITTED,))
        assert absorb(known, observed(*(run_of(M, v) for v in versions)), NOW).resources[M.address].versions[0].run != (
            job(7)
        )

    @pytest.mark.parametrize("status", [s for s in IntentStatus if s is not IntentStatus.COMMITTED])
    def test_nothing_else_is_replayed(self, status: IntentStatus) -> None:
        known = state(intents=(intent(M, status, run=job(7)),))
        assert absorb(known, observed(), NOW) is known


def test_deleted_and_failed_versions_are_left_as_they_are() -> None:
    gone = version(M, 1, VersionStatus.DELETED, run_state=RunState.SUCCEEDED)
    bad = failed(M, 3, 2)
    known = state(record(M, gone, bad))
    assert absorb(known, observed(run_of(M, gone), run_of(M, bad), live(M, version(M))), NOW) is known
