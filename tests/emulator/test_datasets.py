"""Dataset resources."""

import pytest

from tests.emulator.vertex import Json, Vertex, job_body, spec

BODY = {
    "displayName": "first",
    "metadataSchemaUri": "gs://google-cloud-aiplatform/schema/dataset/metadata/text_1.0.0.yaml",
}


def test_a_dataset_can_be_created_read_listed_and_deleted(vertex: Vertex) -> None:
    name = vertex.done(vertex.ok("POST", "/datasets", BODY))["response"]["name"]
    assert vertex.get(name)["displayName"] == "first"
    assert vertex.names("datasets", filter='display_name="first"') == [name]
    vertex.done(vertex.ok("DELETE", name))
    vertex.refused(404, "NOT_FOUND", "GET", name)
    assert vertex.names("datasets") == []


@pytest.mark.parametrize("body", [{}, {"displayName": "x"}, BODY | {"labels": {"A": "b"}}])
def test_a_bad_dataset_is_refused(vertex: Vertex, body: Json) -> None:
    vertex.refused(400, "INVALID_ARGUMENT", "POST", "/datasets", body)


@pytest.mark.parametrize("metadata", [None, 5, {"inputConfig": 7}, {"inputConfig": {"gcsSource": {"uri": []}}}])
def test_a_dataset_without_a_file_cannot_be_tuned_on(vertex: Vertex, metadata: object) -> None:
    name = vertex.done(vertex.ok("POST", "/datasets", BODY | {"metadata": metadata}))["response"]["name"]
    body = job_body(supervisedTuningSpec=spec(trainingDatasetUri=name))
    vertex.refused(400, "INVALID_ARGUMENT", "POST", "/tuningJobs", body)
