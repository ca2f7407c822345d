"""Models and their versions."""

import pytest

from tests.emulator.vertex import Json, Vertex, job_body, spec


def versions(vertex: Vertex, count: int = 2) -> str:
    """The unversioned name of a model with this many versions."""
    name: str = vertex.tuned()["tunedModel"]["model"].partition("@")[0]
    for _ in range(count - 1):
        body = job_body(preTunedModel={"tunedModelName": name})
        del body["baseModel"]
        vertex.tuned(body)
    return name


def free(vertex: Vertex, body: Json | None = None) -> str:
    """The unversioned name of a model that is deployed nowhere."""
    tuned = vertex.tuned(body)["tunedModel"]
    vertex.undeploy_all(tuned["endpoint"])
    name: str = tuned["model"].partition("@")[0]
    return name


def test_a_model_is_found_by_version_alias_or_as_the_default(vertex: Vertex) -> None:
    name = versions(vertex)
    ids = [vertex.get(name + suffix)["versionId"] for suffix in ("", "@1", "@default", "@2")]
    assert ids == ["1", "1", "1", "2"]
    vertex.refused(404, "NOT_FOUND", "GET", f"{name}@3")
    vertex.refused(404, "NOT_FOUND", "GET", f"{name}@gold")


def test_a_list_has_each_model_once_as_its_default_version(vertex: Vertex) -> None:
    name = versions(vertex)
    assert vertex.names("models") == [name]


def test_versions_are_listed_newest_first_under_versioned_names(vertex: Vertex) -> None:
    name = versions(vertex)
    listed = vertex.ok("GET", f"{name}:listVersions")["models"]
    assert [model["name"] for model in listed] == [f"{name}@2", f"{name}@1"]


def test_versions_take_a_read_mask_and_nothing_that_would_be_ignored(vertex: Vertex) -> None:
    name = versions(vertex, 1)
    assert vertex.ok("GET", f"{name}:listVersions", readMask="versionId")["models"] == [{"versionId": "1"}]
    vertex.refused(400, "INVALID_ARGUMENT", "GET", f"{name}:listVersions", filter="labels.a=b")


def test_checkpoints_of_a_version_are_listed(vertex: Vertex) -> None:
    body = job_body(supervisedTuningSpec=spec(exportLastCheckpointOnly=False, hyperParameters={"epochCount": 3}))
    name = vertex.tuned(body)["tunedModel"]["model"]
    listed = vertex.ok("GET", f"{name}:listCheckpoints")["checkpoints"]
    assert [c["checkpointId"] for c in listed] == ["1", "2", "3"]


def test_patch_changes_what_the_mask_names_and_nothing_else(vertex: Vertex) -> None:
    name = versions(vertex, 1)
    body = {"displayName": "new", "description": "ignored", "labels": {"a": "b"}}
    changed = vertex.ok("PATCH", name, body, updateMask="display_name,labels")
    assert (changed["displayName"], changed["labels"]) == ("new", {"a": "b"})
    assert "description" not in vertex.get(name)


def test_patch_with_a_mask_clears_what_the_body_leaves_out(vertex: Vertex) -> None:
    name = versions(vertex, 1)
    vertex.ok("PATCH", name, {"description": "x"}, updateMask="description")
    assert "description" not in vertex.ok("PATCH", name, {}, updateMask="description")


def test_patch_without_a_mask_changes_what_the_body_has(vertex: Vertex) -> None:
    assert vertex.ok("PATCH", versions(vertex, 1), {"description": "x"})["description"] == "x"


@pytest.mark.parametrize("mask", ["name", "createTime", "nonsense", "labels.team"])
def test_some_fields_cannot_be_changed(vertex: Vertex, mask: str) -> None:
    vertex.refused(400, "INVALID_ARGUMENT", "PATCH", versions(vertex, 1), {}, updateMask=mask)


@pytest.mark.parametrize("change", [{"labels": {"A": "b"}}, {"displayName": ""}, {"displayName": "x" * 129}])
def test_patch_checks_values(vertex: Vertex, change: Json) -> None:
    mask = ",".join(change)
    vertex.refused(400, "INVALID_ARGUMENT", "PATCH", versions(vertex, 1), change, updateMask=mask)


def test_a_stale_etag_is_refused(vertex: Vertex) -> None:
    name = versions(vertex, 1)
    etag = vertex.get(name)["etag"]
    vertex.ok("PATCH", name, {"description": "x", "etag": etag}, updateMask="description")
    vertex.refused(409, "ABORTED", "PATCH", name, {"description": "y", "etag": etag}, updateMask="description")


def test_another_default_checkpoint_moves_the_jobs_endpoint(vertex: Vertex) -> None:
    body = job_body(supervisedTuningSpec=spec(exportLastCheckpointOnly=False, hyperParameters={"epochCount": 2}))
    job = vertex.tuned(body)
    model, checkpoints = job["tunedModel"]["model"], job["tunedModel"]["checkpoints"]
    vertex.ok("PATCH", model, {"defaultCheckpointId": "1"}, updateMask="defaultCheckpointId")
    assert vertex.get(job["name"])["tunedModel"]["endpoint"] == checkpoints[0]["endpoint"]
    bad = {"defaultCheckpointId": "7"}
    vertex.refused(400, "INVALID_ARGUMENT", "PATCH", model, bad, updateMask="defaultCheckpointId")


