"""PaLM tuning pipelines: what is sent, what the answers become, and how the tuned model is found."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from reconciler.core.address import Address
from reconciler.core.client_ids import client_id, with_client_id
from reconciler.core.desired import Lifecycle, TunedModel
from reconciler.core.labels import ATTEMPT, own_labels
from reconciler.core.observed import Run
from reconciler.core.runs import RunState
from reconciler.core.state import Record, Version, VersionStatus
from reconciler.providers.first_run import NAME as FIRST_RUN
from reconciler.providers.first_run import FirstRun
from reconciler.providers.palm.provider import PalmProvider
from reconciler.providers.protocol import CreateRequest, Outcome
from tests.cloud.scripted import Received, ScriptedServer, close, google_error
from tests.providers.conftest import LABEL, LOCATION, PROJECT, NoSources, Quick, client_for
from tests.providers.pipeline_api import ENDPOINT, MODEL, NUMBER, PLACE, PipelineApi

SUMMARY = Address("TunedModel", "legacy-summary")
FINGERPRINT = f"sha256:{'cd' * 32}"
ID = client_id(LABEL, SUMMARY, FINGERPRINT, 1, 1)
ATTEMPT_ID = with_client_id(ID, "abcdefghijklmnopqrstuvwxyz")
NAME = f"{NUMBER}/pipelineJobs/{ID}"
CREATE = ("POST", f"/v1/{PLACE}/pipelineJobs")
TEMPLATE = "https://us-kfp.pkg.dev/ml-pipeline/large-language-model-pipelines/tune-large-model/v2.0.0"
BODY: dict[str, Any] = {
    "templateUri": TEMPLATE,
    "runtimeConfig": {
        "gcsOutputDirectory": "gs://acme/palm",
        "parameterValues": {
            "large_model_reference": "text-bison@001",
            "train_steps": 30,
            "learning_rate": 1.0,
            "dataset_uri": "gs://acme/pairs.jsonl",
        },
    },
}


def a_model(**parameters: Any) -> TunedModel:
    config = BODY["runtimeConfig"]
    values = {**config["parameterValues"], **parameters}
    return TunedModel(
        address=SUMMARY,
        backend="palm",
        project=PROJECT,
        location=LOCATION,
        body={**BODY, "runtimeConfig": {**config, "parameterValues": values}},
        display_name="legacy summary",
        description=None,
        labels={"team": "support"},
        lifecycle=Lifecycle(),
        sources=NoSources(),
    )


def recorded(status: VersionStatus = VersionStatus.ACTIVE) -> Record:
    version = Version(1, status, FINGERPRINT, {}, ATTEMPT_ID, run=NAME, model="")
    return Record(SUMMARY, "palm", PROJECT, LOCATION, (version,))


@dataclass
class Here:
    api: PipelineApi
    server: ScriptedServer
    provider: PalmProvider
    first_run: FirstRun

    def request(self, model: TunedModel | None = None, attempt: str = ATTEMPT_ID) -> CreateRequest:
        model = model or a_model()
        labels = {**model.labels, **own_labels(LABEL, SUMMARY, FINGERPRINT, attempt)}
        return self.provider.create_request(model, body=model.body, labels=labels, attempt=attempt)

    def tuned(self, state: str = "SUCCEEDED", *, told: bool = True) -> None:
        self.provider.submit(self.request())
        self.api.finish(ID, state, told=told)
        self.server.received.clear()

    def seen(self, *records: Record) -> Run:
        return self.provider.observe([a_model()], records).runs[f"{LOCATION}/pipelineJobs/{ID}"]

    def gets_of(self, path: str) -> list[Received]:
        return [r for r in self.server.received if r.method == "GET" and r.path == path]


@pytest.fixture
def here() -> Iterator[Here]:
    api = PipelineApi()
    with ScriptedServer(api.script) as server, client_for(server.port, Quick()) as client:
        yield Here(api, server, PalmProvider(client, LABEL), FirstRun(client))


def test_a_create_names_its_pipeline_and_fills_in_where_the_model_goes(here: Here) -> None:
    submission = here.provider.submit(here.request())
    assert submission.outcome is Outcome.COMMITTED
    assert submission.run is not None
    assert (submission.run.name, submission.run.state) == (NAME, RunState.PENDING)
    (sent,) = here.server.received
    assert sent.target == f"/v1/{PLACE}/pipelineJobs?pipelineJobId={ID}"
    assert sent.json() == {
        "displayName": "legacy-summary",
        "templateUri": TEMPLATE,
        "runtimeConfig": {
            "gcsOutputDirectory": "gs://acme/palm",
            "parameterValues": {
                "project": PROJECT,
                "location": LOCATION,
                "model_display_name": "legacy summary",
                **BODY["runtimeConfig"]["parameterValues"],
            },
        },
        "labels": {"team": "support", **own_labels(LABEL, SUMMARY, FINGERPRINT, ATTEMPT_ID)},
    }


@pytest.mark.parametrize(
    "named",
    [
        {"learning_rate": 0.5},
        {"learning_rate_multiplier": 0.5, "accelerator_type": "TPU"},
        {"location": "europe-west4"},
    ],
    ids=["template v2", "template v3", "deployed elsewhere"],
)
def test_parameters_go_as_the_spec_names_them(here: Here, named: dict[str, Any]) -> None:
    sent = here.request(a_model(**named)).body["runtimeConfig"]["parameterValues"]
    assert named.items() <= sent.items()


def test_a_second_request_for_the_same_purchase_adopts_the_first(here: Here) -> None:
    here.provider.submit(here.request())
    again = here.provider.submit(here.request(attempt=with_client_id(ID, "zyxwvutsrq")))
    assert again.outcome is Outcome.COMMITTED
    assert again.run is not None
    assert again.run.name == NAME


def test_a_create_whose_answer_was_lost_is_found_by_its_label(here: Here) -> None:
    here.api.lost[CREATE] = close
    assert here.provider.submit(here.request()).outcome is Outcome.IN_DOUBT
    (found,) = here.provider.runs_in(PROJECT, LOCATION)
    assert found.labels[ATTEMPT] == ATTEMPT_ID


def test_an_id_taken_by_another_pipeline_is_refused_in_words(here: Here) -> None:
    here.provider.submit(here.request())
    here.api.jobs[ID]["labels"] = {}
    submission = here.provider.submit(here.request())
    assert submission.outcome is Outcome.REFUSED
    assert "was not made from this spec" in str(submission.error)


def test_an_internal_error_is_in_doubt(here: Here) -> None:
    here.api.faults[CREATE] = google_error(500, "INTERNAL", "Internal error encountered.")
    assert here.provider.submit(here.request()).outcome is Outcome.IN_DOUBT


@pytest.mark.parametrize("state", ["QUEUED", "PENDING", "RUNNING", "FAILED", "CANCELLING", "CANCELLED", "PAUSED"])
def test_states(here: Here, state: str) -> None:
    here.tuned(state)
    assert here.seen(recorded()).state is RunState(state)


def test_other_pipelines_of_the_project_are_none_of_ours(here: Here) -> None:
    here.tuned()
    here.api.jobs["nightly"] = {"name": f"{NUMBER}/pipelineJobs/nightly", "templateUri": "https://x/etl/v1"}
    assert len(here.provider.runs_in(PROJECT, LOCATION)) == 1


def test_pipelines_of_chat_models_are_seen_too(here: Here) -> None:
    here.tuned()
    template = TEMPLATE.replace("tune-large-model", "tune-large-chat-model")
    here.api.jobs["chat"] = {"name": f"{NUMBER}/pipelineJobs/chat", "templateUri": template}
    assert len(here.provider.runs_in(PROJECT, LOCATION)) == 2


def test_the_model_of_a_finished_pipeline_is_asked_for_once(here: Here) -> None:
    here.tuned()
    run = here.seen(recorded())
    assert (run.state, run.model, run.endpoint) == (RunState.SUCCEEDED, MODEL, ENDPOINT)
    assert len(here.gets_of(f"/v1/{NAME}")) == 1
    here.server.received.clear()
    here.seen(recorded(VersionStatus.READY))
    assert here.gets_of(f"/v1/{NAME}") == []


def test_a_model_that_the_pipeline_does_not_name_is_found_by_its_label(here: Here) -> None:
    here.tuned(told=False)
    run = here.seen(recorded())
    assert (run.model, run.endpoint) == (MODEL, ENDPOINT)


def test_a_pipeline_is_cancelled_and_its_record_deleted(here: Here) -> None:
    here.tuned("RUNNING")
    here.provider.cancel(NAME)
    assert here.provider.run(NAME).state is RunState.CANCELLED
    assert here.provider.delete_model(NAME).done
    assert here.api.jobs == {}


def test_the_remedy_for_a_first_tuning_makes_one_empty_dataset(here: Here) -> None:
    assert [here.first_run.prepare(PROJECT, LOCATION)[0] for _ in range(2)] == [True, False]
    assert [d["displayName"] for d in here.api.datasets] == [FIRST_RUN]
