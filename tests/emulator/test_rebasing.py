"""tuningJobs:rebaseTunedModel: an operation that ends in a new tuning job on another base model."""

from typing import Any

import pytest

from tests.conformance.discovery import check_exchange
from tests.emulator.vertex import Json, Vertex, job_body, preference_body, spec

NEWER = "gemini-2.5-flash-lite"
VERSIONS = ["v1", "v1beta1"]


def ask(source: Json, *, by: str = "tuningJob", **changes: Any) -> Json:
    """A request to rebase what a job made."""
    name = source["name"] if by == "tuningJob" else source["tunedModel"]["model"]
    job = {"baseModel": NEWER, "labels": {"team": "support"}}
    return {"tunedModelRef": {by: name}, "tuningJob": job, **changes}


def rebased(vertex: Vertex, body: Json, *, version: str = "v1") -> Json:
    """The new job, once the operation is done."""
    operation = vertex.ok("POST", "/tuningJobs:rebaseTunedModel", body, version=version)
    assert check_exchange(vertex.exchanges[-1]) == []
    vertex.admin.advance(1)
    ended = vertex.get(operation["name"], version=version)
    response: Json = ended["response"]
    return response


def served_by(vertex: Vertex, endpoint: str) -> list[str]:
    return [d["model"] for d in vertex.get(endpoint).get("deployedModels", [])]


@pytest.mark.parametrize("version", VERSIONS)
def test_the_operation_answers_with_a_new_job_on_the_newer_base(vertex: Vertex, version: str) -> None:
    before = vertex.tuned()
    job = rebased(vertex, ask(before), version=version)
    assert job["@type"] == f"type.googleapis.com/google.cloud.aiplatform.{version}.TuningJob"
    assert job["name"] != before["name"]
    assert (job["baseModel"], job["state"]) == (NEWER, "JOB_STATE_PENDING")
    assert job["labels"] == {"team": "support"}


def test_the_operation_names_no_job_before_it_is_done(vertex: Vertex) -> None:
    before = vertex.tuned()
    operation = vertex.ok("POST", "/tuningJobs:rebaseTunedModel", ask(before))
    assert operation.keys() == {"name", "metadata"}
    assert operation["metadata"].keys() == {"@type", "genericMetadata"}
    assert vertex.names("tuningJobs") == [before["name"]]
    vertex.done(operation)
    assert len(vertex.names("tuningJobs")) == 2


def test_what_the_request_does_not_say_is_taken_from_the_job_before(vertex: Vertex) -> None:
    before = vertex.tuned(
        job_body(supervisedTuningSpec=spec(hyperParameters={"epochCount": 3, "adapterSize": "ADAPTER_SIZE_EIGHT"}))
    )
    job = rebased(vertex, ask(before))
    assert job["supervisedTuningSpec"] == before["supervisedTuningSpec"]
    assert job["tunedModelDisplayName"] == "triage"


def test_what_the_request_says_wins(vertex: Vertex) -> None:
    before = vertex.tuned(
        job_body(supervisedTuningSpec=spec(hyperParameters={"epochCount": 3, "adapterSize": "ADAPTER_SIZE_EIGHT"}))
    )
    changed = {"baseModel": NEWER, "supervisedTuningSpec": spec(hyperParameters={"epochCount": 2})}
    job = rebased(vertex, ask(before, tuningJob=changed | {"tunedModelDisplayName": "triage 2"}))
    assert job["supervisedTuningSpec"]["hyperParameters"] == {
        "epochCount": "2", "learningRateMultiplier": 1, "adapterSize": "ADAPTER_SIZE_EIGHT",
    }  # fmt: skip
    assert job["tunedModelDisplayName"] == "triage 2"


def test_it_yields_a_model_and_an_endpoint_of_its_own_and_leaves_the_original_alone(vertex: Vertex) -> None:
    before = vertex.tuned()
    job = rebased(vertex, ask(before))
    vertex.admin.advance(60)
    after = vertex.get(job["name"])
    assert after["state"] == "JOB_STATE_SUCCEEDED"
    assert after["tunedModel"]["model"] != before["tunedModel"]["model"]
    assert served_by(vertex, after["tunedModel"]["endpoint"]) == [after["tunedModel"]["model"]]
    assert served_by(vertex, before["tunedModel"]["endpoint"]) == [before["tunedModel"]["model"]]
    labels = vertex.get(after["tunedModel"]["model"])["labels"]
    assert labels["team"] == "support"
    assert labels["google-vertex-llm-tuning-base-model-id"] == "gemini-2_5-flash-lite"


