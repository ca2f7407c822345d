"""Declared endpoints against the emulator: traffic never points at nothing, and no endpoint ever costs a job."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.e2e.killed import ENDPOINT_POINTS, killed_apply
from tests.e2e.workshop import LOCATION, PROJECT, Workshop

PLACE = f"/v1/projects/{PROJECT}/locations/{LOCATION}"


def declare(workshop: Workshop, *, traffic: str = "", extra: str = "", name: str = "support") -> None:
    workshop.write(
        f"specs/{name}.yaml",
        f"""\
apiVersion: tuneform/v1
kind: Endpoint
metadata: {{name: {name}, labels: {{team: support}}}}
spec:
  location: {LOCATION}
  displayName: Support
  traffic: [{traffic or "{model: TunedModel/triage, percent: 100}"}]
{extra}""",
    )


@pytest.fixture
def ready(workshop: Workshop) -> Workshop:
    """A model that serves behind a declared endpoint."""
    workshop.project("  publish: out/serving.json\n")
    workshop.dataset()
    workshop.model()
    declare(workshop)
    workshop.apply("--wait")
    assert workshop.actions() == {}
    return workshop


def live(workshop: Workshop) -> list[dict[str, Any]]:
    """The declared endpoints of this workshop that exist now."""
    answer = httpx.get(f"{workshop.url}{PLACE}/endpoints", params={"pageSize": 100}).json()
    ours = {"tuneform-project": workshop.name, "tuneform-address": "endpoint_support"}
    return [e for e in answer.get("endpoints", []) if ours.items() <= e.get("labels", {}).items()]


def percents(workshop: Workshop) -> list[int]:
    """How the one declared endpoint divides its traffic, by what is deployed, oldest first."""
    (endpoint,) = live(workshop)
    split = endpoint.get("trafficSplit", {})
    return [split.get(d["id"], 0) for d in endpoint.get("deployedModels", [])]


def patch(workshop: Workshop, mask: str, body: dict[str, Any]) -> None:
    (endpoint,) = live(workshop)
    httpx.patch(f"{workshop.url}/v1/{endpoint['name']}", params={"updateMask": mask}, json=body).raise_for_status()


def undeploy_everything(workshop: Workshop) -> dict[str, Any]:
    (endpoint,) = live(workshop)
    for deployed in endpoint["deployedModels"]:
        url = f"{workshop.url}/v1/{endpoint['name']}:undeployModel"
        httpx.post(url, json={"deployedModelId": deployed["id"]}).raise_for_status()
    until(lambda: not live(workshop)[0].get("deployedModels"))
    return endpoint


def until(is_so: Callable[[], bool]) -> None:
    for _ in range(200):
        if is_so():
            return
    raise AssertionError("it did not come about")


def posts(workshop: Workshop, ending: str) -> int:
    sent = workshop.requests()["requests"]
    return sum(1 for r in sent if r["method"] == "POST" and r["path"].endswith(ending))


def retuned(workshop: Workshop, **edit: Any) -> None:
    """The spec edited, a new version tuned and serving; the endpoint does not follow yet."""
    workshop.model(epochs=5, **edit)
    workshop.apply()
    workshop.advance()
    workshop.apply()
    standing = json.loads(workshop.run("output", "TunedModel/triage", "--format", "json").stdout)
    assert standing["version"] == 2


def test_an_application_is_told_what_to_call(ready: Workshop) -> None:
    (endpoint,) = live(ready)
    shown = json.loads(ready.run("output", "Endpoint/support", "--format", "json").stdout)
    assert shown["endpoint"].rpartition("/")[2] == endpoint["name"].rpartition("/")[2]
    assert (shown["version"], shown["host"]) == (1, "us-central1-aiplatform.googleapis.com")
    assert [(t["address"], t["percent"]) for t in shown["traffic"]] == [("TunedModel/triage", 100)]
    assert json.loads((ready.folder / "out/serving.json").read_text())["serving"]["Endpoint/support"] == shown
    assert "100 % TunedModel/triage v1" in ready.run("status").stdout
    answer = httpx.post(
        f"{ready.url}/v1/{endpoint['name']}:generateContent",
        json={"contents": [{"role": "user", "parts": [{"text": "hello"}]}]},
    )
    assert answer.status_code == 200


def test_what_to_call_is_told_in_words(ready: Workshop) -> None:
    assert "\n  traffic      100 % TunedModel/triage v1\n" in ready.run("output", "Endpoint/support").stdout
    other = ready.run("output", "Endpoint/other", expect=1).stderr
    assert "nothing is recorded under this address" in other


def test_blue_green_never_sends_traffic_to_nothing(ready: Workshop) -> None:
    retuned(ready)
    seen = [percents(ready)]
    while ready.actions():
        ready.apply()
        seen.append(percents(ready))
    assert seen == [[100], [0, 100], [100]]
    assert len(ready.jobs()) == 2


def test_a_canary_takes_one_step_a_pass(ready: Workshop) -> None:
    declare(ready, extra="  strategy: {type: canary, steps: [10, 50, 100]}\n")
    retuned(ready)
    seen = []
    for _ in range(4):
        ready.apply()
        seen.append(percents(ready))
    assert seen == [[90, 10], [50, 50], [0, 100], [100]]
    assert ready.actions() == {}


def test_a_canary_stops_at_a_failing_gate_with_the_traffic_where_it_is(ready: Workshop) -> None:
    declare(ready, extra="  strategy: {type: canary, steps: [10, 50, 100]}\n")
    retuned(ready)
    ready.apply()
    assert percents(ready) == [90, 10]
    ready.model(epochs=5, extra="  gates: {metrics: [{name: /train_total_loss, max: 0.000001}]}\n")
    for _ in range(2):
        assert "did not pass its gates" in ready.apply(expect=3).stdout
        assert percents(ready) == [90, 10]
    ready.model(epochs=5, extra="  gates: {metrics: [{name: /train_total_loss, max: 1000}]}\n")
    seen = []
    for _ in range(3):
        ready.apply()
        seen.append(percents(ready))
    assert seen == [[90, 10], [50, 50], [0, 100]]
    assert len(ready.jobs()) == 2


def test_a_version_that_was_overridden_goes_on_to_the_next_step(ready: Workshop) -> None:
    declare(ready, extra="  strategy: {type: canary, steps: [10, 50, 100]}\n")
    retuned(ready)
    ready.apply()
    ready.model(epochs=5, extra="  gates: {metrics: [{name: /train_total_loss, max: 0.000001}]}\n")
    ready.apply(expect=3)
    ready.run("gates", "override", "TunedModel/triage", "--version", "2", "--reason", "the metric is wrong")
    ready.apply()
    assert percents(ready) == [50, 50]


def test_going_back_in_the_middle_of_a_canary_costs_nothing_and_is_done_at_once(ready: Workshop) -> None:
    declare(ready, extra="  strategy: {type: canary, steps: [10, 50, 100]}\n")
    retuned(ready)
    ready.apply()
    ready.model()
    ready.apply()
    ready.apply()
    assert percents(ready) == [100, 0]
    ready.apply("--wait")
    assert percents(ready) == [100]
    assert len(ready.jobs()) == 2


def test_traffic_and_names_changed_by_hand_are_put_back(ready: Workshop) -> None:
    patch(ready, "trafficSplit", {"trafficSplit": {}})
    patch(
        ready,
        "displayName,labels",
        {"displayName": "mine", "labels": {"team": "x", **live(ready)[0]["labels"], "owner": "bob"}},
    )
    assert ready.actions() == {"Endpoint/support": "update"}
    ready.apply()
    assert percents(ready) == [100]
    (endpoint,) = live(ready)
    assert endpoint["displayName"] == "Support"
    assert endpoint["labels"]["owner"] == "bob"
    assert ready.actions() == {}


def test_an_emptied_endpoint_is_deployed_again(ready: Workshop) -> None:
    before = undeploy_everything(ready)
    assert ready.actions() == {"Endpoint/support": "deploy"}
    ready.apply()
    assert percents(ready) == [100]
    assert live(ready)[0]["name"] == before["name"]
    assert len(ready.jobs()) == 1


def test_a_deleted_endpoint_is_made_again_without_a_job(ready: Workshop) -> None:
    before = undeploy_everything(ready)
    httpx.delete(f"{ready.url}/v1/{before['name']}").raise_for_status()
    until(lambda: not live(ready))
    ready.forget_requests()
    assert ready.actions() == {"Endpoint/support": "create"}
    ready.apply()
    (after,) = live(ready)
    assert after["name"] != before["name"]
    assert percents(ready) == [100]
    assert posts(ready, "/tuningJobs") == 0
    assert ready.actions() == {}


@pytest.mark.parametrize("path", ["/endpoints$", ":deployModel$"])
@pytest.mark.parametrize("kind", ["drop_after_commit", "drop_before"])
def test_a_lost_answer_leads_to_the_same_end(workshop: Workshop, path: str, kind: str) -> None:
    workshop.project()
    workshop.dataset()
    workshop.model()
    declare(workshop)
    workshop.apply()
    workshop.advance()
    workshop.fault(match={"method": "POST", "path": path}, kind=kind)
    for _ in range(4):
        workshop.apply("--wait", expect=None)
    assert percents(workshop) == [100]
    assert workshop.actions() == {}


@pytest.mark.parametrize("point", [p for p in ENDPOINT_POINTS if "taking off" not in p])
def test_killed_while_an_endpoint_is_made_one_endpoint_comes_of_it(workshop: Workshop, point: str) -> None:
    workshop.project()
    workshop.dataset()
    workshop.model()
    workshop.apply("--wait")
    declare(workshop)
    killed_apply(workshop, point)
    workshop.apply("--wait")
    assert percents(workshop) == [100]
    assert workshop.actions() == {}


@pytest.mark.parametrize("point", [p for p in ENDPOINT_POINTS if "made" not in p])
def test_killed_while_traffic_moves_it_never_goes_to_nothing(ready: Workshop, point: str) -> None:
    retuned(ready)
    if "taking off" in point:
        ready.apply()
    killed_apply(ready, point)
    assert sum(percents(ready)) == 100
    ready.apply("--wait")
    assert percents(ready) == [100]
    assert ready.actions() == {}


def test_removing_the_spec_deletes_the_endpoint_and_keeps_the_model(ready: Workshop) -> None:
    (ready.folder / "specs/support.yaml").unlink()
    ready.apply(expect=3)
    assert len(live(ready)) == 1
    ready.apply("--allow-deletes", "1")
    assert live(ready) == []
    assert ready.actions() == {}


def test_destroying_takes_everything(ready: Workshop) -> None:
    ready.run("destroy", "--auto-approve", "--allow-deletes", "9", "--wait")
    assert live(ready) == []
    assert json.loads(ready.run("status", "--format", "json").stdout)["resources"] == []


def test_a_version_that_an_endpoint_carries_outlives_keep_last(ready: Workshop) -> None:
    declare(ready, traffic="{model: TunedModel/triage, version: 1, percent: 100}")
    retuned(ready, extra="  lifecycle: {keepLast: 1}\n")
    ready.apply("--wait")
    assert percents(ready) == [100]
    declare(ready)
    ready.apply("--wait")
    assert percents(ready) == [100]
    kept = json.loads(ready.run("state", "show", "TunedModel/triage").stdout)
    assert [v["status"] for v in kept["versions"]] == ["deleted", "ready"]


@pytest.mark.parametrize(
    ("traffic", "words"),
    [
        ("{model: TunedModel/triage, percent: 60}", "add up to 60"),
        ("{model: TunedModel/nobody, percent: 100}", "TunedModel/nobody is not declared"),
        ("{model: TunedModel/triage, percent: 100, version: v0}", "version"),
    ],
)
def test_traffic_that_cannot_be_is_an_error_before_anything_is_sent(
    workshop: Workshop, traffic: str, words: str
) -> None:
    workshop.project()
    workshop.dataset()
    workshop.model()
    declare(workshop, traffic=traffic)
    done = workshop.apply(expect=1)
    assert words in done.stderr
    assert "specs/support.yaml:7" in done.stderr
    assert workshop.requests()["requests"] == []


def test_an_unknown_version_is_held_with_the_known_ones(ready: Workshop) -> None:
    declare(ready, traffic="{model: TunedModel/triage, percent: 100, version: 7}")
    ready.forget_requests()
    done = ready.apply(expect=3)
    assert "has no v7; its versions: v1" in done.stdout
    assert percents(ready) == [100]
    assert all(r["method"] == "GET" for r in ready.requests()["requests"])
