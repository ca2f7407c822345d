"""A base model bumped with `lifecycle.rebase`: one rebase, one job; what serves goes on serving until it is done."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from reconciler.emulator.options import Options
from reconciler.emulator.testing import RunningEmulator
from tests.e2e.killed import killed_apply
from tests.e2e.test_versions import NEW, live, model_of, posts, tuned, version_served
from tests.e2e.workshop import Workshop

REBASE = ":rebaseTunedModel"
ON = "rebase: true"


@pytest.fixture
def bumped(workshop: Workshop) -> Workshop:
    """v1 serves on the old base model; the spec names the new one."""
    workshop.project()
    workshop.dataset()
    bump(workshop)
    return workshop


@pytest.fixture
def lingering(tmp_path: Path) -> Iterator[Workshop]:
    """The same, and Google takes an hour of the emulator's time to name the job of a rebase."""
    with RunningEmulator(Options(run_seconds=20, operation_seconds=3600)) as emulator:
        workshop = Workshop(tmp_path, emulator.url, "lingering")
        workshop.project()
        workshop.dataset()
        bump(workshop, advance=60)
        yield workshop


def bump(workshop: Workshop, *, advance: float = 5) -> None:
    tuned(workshop, lifecycle=ON)
    workshop.apply()
    workshop.advance(advance)
    workshop.apply()
    assert version_served(workshop) == 1
    tuned(workshop, base=NEW, lifecycle=ON)
    workshop.forget_requests()


def one_rebased_job(workshop: Workshop) -> dict[str, Any]:
    """The job that the rebase made; there is no other besides v1's, and none was bought by a create."""
    assert posts(workshop) == 0
    jobs = [job for job in workshop.jobs() if job["baseModel"] == NEW]
    assert (len(jobs), len(workshop.jobs())) == (1, 2)
    return jobs[0]


def test_the_plan_says_that_it_rebases_and_what_that_costs(bumped: Workshop) -> None:
    (change,) = bumped.plan_json()["changes"]
    assert (change["action"], change["reasons"][0]["code"]) == ("retune", "rebase")
    assert "rebased from gemini-2.5-flash onto gemini-3.5-flash-lite" in change["reasons"][0]["message"]
    assert "Google names no price for rebasing" in change["cost"]["basis"]


def test_one_rebase_is_sent_and_v1_serves_until_v2_is_ready(bumped: Workshop) -> None:
    first = model_of(bumped, "triage")
    bumped.apply()
    assert (posts(bumped, REBASE), version_served(bumped)) == (1, 1)
    job = one_rebased_job(bumped)
    assert job["supervisedTuningSpec"]["hyperParameters"]["epochCount"] == "3"
    bumped.apply("--wait")
    assert version_served(bumped) == 2
    assert "/locations/us/" in model_of(bumped, "triage")
    served = [d["model"] for e in live(bumped, "endpoints") for d in e.get("deployedModels", [])]
    assert served == [first], "the endpoint of v1 was left alone, for a way back"
    assert bumped.actions() == {}
    assert posts(bumped, REBASE) == 1


def test_without_lifecycle_rebase_the_model_is_tuned_anew(bumped: Workshop) -> None:
    tuned(bumped, base=NEW)
    bumped.apply("--wait")
    assert (posts(bumped), posts(bumped, REBASE), version_served(bumped)) == (1, 0, 2)


def test_going_back_to_the_old_base_model_is_a_rollback(bumped: Workshop) -> None:
    bumped.apply("--wait")
    bumped.forget_requests()
    tuned(bumped, lifecycle=ON)
    bumped.apply("--wait")
    assert (posts(bumped), posts(bumped, REBASE), version_served(bumped)) == (0, 0, 1)


def test_a_refused_rebase_is_told_and_bought_by_the_next_pass(bumped: Workshop) -> None:
    bumped.fault(match={"method": "POST", "path": f"{REBASE}$"}, kind="refuse", status=400, code="INVALID_ARGUMENT")
    bumped.apply(expect=1)
    bumped.apply("--wait")
    one_rebased_job(bumped)
    assert version_served(bumped) == 2


@pytest.mark.parametrize("kind", ["drop_after_commit", "reset"])
def test_a_lost_answer_never_rebases_twice(bumped: Workshop, kind: str) -> None:
    bumped.fault(match={"method": "POST", "path": f"{REBASE}$"}, kind=kind)
    bumped.apply("--wait", expect=None)
    bumped.apply("--wait")
    one_rebased_job(bumped)
    assert (version_served(bumped), bumped.actions()) == (2, {})


@pytest.mark.parametrize(
    "point",
    [
        "after SENDING, before the POST",
        "after the answer",
        "while an operation is under way",
        "after the answer, before COMMITTED",
    ],
)
def test_killed_at_any_point_of_a_rebase_one_job_is_made(bumped: Workshop, point: str) -> None:
    killed_apply(bumped, point)
    bumped.apply("--wait", "--timeout", "30s")
    one_rebased_job(bumped)
    assert (version_served(bumped), bumped.actions()) == (2, {})


def test_while_google_has_not_named_the_job_nothing_is_bought_however_long_it_takes(lingering: Workshop) -> None:
    killed_apply(lingering, "while an operation is under way")
    lingering.apply(expect=5)
    time.sleep(2.5)  # the window after which absence would be believed of a create
    said = lingering.apply(expect=5)
    assert "still under way" in said.stdout + said.stderr
    assert (posts(lingering, REBASE), posts(lingering), version_served(lingering)) == (1, 0, 1)
    lingering.advance(3700)
    lingering.apply()
    one_rebased_job(lingering)
    lingering.advance(60)
    lingering.apply()
    assert version_served(lingering) == 2


def test_a_rebase_that_google_gives_up_is_over_and_a_later_pass_rebases_again(lingering: Workshop) -> None:
    killed_apply(lingering, "while an operation is under way")
    remove_datasets(lingering)
    lingering.advance(3700)
    lingering.forget_requests()
    killed_apply(lingering, "while an operation is under way")
    assert (posts(lingering, REBASE), len(lingering.jobs())) == (1, 1)
    lingering.advance(3700)
    lingering.apply()
    one_rebased_job(lingering)


def remove_datasets(workshop: Workshop) -> None:
    """Delete what was uploaded, so that an operation which reads it fails."""
    objects = f"{workshop.url}/storage/v1/b/{workshop.name}-bucket/o"
    for found in httpx.get(objects).json()["items"]:
        httpx.delete(f"{objects}/{quote(found['name'], safe='')}").raise_for_status()
