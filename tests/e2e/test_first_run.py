"""A project whose first tuning Google fails with 500 INTERNAL: told once it is certain, mended when asked."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from reconciler.emulator.options import Options
from tests.e2e.test_palm import summary
from tests.e2e.workshop import LOCATION, PROJECT, Workshop, open_workshop

CREATE = {"method": "POST", "path": "tuningJobs$"}
WINDOW = 2.2


def datasets(workshop: Workshop) -> list[str]:
    answer = httpx.get(f"{workshop.url}/v1/projects/{PROJECT}/locations/{LOCATION}/datasets").json()
    return [dataset["displayName"] for dataset in answer.get("datasets", [])]


def failing(workshop: Workshop) -> None:
    workshop.project()
    workshop.dataset()
    workshop.model()
    workshop.fault(match=CREATE, kind="status", status=500, code="INTERNAL", times=1)
    first = workshop.apply(expect=5)
    told = " ".join(first.stderr.split())
    assert "If nothing was ever tuned in this project, add --first-run-fix to it" in told
    assert "made nothing" not in told, "a 500 proves nothing yet"
    time.sleep(WINDOW)


def test_the_remedy_is_told_once_nothing_was_made_for_certain(workshop: Workshop) -> None:
    failing(workshop)
    told = workshop.apply().stdout
    assert "tuneform apply --first-run-fix" in told
    assert datasets(workshop) == []
    assert len(workshop.jobs()) == 1


def test_the_remedy_makes_one_empty_dataset_before_tuning(workshop: Workshop) -> None:
    failing(workshop)
    told = workshop.apply("--first-run-fix").stdout
    assert "made an empty dataset in us-central1" in told
    assert datasets(workshop) == ["tuneform-first-run"]
    assert len(workshop.jobs()) == 1
    workshop.apply("--first-run-fix")
    assert datasets(workshop) == ["tuneform-first-run"]


@pytest.fixture
def new_project(tmp_path: Path) -> Iterator[Workshop]:
    """Google fails every tuning of a project that has had no dataset for five minutes."""
    with open_workshop(tmp_path, Options(run_seconds=0.5, first_run_fails=True)) as opened:
        yield opened


@pytest.mark.parametrize("service", ["vertex", "palm"])
def test_a_new_project_is_tuned_in_once_the_remedy_has_had_its_time(new_project: Workshop, service: str) -> None:
    if service == "palm":
        summary(new_project)
    else:
        new_project.project()
        new_project.dataset()
        new_project.model()
    assert "add --first-run-fix" in " ".join(new_project.apply("--allow-retired", expect=5).stderr.split())
    time.sleep(WINDOW)
    new_project.apply("--allow-retired", "--first-run-fix", expect=5)
    assert datasets(new_project) == ["tuneform-first-run"]
    time.sleep(WINDOW)
    new_project.advance(300)
    new_project.apply("--allow-retired", "--first-run-fix", "--wait")
    assert datasets(new_project) == ["tuneform-first-run"]
    assert new_project.actions("--allow-retired") == {}


def test_other_failures_of_the_server_have_no_such_remedy(workshop: Workshop) -> None:
    workshop.project()
    workshop.dataset()
    workshop.model()
    workshop.fault(match=CREATE, kind="status", status=503, code="UNAVAILABLE", times=1)
    workshop.apply(expect=5)
    time.sleep(WINDOW)
    assert "--first-run-fix" not in workshop.apply().stdout
