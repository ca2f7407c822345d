"""The Gemini API from spec to answer: the number generator of Google's tutorial, on the emulator."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from reconciler.emulator.options import Options
from tests.e2e.killed import BETWEEN_ANSWER_AND_STATE, killed_apply
from tests.e2e.workshop import Workshop, open_workshop

# https://ai.google.dev/gemini-api/docs/model-tuning/tutorial (2024 copies): its fifteen examples.
NUMBERS = (
    ("1", "2"),
    ("3", "4"),
    ("-3", "-2"),
    ("twenty two", "twenty three"),
    ("two hundred", "two hundred one"),
    ("ninety nine", "one hundred"),
    ("8", "9"),
    ("-98", "-97"),
    ("1,000", "1,001"),
    ("10,100,000", "10,100,001"),
    ("thirteen", "fourteen"),
    ("eighty", "eighty one"),
    ("one", "two"),
    ("three", "four"),
    ("seven", "eight"),
)
CREATE = {"method": "POST", "path": "tunedModels$"}
BASE = "models/gemini-1.0-pro-001"
FURTHER = """\
apiVersion: tuneform/v1
kind: TunedModel
metadata: {name: further}
spec:
  gemini:
    tunedModelSource: {tunedModel: TunedModel/next-number}
    tuningTask:
      hyperparameters: {learningRateMultiplier: 0.5}
      trainingData: {examples: {examples: [{textInput: "five", output: "six"}]}}
"""


def number_generator(
    workshop: Workshop, *, batch_size: int = 2, epochs: int = 5, base: str = BASE, extra: str = ""
) -> None:
    workshop.project()
    rows = [{"text_input": asked, "output": answer} for asked, answer in NUMBERS]
    workshop.write("data/numbers.json", json.dumps(rows))
    workshop.write(
        "specs/numbers.yaml",
        f"""\
apiVersion: tuneform/v1
kind: Dataset
metadata: {{name: numbers}}
spec: {{file: data/numbers.json, format: textPairs}}
---
apiVersion: tuneform/v1
kind: TunedModel
metadata: {{name: next-number}}
spec:
  gemini:
    displayName: number generator
    baseModel: {base}
{extra}
    tuningTask:
      hyperparameters: {{batchSize: {batch_size}, learningRate: 0.001, epochCount: {epochs}}}
      trainingData: Dataset/numbers
