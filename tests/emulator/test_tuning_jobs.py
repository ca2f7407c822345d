"""Creating and reading tuning jobs."""

import re
from pathlib import Path
from typing import Any

import pytest

from tests.emulator.vertex import Json, Vertex, job_body, preference_body, spec

LABEL_64 = "x" * 64


def field(error: Json) -> str:
    violation: str = error["details"][0]["fieldViolations"][0]["field"]
    return violation


def test_create_answers_a_pending_job_and_no_operation(vertex: Vertex) -> None:
    job = vertex.create()
    assert job["state"] == "JOB_STATE_PENDING"
    assert "done" not in job
    assert job["createTime"] == job["updateTime"]


def test_names_have_the_project_number_whatever_the_request_said(vertex: Vertex) -> None:
    job = vertex.create()
    number = re.fullmatch(r"projects/(\d+)/locations/us-central1/tuningJobs/\d+", job["name"])
    assert number
    by_id = job["name"].replace(number[1], "acme-ml")
    assert vertex.get(by_id)["name"] == job["name"]


def test_the_server_fills_in_the_hyper_parameters(vertex: Vertex) -> None:
    job = vertex.create(job_body(supervisedTuningSpec={"trainingDatasetUri": "gs://acme/train.jsonl"}))
    assert job["supervisedTuningSpec"]["hyperParameters"] == {
        "epochCount": "10",
        "learningRateMultiplier": 1,
        "adapterSize": "ADAPTER_SIZE_FOUR",
    }


def test_preference_tuning_has_a_default_beta(vertex: Vertex) -> None:
    job = vertex.create(preference_body())
    assert job["preferenceOptimizationSpec"]["hyperParameters"]["beta"] == 0.1


def test_a_job_without_a_display_name_gets_one(vertex: Vertex) -> None:
    body = job_body()
    del body["tunedModelDisplayName"]
    assert vertex.create(body)["tunedModelDisplayName"]


def test_names_may_be_snake_case_and_numbers_strings(vertex: Vertex) -> None:
    job = vertex.create(
        {
            "base_model": "gemini-2.5-flash",
            "supervised_tuning_spec": {
                "training_dataset_uri": "gs://acme/train.jsonl",
                "hyper_parameters": {"epoch_count": "4", "learning_rate_multiplier": "0.5", "adapter_size": 3},
            },
        }
    )
    parameters = job["supervisedTuningSpec"]["hyperParameters"]
    assert parameters == {"epochCount": "4", "learningRateMultiplier": 0.5, "adapterSize": "ADAPTER_SIZE_EIGHT"}


def test_trailing_commas_of_googles_samples_are_accepted(vertex: Vertex) -> None:
    sample = b"""{"baseModel": "gemini-2.5-flash", "description": "a, }",
        "supervisedTuningSpec": {"trainingDatasetUri": "gs://acme/train.jsonl",},}"""
    answer = vertex.http.post(f"/v1/{vertex.parent}/tuningJobs", content=sample)
    assert answer.json()["description"] == "a, }"


def test_what_only_the_server_sets_is_ignored_in_a_request(vertex: Vertex) -> None:
    job = vertex.create(job_body(state="JOB_STATE_SUCCEEDED", name="projects/1/locations/x/tuningJobs/9"))
    assert job["state"] == "JOB_STATE_PENDING"


def test_the_same_request_twice_makes_two_jobs(vertex: Vertex) -> None:
    assert vertex.create()["name"] != vertex.create()["name"]


@pytest.mark.parametrize("method", ["PATCH", "DELETE", "PUT"])
def test_a_job_can_be_neither_changed_nor_deleted(vertex: Vertex, method: str) -> None:
    answer = vertex.send(method, vertex.create()["name"], {} if method != "DELETE" else None)
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html")


def test_an_unknown_job_is_not_found(vertex: Vertex) -> None:
    error = vertex.refused(404, "NOT_FOUND", "GET", "/tuningJobs/123")
    assert "tuningJobs/123" in error["message"]


