"""Never more runs at once than allowed, whoever started them; what cannot start says when it may."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import pytest

from reconciler.emulator.options import Options
from tests.e2e.workshop import LOCATION, PROJECT, Workshop, jsonl, open_workshop, supervised_row


def one_at_a_time(workshop: Workshop, *names: str, priorities: tuple[int, ...] = ()) -> None:
    workshop.project()
    project = workshop.folder / "tuneform.yaml"
    project.write_text(project.read_text().replace("{maxConcurrentJobs: 20}", "{maxConcurrentJobs: 1}"))
    workshop.dataset()
    for name, priority in zip(names, priorities or (0,) * len(names), strict=True):
        workshop.model(name, extra=f"  lifecycle: {{priority: {priority}}}\n")


def start_foreign_job(workshop: Workshop, location: str = LOCATION) -> str:
    """A job of somebody else in the same Google project."""
    workshop.put_object("theirs", "d.jsonl", jsonl([supervised_row(i) for i in range(20)]))
    body = {"baseModel": "gemini-2.5-flash", "supervisedTuningSpec": {"trainingDatasetUri": "gs://theirs/d.jsonl"}}
    answer = httpx.post(f"{workshop.url}/v1/projects/{PROJECT}/locations/{location}/tuningJobs", json=body)
    name: str = answer.raise_for_status().json()["name"]
    return name


def all_jobs(workshop: Workshop) -> list[dict[str, Any]]:
    """Every job, foreign ones too, in the order of their creation."""
    answer = httpx.get(
        f"{workshop.url}/v1/projects/{PROJECT}/locations/{LOCATION}/tuningJobs", params={"pageSize": 100}
    )
    jobs: list[dict[str, Any]] = answer.json()["tuningJobs"]
    return sorted(jobs, key=lambda job: str(job["createTime"]))


def test_models_go_one_after_another_and_after_a_foreign_job(workshop: Workshop) -> None:
    one_at_a_time(workshop, "first", "second", "third")
    start_foreign_job(workshop)
    workshop.apply("--wait")
    jobs = all_jobs(workshop)
    assert len(jobs) == 4
    for before, after in pairwise(jobs):
        assert before["endTime"] <= after["createTime"], "never more than one at a time"
    assert workshop.actions() == {}


@pytest.fixture
def endless(tmp_path: Path) -> Iterator[Workshop]:
    """Runs go on for as long as a test lasts."""
    with open_workshop(tmp_path, Options(run_seconds=3600)) as opened:
        yield opened


def test_the_plan_shows_the_place_in_the_queue_and_what_is_before_it(endless: Workshop) -> None:
    one_at_a_time(endless, "first", "second")
    endless.apply("--target", "Dataset/train")
    foreign = start_foreign_job(endless)
    shown = " ".join(endless.run("plan").stdout.split())
    assert "TunedModel/first is queued" in shown
    assert f"place 1 of 2, for at most 1 may run at once (maxConcurrentJobs); before it: {foreign}" in shown
    assert f"place 2 of 2, for at most 1 may run at once (maxConcurrentJobs); before it: {foreign}" in shown
    told = endless.apply().stdout
    assert "TunedModel/first (queued)" in told
    assert endless.jobs() == []


def test_the_higher_priority_goes_first(workshop: Workshop) -> None:
    one_at_a_time(workshop, "early", "late", "urgent", priorities=(0, -5, 10))
    workshop.apply("--wait")
    order = [job["labels"]["tuneform-address"] for job in all_jobs(workshop)]
    assert order == ["tunedmodel_urgent", "tunedmodel_early", "tunedmodel_late"]


@pytest.fixture
def refusing(tmp_path: Path) -> Iterator[Workshop]:
    """Google lets one job of the project run at a time, over all regions, and refuses one more with 429."""
    with open_workshop(tmp_path, Options(run_seconds=1.5, max_concurrent_jobs=1, over_quota="reject")) as opened:
        yield opened


def test_a_quota_that_a_job_in_another_region_uses_is_a_place_in_the_queue(refusing: Workshop) -> None:
    refusing.project()
    refusing.dataset()
    refusing.model(extra="  lifecycle: {maxAttempts: 1}\n")
    start_foreign_job(refusing, "europe-west4")
    told = refusing.apply("--wait").stdout
    assert told.count("no quota is free") == 1, "told once, however often it is tried"
    assert json.loads(refusing.run("output", "TunedModel/triage", "--format", "json").stdout)["version"] == 1
    (version,) = json.loads(refusing.run("state", "show", "TunedModel/triage").stdout)["versions"]
    assert version["attempts"] == 1, "a refusal for want of quota spends no attempt"


def test_status_says_what_a_run_under_way_is_waiting_for(tmp_path: Path) -> None:
    with open_workshop(tmp_path, Options(run_seconds=20, stopped_clock=True)) as workshop:
        one_at_a_time(workshop, "triage")
        workshop.apply()
        assert "v1: waiting for quota" in workshop.run("status").stdout
        workshop.advance(12)
        assert "v1: tuning" in workshop.run("status").stdout