def test_a_model_of_the_registry_can_be_named_instead_of_its_job(vertex: Vertex) -> None:
    before = vertex.tuned(preference_body())
    job = rebased(vertex, ask(before, by="tunedModel"))
    assert job["preferenceOptimizationSpec"] == before["preferenceOptimizationSpec"]


def test_deploying_to_the_same_endpoint_takes_the_original_off_it(vertex: Vertex) -> None:
    before = vertex.tuned()
    job = rebased(vertex, ask(before, deployToSameEndpoint=True))
    endpoint = before["tunedModel"]["endpoint"]
    assert served_by(vertex, endpoint) == [before["tunedModel"]["model"]]
    vertex.admin.advance(60)
    after = vertex.get(job["name"])
    assert after["tunedModel"]["endpoint"] == endpoint
    assert served_by(vertex, endpoint) == [after["tunedModel"]["model"]]
    assert "deployedModels" not in vertex.get(before["tunedModel"]["model"])


def test_the_same_endpoint_must_be_where_the_new_model_lands(vertex: Vertex) -> None:
    body = ask(vertex.tuned(), deployToSameEndpoint=True, tuningJob={"baseModel": "gemini-3.5-flash"})
    vertex.refused(400, "FAILED_PRECONDITION", "POST", "/tuningJobs:rebaseTunedModel", body)


def test_the_same_base_model_is_refused(vertex: Vertex) -> None:
    body = ask(vertex.tuned(), tuningJob={"baseModel": "gemini-2.5-flash"})
    error = vertex.refused(400, "INVALID_ARGUMENT", "POST", "/tuningJobs:rebaseTunedModel", body)
    assert "based on gemini-2.5-flash already" in error["message"]


def test_a_job_that_made_no_model_cannot_be_rebased(vertex: Vertex) -> None:
    body = ask(vertex.create())
    vertex.refused(400, "FAILED_PRECONDITION", "POST", "/tuningJobs:rebaseTunedModel", body)


@pytest.mark.parametrize(
    ("reference", "status", "code"),
    [
        ({}, 400, "INVALID_ARGUMENT"),
        ({"tuningJob": "nonsense"}, 400, "INVALID_ARGUMENT"),
        ({"tuningJob": "projects/acme-ml/locations/us-central1/tuningJobs/1"}, 404, "NOT_FOUND"),
        ({"tunedModel": "projects/acme-ml/locations/us-central1/models/1"}, 404, "NOT_FOUND"),
        ({"pipelineJob": "projects/acme-ml/locations/us-central1/pipelineJobs/1"}, 404, "NOT_FOUND"),
        ({"tuningJob": "a", "tunedModel": "b"}, 400, "INVALID_ARGUMENT"),
    ],
    ids=["none", "no name", "unknown job", "unknown model", "unknown pipeline", "two"],
)
def test_what_is_to_be_rebased_must_be_one_thing_that_is_there(
    vertex: Vertex, reference: Json, status: int, code: str
) -> None:
    body = {"tunedModelRef": reference, "tuningJob": {"baseModel": NEWER}}
    vertex.refused(status, code, "POST", "/tuningJobs:rebaseTunedModel", body)


def test_the_new_job_is_checked_like_any_other(vertex: Vertex) -> None:
    before = vertex.tuned()
    for job in ({"baseModel": "gemini-9"}, {"baseModel": NEWER, "labels": {"Team": "x"}}):
        body = ask(before, tuningJob=job)
        vertex.refused(400, "INVALID_ARGUMENT", "POST", "/tuningJobs:rebaseTunedModel", body)
    body = ask(before, unknown=1)
    vertex.refused(400, "INVALID_ARGUMENT", "POST", "/tuningJobs:rebaseTunedModel", body)
    assert vertex.names("tuningJobs") == [before["name"]]


def test_a_new_job_can_fail_like_any_other(vertex: Vertex) -> None:
    labels = {"emulator-outcome": "fail-internal"}
    job = rebased(vertex, ask(vertex.tuned(), tuningJob={"baseModel": NEWER, "labels": labels}))
    vertex.admin.advance(60)
    assert vertex.get(job["name"])["state"] == "JOB_STATE_FAILED"
