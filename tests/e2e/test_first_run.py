"""A project whose first tuning Google fails with 500 INTERNAL: told once it is certain, mended when asked."""

from __future__ import annotations

import time

import httpx

from tests.e2e.workshop import LOCATION, PROJECT, Workshop

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
    assert "--first-run-fix" not in first.stdout + first.stderr, "a 500 proves nothing yet"
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


def test_other_failures_of_the_server_have_no_such_remedy(workshop: Workshop) -> None:
    workshop.project()
    workshop.dataset()
    workshop.model()
    workshop.fault(match=CREATE, kind="status", status=503, code="UNAVAILABLE", times=1)
    workshop.apply(expect=5)
    time.sleep(WINDOW)
    assert "--first-run-fix" not in workshop.apply().stdout
