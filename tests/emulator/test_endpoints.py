"""Endpoints: what is deployed, how traffic is split, and in which order things can go."""

from collections.abc import Iterator

import pytest

from reconciler.emulator.options import Options
from reconciler.emulator.testing import RunningEmulator
from tests.emulator.vertex import Json, Vertex, supervised_rows


def new_endpoint(vertex: Vertex, **query: str) -> str:
    operation = vertex.ok("POST", "/endpoints", {"displayName": "Support"}, **query)
    name: str = vertex.done(operation)["response"]["name"]
    return name


def deploy(vertex: Vertex, endpoint: str, model: str, split: dict[str, int] | None = None) -> str:
    """Deploy with all the traffic, or with `split`; answers the DeployedModel's id."""
    body = {"deployedModel": {"model": model}, "trafficSplit": {"0": 100} if split is None else split}
    operation = vertex.ok("POST", f"{endpoint}:deployModel", body)
    deployed: str = vertex.done(operation)["response"]["deployedModel"]["id"]
    return deployed


def test_creating_an_endpoint_is_an_operation_under_its_name(vertex: Vertex) -> None:
    operation = vertex.ok("POST", "/endpoints", {"displayName": "Support", "labels": {"team": "ml"}})
    assert "/endpoints/" in operation["name"]
    assert "/operations/" in operation["name"]
    endpoint = vertex.done(operation)["response"]
    assert (endpoint["displayName"], endpoint["labels"]) == ("Support", {"team": "ml"})
    assert vertex.get(endpoint["name"])["etag"]


def test_an_endpoint_id_can_be_chosen_once(vertex: Vertex) -> None:
    assert new_endpoint(vertex, endpointId="support").endswith("/endpoints/support")
    vertex.refused(409, "ALREADY_EXISTS", "POST", "/endpoints", {"displayName": "x"}, endpointId="support")


@pytest.mark.parametrize("endpoint_id", ["Support", "a_b", "-a", "a-", "0123", "1234567890", "a" * 64])
def test_a_bad_endpoint_id_is_refused(vertex: Vertex, endpoint_id: str) -> None:
    vertex.refused(400, "INVALID_ARGUMENT", "POST", "/endpoints", {"displayName": "x"}, endpointId=endpoint_id)


@pytest.mark.parametrize("body", [{}, {"displayName": "x" * 129}, {"displayName": "x", "labels": {"A": ""}}])
def test_a_bad_endpoint_is_refused(vertex: Vertex, body: Json) -> None:
    vertex.refused(400, "INVALID_ARGUMENT", "POST", "/endpoints", body)


def test_a_deployed_model_shows_on_both_ends(vertex: Vertex) -> None:
    model = vertex.tuned()["tunedModel"]["model"]
    endpoint = new_endpoint(vertex)
    deployed = deploy(vertex, endpoint, model)
    shown = vertex.get(endpoint)
    assert shown["trafficSplit"] == {deployed: 100}
    assert (shown["deployedModels"][0]["model"], shown["deployedModels"][0]["modelVersionId"]) == (model, "1")
    references = vertex.get(model)["deployedModels"]
    assert {"endpoint": endpoint, "deployedModelId": deployed} in references


def test_a_deployment_takes_a_while(vertex: Vertex) -> None:
    model = vertex.tuned()["tunedModel"]["model"]
    endpoint = new_endpoint(vertex)
    body = {"deployedModel": {"model": model}, "trafficSplit": {"0": 100}}
    vertex.ok("POST", f"{endpoint}:deployModel", body)
    assert "deployedModels" not in vertex.get(endpoint)
    vertex.refused(400, "FAILED_PRECONDITION", "DELETE", endpoint)
    vertex.admin.advance(1)
    assert vertex.get(endpoint)["deployedModels"]


