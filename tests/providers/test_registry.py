"""Cancelling, patching, deploying and taking away, in the order Google wants it."""

from __future__ import annotations

import pytest

from reconciler.core.observed import Run
from reconciler.core.runs import RunState
from reconciler.core.state import Version, VersionStatus
from reconciler.errors import AlreadyExists, CloudError, FailedPrecondition, NotFound, UsageError
from reconciler.providers.protocol import Operation
from tests.cloud.scripted import in_turn, reply
from tests.providers.conftest import DATA, PROJECT, Emulated, Serve, a_model, request_for

ONE_CHECKPOINT = {
    "baseModel": "gemini-3.1-flash-lite",
    "supervisedTuningSpec": {"trainingDatasetUri": DATA, "exportLastCheckpointOnly": True},
}


def started(google: Emulated) -> Run:
    submission = google.vertex.submit(request_for(google.vertex, a_model(body=ONE_CHECKPOINT)))
    assert submission.run is not None, submission.error
    return submission.run


@pytest.fixture
def finished(google: Emulated) -> Run:
    name = started(google).name
    google.finish_runs()
    return google.vertex.run(name)


def done(google: Emulated, operation: Operation) -> Operation:
    for _ in range(50):
        if operation.done:
            assert operation.error is None, operation.error
            return operation
        google.admin.advance(1)
        operation = google.vertex.operation(operation.name)
    raise AssertionError(f"{operation.name} never ended")


def test_a_run_is_asked_to_stop(google: Emulated) -> None:
    run = started(google)
    google.vertex.cancel(run.name)
    google.finish_runs()
    assert google.vertex.run(run.name).state is RunState.CANCELLED


def test_metadata_is_patched_on_model_and_endpoint_and_nothing_else_is_touched(google: Emulated, finished: Run) -> None:
    before = google.vertex.endpoint(finished.endpoint)
    google.vertex.update_model(finished.model, {"displayName": "New", "labels": {"team": "other"}})
    google.vertex.update_endpoint(finished.endpoint, {"description": "d"})
    model, endpoint = google.vertex.model(finished.model), google.vertex.endpoint(finished.endpoint)
    assert (model.display_name, model.labels["team"]) == ("New", "other")
    assert (endpoint.description, endpoint.display_name) == ("d", before.display_name)
    assert endpoint.traffic == before.traffic


def test_a_field_that_cannot_be_patched_is_refused_before_anything_is_sent(google: Emulated) -> None:
    with pytest.raises(CloudError, match="deployedModels"):
        google.vertex.update_endpoint("projects/1/locations/us/endpoints/2", {"deployedModels": []})
    with pytest.raises(CloudError, match="trafficSplit"):
        google.vertex.update_model("projects/1/locations/us/models/2", {"trafficSplit": {}})
    assert google.admin.counts() == {}


def test_a_version_is_taken_away_in_order(google: Emulated, finished: Run) -> None:
    vertex = google.vertex
    with pytest.raises(FailedPrecondition):
        vertex.delete_model(finished.model.partition("@")[0])
    with pytest.raises(FailedPrecondition):
        vertex.delete_endpoint(finished.endpoint)
    deployed = vertex.endpoint(finished.endpoint).deployed[0]
    done(google, vertex.undeploy(finished.endpoint, deployed.id, {}))
    done(google, vertex.delete_endpoint(finished.endpoint))
    done(google, vertex.delete_model(finished.model.partition("@")[0]))
    with pytest.raises(NotFound):
        vertex.endpoint(finished.endpoint)
    with pytest.raises(NotFound):
        vertex.model(finished.model)


def test_a_model_gets_a_new_endpoint_under_a_name_of_our_own(google: Emulated, finished: Run) -> None:
    vertex = google.vertex
    body = {"displayName": "Again", "labels": {"team": "x"}}
    made = done(google, vertex.create_endpoint(PROJECT, "us", "tf-abc", body))
    name = str(made.response["name"])
    assert name.endswith("/locations/us/endpoints/tf-abc")
    with pytest.raises(AlreadyExists):
        done(google, vertex.create_endpoint(PROJECT, "us", "tf-abc", body))
    done(google, vertex.deploy(name, finished.model, display_name="Again", checkpoint="", traffic={"0": 100}))
    live = vertex.endpoint(name)
    assert live.deployed[0].model == finished.model
    assert list(live.traffic.values()) == [100]


def test_a_tuned_endpoint_answers(google: Emulated, finished: Run) -> None:
    tuned = Version(1, VersionStatus.READY, "", {}, "", endpoint=finished.endpoint)
    answer = google.vertex.generate(tuned, [{"role": "user", "parts": [{"text": "a"}]}])
    assert answer["candidates"][0]["content"]["parts"][0]["text"] == "b"


def test_one_version_of_a_model_is_deleted_by_its_own_method(serve: Serve) -> None:
    cloud = serve(in_turn(reply({"name": "projects/1/locations/us/operations/5", "done": True})))
    assert cloud.vertex.delete_model("projects/1/locations/us/models/2@3").done
    assert cloud.server.received[0].path == "/v1/projects/1/locations/us/models/2@3:deleteVersion"
    assert cloud.server.methods() == ["DELETE"]


def test_an_operation_is_asked_after_on_the_host_of_its_own_location(serve: Serve) -> None:
    name = "projects/1/locations/eu/endpoints/2/operations/3"
    cloud = serve(in_turn(reply({"name": name, "done": True, "error": {"code": 9, "message": "is deployed"}})))
    operation = cloud.vertex.operation(name)
    assert cloud.server.received[0].headers["host"] == "aiplatform.eu.rep.googleapis.com"
    assert isinstance(operation.error, FailedPrecondition)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "models/2",
        "projects/1/locations/us/models/../../x",
        "projects/1/locations/us/models/2?x=1",
        "projects/1/locations/us/models/2\n",
        "projects/1/locations/evil.com/models/2",
        "https://evil.com/",
        "projects/1/locations/us/operations/../x",
    ],
)
def test_a_name_that_is_none_reaches_no_server(serve: Serve, name: str) -> None:
    cloud = serve(in_turn(reply({})))
    for ask in (cloud.vertex.model, cloud.vertex.run, cloud.vertex.endpoint, cloud.vertex.cancel):
        with pytest.raises((CloudError, UsageError)):
            ask(name)
    with pytest.raises((CloudError, UsageError)):
        cloud.vertex.operation(name)
    assert cloud.server.connections == 0