def test_an_unknown_field_is_named(vertex: Vertex) -> None:
    error = vertex.refused(400, "INVALID_ARGUMENT", "POST", "/tuningJobs", job_body(epochs=3))
    assert error["message"] == (
        "Invalid JSON payload received. Unknown name \"epochs\" at 'tuning_job': Cannot find field."
    )
    assert field(error) == "tuning_job"


def test_a_field_of_v1beta1_is_unknown_to_v1(vertex: Vertex) -> None:
    body = job_body(supervisedTuningSpec=spec(tuningMode="TUNING_MODE_FULL"))
    vertex.refused(400, "INVALID_ARGUMENT", "POST", "/tuningJobs", body)
    assert vertex.create(body, version="v1beta1")["supervisedTuningSpec"]["tuningMode"] == "TUNING_MODE_FULL"


@pytest.mark.parametrize(
    ("parameters", "path"),
    [
        ({"epochCount": "three"}, "epoch_count"),
        ({"epochCount": 2**63}, "epoch_count"),
        ({"epochCount": True}, "epoch_count"),
        ({"epochCount": 1.5}, "epoch_count"),
        ({"adapterSize": "FOUR"}, "adapter_size"),
        ({"adapterSize": 99}, "adapter_size"),
        ({"learningRateMultiplier": "fast"}, "learning_rate_multiplier"),
        ({"learningRateMultiplier": []}, "learning_rate_multiplier"),
    ],
)
def test_a_value_of_the_wrong_type_is_refused_with_its_path(vertex: Vertex, parameters: Json, path: str) -> None:
    body = job_body(supervisedTuningSpec=spec(hyperParameters=parameters))
    error = vertex.refused(400, "INVALID_ARGUMENT", "POST", "/tuningJobs", body)
    assert field(error) == f"tuning_job.supervised_tuning_spec.hyper_parameters.{path}"


def test_all_wrong_fields_are_reported_together(vertex: Vertex) -> None:
    error = vertex.refused(400, "INVALID_ARGUMENT", "POST", "/tuningJobs", job_body(a=1, description=7))
    assert len(error["details"][0]["fieldViolations"]) == 2


def test_datasets_that_cannot_be_read_are_listed_as_google_lists_them(vertex: Vertex) -> None:
    body = job_body(supervisedTuningSpec=spec(trainingDatasetUri="gs://no/such", validationDatasetUri="gs://no/one"))
    error = vertex.refused(400, "INVALID_ARGUMENT", "POST", "/tuningJobs", body)
    path = "tuning_job.supervised_tuning_spec"
    assert error["message"] == (
        f"List of found errors:\t1.Field: {path}.training_dataset_uri; "
        "Message: training_dataset_uri should be a GCS object of type JSONL."
        f"\t2.Field: {path}.validation_dataset_uri; "
        "Message: validation_dataset_uri should be a GCS object of type JSONL.\t"
    )
    assert [v["field"] for v in error["details"][0]["fieldViolations"]] == [
        f"{path}.training_dataset_uri",
        f"{path}.validation_dataset_uri",
    ]


@pytest.mark.parametrize("uri", ["", "train.jsonl", "gs://acme", "gs://acme/", "s3://acme/train.jsonl"])
def test_a_training_dataset_must_be_an_object(vertex: Vertex, uri: str) -> None:
    body = job_body(supervisedTuningSpec=spec(trainingDatasetUri=uri))
    vertex.refused(400, "INVALID_ARGUMENT", "POST", "/tuningJobs", body)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"baseModel": "gpt-9"}, "Base model gpt-9 is not supported"),
        ({"supervisedTuningSpec": spec(hyperParameters={"adapterSize": "ADAPTER_SIZE_THIRTY_TWO"})}, "adapter size"),
        ({"baseModel": "gemini-2.5-pro", "supervisedTuningSpec": spec(hyperParameters={"adapterSize": 4})}, "adapter"),
        ({"supervisedTuningSpec": spec(hyperParameters={"epochCount": -1})}, "epochCount"),
        ({"tunedModelDisplayName": "x" * 129}, "128 characters"),
        ({"serviceAccount": "not an account"}, "service account"),
        ({"encryptionSpec": {"kmsKeyName": "my-key"}}, "KMS key"),
        ({"preferenceOptimizationSpec": {}}, "oneof field 'tuning_spec' is already set"),
        ({"preTunedModel": {"tunedModelName": "x"}}, "oneof field 'source_model' is already set"),
    ],
)
def test_what_cannot_be_tuned_is_refused(vertex: Vertex, changes: Json, message: str) -> None:
    error = vertex.refused(400, "INVALID_ARGUMENT", "POST", "/tuningJobs", job_body(**changes))
    assert message in error["message"]


