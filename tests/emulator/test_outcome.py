"""What a successful run leaves behind."""

from typing import Any

import pytest

from tests.emulator.vertex import Json, Vertex, job_body, preference_body, spec


def with_epochs(count: int, **changes: Any) -> Json:
    body = spec(hyperParameters={"epochCount": count}, exportLastCheckpointOnly=False)
    return job_body(supervisedTuningSpec=body, **changes)


def test_a_tuned_model_is_deployed_to_an_endpoint_of_its_own(vertex: Vertex) -> None:
    tuned = vertex.tuned()["tunedModel"]
    endpoint = vertex.get(tuned["endpoint"])
    [deployed] = endpoint["deployedModels"]
    assert deployed["model"] == tuned["model"]
    assert endpoint["trafficSplit"] == {deployed["id"]: 100}
    assert vertex.get(tuned["model"])["deployedModels"] == [
        {"endpoint": endpoint["name"], "deployedModelId": deployed["id"]}
    ]


def test_names_labels_and_description_go_on_to_model_and_endpoint(vertex: Vertex) -> None:
    job = vertex.tuned(job_body(labels={"team": "ml"}, description="routes tickets"))
    model, endpoint = vertex.get(job["tunedModel"]["model"]), vertex.get(job["tunedModel"]["endpoint"])
    assert model["displayName"] == endpoint["displayName"] == "triage"
    assert model["description"] == "routes tickets"
    assert model["labels"] == endpoint["labels"]
    assert model["labels"] == {
        "team": "ml",
        "google-vertex-llm-tuning-base-model-id": "gemini-2_5-flash",
        "google-vertex-llm-tuning-job-id": job["name"].split("/")[-1],
        "tune-type": "sft",
    }


@pytest.mark.parametrize(("location", "landing"), [("us-central1", "us"), ("europe-west4", "eu")])
def test_gemini_3_lands_in_the_multi_region(vertex: Vertex, location: str, landing: str) -> None:
    path = f"projects/acme-ml/locations/{location}/tuningJobs"
    job = vertex.ok("POST", path, job_body(baseModel="gemini-3.1-flash-lite"))
    vertex.admin.advance(30)
    tuned = vertex.get(job["name"])["tunedModel"]
    assert f"/locations/{landing}/models/" in tuned["model"]
    assert f"/locations/{landing}/endpoints/" in tuned["endpoint"]


@pytest.mark.parametrize(("epochs", "checkpoints"), [(1, 1), (3, 3), (10, 10), (40, 10)])
def test_each_checkpoint_has_its_endpoint_and_the_last_is_the_default(
    vertex: Vertex, epochs: int, checkpoints: int
) -> None:
    tuned = vertex.tuned(with_epochs(epochs))["tunedModel"]
    listed = tuned["checkpoints"]
    assert [c["checkpointId"] for c in listed] == [str(n) for n in range(1, checkpoints + 1)]
    assert (listed[-1]["epoch"], listed[-1]["endpoint"]) == (str(epochs), tuned["endpoint"])
    assert len({c["endpoint"] for c in listed}) == checkpoints
    first = vertex.get(listed[0]["endpoint"])
    assert first["deployedModels"][0]["checkpointId"] == "1"
    assert vertex.get(tuned["model"])["defaultCheckpointId"] == str(checkpoints)


def test_intermediate_checkpoints_can_be_declined(vertex: Vertex) -> None:
    tuned = vertex.tuned()["tunedModel"]
    assert "checkpoints" not in tuned
    assert len(vertex.names("endpoints")) == 1


def test_statistics_count_rows_steps_and_billable_tokens(vertex: Vertex) -> None:
    stats = vertex.tuned(with_epochs(2))["tuningDataStats"]["supervisedTuningDataStats"]
    assert (stats["tuningDatasetExampleCount"], stats["tuningStepCount"]) == ("40", "10")
    # "what is 7" and "it is 7" are 9 + 7 characters, so four tokens; two digits make it five.
    assert stats["totalBillableTokenCount"] == str(10 * 4 + 30 * 5)
    assert stats["userInputTokenDistribution"]["sum"] == "120"


def test_preference_statistics_bill_the_prompt_twice(vertex: Vertex) -> None:
    stats = vertex.tuned(preference_body())["tuningDataStats"]["preferenceOptimizationDataStats"]
    # 2 x "what is 7" + "it is 7" + "no idea": 32 characters; two digits add three.
    assert stats["totalBillableTokenCount"] == str(10 * 8 + 30 * 9)
    assert stats["scoresDistribution"]["mean"] == 0.5


def test_a_preference_model_says_how_it_was_tuned(vertex: Vertex) -> None:
    assert vertex.get(vertex.tuned(preference_body())["tunedModel"]["model"])["labels"]["tune-type"] == "dpo"


def test_an_evaluation_config_gives_evaluation_runs(vertex: Vertex) -> None:
    config = {"outputConfig": {"gcsDestination": {"outputUriPrefix": "gs://acme/eval"}}}
    body = job_body(supervisedTuningSpec=spec(evaluationConfig=config))
    [run] = vertex.tuned(body)["evaluateDatasetRuns"]
    assert run["evaluateDatasetResponse"]["outputInfo"]["gcsOutputDirectory"].startswith("gs://acme/eval/")


def test_tuning_on_with_the_same_name_adds_a_version(vertex: Vertex) -> None:
    first = vertex.tuned()["tunedModel"]["model"]
    body = job_body(preTunedModel={"tunedModelName": first})
    del body["baseModel"], body["tunedModelDisplayName"]
    job = vertex.tuned(body)
    assert job["preTunedModel"]["baseModel"] == "gemini-2.5-flash"
    assert job["tunedModel"]["model"] == first.replace("@1", "@2")
    assert vertex.get(first)["versionAliases"] == ["default"]


def test_tuning_on_with_another_name_makes_another_model(vertex: Vertex) -> None:
    first = vertex.tuned()["tunedModel"]["model"]
    body = job_body(preTunedModel={"tunedModelName": first}, tunedModelDisplayName="other")
    del body["baseModel"]
    second = vertex.tuned(body)["tunedModel"]["model"]
    assert second.endswith("@1")
    assert second != first


def test_tuning_on_from_a_checkpoint_needs_that_checkpoint(vertex: Vertex) -> None:
    model = vertex.tuned(with_epochs(2))["tunedModel"]["model"]
    body = job_body(preTunedModel={"tunedModelName": model, "checkpointId": "9"})
    del body["baseModel"]
    vertex.refused(404, "NOT_FOUND", "POST", "/tuningJobs", body)
    body["preTunedModel"]["checkpointId"] = "1"
    vertex.create(body)


@pytest.mark.parametrize(
    ("name", "status", "code"),
    [
        ("projects/acme-ml/locations/us-central1/models/1", 404, "NOT_FOUND"),
        ("models/1", 400, "INVALID_ARGUMENT"),
        ("projects/acme-ml/locations/us-central1/endpoints/1", 400, "INVALID_ARGUMENT"),
    ],
)
def test_tuning_on_needs_a_model(vertex: Vertex, name: str, status: int, code: str) -> None:
    body = job_body(preTunedModel={"tunedModelName": name})
    del body["baseModel"]
    vertex.refused(status, code, "POST", "/tuningJobs", body)


def test_two_emulators_with_one_seed_make_the_same_ids(vertex: Vertex) -> None:
    first = vertex.tuned()["tunedModel"]
    vertex.admin.reset()
    vertex.admin.put_object("gs://acme/train.jsonl", b'{"contents": [{"role": "model", "parts": [{"text": "a"}]}]}')
    assert vertex.tuned()["tunedModel"] == first