def test_traffic_moves_from_one_model_to_another(vertex: Vertex) -> None:
    first, second = (vertex.tuned()["tunedModel"]["model"] for _ in range(2))
    endpoint = new_endpoint(vertex)
    old = deploy(vertex, endpoint, first)
    new = deploy(vertex, endpoint, second, {old: 90, "0": 10})
    assert vertex.get(endpoint)["trafficSplit"] == {old: 90, new: 10}
    moved = vertex.ok("PATCH", endpoint, {"trafficSplit": {new: 100}}, updateMask="trafficSplit")
    assert moved["trafficSplit"] == {new: 100}
    vertex.done(vertex.ok("POST", f"{endpoint}:undeployModel", {"deployedModelId": old}))
    assert [d["id"] for d in vertex.get(endpoint)["deployedModels"]] == [new]


def test_a_model_with_traffic_is_undeployed_only_if_others_take_it(vertex: Vertex) -> None:
    first, second = (vertex.tuned()["tunedModel"]["model"] for _ in range(2))
    endpoint = new_endpoint(vertex)
    old = deploy(vertex, endpoint, first)
    new = deploy(vertex, endpoint, second, {old: 100})
    vertex.refused(400, "FAILED_PRECONDITION", "POST", f"{endpoint}:undeployModel", {"deployedModelId": old})
    body = {"deployedModelId": old, "trafficSplit": {new: 100}}
    vertex.done(vertex.ok("POST", f"{endpoint}:undeployModel", body))
    assert vertex.get(endpoint)["trafficSplit"] == {new: 100}


def test_the_last_undeploy_leaves_no_traffic(vertex: Vertex) -> None:
    endpoint = vertex.tuned()["tunedModel"]["endpoint"]
    vertex.undeploy_all(endpoint)
    shown = vertex.get(endpoint)
    assert "deployedModels" not in shown
    assert "trafficSplit" not in shown


@pytest.mark.parametrize("split", [{"0": 99}, {"0": 101}, {"0": 150, "1": -50}, {"7": 100}, {"0": 50, "7": 50}])
def test_traffic_adds_up_to_100_over_what_is_deployed(vertex: Vertex, split: dict[str, int]) -> None:
    model = vertex.tuned()["tunedModel"]["model"]
    body = {"deployedModel": {"model": model}, "trafficSplit": split}
    vertex.refused(400, "INVALID_ARGUMENT", "POST", f"{new_endpoint(vertex)}:deployModel", body)


@pytest.mark.parametrize(
    ("model", "status", "code"),
    [
        ("", 400, "INVALID_ARGUMENT"),
        ("projects/acme-ml/locations/us-central1/models/1", 404, "NOT_FOUND"),
        ("{tuned}@7", 404, "NOT_FOUND"),
    ],
)
def test_only_a_model_that_exists_is_deployed(vertex: Vertex, model: str, status: int, code: str) -> None:
    tuned = vertex.tuned()["tunedModel"]["model"].partition("@")[0]
    body = {"deployedModel": {"model": model.replace("{tuned}", tuned)}}
    vertex.refused(status, code, "POST", f"{new_endpoint(vertex)}:deployModel", body)


def test_only_a_checkpoint_that_exists_is_deployed(vertex: Vertex) -> None:
    model = vertex.tuned()["tunedModel"]["model"]
    body = {"deployedModel": {"model": model, "checkpointId": "7"}}
    vertex.refused(404, "NOT_FOUND", "POST", f"{new_endpoint(vertex)}:deployModel", body)


def test_a_deployed_models_id_can_be_chosen_once(vertex: Vertex) -> None:
    model = vertex.tuned()["tunedModel"]["model"]
    endpoint = new_endpoint(vertex)
    body = {"deployedModel": {"model": model, "id": "77"}, "trafficSplit": {"0": 100}}
    vertex.done(vertex.ok("POST", f"{endpoint}:deployModel", body))
    assert vertex.get(endpoint)["trafficSplit"] == {"77": 100}
    vertex.refused(409, "ALREADY_EXISTS", "POST", f"{endpoint}:deployModel", body)
    body["deployedModel"]["id"] = "a"
    vertex.refused(400, "INVALID_ARGUMENT", "POST", f"{endpoint}:deployModel", body)


def test_undeploying_twice_at_once_fails_the_second_operation(vertex: Vertex) -> None:
    endpoint = vertex.tuned()["tunedModel"]["endpoint"]
    body = {"deployedModelId": vertex.get(endpoint)["deployedModels"][0]["id"]}
    _, second = (vertex.ok("POST", f"{endpoint}:undeployModel", body) for _ in range(2))
    assert vertex.done(second)["error"]["code"] == 5


