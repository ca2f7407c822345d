"""PaLM 2 pipelines from spec to endpoint, and one project over all three services, on the emulator."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from tests.e2e.killed import BETWEEN_ANSWER_AND_STATE, killed_apply
from tests.e2e.test_gemini import number_generator, tuned_models
from tests.e2e.workshop import PROJECT, Workshop, jsonl

CREATE = {"method": "POST", "path": "pipelineJobs$"}


def summary(workshop: Workshop, *, location: str = "us-central1", steps: str = "train_steps: auto, epochs: 1") -> None:
    workshop.project()
    rows = [{"input_text": f"Long text {i}", "output_text": f"Short {i}"} for i in range(240)]
    workshop.write("data/pairs.jsonl", jsonl(rows))
    workshop.write(
        "specs/summary.yaml",
        f"""\
apiVersion: tuneform/v1
kind: Dataset
metadata: {{name: pairs}}
spec: {{file: data/pairs.jsonl, format: inputOutput, bucket: gs://{workshop.name}-bucket/datasets}}
---
apiVersion: tuneform/v1
kind: TunedModel
metadata: {{name: legacy-summary, labels: {{team: support}}}}
spec:
  palm:
    location: {location}
    displayName: legacy summary
    templateUri: https://us-kfp.pkg.dev/ml-pipeline/large-language-model-pipelines/tune-large-model/v3.0.0
    runtimeConfig:
      gcsOutputDirectory: gs://{workshop.name}-bucket/palm
      parameterValues:
        {{large_model_reference: text-bison@001, {steps}, learning_rate_multiplier: 1.0, dataset_uri: Dataset/pairs}}
""",
    )


def listed(workshop: Workshop, collection: str, location: str = "us-central1") -> list[dict[str, Any]]:
    answer = httpx.get(f"{workshop.url}/v1/projects/{PROJECT}/locations/{location}/{collection}")
    found: list[dict[str, Any]] = answer.json().get(collection, [])
    return found


@pytest.mark.parametrize(("location", "steps"), [("us-central1", 30), ("europe-west4", 10)])
def test_a_pipeline_goes_from_spec_to_endpoint(workshop: Workshop, location: str, steps: int) -> None:
    summary(workshop, location=location)
    workshop.apply("--allow-retired", "--wait")
    (job,) = listed(workshop, "pipelineJobs", location)
    parameters = job["runtimeConfig"]["parameterValues"]
    assert (parameters["train_steps"], "epochs" in parameters) == (steps, False)
    workshop.apply()
    serving = json.loads(workshop.run("output", "--format", "json").stdout)["TunedModel/legacy-summary"]
    (model,) = listed(workshop, "models", location)
    assert serving["endpoint"] == model["deployedModels"][0]["endpoint"]
    assert model["labels"]["team"] == "support"
    assert workshop.actions() == {}


@pytest.mark.parametrize("kind", ["drop_after_commit", "truncate", "reset", "drop_before"])
def test_a_lost_answer_makes_one_pipeline(workshop: Workshop, kind: str) -> None:
    summary(workshop)
    workshop.fault(match=CREATE, kind=kind)
    workshop.apply("--allow-retired", "--wait", expect=None)
    workshop.apply("--allow-retired", "--wait")
    assert len(listed(workshop, "pipelineJobs")) == 1


@pytest.mark.parametrize("point", BETWEEN_ANSWER_AND_STATE)
def test_killed_between_the_answer_and_the_state_one_pipeline_is_started(workshop: Workshop, point: str) -> None:
    summary(workshop)
    killed_apply(workshop, point, "--allow-retired")
    workshop.apply("--allow-retired", "--wait")
    assert len(listed(workshop, "pipelineJobs")) == 1


V2 = (
    "train_steps: 40, learning_rate: 3, evaluation_data_uri: Dataset/pairs, evaluation_interval: 20,"
    " enable_early_stopping: true, enable_checkpoint_selection: false, accelerator_type: TPU,"
    " tensorboard_resource_id: projects/acme-ml/locations/us-central1/tensorboards/1"
)
AUTO = "train_steps: auto, epochs: 2"


@pytest.mark.parametrize(
    ("steps", "before", "after"),
    [
        (V2, "model/v3.0.0", "model/v2.0.0"),
        (AUTO, "text-bison@001", "code-bison@002"),
        (AUTO, "text-bison@001", "codechat-bison@001, max_context_length: 32k"),
    ],
    ids=["text, v2", "code, v3", "code chat, v3"],
)
def test_every_base_and_version_of_the_template_serves(workshop: Workshop, steps: str, before: str, after: str) -> None:
    summary(workshop, steps=steps)
    spec = workshop.folder / "specs/summary.yaml"
    text = spec.read_text().replace(before, after)
    spec.write_text(text.replace("learning_rate_multiplier: 1.0, ", "") if steps == V2 else text)
    workshop.apply("--allow-retired", "--wait")
    assert "TunedModel/legacy-summary" in workshop.run("output", "--format", "json").stdout
    (job,) = listed(workshop, "pipelineJobs")
    given = job["runtimeConfig"]["parameterValues"]
    assert given["train_steps"] == (40 if steps == V2 else 60)
    assert workshop.actions() == {}


def test_a_running_pipeline_is_stopped_and_then_nothing_is_left(workshop: Workshop) -> None:
    summary(workshop)
    workshop.apply("--allow-retired")
    workshop.run("destroy", "--auto-approve", "--allow-deletes", "1", "--wait")
    assert [listed(workshop, c) for c in ("pipelineJobs", "models", "endpoints")] == [[], [], []]
    assert "TunedModel" not in workshop.run("state", "list").stdout


def test_too_few_rows_are_an_error_with_its_file(workshop: Workshop) -> None:
    summary(workshop)
    workshop.write("data/pairs.jsonl", jsonl([{"input_text": "a", "output_text": "b"}] * 9))
    told = workshop.run("validate", expect=1)
    assert "data/pairs.jsonl:1:1" in told.stdout + told.stderr


def test_auto_steps_in_a_region_without_a_known_batch_size_are_an_error_of_the_spec(workshop: Workshop) -> None:
    summary(workshop, location="asia-northeast1")
    told = workshop.run("validate", expect=1)
    assert "train_steps: auto needs the batch size" in told.stdout + told.stderr


@pytest.mark.parametrize(
    ("before", "after", "template"),
    [
        ("text-bison@001", "codechat-bison@001", "tune-large-chat-model"),
        ("-model/v3.0.0", "-chat-model/v3.0.0", "tune-large-model"),
    ],
)
def test_a_model_that_google_tunes_by_the_other_template_is_warned_of(
    workshop: Workshop, before: str, after: str, template: str
) -> None:
    summary(workshop)
    spec = workshop.folder / "specs/summary.yaml"
    spec.write_text(spec.read_text().replace(before, after))
    told = workshop.run("validate", expect=None)
    assert f"by the template {template}\n" in told.stdout + told.stderr


def test_pairs_of_texts_for_a_chat_model_are_an_error_of_the_spec(workshop: Workshop) -> None:
    summary(workshop)
    spec = workshop.folder / "specs/summary.yaml"
    spec.write_text(spec.read_text().replace("text-bison", "chat-bison").replace("large-model", "large-chat-model"))
    told = workshop.run("validate", expect=1)
    assert "chat models are tuned from chats, and Dataset/pairs holds pairs of texts" in told.stdout + told.stderr


def test_one_project_over_three_services_is_applied_and_destroyed_in_one_state(workshop: Workshop) -> None:
    number_generator(workshop)
    summary(workshop)
    workshop.dataset()
    workshop.model()
    held = {c["address"] for c in workshop.plan_json()["changes"] if c["action"] == "hold"}
    assert held == {"TunedModel/next-number", "TunedModel/legacy-summary"}
    workshop.apply("--allow-retired", "--wait")
    workshop.apply()
    workshop.run("plan", "--detailed-exitcode")
    serving = json.loads(workshop.run("output", "--format", "json").stdout)
    number = serving["TunedModel/next-number"]["endpoint"]
    httpx.patch(f"{workshop.url}/v1beta/{number}", params={"updateMask": "displayName"}, json={"displayName": "x"})
    audited = json.loads(workshop.run("drift", "--format", "json", expect=2).stdout)
    assert [i["address"] for i in audited["items"] if i["kind"] == "changed"] == ["TunedModel/next-number"]
    workshop.apply()
    audited = json.loads(workshop.run("drift", "--format", "json", expect=None).stdout)
    assert {i["kind"] for i in audited["items"]} <= {"retiring"}
    assert set(serving) == {"TunedModel/next-number", "TunedModel/legacy-summary", "TunedModel/triage"}
    workshop.run("destroy", "--auto-approve", "--allow-deletes", "3")
    assert tuned_models(workshop) == []
    assert [listed(workshop, c) for c in ("pipelineJobs", "models", "endpoints")] == [[], [], []]
    assert workshop.run("state", "list").stdout.strip() == ""