def test_aliases_move_from_version_to_version(vertex: Vertex) -> None:
    name = versions(vertex)
    vertex.ok("POST", f"{name}@1:mergeVersionAliases", {"versionAliases": ["gold"]})
    moved = vertex.ok("POST", f"{name}@2:mergeVersionAliases", {"versionAliases": ["gold", "default"]})
    assert moved["versionAliases"] == ["default", "gold"]
    assert "versionAliases" not in vertex.get(f"{name}@1")
    assert vertex.get(name)["versionId"] == "2"
    kept = vertex.ok("POST", f"{name}@gold:mergeVersionAliases", {"versionAliases": ["-gold"]})
    assert kept["versionAliases"] == ["default"]


@pytest.mark.parametrize(
    ("aliases", "code"),
    [([], "INVALID_ARGUMENT"), (["1"], "INVALID_ARGUMENT"), (["-default"], "FAILED_PRECONDITION")],
)
def test_bad_aliases_are_refused(vertex: Vertex, aliases: list[str], code: str) -> None:
    vertex.refused(400, code, "POST", f"{versions(vertex, 1)}:mergeVersionAliases", {"versionAliases": aliases})


def test_a_deployed_model_cannot_be_deleted(vertex: Vertex) -> None:
    tuned = vertex.tuned()["tunedModel"]
    error = vertex.refused(400, "FAILED_PRECONDITION", "DELETE", tuned["model"].partition("@")[0])
    assert tuned["endpoint"] in error["message"]


def test_deleting_a_model_is_an_operation(vertex: Vertex) -> None:
    name = free(vertex)
    operation = vertex.ok("DELETE", name)
    assert "done" not in operation
    assert vertex.done(operation)["response"] == {"@type": "type.googleapis.com/google.protobuf.Empty"}
    vertex.refused(404, "NOT_FOUND", "GET", name)
    assert vertex.names("models") == []


def test_one_version_can_be_deleted(vertex: Vertex) -> None:
    name = versions(vertex)
    error = vertex.refused(400, "FAILED_PRECONDITION", "DELETE", f"{name}@2:deleteVersion")
    assert "deployed" in error["message"]
    for endpoint in vertex.names("endpoints"):
        vertex.undeploy_all(endpoint)
    vertex.done(vertex.ok("DELETE", f"{name}@2:deleteVersion"))
    vertex.refused(404, "NOT_FOUND", "GET", f"{name}@2")
    vertex.refused(400, "FAILED_PRECONDITION", "DELETE", f"{name}@1:deleteVersion")


def test_when_the_default_version_is_deleted_the_newest_other_one_is_the_default(vertex: Vertex) -> None:
    name = versions(vertex)
    for endpoint in vertex.names("endpoints"):
        vertex.undeploy_all(endpoint)
    vertex.done(vertex.ok("DELETE", f"{name}@1:deleteVersion"))
    left = vertex.get(name)
    assert (left["versionId"], left["versionAliases"]) == ("2", ["default"])


def test_a_version_is_deleted_by_its_own_method_only(vertex: Vertex) -> None:
    name = free(vertex)
    vertex.refused(400, "INVALID_ARGUMENT", "DELETE", f"{name}@1")
    vertex.refused(400, "INVALID_ARGUMENT", "DELETE", f"{name}:deleteVersion")


def test_a_copy_is_a_model_of_its_own(vertex: Vertex) -> None:
    source = vertex.tuned()["tunedModel"]["model"]
    operation = vertex.ok("POST", "/models:copy", {"sourceModel": source, "modelId": "copied"})
    copied = vertex.done(operation)["response"]["model"]
    assert copied.endswith("/models/copied")
    model = vertex.get(copied)
    assert model["originalModelInfo"] == {"model": source}
    assert "deployedModels" not in model
    vertex.refused(409, "ALREADY_EXISTS", "POST", "/models:copy", {"sourceModel": source, "modelId": "copied"})


def test_a_copy_can_become_a_version(vertex: Vertex) -> None:
    name = versions(vertex, 1)
    operation = vertex.ok("POST", "/models:copy", {"sourceModel": name, "parentModel": name})
    assert vertex.done(operation)["response"]["modelVersionId"] == "2"


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 400, "INVALID_ARGUMENT"),
        ({"sourceModel": "projects/p/locations/us/models/1"}, 404, "NOT_FOUND"),
        ({"sourceModel": "{name}", "modelId": "9Bad"}, 400, "INVALID_ARGUMENT"),
        ({"sourceModel": "{name}", "modelId": "a", "parentModel": "{name}"}, 400, "INVALID_ARGUMENT"),
    ],
)
def test_a_copy_needs_a_source_and_one_destination(vertex: Vertex, body: Json, status: int, code: str) -> None:
    name = versions(vertex, 1)
    filled = {key: value.replace("{name}", name) for key, value in body.items()}
    vertex.refused(status, code, "POST", "/models:copy", filled)
