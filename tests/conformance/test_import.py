"""What Google's own clients made is adopted by one command: tuning jobs, pipelines, tuned models and endpoints."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from reconciler.emulator.options import Options
from reconciler.emulator.testing import RunningEmulator
from tests.conformance.conftest import (
    LOCATION,
    PARENT,
    PREFERENCE,
    PROJECT,
    SUPERVISED,
    jsonl,
    preference_row,
    supervised_row,
)
from tests.conformance.test_pipelines import PAIRS, PARAMETERS, PIPELINE
from tests.e2e.workshop import Workshop

pytestmark = pytest.mark.filterwarnings("ignore:The SDK's tuning implementation is experimental")
ALL = ("import", "--all", "--out", "specs", "--format", "json")


class Clients:
    """Somebody who tunes with Google's SDKs. Of every ten, the fourth fails and the eighth is cancelled."""

    def __init__(self, emulator: RunningEmulator) -> None:
        self.emulator = emulator

    def tuning_jobs(self, count: int) -> None:
        """By google-genai."""
        from google import genai
        from google.oauth2.credentials import Credentials

        client = genai.Client(
            vertexai=True,
            project=PROJECT,
            location=LOCATION,
            credentials=Credentials(token="emulator"),
            http_options={"base_url": self.emulator.url},
        )
        for number in range(count):
            config: dict[str, Any] = {"tuned_model_display_name": f"Triage {number}", "epoch_count": 1 + number % 4}
            config["labels"] = {"emulator-outcome": "fail-data"} if number % 10 == 3 else {"team": "support"}
            if number % 5 == 0:
                config |= {"method": "PREFERENCE_TUNING", "beta": 0.1}
            data = PREFERENCE if number % 5 == 0 else SUPERVISED
            job = client.tunings.tune(base_model="gemini-2.5-flash", training_dataset={"gcs_uri": data}, config=config)
            if number % 10 == 7:
                client.tunings.cancel(name=job.name)
        client.close()

    def pipelines(self, count: int) -> None:
        """By google-cloud-aiplatform, over REST."""
        from google.cloud import aiplatform_v1

        client = self._rest(aiplatform_v1.PipelineServiceClient)
        for number in range(count):
            data = "gs://acme-data/nothing.jsonl" if number % 10 == 3 else PAIRS
            parameters = {**PARAMETERS, "model_display_name": f"Bison {number}", "dataset_uri": data}
            config = {**PIPELINE["runtime_config"], "parameter_values": parameters}  # type: ignore[dict-item]
            body = {**PIPELINE, "display_name": f"Bison {number}", "runtime_config": config}
            job = client.create_pipeline_job(parent=PARENT, pipeline_job=body, pipeline_job_id=f"tune-{number}")
            if number % 10 == 7:
                client.cancel_pipeline_job(name=job.name)

    def tuned_models(self, count: int) -> None:
        """By google-ai-generativelanguage, over REST."""
        from google.ai import generativelanguage_v1beta as api

        client = self._rest(api.ModelServiceClient)
        examples = [api.TuningExample(text_input=str(n), output=str(n + 1)) for n in range(15)]
        for number in range(count):
            model = api.TunedModel(
                display_name=f"Number {number}",
                description="emulator-outcome: fail-data" if number % 10 == 3 else "counts",
                base_model="models/gemini-1.0-pro-001",
                tuning_task=api.TuningTask(
                    hyperparameters=api.Hyperparameters(epoch_count=5, batch_size=4, learning_rate=0.001),
                    training_data=api.Dataset(examples=api.TuningExamples(examples=examples)),
                ),
            )
            client.create_tuned_model(tuned_model=model)

    def endpoint(self, display_name: str) -> None:
        """An endpoint for applications, with the model of that name on it."""
        site = f"{self.emulator.url}/v1/{PARENT}"
        models = httpx.get(f"{site}/models", params={"filter": f'displayName="{display_name}"'}).json()["models"]
        made = httpx.post(f"{site}/endpoints", params={"endpointId": "support"}, json={"displayName": "Support"})
        made.raise_for_status()
        self.emulator.admin.advance(60)
        deploy = {"deployedModel": {"model": models[0]["name"], "displayName": "x"}, "trafficSplit": {"0": 100}}
        httpx.post(f"{site}/endpoints/support:deployModel", json=deploy).raise_for_status()
        self.emulator.admin.advance(60)

    def _rest(self, client_class: Any) -> Any:
        from google.auth.credentials import AnonymousCredentials

        transport_class = client_class.get_transport_class("rest")
        host = self.emulator.url.removeprefix("http://")
        transport = transport_class(host=host, credentials=AnonymousCredentials(), url_scheme="http")
        return client_class(transport=transport)


@pytest.fixture
def clients() -> Iterator[Clients]:
    with RunningEmulator(Options(run_seconds=20)) as emulator:
        admin = emulator.admin
        admin.put_object(SUPERVISED, jsonl(supervised_row(n) for n in range(20)))
        admin.put_object(PREFERENCE, jsonl(preference_row(n) for n in range(20)))
        admin.put_object(PAIRS, jsonl({"input_text": f"long {n}", "output_text": f"short {n}"} for n in range(20)))
        # What was written in the same second as a run began may have been written after it.
        admin.advance(60)
        yield Clients(emulator)


@pytest.mark.parametrize(
    ("jobs", "pipelines", "tuned"), [(160, 20, 20), pytest.param(200, 0, 0, marks=pytest.mark.long)]
)
def test_two_hundred_runs_that_the_sdks_made_are_adopted(
    tmp_path: Path, clients: Clients, jobs: int, pipelines: int, tuned: int
) -> None:
    clients.tuning_jobs(jobs)
    clients.pipelines(pipelines)
    clients.tuned_models(tuned)
    clients.emulator.admin.advance(600)
    clients.endpoint("Triage 1")
    workshop = Workshop(tmp_path, clients.emulator.url, "acme")
    workshop.project()
    first = json.loads(workshop.run(*ALL).stdout)
    failed = sum(number % 10 == 3 for count in (jobs, pipelines, tuned) for number in range(count))
    cancelled = sum(number % 10 == 7 for count in (jobs, pipelines) for number in range(count))
    models = jobs + pipelines + tuned - failed - cancelled
    assert first["summary"] == {"adopted": models + 1, "left": failed + cancelled, "managed": 0, "filtered": 0}
    assert not [a for a in first["adopted"] if a["notes"] and not a["run"].startswith("tunedModels/")]
    assert workshop.actions() == {}
    specs = {path.name: path.read_text() for path in (tmp_path / "specs").iterdir()}
    assert json.loads(workshop.run(*ALL).stdout)["summary"]["adopted"] == 0
    assert {path.name: path.read_text() for path in (tmp_path / "specs").iterdir()} == specs
    spec = tmp_path / "specs/triage-1.yaml"
    spec.write_text(spec.read_text().replace("epochCount: 2", "epochCount: 3"))
    assert workshop.actions() == {"TunedModel/triage-1": "retune"}
