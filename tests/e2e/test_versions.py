"""Versions of a tuned model from the first to the last: what a change does while another version serves."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from reconciler.emulator.options import Options
from reconciler.emulator.testing import RunningEmulator
from tests.e2e.later import later
from tests.e2e.workshop import LOCATION, PROJECT, Workshop

OLD, NEW = "gemini-2.5-flash", "gemini-3.5-flash-lite"


def tuned(
    workshop: Workshop,
    name: str = "triage",
    *,
    base: str = OLD,
    epochs: int = 3,
    lifecycle: str = "",
    outcome: str = "",
    parent: str = "",
    display_name: str = "",
) -> None:
    """Write the spec of a model; `lifecycle` is the inside of the block, `parent` an address to go on from."""
    label = f", emulator-outcome: {outcome}" if outcome else ""
    source = f"preTunedModel: {{tunedModelName: {parent}}}" if parent else f"baseModel: {base}"
    shown = f"    tunedModelDisplayName: {display_name}\n" if display_name else ""
    workshop.write(
        f"specs/{name}.yaml",
        f"""\
apiVersion: tuneform/v1
kind: TunedModel
metadata: {{name: {name}, labels: {{team: support{label}}}}}
spec:
  vertex:
    location: {LOCATION}
    {source}
    supervisedTuningSpec:
      trainingDatasetUri: Dataset/train
      hyperParameters: {{epochCount: {epochs}, adapterSize: 4}}
      exportLastCheckpointOnly: true
{shown}  lifecycle: {{{lifecycle}}}
""",
    )


@pytest.fixture
def ready(workshop: Workshop) -> Workshop:
    workshop.project()
    workshop.dataset()
    return workshop


@pytest.fixture
def slow(tmp_path: Path) -> Iterator[Workshop]:
    """Jobs take ten minutes of the emulator's time, the first of them before they start; `advance` lets it pass."""
    with RunningEmulator(Options(run_seconds=600, operation_seconds=0)) as emulator:
        workshop = Workshop(tmp_path, emulator.url, "slow")
        workshop.project()
        workshop.dataset()
        yield workshop


def later_reasons(workshop: Workshop, seconds: float) -> list[tuple[str, str]]:
    changes = json.loads(later(workshop, seconds, "plan", "--format", "json"))["changes"]
    return [(c["action"], c["reasons"][0]["code"]) for c in changes]


def posts(workshop: Workshop, end: str = "/tuningJobs") -> int:
    sent = workshop.requests()["requests"]
    return sum(1 for r in sent if r["method"] == "POST" and r["path"].endswith(end))


def version_served(workshop: Workshop, name: str = "triage") -> int:
    shown: dict[str, Any] = json.loads(workshop.run("output", f"TunedModel/{name}", "--format", "json").stdout)
    return int(shown["version"])


def states(workshop: Workshop) -> list[str]:
    """What became of each job, oldest first."""
    jobs = sorted(workshop.jobs(), key=lambda job: str(job["createTime"]))
    return [str(job["state"]).removeprefix("JOB_STATE_") for job in jobs]


def model_of(workshop: Workshop, name: str) -> str:
    shown: dict[str, Any] = json.loads(workshop.run("output", f"TunedModel/{name}", "--format", "json").stdout)
    return str(shown["model"])


def reasons(workshop: Workshop) -> list[tuple[str, str]]:
    return [(c["action"], c["reasons"][0]["code"]) for c in workshop.plan_json()["changes"]]


def live(workshop: Workshop, collection: str, location: str = LOCATION) -> list[dict[str, Any]]:
    answer = httpx.get(f"{workshop.url}/v1/projects/{PROJECT}/locations/{location}/{collection}")
    found: list[dict[str, Any]] = answer.json().get(collection, [])
    return found


# Rollback and retention


def test_reverting_the_spec_is_a_rollback_that_costs_nothing(ready: Workshop) -> None:
    tuned(ready)
    ready.apply("--wait")
    tuned(ready, epochs=5)
    ready.apply("--wait")
    assert version_served(ready) == 2
    tuned(ready)
    (change,) = ready.plan_json()["changes"]
    assert (change["action"], change["reasons"][0]["code"], change.get("cost")) == ("rollback", "reverted", None)
    ready.forget_requests()
    ready.apply("--wait")
    assert (version_served(ready), posts(ready)) == (1, 0)
    assert ready.actions() == {}
    tuned(ready, epochs=5)
    ready.apply("--wait")
    assert (version_served(ready), posts(ready)) == (2, 0), "and forward again, as free"


