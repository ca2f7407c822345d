"""google-cloud-aiplatform over REST, unchanged, runs the pipelines of the emulator that tune PaLM 2 models."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from reconciler.emulator.testing import RunningEmulator
from tests.conformance.conftest import LOCATION, PARENT, PROJECT

PAIRS = "gs://acme-data/pairs.jsonl"
PARAMETERS = {
    "project": PROJECT,
    "location": LOCATION,
    "large_model_reference": "text-bison@001",
    "model_display_name": "tuned bison",
    "train_steps": 30,
    "learning_rate_multiplier": 1.0,
    "dataset_uri": PAIRS,
}
PIPELINE = {
    "display_name": "tune text-bison",
    "template_uri": "https://us-kfp.pkg.dev/ml-pipeline/large-language-model-pipelines/tune-large-model/v3.0.0",
    "runtime_config": {"gcs_output_directory": "gs://acme-data/output", "parameter_values": PARAMETERS},
    "labels": {"team": "support"},
}


@dataclass(frozen=True, slots=True)
class Palm:
    """The clients, and what is said in one word."""

    pipelines: Any
    models: Any
    predictions: Any
    emulator: RunningEmulator

    def create(self, job_id: str = "tune-1") -> Any:
        """A pipeline under an id of our choice."""
        return self.pipelines.create_pipeline_job(parent=PARENT, pipeline_job=PIPELINE, pipeline_job_id=job_id)

    def endpoint(self) -> str:
        """Where the model of a finished pipeline is asked."""
        self.ended()
        [model] = self.models.list_models(parent=PARENT)
        name: str = model.deployed_models[0].endpoint
        return name

    def ended(self) -> Any:
        """A pipeline once all is over."""
        name = self.create().name
        self.emulator.admin.advance(60)
        return self.pipelines.get_pipeline_job(name=name)


@pytest.fixture(scope="session", params=["v1", "v1beta1"])
def clients(request: pytest.FixtureRequest, rest_client: Callable[[Any, str], Any]) -> tuple[Any, Any, Any]:
    from google.cloud import aiplatform_v1, aiplatform_v1beta1

    version = {"v1": aiplatform_v1, "v1beta1": aiplatform_v1beta1}[request.param]
    pipelines, models, predictions = (
        rest_client(version, f"{name}Service") for name in ("Pipeline", "Model", "Prediction")
    )
    return pipelines, models, predictions


@pytest.fixture
def palm(clients: tuple[Any, Any, Any], emulator: RunningEmulator) -> Palm:
    rows = (json.dumps({"input_text": f"summarise {n}", "output_text": f"number {n}"}) for n in range(20))
    emulator.admin.put_object(PAIRS, "\n".join(rows).encode())
    return Palm(*clients, emulator)


def test_a_pipeline_runs_and_its_task_tells_the_model(palm: Palm) -> None:
    done = palm.ended()
    assert done.state.name == "PIPELINE_STATE_SUCCEEDED"
    assert done.end_time > done.start_time
    [upload] = [task for task in done.job_detail.task_details if task.task_name == "upload-llm-model"]
    assert upload.state.name == "SUCCEEDED"
    model = palm.models.get_model(name=upload.execution.metadata["output:model_resource_name"])
    assert model.labels["google-vertex-llm-tuning-base-model-id"] == "text-bison-001"
    assert model.deployed_models[0].endpoint.startswith("projects/")


def test_a_tuned_model_is_asked_by_predict(palm: Palm) -> None:
    parameters = {"temperature": 0.2, "maxOutputTokens": 256, "topK": 40, "topP": 0.95}
    endpoint = palm.endpoint()
    answer = palm.predictions.predict(endpoint=endpoint, instances=[{"prompt": "summarise 7"}], parameters=parameters)
    [said] = answer.predictions
    assert said["content"] == "number 7"
    assert said["safetyAttributes"]["blocked"] is False
    assert answer.model_display_name == "tuned bison"
    assert answer.deployed_model_id


def test_a_tuned_model_is_not_asked_by_generate_content(palm: Palm) -> None:
    from google.api_core.exceptions import BadRequest

    with pytest.raises(BadRequest, match="text-bison@001 is not supported in the generateContent API"):
        palm.predictions.generate_content(
            model=palm.endpoint(), contents=[{"role": "user", "parts": [{"text": "summarise 7"}]}]
        )


def test_pipelines_are_listed_without_details(palm: Palm) -> None:
    palm.ended()
    made = {palm.create(f"tune-{n}").name for n in range(2, 6)}
    request = {"parent": PARENT, "filter": 'labels.team="support"', "order_by": "create_time desc"}
    listed = list(palm.pipelines.list_pipeline_jobs(request=request))
    assert made < {job.name for job in listed}
    assert not any(job.job_detail.task_details for job in listed)


def test_a_pipeline_is_cancelled_and_deleted(palm: Palm) -> None:
    from google.api_core.exceptions import NotFound

    name = palm.create().name
    palm.pipelines.cancel_pipeline_job(name=name)
    palm.emulator.admin.advance(60)
    assert palm.pipelines.get_pipeline_job(name=name).state.name == "PIPELINE_STATE_CANCELLED"
    operation = palm.pipelines.delete_pipeline_job(name=name)
    palm.emulator.admin.advance(5)
    operation.result(timeout=10)
    with pytest.raises(NotFound):
        palm.pipelines.get_pipeline_job(name=name)


def test_pipelines_are_cancelled_and_deleted_together(palm: Palm) -> None:
    names = [palm.create(f"tune-{n}").name for n in (1, 2)]
    request = {"parent": PARENT, "names": names}
    cancelled = palm.pipelines.batch_cancel_pipeline_jobs(request=request)
    palm.emulator.admin.advance(60)
    assert [job.state.name for job in cancelled.result(timeout=10).pipeline_jobs] == ["PIPELINE_STATE_CANCELLED"] * 2
    deleted = palm.pipelines.batch_delete_pipeline_jobs(request=request)
    palm.emulator.admin.advance(5)
    assert [job.name for job in deleted.result(timeout=10).pipeline_jobs] == names
    assert list(palm.pipelines.list_pipeline_jobs(parent=PARENT)) == []


def test_an_id_is_used_once(palm: Palm) -> None:
    from google.api_core.exceptions import Conflict

    palm.create()
    with pytest.raises(Conflict):
        palm.create()
