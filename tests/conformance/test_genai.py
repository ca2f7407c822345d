"""google-genai, unchanged, tunes and asks models of the emulator."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from reconciler.emulator.testing import RunningEmulator
from tests.conformance.conftest import LOCATION, PREFERENCE, PROJECT, SUPERVISED
from tests.conformance.recorder import Recorder

pytestmark = pytest.mark.filterwarnings("ignore:The SDK's tuning implementation is experimental")
BASE_MODEL = "gemini-2.5-flash"


@pytest.fixture(params=["v1", "v1beta1"])
def client(request: pytest.FixtureRequest, emulator: RunningEmulator, recorder: Recorder) -> Iterator[Any]:
    from google import genai
    from google.oauth2.credentials import Credentials

    client = genai.Client(
        vertexai=True,
        project=PROJECT,
        location=LOCATION,
        credentials=Credentials(token="emulator"),
        http_options={"base_url": recorder.url, "api_version": request.param},
    )
    yield client
    client.close()


def tune(client: Any, **config: Any) -> Any:
    return client.tunings.tune(base_model=BASE_MODEL, training_dataset={"gcs_uri": SUPERVISED}, config=config)


def finished(client: Any, emulator: RunningEmulator, **config: Any) -> Any:
    job = tune(client, **config)
    emulator.admin.advance(60)
    return client.tunings.get(name=job.name)


def test_a_supervised_job_runs_to_its_end(client: Any, emulator: RunningEmulator) -> None:
    job = tune(
        client,
        tuned_model_display_name="triage",
        description="routes tickets",
        validation_dataset={"gcs_uri": SUPERVISED},
        epoch_count=2,
        learning_rate_multiplier=0.5,
        adapter_size="ADAPTER_SIZE_EIGHT",
        export_last_checkpoint_only=True,
        labels={"team": "support"},
    )
    assert job.state == "JOB_STATE_PENDING"
    emulator.admin.advance(10)
    assert client.tunings.get(name=job.name).state == "JOB_STATE_RUNNING"
    emulator.admin.advance(60)
    done = client.tunings.get(name=job.name)
    assert done.state == "JOB_STATE_SUCCEEDED"
    assert done.has_succeeded
    assert done.base_model == BASE_MODEL
    assert done.tuned_model_display_name == "triage"
    assert done.labels == {"team": "support"}
    assert done.tuned_model.model.endswith("@1")
    assert not done.tuned_model.checkpoints
    parameters = done.supervised_tuning_spec.hyper_parameters
    assert (parameters.epoch_count, parameters.adapter_size) == (2, "ADAPTER_SIZE_EIGHT")
    assert done.tuning_data_stats.supervised_tuning_data_stats.tuning_dataset_example_count == 20


def test_a_preference_job_runs_to_its_end(client: Any, emulator: RunningEmulator) -> None:
    job = client.tunings.tune(
        base_model=BASE_MODEL,
        training_dataset={"gcs_uri": PREFERENCE},
        config={"method": "PREFERENCE_TUNING", "epoch_count": 1, "beta": 0.2},
    )
    emulator.admin.advance(60)
    done = client.tunings.get(name=job.name)
    assert done.state == "JOB_STATE_SUCCEEDED"
    assert done.preference_optimization_spec.hyper_parameters.beta == pytest.approx(0.2)
    assert done.preference_optimization_spec.training_dataset_uri == PREFERENCE


def test_checkpoints_each_have_an_endpoint(client: Any, emulator: RunningEmulator) -> None:
    tuned = finished(client, emulator, epoch_count=3).tuned_model
    assert [int(c.epoch) for c in tuned.checkpoints] == [1, 2, 3]
    assert len({c.endpoint for c in tuned.checkpoints}) == 3
    assert tuned.endpoint in {c.endpoint for c in tuned.checkpoints}


def test_a_tuned_model_is_tuned_further(client: Any, emulator: RunningEmulator) -> None:
    first = finished(client, emulator, epoch_count=1)
    second = client.tunings.tune(
        base_model=first.tuned_model.model, training_dataset={"gcs_uri": SUPERVISED}, config={"epoch_count": 1}
    )
    emulator.admin.advance(60)
    done = client.tunings.get(name=second.name)
    assert done.state == "JOB_STATE_SUCCEEDED"
    assert done.tuned_model.model == first.tuned_model.model.replace("@1", "@2")


def test_all_pages_of_jobs_are_listed(client: Any, emulator: RunningEmulator) -> None:
    made = {tune(client).name for _ in range(5)}
    assert {job.name for job in client.tunings.list(config={"page_size": 2})} == made


def test_a_running_job_is_cancelled(client: Any, emulator: RunningEmulator) -> None:
    job = tune(client)
    client.tunings.cancel(name=job.name)
    emulator.admin.advance(60)
    done = client.tunings.get(name=job.name)
    assert done.state == "JOB_STATE_CANCELLED"
    assert done.tuned_model is None


def test_the_tuned_endpoint_generates(client: Any, emulator: RunningEmulator) -> None:
    endpoint = finished(client, emulator).tuned_model.endpoint
    answer = client.models.generate_content(
        model=endpoint, contents="Ticket 3: I cannot log in", config={"temperature": 0.1, "max_output_tokens": 50}
    )
    assert answer.text
    assert answer.usage_metadata.total_token_count > 0
    pieces = client.models.generate_content_stream(model=endpoint, contents="Ticket 3: I cannot log in")
    assert "".join(piece.text for piece in pieces) == answer.text
    assert client.models.count_tokens(model=endpoint, contents="Ticket 3").total_tokens > 0


def test_the_model_is_read_updated_and_listed(client: Any, emulator: RunningEmulator) -> None:
    model = finished(client, emulator, tuned_model_display_name="triage", export_last_checkpoint_only=True)
    name = model.tuned_model.model
    assert client.models.get(model=name).display_name == "triage"
    assert client.models.update(model=name, config={"description": "new"}).description == "new"
    listed = list(client.models.list(config={"query_base": False}))
    assert [each.display_name for each in listed] == ["triage"]


def test_a_missing_dataset_is_a_client_error_that_names_the_field(client: Any, emulator: RunningEmulator) -> None:
    from google.genai.errors import ClientError

    with pytest.raises(ClientError) as caught:
        client.tunings.tune(base_model=BASE_MODEL, training_dataset={"gcs_uri": "gs://acme-data/none.jsonl"})
    assert caught.value.code == 400
    assert caught.value.status == "INVALID_ARGUMENT"
    assert "training_dataset_uri" in str(caught.value)


def test_a_job_that_is_not_there_is_a_client_error(client: Any, emulator: RunningEmulator) -> None:
    from google.genai.errors import ClientError

    with pytest.raises(ClientError) as caught:
        client.tunings.get(name=f"projects/{PROJECT}/locations/{LOCATION}/tuningJobs/1")
    assert (caught.value.code, caught.value.status) == (404, "NOT_FOUND")


def test_the_asynchronous_client_does_the_same(client: Any, emulator: RunningEmulator) -> None:
    async def all_of_it() -> None:
        job = await client.aio.tunings.tune(base_model=BASE_MODEL, training_dataset={"gcs_uri": SUPERVISED})
        assert [each.name async for each in await client.aio.tunings.list()] == [job.name]
        emulator.admin.advance(60)
        done = await client.aio.tunings.get(name=job.name)
        assert done.state == "JOB_STATE_SUCCEEDED"
        answer = await client.aio.models.generate_content(model=done.tuned_model.endpoint, contents="Ticket 3")
        assert answer.text
        other = await client.aio.tunings.tune(base_model=BASE_MODEL, training_dataset={"gcs_uri": SUPERVISED})
        await client.aio.tunings.cancel(name=other.name)
        emulator.admin.advance(60)
        assert (await client.aio.tunings.get(name=other.name)).state == "JOB_STATE_CANCELLED"
        await client.aio.aclose()

    asyncio.run(all_of_it())