def test_over_four_retunes_only_as_many_versions_stay_as_keep_last_says(ready: Workshop) -> None:
    for epochs in range(1, 6):
        tuned(ready, epochs=epochs, lifecycle="keepLast: 2")
        ready.apply("--wait")
        assert version_served(ready) == epochs
        assert len(live(ready, "models")) == len(live(ready, "endpoints")) == min(epochs, 2)
    assert len(ready.jobs()) == 5, "jobs are permanent records"
    assert ready.actions() == {}


def test_a_version_past_keep_last_is_tuned_anew_when_it_is_asked_for_again(ready: Workshop) -> None:
    for epochs in (1, 2, 1):
        tuned(ready, epochs=epochs, lifecycle="keepLast: 1")
        ready.apply("--wait")
    assert (version_served(ready), len(ready.jobs())) == (3, 3)


# A change while a job is under way


def running(workshop: Workshop, *, started: bool = True, lifecycle: str = "") -> None:
    """v1 serves, and v2 is under way."""
    tuned(workshop, lifecycle=lifecycle)
    workshop.apply()
    workshop.advance(601)
    workshop.apply()
    assert version_served(workshop) == 1
    tuned(workshop, epochs=5, lifecycle=lifecycle)
    workshop.apply()
    if started:
        workshop.advance(100)
    assert states(workshop) == ["SUCCEEDED", "RUNNING" if started else "PENDING"]


def test_while_running_wait_lets_the_job_finish_and_then_tunes_the_new_spec(slow: Workshop) -> None:
    running(slow)
    tuned(slow, epochs=7)
    assert reasons(slow) == [("wait", "changed_while_running")]
    slow.apply()
    assert states(slow) == ["SUCCEEDED", "RUNNING"]
    slow.advance(501)
    slow.apply()
    assert states(slow) == ["SUCCEEDED", "SUCCEEDED", "PENDING"]
    assert version_served(slow) == 1, "v2 was no longer asked for"
    slow.advance(601)
    slow.apply()
    assert version_served(slow) == 3


def test_while_running_cancel_and_replace_stops_the_job_and_tunes_the_new_spec(slow: Workshop) -> None:
    running(slow, lifecycle="whileRunning: cancelAndReplace")
    tuned(slow, epochs=7, lifecycle="whileRunning: cancelAndReplace")
    assert reasons(slow) == [("cancel", "replaced")]
    slow.apply()
    slow.advance(1)
    slow.apply()
    assert states(slow) == ["SUCCEEDED", "CANCELLED", "PENDING"]
    assert version_served(slow) == 1
    slow.advance(601)
    slow.apply()
    assert version_served(slow) == 3


def test_a_job_that_has_not_started_is_replaced_whatever_while_running_says(slow: Workshop) -> None:
    running(slow, started=False, lifecycle="whileRunning: wait")
    tuned(slow, epochs=7, lifecycle="whileRunning: wait")
    assert reasons(slow) == [("cancel", "changed_before_start")]
    slow.apply()
    slow.advance(1)
    slow.apply()
    assert states(slow) == ["SUCCEEDED", "CANCELLED", "PENDING"]


def test_going_back_to_what_serves_cancels_the_job_and_tunes_nothing(slow: Workshop) -> None:
    running(slow)
    tuned(slow)
    assert [action for action, _ in reasons(slow)] == ["cancel", "rollback"]
    slow.apply()
    slow.advance(1)
    slow.apply()
    assert states(slow) == ["SUCCEEDED", "CANCELLED"]
    assert version_served(slow) == 1
    assert slow.actions() == {}


# Time and failures


def test_after_expire_after_everything_is_deleted_and_nothing_is_tuned_again(ready: Workshop) -> None:
    tuned(ready, lifecycle="expireAfter: 30d")
    ready.apply("--wait")
    day = 24 * 3600
    assert later_reasons(ready, 29 * day) == []
    assert later_reasons(ready, 31 * day) == [("delete", "expired")]
    later(ready, 31 * day, "apply", "--auto-approve")
    assert live(ready, "models") == live(ready, "endpoints") == []
    assert later_reasons(ready, 32 * day) == []
    assert len(ready.jobs()) == 1


def test_a_transient_failure_is_tried_as_often_as_max_attempts_says(ready: Workshop) -> None:
    tuned(ready, lifecycle="maxAttempts: 2", outcome="fail-internal")
    ready.apply()
    ready.advance(5)
    assert "(tried again later)" in ready.apply("--detailed-exitcode", expect=4).stdout
    assert reasons(ready) == [("wait", "backoff")]
    assert later_reasons(ready, 120) == [("create", "retry")]
    later(ready, 120, "apply", "--auto-approve")
    ready.advance(5)
    assert later_reasons(ready, 3600) == [("hold", "exhausted")]
    later(ready, 3600, "apply", "--auto-approve", expect=3)
    assert states(ready) == ["FAILED", "FAILED"]


