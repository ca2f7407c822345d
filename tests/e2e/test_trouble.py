"""What goes wrong outside: one clear message each, the right exit code, nothing lost, nothing sent twice."""

from __future__ import annotations

import json
import os
import threading

import pytest

from tests.e2e.workshop import Workshop

CREATE = {"method": "POST", "path": "tuningJobs$"}


@pytest.fixture
def ready(workshop: Workshop) -> Workshop:
    workshop.project()
    workshop.dataset()
    workshop.model()
    return workshop


def posts_of_jobs(workshop: Workshop) -> int:
    sent = workshop.requests()["requests"]
    return sum(1 for r in sent if r["method"] == "POST" and r["path"].endswith("/tuningJobs"))


@pytest.mark.parametrize(
    ("status", "code", "words"),
    [
        (400, "INVALID_ARGUMENT", "triage"),
        (403, "PERMISSION_DENIED", "permission"),
        (404, "NOT_FOUND", "triage"),
    ],
)
def test_a_refused_create_fails_once_and_is_told(ready: Workshop, status: int, code: str, words: str) -> None:
    ready.fault(match=CREATE, kind="refuse", status=status, code=code)
    done = ready.apply(expect=1)
    assert words in (done.stdout + done.stderr).lower()
    assert posts_of_jobs(ready) == 1
    ready.apply("--wait")
    assert len(ready.jobs()) == 1


def test_what_is_refused_again_while_waiting_is_one_failure(ready: Workshop) -> None:
    ready.fault(match=CREATE, kind="refuse", times=None)
    done = ready.apply("--wait", expect=1)
    assert "Apply finished with 1 failure: 1 created." in done.stdout
    assert done.stdout.count("TunedModel/triage: failed: ") == 1
    assert posts_of_jobs(ready) == 1


def test_a_later_apply_tries_again_what_an_earlier_one_was_refused(ready: Workshop) -> None:
    ready.fault(match=CREATE, kind="refuse")
    ready.apply("--wait", expect=1)
    ready.apply("--wait")
    assert posts_of_jobs(ready) == 2


def test_where_a_later_pass_cannot_read_it_says_that_earlier_ones_stand(ready: Workshop) -> None:
    ready.fault(match={"method": "GET", "path": "tuningJobs$"}, kind="refuse", after=1, times=None)
    told = " ".join(ready.apply("--wait", expect=5).stderr.split())
    assert "What the passes before this one did is recorded; this one changed nothing." in told


def test_a_full_quota_is_a_place_in_the_queue_and_no_failure(ready: Workshop) -> None:
    ready.fault(match=CREATE, kind="refuse", status=429, code="RESOURCE_EXHAUSTED")
    done = ready.apply()
    assert "quota" in done.stdout
    ready.apply("--wait")
    assert len(ready.jobs()) == 1


@pytest.mark.parametrize("kind", ["drop_after_commit", "truncate", "reset", "drop_before"])
def test_a_lost_answer_never_buys_twice(ready: Workshop, kind: str) -> None:
    ready.fault(match=CREATE, kind=kind)
    ready.apply("--wait", expect=None)
    ready.apply("--wait")
    assert len(ready.jobs()) == 1
    assert ready.actions() == {}


def test_a_server_error_on_create_is_doubt_and_is_settled(ready: Workshop) -> None:
    ready.fault(match=CREATE, kind="status", status=503, code="UNAVAILABLE")
    ready.apply("--wait", expect=None)
    ready.apply("--wait")
    assert len(ready.jobs()) == 1


def test_an_unreadable_location_is_never_called_empty(ready: Workshop) -> None:
    ready.apply("--wait")
    ready.fault(
        match={"method": "GET", "path": "tuningJobs"}, kind="refuse", status=403, code="PERMISSION_DENIED", times=50
    )
    shown = json.loads(ready.run("plan", "--format", "json", expect=5).stdout)
    assert shown["complete"] is False
    assert shown["changes"] == []
    ready.apply(expect=5)
    ready.end_faults()
    assert len(ready.jobs()) == 1


