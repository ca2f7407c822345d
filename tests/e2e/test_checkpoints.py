"""Endpoints of intermediate checkpoints: shown, cleared away where asked for, and their checkpoints served again."""

from __future__ import annotations

import json

import httpx
import pytest

from tests.e2e.later import later
from tests.e2e.test_endpoints import declare, live, percents
from tests.e2e.test_versions import model_of, posts
from tests.e2e.workshop import LOCATION, PROJECT, Workshop

DAYS = 86_400
FILE = "specs/triage.yaml"


def declared(workshop: Workshop, *, last_only: bool = False, lifecycle: str = "") -> None:
    workshop.model(extra=f"  lifecycle: {{{lifecycle}}}\n" if lifecycle else "")
    text = (workshop.folder / FILE).read_text()
    if not last_only:
        text = text.replace("exportLastCheckpointOnly: true", "exportLastCheckpointOnly: false")
    workshop.write(FILE, text)


@pytest.fixture
def ready(workshop: Workshop) -> Workshop:
    """A model of three epochs that serves, with an endpoint for each."""
    workshop.project()
    workshop.dataset()
    declared(workshop)
    workshop.apply("--wait")
    assert len(endpoints(workshop)) == 3
    return workshop


def endpoints(workshop: Workshop) -> list[str]:
    url = f"{workshop.url}/v1/projects/{PROJECT}/locations/{LOCATION}/endpoints"
    return [str(e["name"]) for e in httpx.get(url).json().get("endpoints", [])]


def test_they_are_shown_and_kept_when_nothing_is_said(ready: Workshop) -> None:
    shown = ready.run("status").stdout
    assert "checkpoint 1: " in shown
    assert "checkpoint 2: " in shown
    recorded = ready.run("state", "show", "TunedModel/triage").stdout
    assert all(name.rpartition("/")[2] in recorded for name in endpoints(ready))
    assert "No changes" in later(ready, 365 * DAYS, "plan")


def test_after_their_time_they_go_and_a_checkpoint_can_be_served_again_at_no_cost(ready: Workshop) -> None:
    declared(ready, lifecycle="keepCheckpointEndpoints: 7d")
    assert "No changes" in later(ready, 6 * DAYS, "plan")
    later(ready, 8 * DAYS, "apply", "--auto-approve")
    (own,) = endpoints(ready)
    assert own.rpartition("/")[2] in ready.run("output", "TunedModel/triage").stdout
    assert "No changes" in later(ready, 8 * DAYS, "plan")
    assert "checkpoint 1" not in ready.run("status").stdout

    ready.forget_requests()
    declare(ready, traffic='{model: TunedModel/triage, checkpoint: "1", percent: 100}')
    ready.apply("--wait")
    assert percents(ready) == [100]
    assert live(ready)[0]["deployedModels"][0]["checkpointId"] == "1"
    assert posts(ready) == 0


def test_to_ask_for_the_last_checkpoint_only_takes_the_others_away_and_tunes_nothing(ready: Workshop) -> None:
    declared(ready, last_only=True)
    ready.forget_requests()
    ready.apply()
    assert len(endpoints(ready)) == 1
    assert ready.actions() == {}
    assert posts(ready) == 0


def test_what_somebody_else_deployed_on_such_an_endpoint_stays_there(ready: Workshop) -> None:
    (shown,) = json.loads(ready.run("status", "--format", "json").stdout)["resources"]
    first = shown["details"][0].removeprefix("checkpoint 1: ")
    ready.model("other")
    ready.apply("--wait")
    theirs = model_of(ready, "other")
    url = f"{ready.url}/v1/{first}:deployModel"
    body = {"deployedModel": {"model": theirs}, "trafficSplit": {"0": 100}}
    httpx.post(url, json=body).raise_for_status()
    ready.advance()
    declared(ready, last_only=True)
    ready.apply()
    left = httpx.get(f"{ready.url}/v1/{first}").json()["deployedModels"]
    assert [d["model"].partition("/models/")[2] for d in left] == [theirs.partition("/models/")[2]]