""",
    )


@pytest.fixture
def slowly(tmp_path: Path) -> Iterator[Workshop]:
    """A workshop whose runs take long enough to be watched."""
    with open_workshop(tmp_path, Options(run_seconds=4.0)) as opened:
        yield opened


def tuned_models(workshop: Workshop) -> list[dict[str, Any]]:
    answer = httpx.get(f"{workshop.url}/v1beta/tunedModels", params={"pageSize": 1000}).json()
    models: list[dict[str, Any]] = answer.get("tunedModels", [])
    return models


def permissions_of(workshop: Workshop, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = httpx.get(f"{workshop.url}/v1beta/{name}/permissions").json()["permissions"]
    return found


@pytest.mark.parametrize(("batch_size", "steps"), [(2, 38), (4, 19)])
def test_the_number_generator_goes_from_spec_to_answer(slowly: Workshop, batch_size: int, steps: int) -> None:
    workshop = slowly
    number_generator(workshop, batch_size=batch_size)
    told = workshop.apply("--allow-retired", "--wait", "--format", "json").stdout
    events = [json.loads(line) for line in told.splitlines()]
    progress = [event["fields"] for event in events if event["type"] == "progress"]
    assert {event["total_steps"] for event in progress} == {steps}, "as recorded on Google's page"
    assert any(0 < (event["completed_steps"] or 0) < steps and event.get("loss") for event in progress)
    (model,) = tuned_models(workshop)
    assert model["state"] == "ACTIVE"
    serving = json.loads(workshop.run("output", "--format", "json").stdout)["TunedModel/next-number"]
    assert serving["endpoint"] == model["name"]
    assert serving["host"] == "generativelanguage.googleapis.com"
    asked = {"contents": [{"role": "user", "parts": [{"text": "LXIII"}]}]}
    answer = httpx.post(f"{workshop.url}/v1beta/{serving['endpoint']}:generateContent", json=asked).json()
    assert answer["candidates"][0]["content"]["parts"][0]["text"]
    assert workshop.actions() == {}


def test_status_tells_the_steps_and_the_loss_of_what_runs(slowly: Workshop) -> None:
    number_generator(slowly)
    slowly.apply("--allow-retired")
    slowly.advance(2)
    (row,) = json.loads(slowly.run("status", "--format", "json").stdout)["resources"]
    assert row["run_state"] == "RUNNING"
    assert (row["total_steps"], 0 < row["completed_steps"] < 38, row["loss"] > 0) == (38, True, True)
    told = slowly.run("status").stdout
    assert re.search(r"v1: \d+ of 38 steps \(\d+ %\), loss \d", told)


def test_a_plan_without_allow_retired_says_where_to_tune_instead(workshop: Workshop) -> None:
    number_generator(workshop)
    (change,) = workshop.plan_json()["changes"]
    assert (change["action"], change["reasons"][0]["code"]) == ("hold", "service_retired")
    assert "vertex" in change["reasons"][0]["message"]


@pytest.mark.parametrize("kind", ["drop_after_commit", "truncate", "reset", "drop_before"])
def test_a_lost_answer_makes_one_model(workshop: Workshop, kind: str) -> None:
    number_generator(workshop)
    workshop.fault(match=CREATE, kind=kind)
    workshop.apply("--allow-retired", "--wait", expect=None)
    workshop.apply("--allow-retired", "--wait")
    assert len(tuned_models(workshop)) == 1
    assert workshop.actions() == {}


@pytest.mark.parametrize("point", BETWEEN_ANSWER_AND_STATE)
def test_killed_between_the_answer_and_the_state_one_model_is_made(workshop: Workshop, point: str) -> None:
    number_generator(workshop)
    killed_apply(workshop, point, "--allow-retired")
    workshop.apply("--allow-retired", "--wait")
    assert len(tuned_models(workshop)) == 1
    assert workshop.actions() == {}


def test_an_id_that_a_stranger_has_is_refused_with_what_to_do(workshop: Workshop) -> None:
    number_generator(workshop)
    workshop.apply("--allow-retired", "--wait")
    (model,) = tuned_models(workshop)
    httpx.delete(f"{workshop.url}/v1beta/{model['name']}").raise_for_status()
    task = {"trainingData": {"examples": {"examples": [{"textInput": "1", "output": "2"}]}}}
    theirs = {"baseModel": BASE, "tuningTask": task}
    stranger = {"x-goog-user-project": "stranger"}
    ident = {"tunedModelId": model["name"].partition("/")[2]}
    httpx.post(f"{workshop.url}/v1beta/tunedModels", params=ident, json=theirs, headers=stranger).raise_for_status()
    (workshop.folder / "state").rename(workshop.folder / "lost")
    refused = workshop.apply("--allow-retired", expect=1)
    assert "belongs to somebody else" in refused.stdout + refused.stderr
    assert "another metadata.name" in refused.stdout + refused.stderr


def test_an_id_that_a_deleted_model_keeps_is_passed_over_once_nothing_is_certain_to_be_there(
    workshop: Workshop,
) -> None:
    number_generator(workshop)
    taken = {"match": {**CREATE, "query": "v1a[12]$"}, "kind": "status", "status": 409, "code": "ALREADY_EXISTS"}
    workshop.fault(**taken, times=None)
    for _ in range(2):
        doubted = workshop.apply("--allow-retired", expect=5)
        assert "taken already, and nothing can be found under it" in doubted.stdout + doubted.stderr
    workshop.apply("--allow-retired", "--wait")
    (model,) = tuned_models(workshop)
    assert model["name"].endswith("-v1a3")
    workshop.end_faults()
    assert workshop.actions() == {}


@pytest.mark.parametrize("base", ["models/gemini-2.5-flash", "gemini-0.5"])
def test_a_base_that_cannot_be_tuned_is_held_by_the_plan_with_what_to_do(workshop: Workshop, base: str) -> None:
    number_generator(workshop, base=base)
    (change,) = workshop.plan_json("--allow-retired")["changes"]
    assert (change["action"], change["reasons"][0]["code"]) == ("hold", "base_not_tunable")
    assert BASE in change["reasons"][0]["message"]
    workshop.apply("--allow-retired", expect=3)
    assert tuned_models(workshop) == []


def test_a_model_is_tuned_further(workshop: Workshop) -> None:
    number_generator(workshop)
    workshop.write("specs/further.yaml", FURTHER)
    workshop.apply("--allow-retired", "--wait")
    models = {model["displayName"]: model for model in tuned_models(workshop)}
    first, further = models["number generator"], models["further"]
    assert further["tunedModelSource"] == {"tunedModel": first["name"], "baseModel": BASE}
    assert further["tuningTask"]["hyperparameters"]["learningRateMultiplier"] == 0.5
    assert workshop.actions() == {}


@pytest.mark.parametrize(("answer", "serves"), [("two", True), ("fish", False)])
def test_a_gate_asks_the_model_before_it_serves(workshop: Workshop, answer: str, serves: bool) -> None:
    number_generator(workshop)
    workshop.write("prompts.jsonl", json.dumps({"prompt": "one", "expect": {"exact": answer}}) + "\n")
    with (workshop.folder / "specs/numbers.yaml").open("a") as spec:
        spec.write("  gates: {prompts: {file: prompts.jsonl, minPass: 1.0}}\n")
    workshop.apply("--allow-retired", "--wait", expect=0 if serves else 3)
    outputs = json.loads(workshop.run("output", "--format", "json").stdout)
    assert ("TunedModel/next-number" in outputs) is serves


def test_a_lost_state_finds_its_model_by_the_id(workshop: Workshop) -> None:
    number_generator(workshop)
    workshop.apply("--allow-retired", "--wait")
    (workshop.folder / "state").rename(workshop.folder / "lost")
    assert workshop.actions() == {"TunedModel/next-number": "adopt"}


def test_a_model_that_somebody_else_owns_is_not_called_missing(workshop: Workshop) -> None:
    number_generator(workshop)
    workshop.apply("--allow-retired", "--wait")
    (model,) = tuned_models(workshop)
    given = {"emailAddress": "stranger@example.com"}
    httpx.post(f"{workshop.url}/v1beta/{model['name']}:transferOwnership", json=given).raise_for_status()
    assert workshop.actions() == {}
    assert json.loads(workshop.run("drift", "--format", "json", expect=None).stdout)["verdict"] == "in_sync"
    (ours,) = (p for p in permissions_of(workshop, model["name"]) if p["role"] == "WRITER")
    stranger = {"x-goog-user-project": "stranger@example.com"}
    httpx.delete(f"{workshop.url}/v1beta/{ours['name']}", headers=stranger).raise_for_status()
    unseen = json.loads(workshop.run("plan", "--format", "json", expect=5).stdout)
    assert (unseen["complete"], unseen["changes"]) == (False, [])
    assert f"do not have permission to access tuned model {model['name']}" in unseen["diagnostics"][-1]["message"]
    assert json.loads(workshop.run("drift", "--format", "json", expect=5).stdout)["verdict"] == "incomplete"


def test_what_may_be_patched_is_patched_and_never_tuned_again(workshop: Workshop) -> None:
    number_generator(workshop)
    workshop.apply("--allow-retired", "--wait")
    extra = "    temperature: 0\n    topK: 20\n    description: counts\n    readers: [everyone]"
    number_generator(workshop, extra=extra)
    assert workshop.actions() == {"TunedModel/next-number": "update"}
    workshop.apply()
    (model,) = tuned_models(workshop)
    assert (model.get("temperature", 0), model["topK"], model["description"]) == (0, 20, "counts")
    permissions = permissions_of(workshop, model["name"])
    assert {"EVERYONE"} == {p["granteeType"] for p in permissions if p["role"] == "READER"}
    assert [p["emailAddress"] for p in permissions if p["role"] == "OWNER"] == ["default@example.com"]
    assert workshop.actions() == {}


def test_a_changed_epoch_count_tunes_a_new_version_while_the_old_one_serves(workshop: Workshop) -> None:
    number_generator(workshop)
    workshop.apply("--allow-retired", "--wait")
    number_generator(workshop, epochs=6)
    workshop.apply("--allow-retired")
    serving = json.loads(workshop.run("output", "--format", "json").stdout)["TunedModel/next-number"]
    assert serving["version"] == 1
    workshop.apply("--allow-retired", "--wait")
    serving = json.loads(workshop.run("output", "--format", "json").stdout)["TunedModel/next-number"]
    assert (serving["version"], len(tuned_models(workshop))) == (2, 2)
    assert re.search(r"-v2a1$", serving["endpoint"])


def test_destroying_stops_what_runs_and_leaves_nothing(workshop: Workshop) -> None:
    number_generator(workshop)
    workshop.apply("--allow-retired")
    for _ in range(3):
        workshop.run("destroy", "--auto-approve", "--allow-deletes", "1")
    assert tuned_models(workshop) == []
    assert workshop.run("state", "list").stdout.strip() == ""