def test_a_failure_by_data_is_held_until_the_spec_changes(ready: Workshop) -> None:
    tuned(ready, lifecycle="maxAttempts: 5", outcome="fail-data")
    ready.apply()
    ready.advance(5)
    assert later_reasons(ready, 3600) == [("hold", "failed_data")]
    later(ready, 3600, "apply", "--auto-approve", expect=3)
    assert states(ready) == ["FAILED"]
    tuned(ready, epochs=5, lifecycle="maxAttempts: 5")
    ready.apply("--wait")
    assert states(ready) == ["FAILED", "SUCCEEDED"]


def test_a_failed_retune_leaves_what_serves_alone(ready: Workshop) -> None:
    tuned(ready)
    ready.apply("--wait")
    tuned(ready, epochs=5, outcome="fail-data")
    ready.apply("--wait", expect=3)
    assert version_served(ready) == 1


def test_a_model_that_a_failed_job_left_is_shown_and_goes_when_the_spec_moves_on(ready: Workshop) -> None:
    tuned(ready, outcome="orphan-model")
    ready.apply("--wait", expect=3)
    (orphan,) = live(ready, "models")
    (change,) = ready.plan_json()["changes"]
    assert (change["action"], change["reasons"][0]["code"]) == ("hold", "orphan_model")
    assert orphan["name"].rpartition("/")[2] in change["reasons"][0]["message"]
    tuned(ready, epochs=5)
    ready.apply("--wait")
    assert version_served(ready) == 2
    assert [m["name"] for m in live(ready, "models")] == [model_of(ready, "triage").partition("@")[0]]


# Continuous tuning


@pytest.mark.parametrize("same_name", [True, False], ids=["same display name", "another display name"])
def test_a_model_tuned_on_from_another_waits_for_it_and_leaves_it_when_it_goes(
    ready: Workshop, same_name: bool
) -> None:
    tuned(ready, "first", display_name="Triage")
    tuned(ready, "second", parent="TunedModel/first", display_name="Triage" if same_name else "Triage 2")
    assert ready.actions()["TunedModel/second"] == "wait"
    ready.apply("--wait")
    first, second = (model_of(ready, name).partition("@") for name in ("first", "second"))
    assert (first[0] == second[0]) is same_name
    assert (first[2], second[2]) == ("1", "2" if same_name else "1")
    (ready.folder / "specs/second.yaml").unlink()
    ready.apply("--wait", "--allow-deletes", "1")
    assert [m["name"] for m in live(ready, "models")] == [first[0]]
    assert len(live(ready, "endpoints")) == 1
    assert (version_served(ready, "first"), ready.actions()) == (1, {})


def test_a_model_that_others_go_on_from_is_not_removed_before_them(ready: Workshop) -> None:
    tuned(ready, "first", display_name="Triage")
    tuned(ready, "second", parent="TunedModel/first", display_name="Triage")
    ready.apply("--wait")
    spec = ready.folder / "specs/first.yaml"
    spec.unlink()
    done = ready.run("plan", expect=1)
    assert "TunedModel/first" in done.stderr
    assert len(live(ready, "endpoints")) == 2


def test_destroying_takes_both_versions_of_a_shared_model(ready: Workshop) -> None:
    tuned(ready, "first", display_name="Triage")
    tuned(ready, "second", parent="TunedModel/first", display_name="Triage")
    ready.apply("--wait")
    ready.run("destroy", "--auto-approve", "--wait", "--allow-deletes", "9")
    assert live(ready, "models") == live(ready, "endpoints") == []


def test_a_retuned_parent_leaves_the_version_that_another_shares_its_model_with(ready: Workshop) -> None:
    tuned(ready, "first", display_name="Triage", lifecycle="keepLast: 1")
    tuned(ready, "second", parent="TunedModel/first", display_name="Triage")
    ready.apply("--wait")
    old, shared = model_of(ready, "first"), model_of(ready, "second")
    tuned(ready, "first", epochs=5, display_name="Triage", lifecycle="keepLast: 1")
    ready.apply("--wait")
    assert version_served(ready, "first") == 2
    assert [httpx.get(f"{ready.url}/v1/{name}").status_code for name in (old, shared)] == [404, 200]
    assert ready.actions() == {}