def test_a_new_endpoint_takes_no_traffic_split(vertex: Vertex) -> None:
    body = {"displayName": "x", "trafficSplit": {"1": 100}}
    vertex.refused(400, "INVALID_ARGUMENT", "POST", "/endpoints", body)


def test_a_model_is_deployed_in_its_own_location_only(vertex: Vertex) -> None:
    model = vertex.tuned()["tunedModel"]["model"]
    elsewhere = "projects/acme-ml/locations/europe-west4/endpoints"
    operation = vertex.ok("POST", elsewhere, {"displayName": "x"})
    endpoint = vertex.done(operation)["response"]["name"]
    vertex.refused(400, "INVALID_ARGUMENT", "POST", f"{endpoint}:deployModel", {"deployedModel": {"model": model}})


def test_an_unknown_deployed_model_cannot_be_undeployed(vertex: Vertex) -> None:
    body = {"deployedModelId": "1"}
    vertex.refused(404, "NOT_FOUND", "POST", f"{new_endpoint(vertex)}:undeployModel", body)


def test_an_endpoint_with_a_model_on_it_cannot_be_deleted(vertex: Vertex) -> None:
    endpoint = vertex.tuned()["tunedModel"]["endpoint"]
    error = vertex.refused(400, "FAILED_PRECONDITION", "DELETE", endpoint)
    assert "has deployed or being-deployed" in error["message"]


def test_an_empty_endpoint_is_deleted_by_an_operation_of_its_location(vertex: Vertex) -> None:
    endpoint = new_endpoint(vertex)
    operation = vertex.ok("DELETE", endpoint)
    assert operation["name"].startswith(endpoint.partition("/endpoints/")[0] + "/operations/")
    vertex.done(operation)
    vertex.refused(404, "NOT_FOUND", "GET", endpoint)


def test_deleting_twice_at_once_fails_the_second_operation(vertex: Vertex) -> None:
    endpoint = new_endpoint(vertex)
    _, second = vertex.ok("DELETE", endpoint), vertex.ok("DELETE", endpoint)
    assert vertex.done(second)["error"]["code"] == 5


def test_a_job_goes_on_naming_an_endpoint_that_is_gone(vertex: Vertex) -> None:
    job = vertex.tuned()
    vertex.undeploy_all(job["tunedModel"]["endpoint"])
    vertex.done(vertex.ok("DELETE", job["tunedModel"]["endpoint"]))
    assert vertex.get(job["name"])["tunedModel"] == job["tunedModel"]


def test_patch_changes_labels_and_names(vertex: Vertex) -> None:
    endpoint = new_endpoint(vertex)
    body = {"displayName": "New", "labels": {"a": "b"}}
    changed = vertex.ok("PATCH", endpoint, body, updateMask="displayName,labels")
    assert (changed["displayName"], changed["labels"]) == ("New", {"a": "b"})
    vertex.refused(400, "INVALID_ARGUMENT", "PATCH", endpoint, {}, updateMask="deployedModels")


@pytest.fixture
def lagging() -> Iterator[Vertex]:
    """An emulator in which an undeploy takes a minute to be seen."""
    with RunningEmulator(Options(undeploy_lag=60)) as emulator:
        emulator.admin.put_object("gs://acme/train.jsonl", supervised_rows())
        with Vertex(emulator) as client:
            yield client


def test_an_undeploy_is_seen_late(lagging: Vertex) -> None:
    tuned = lagging.tuned()["tunedModel"]
    model = tuned["model"].partition("@")[0]
    lagging.undeploy_all(tuned["endpoint"])
    lagging.refused(400, "FAILED_PRECONDITION", "DELETE", tuned["endpoint"])
    lagging.refused(400, "FAILED_PRECONDITION", "DELETE", model)
    lagging.admin.advance(61)
    lagging.done(lagging.ok("DELETE", tuned["endpoint"]))
    lagging.done(lagging.ok("DELETE", model))
