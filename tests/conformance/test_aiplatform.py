"""google-cloud-aiplatform over REST, unchanged, manages jobs, models and endpoints of the emulator."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from reconciler.emulator.testing import RunningEmulator
from tests.conformance.conftest import PARENT, SUPERVISED

JOB = {"base_model": "gemini-2.5-flash", "supervised_tuning_spec": {"training_dataset_uri": SUPERVISED}}


@dataclass(frozen=True, slots=True)
class Vertex:
    """The clients of one API version."""

    tuning: Any
    models: Any
    endpoints: Any
    predictions: Any
    emulator: RunningEmulator

    def tuned(self, **fields: Any) -> Any:
        """A job that has run to its end."""
        job = self.tuning.create_tuning_job(parent=PARENT, tuning_job={**JOB, **fields})
        self.emulator.admin.advance(60)
        return self.tuning.get_tuning_job(name=job.name)

    def result(self, operation: Any) -> Any:
        """What comes of an operation that is not done yet."""
        assert not operation.done()
        self.emulator.admin.advance(5)
        return operation.result(timeout=10)

    def undeploy_all(self, endpoint: str) -> None:
        for deployed in self.endpoints.get_endpoint(name=endpoint).deployed_models:
            self.result(
                self.endpoints.undeploy_model(endpoint=endpoint, deployed_model_id=deployed.id, traffic_split={})
            )


@pytest.fixture(scope="session", params=["v1", "v1beta1"])
def clients(request: pytest.FixtureRequest, rest_client: Callable[[Any, str], Any]) -> tuple[Any, Any, Any, Any]:
    from google.cloud import aiplatform_v1, aiplatform_v1beta1

    version = {"v1": aiplatform_v1, "v1beta1": aiplatform_v1beta1}[request.param]
    tuning, models, endpoints, predictions = (
        rest_client(version, f"{name}Service") for name in ("GenAiTuning", "Model", "Endpoint", "Prediction")
    )
    return tuning, models, endpoints, predictions


@pytest.fixture
def vertex(clients: tuple[Any, Any, Any, Any], emulator: RunningEmulator) -> Vertex:
    return Vertex(*clients, emulator)


def test_a_job_is_created_and_runs_to_its_end(vertex: Vertex) -> None:
    done = vertex.tuned(
        labels={"team": "support"},
        description="routes tickets",
        tuned_model_display_name="triage",
        supervised_tuning_spec={
            "training_dataset_uri": SUPERVISED,
            "validation_dataset_uri": SUPERVISED,
            "hyper_parameters": {"epoch_count": 2, "adapter_size": "ADAPTER_SIZE_SIXTEEN"},
        },
    )
    assert done.state.name == "JOB_STATE_SUCCEEDED"
    assert dict(done.labels) == {"team": "support"}
    assert done.supervised_tuning_spec.hyper_parameters.epoch_count == 2
    assert done.supervised_tuning_spec.hyper_parameters.adapter_size.name == "ADAPTER_SIZE_SIXTEEN"
    assert [c.epoch for c in done.tuned_model.checkpoints] == [1, 2]
    assert done.end_time > done.start_time


def test_jobs_are_listed_page_by_page(vertex: Vertex) -> None:
    made = {vertex.tuning.create_tuning_job(parent=PARENT, tuning_job=JOB).name for _ in range(5)}
    assert {job.name for job in vertex.tuning.list_tuning_jobs(request={"parent": PARENT, "page_size": 2})} == made


def test_a_job_is_cancelled(vertex: Vertex) -> None:
    job = vertex.tuning.create_tuning_job(parent=PARENT, tuning_job=JOB)
    vertex.tuning.cancel_tuning_job(name=job.name)
    vertex.emulator.admin.advance(60)
    assert vertex.tuning.get_tuning_job(name=job.name).state.name == "JOB_STATE_CANCELLED"


def test_a_model_is_read_updated_and_listed(vertex: Vertex) -> None:
    name = vertex.tuned(tuned_model_display_name="triage").tuned_model.model
    model = vertex.models.get_model(name=name)
    assert model.display_name == "triage"
    changed = {"name": model.name, "description": "new", "labels": {"team": "other"}}
    mask = {"paths": ["description", "labels"]}
    assert vertex.models.update_model(model=changed, update_mask=mask).description == "new"
    [listed] = vertex.models.list_models(parent=PARENT)
    assert listed.labels["team"] == "other"
    [version] = vertex.models.list_model_versions(name=name.partition("@")[0])
    assert version.version_id == "1"


def test_version_aliases_move(vertex: Vertex) -> None:
    name = vertex.tuned().tuned_model.model
    model = vertex.models.merge_version_aliases(name=name, version_aliases=["gold"])
    assert set(model.version_aliases) == {"default", "gold"}
    assert vertex.models.get_model(name=name.replace("@1", "@gold")).version_id == "1"


def test_an_endpoint_is_created_found_by_label_updated_and_deleted(vertex: Vertex) -> None:
    operation = vertex.endpoints.create_endpoint(
        parent=PARENT, endpoint={"display_name": "support", "labels": {"team": "a"}}, endpoint_id="support-1"
    )
    endpoint = vertex.result(operation)
    assert endpoint.name.endswith("/endpoints/support-1")
    assert [
        e.name for e in vertex.endpoints.list_endpoints(request={"parent": PARENT, "filter": 'labels.team="a"'})
    ] == [endpoint.name]
    changed = vertex.endpoints.update_endpoint(
        endpoint={"name": endpoint.name, "display_name": "Support"}, update_mask={"paths": ["display_name"]}
    )
    assert changed.display_name == "Support"
    vertex.result(vertex.endpoints.delete_endpoint(name=endpoint.name))
    assert list(vertex.endpoints.list_endpoints(parent=PARENT)) == []


def test_a_model_is_deployed_and_traffic_is_shared(vertex: Vertex) -> None:
    model = vertex.tuned().tuned_model.model
    endpoint = vertex.result(vertex.endpoints.create_endpoint(parent=PARENT, endpoint={"display_name": "support"}))
    first = vertex.result(
        vertex.endpoints.deploy_model(
            endpoint=endpoint.name, deployed_model={"model": model, "display_name": "a"}, traffic_split={"0": 100}
        )
    ).deployed_model
    second = vertex.result(
        vertex.endpoints.deploy_model(
            endpoint=endpoint.name,
            deployed_model={"model": model, "display_name": "b"},
            traffic_split={"0": 20, first.id: 80},
        )
    ).deployed_model
    found = vertex.endpoints.get_endpoint(name=endpoint.name)
    assert dict(found.traffic_split) == {first.id: 80, second.id: 20}
    assert {deployed.display_name for deployed in found.deployed_models} == {"a", "b"}


def test_everything_that_a_job_made_is_taken_down(vertex: Vertex) -> None:
    tuned = vertex.tuned().tuned_model
    for endpoint in {tuned.endpoint, *(checkpoint.endpoint for checkpoint in tuned.checkpoints)}:
        vertex.undeploy_all(endpoint)
        vertex.result(vertex.endpoints.delete_endpoint(name=endpoint))
    vertex.result(vertex.models.delete_model(name=tuned.model.partition("@")[0]))
    assert list(vertex.models.list_models(parent=PARENT)) == []


def test_what_is_deployed_cannot_be_deleted(vertex: Vertex) -> None:
    from google.api_core.exceptions import BadRequest

    tuned = vertex.tuned().tuned_model
    with pytest.raises(BadRequest, match="deployed"):
        vertex.models.delete_model(name=tuned.model.partition("@")[0])
    with pytest.raises(BadRequest, match="deployed"):
        vertex.endpoints.delete_endpoint(name=tuned.endpoint)


def test_an_operation_is_read_by_its_name(vertex: Vertex) -> None:
    operation = vertex.endpoints.create_endpoint(parent=PARENT, endpoint={"display_name": "support"})
    name = operation.operation.name
    assert not vertex.endpoints.get_operation({"name": name}).done
    vertex.emulator.admin.advance(5)
    assert vertex.endpoints.get_operation({"name": name}).done
    listed = vertex.endpoints.list_operations({"name": PARENT})
    assert [each.name for each in listed.operations] == [name]


def test_refusals_are_the_exceptions_that_they_are_with_google(vertex: Vertex) -> None:
    from google.api_core.exceptions import BadRequest, NotFound

    with pytest.raises(NotFound, match="tuningJobs/1"):
        vertex.tuning.get_tuning_job(name=f"{PARENT}/tuningJobs/1")
    with pytest.raises(NotFound, match="endpoints/1"):
        vertex.endpoints.get_endpoint(name=f"{PARENT}/endpoints/1")
    with pytest.raises(BadRequest):
        vertex.tuning.create_tuning_job(parent=PARENT, tuning_job={"base_model": "gemini-2.5-flash"})


def test_a_tuned_gemini_model_is_not_asked_by_predict(vertex: Vertex) -> None:
    from google.api_core.exceptions import BadRequest

    endpoint = vertex.tuned().tuned_model.endpoint
    with pytest.raises(BadRequest, match="Gemini cannot be accessed through Vertex Predict/RawPredict API"):
        vertex.predictions.predict(endpoint=endpoint, instances=[{"prompt": "Ticket 3"}])