def test_html_from_a_proxy_is_said_to_be_that(ready: Workshop) -> None:
    ready.fault(match={"method": "GET", "path": "tuningJobs"}, kind="html", status=502, times=50)
    done = ready.run("plan", expect=5)
    assert "<html" not in done.stdout + done.stderr


def test_without_credentials_it_says_how_to_log_in(ready: Workshop, tmp_path: object) -> None:
    empty = ready.folder / "home"
    empty.mkdir()
    done = ready.run("plan", expect=None, TUNEFORM_EMULATOR="", HOME=str(empty), CLOUDSDK_CONFIG=str(empty))
    assert done.returncode in (1, 5)
    assert "gcloud auth application-default login" in done.stdout + done.stderr


def test_two_applies_at_once_buy_one_job(ready: Workshop) -> None:
    done: list[int] = []
    threads = [threading.Thread(target=lambda: done.append(ready.apply(expect=None).returncode)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(done) <= {0, 5}
    assert len(ready.jobs()) == 1


@pytest.mark.parametrize("content", [b"", b"{", b'{"format": 1}'])
def test_a_damaged_state_is_refused_and_nothing_is_sent(ready: Workshop, content: bytes) -> None:
    ready.apply("--wait")
    (ready.folder / "state/state.json").write_bytes(content)
    ready.forget_requests()
    done = ready.apply(expect=1)
    assert "tuneform state restore" in done.stderr
    assert posts_of_jobs(ready) == 0
    ready.run("state", "restore", done.stderr.split("tuneform state restore ")[1].split()[0].strip(".`"))
    assert ready.actions() == {}


def test_a_missing_state_is_not_a_new_project(ready: Workshop) -> None:
    ready.apply("--wait")
    (ready.folder / "state/state.json").unlink()
    assert "tuneform state restore" in ready.apply(expect=1).stderr
    assert len(ready.jobs()) == 1


def test_a_state_folder_lost_altogether_proposes_adoption_instead_of_buying(ready: Workshop) -> None:
    ready.apply("--wait")
    (ready.folder / "state").rename(ready.folder / "elsewhere")
    assert ready.actions() == {"TunedModel/triage": "adopt"}
    ready.apply(expect=3)
    ready.run("plan", "--out", "saved.json")
    ready.run("apply", "saved.json", "--wait")
    assert len(ready.jobs()) == 1
    assert ready.actions() == {}


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_state_folder_is_refused_before_anything_is_sent(ready: Workshop) -> None:
    (ready.folder / "state").mkdir(mode=0o500)
    ready.apply(expect=1)
    assert posts_of_jobs(ready) == 0


def test_a_state_path_that_is_a_file_is_refused_before_anything_is_sent(ready: Workshop) -> None:
    ready.write("state", "not a folder")
    ready.apply(expect=1)
    assert posts_of_jobs(ready) == 0


def test_a_lost_state_is_rebuilt_from_an_older_spec_and_the_change_is_still_a_retune(ready: Workshop) -> None:
    ready.apply("--wait")
    (ready.folder / "state").rename(ready.folder / "elsewhere")
    ready.model(epochs=7)
    assert ready.actions() == {"TunedModel/triage": "adopt"}
    ready.run("plan", "--out", "saved.json")
    ready.run("apply", "saved.json")
    shown = [(c["action"], c["version"]) for c in ready.plan_json()["changes"]]
    assert ("retune", 2) in shown


def test_status_does_not_pass_off_what_was_recorded_as_news(ready: Workshop) -> None:
    ready.apply()
    ready.fault(match={"method": "GET", "path": "tuningJobs$"}, kind="refuse", times=None)
    assert "--no-refresh" in ready.run("status", expect=5).stderr
    assert "v1 pending" in ready.run("status", "--no-refresh").stdout
