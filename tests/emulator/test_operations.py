"""Long-running operations."""

import pytest

from tests.emulator.vertex import Json, Vertex


@pytest.fixture
def started(vertex: Vertex) -> Json:
    return vertex.ok("POST", "/endpoints", {"displayName": "x"})


def at_location(operation: Json) -> str:
    """The same operation under its location alone."""
    name: str = operation["name"]
    return name.partition("/endpoints/")[0] + "/operations/" + name.rpartition("/")[2]


def test_an_operation_is_done_after_a_short_while(vertex: Vertex, started: Json) -> None:
    assert "done" not in vertex.get(started["name"])
    ended = vertex.done(started)
    assert ended["response"]["@type"] == "type.googleapis.com/google.cloud.aiplatform.v1.Endpoint"
    times = ended["metadata"]["genericMetadata"]
    assert times["createTime"] < times["updateTime"]


def test_types_inside_follow_the_version_asked_for(vertex: Vertex, started: Json) -> None:
    vertex.done(started)
    ended = vertex.get(started["name"], version="v1beta1")
    assert ended["metadata"]["@type"] == (
        "type.googleapis.com/google.cloud.aiplatform.v1beta1.CreateEndpointOperationMetadata"
    )


def test_an_operation_is_found_under_its_resource_and_under_its_location(vertex: Vertex, started: Json) -> None:
    assert vertex.get(at_location(started))["name"] == started["name"]
    other = started["name"].replace("/endpoints/", "/endpoints/9")
    vertex.refused(404, "NOT_FOUND", "GET", other)
    vertex.refused(404, "NOT_FOUND", "GET", "/operations/1")


def test_wait_answers_with_the_operation(vertex: Vertex, started: Json) -> None:
    answer = vertex.ok("POST", f"{started['name']}:wait", timeout="1s")
    assert answer["name"] == started["name"]
    vertex.refused(400, "INVALID_ARGUMENT", "POST", f"{started['name']}:wait", timeout="soon")


def test_operations_are_listed_under_resource_and_location(vertex: Vertex, started: Json) -> None:
    vertex.ok("POST", "/endpoints", {"displayName": "y"})
    beneath = started["name"].rpartition("/")[0]
    assert [o["name"] for o in vertex.ok("GET", beneath)["operations"]] == [started["name"]]
    assert len(vertex.ok("GET", "/operations")["operations"]) == 2
    assert vertex.ok("GET", "/operations", filter="done=true") == {}


def test_a_cancel_is_accepted_and_comes_too_late(vertex: Vertex, started: Json) -> None:
    assert vertex.ok("POST", f"{started['name']}:cancel") == {}
    assert vertex.done(started)["response"]


def test_only_a_finished_operation_can_be_deleted(vertex: Vertex, started: Json) -> None:
    vertex.refused(400, "FAILED_PRECONDITION", "DELETE", started["name"])
    vertex.done(started)
    assert vertex.ok("DELETE", started["name"]) == {}
    vertex.refused(404, "NOT_FOUND", "GET", started["name"])


def test_v1beta1_has_no_list_of_a_jobs_operations(vertex: Vertex) -> None:
    job = vertex.create()
    assert vertex.ok("GET", f"{job['name']}/operations") == {}
    assert vertex.send("GET", f"{job['name']}/operations", version="v1beta1").status_code == 404