def test_a_job_needs_a_base_model_and_a_method(vertex: Vertex) -> None:
    assert (
        "baseModel"
        in vertex.refused(400, "INVALID_ARGUMENT", "POST", "/tuningJobs", {"supervisedTuningSpec": {}})["message"]
    )
    assert "supervisedTuningSpec" in vertex.refused(400, "INVALID_ARGUMENT", "POST", "/tuningJobs", {})["message"]


def test_preference_tuning_is_not_offered_for_every_base_model(vertex: Vertex) -> None:
    body = preference_body(baseModel="gemini-2.5-pro")
    error = vertex.refused(400, "INVALID_ARGUMENT", "POST", "/tuningJobs", body)
    assert "Preference tuning is not supported" in error["message"]


def test_gemini_3_takes_no_customer_managed_key(vertex: Vertex) -> None:
    key = "projects/acme-ml/locations/us-central1/keyRings/r/cryptoKeys/k"
    body = job_body(baseModel="gemini-3.5-flash", encryptionSpec={"kmsKeyName": key})
    vertex.refused(400, "FAILED_PRECONDITION", "POST", "/tuningJobs", body)


@pytest.mark.parametrize("location", ["asia-northeast1", "us", "global"])
def test_gemini_3_is_tuned_in_two_regions_only(vertex: Vertex, location: str) -> None:
    path = f"projects/acme-ml/locations/{location}/tuningJobs"
    vertex.refused(400, "INVALID_ARGUMENT", "POST", path, job_body(baseModel="gemini-3.5-flash"))


@pytest.mark.parametrize(
    "labels",
    [
        {"Team": "ml"},
        {"team": "ML"},
        {"team": "a b"},
        {"te.am": "x"},
        {"": "x"},
        {"x" * 65: "x"},
        {"team": "x" * 65},
        {f"label-{n}": "x" for n in range(65)},
    ],
)
def test_bad_labels_are_refused(vertex: Vertex, labels: dict[str, str]) -> None:
    error = vertex.refused(400, "INVALID_ARGUMENT", "POST", "/tuningJobs", job_body(labels=labels))
    assert field(error) == "tuning_job.labels"


@pytest.mark.parametrize("labels", [{"team": ""}, {LABEL_64: LABEL_64}, {"équipe": "données-1_2"}])
def test_good_labels_are_kept(vertex: Vertex, labels: dict[str, str]) -> None:
    job = vertex.create(job_body(labels=labels))
    assert vertex.get(job["name"])["labels"] == labels


def test_a_dataset_resource_can_stand_for_its_file(vertex: Vertex) -> None:
    operation = vertex.ok(
        "POST",
        "/datasets",
        {
            "displayName": "train",
            "metadataSchemaUri": "gs://google-cloud-aiplatform/schema/dataset/metadata/multimodal_1.0.0.yaml",
            "metadata": {"inputConfig": {"gcsSource": {"uri": ["gs://acme/train.jsonl"]}}},
        },
    )
    dataset = vertex.done(operation)["response"]["name"]
    vertex.create(job_body(supervisedTuningSpec=spec(trainingDatasetUri=dataset)))
    refused: Any = preference_body(preferenceOptimizationSpec=spec(trainingDatasetUri=dataset))
    vertex.refused(400, "INVALID_ARGUMENT", "POST", "/tuningJobs", refused)


def test_bodies_from_googles_pages_are_accepted(vertex: Vertex) -> None:
    sample = Path(__file__).with_name("supervised_from_docs.json").read_bytes()
    answer = vertex.http.post(f"/v1/{vertex.parent}/tuningJobs", content=sample)
    assert answer.status_code == 200, answer.text
    assert answer.json()["supervisedTuningSpec"]["hyperParameters"]["epochCount"] == "4"
