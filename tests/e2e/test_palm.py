"""PaLM 2 pipelines from spec to endpoint, and one project over all three services, on the emulator."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

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


def test_auto_steps_in_a_region_without_a_known_batch_size_are_an_error_of_the_spec(workshop: Workshop) -> None:
    summary(workshop, location="asia-northeast1")
    told = workshop.run("validate", expect=1)
    assert "train_steps: auto needs the batch size" in told.stdout + told.stderr


def test_one_project_over_three_services_is_applied_and_destroyed_in_one_state(workshop: Workshop) -> None:
    number_generator(workshop)
    summary(workshop)
    workshop.dataset()
    workshop.model()
    held = {c["address"] for c in workshop.plan_json()["changes"] if c["action"] == "hold"}
    assert held == {"TunedModel/next-number", "TunedModel/legacy-summary"}
    workshop.apply("--allow-retired", "--wait")
    workshop.apply()
    assert workshop.actions() == {}
    serving = json.loads(workshop.run("output", "--format", "json").stdout)
    assert set(serving) == {"TunedModel/next-number", "TunedModel/legacy-summary", "TunedModel/triage"}
    workshop.run("destroy", "--auto-approve", "--allow-deletes", "3")
    assert tuned_models(workshop) == []
    assert [listed(workshop, c) for c in ("pipelineJobs", "models", "endpoints")] == [[], [], []]
    assert workshop.run("state", "list").stdout.strip() == ""
