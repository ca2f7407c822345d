"""Google's JSON in the words of the core, whatever is new, missing or null in it."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.core.runs import RunState
from reconciler.core.state import Checkpoint, RunError
from reconciler.errors import BadAnswer
from reconciler.providers.vertex import wire
from reconciler.providers.vertex.normalise import endpoint_of, model_of, run_of

NAME = "projects/123/locations/us-central1/tuningJobs/456"


def run(**fields: Any) -> Any:
    return run_of(wire.read(wire.TuningJob, {"name": NAME, **fields}, where=NAME))


def test_int64_strings_become_integers_and_doubles_floats() -> None:
    spec = {"hyperParameters": {"epochCount": "10", "learningRateMultiplier": 1, "beta": 0}}
    found = run(preferenceOptimizationSpec=spec).body["preferenceOptimizationSpec"]["hyperParameters"]
    assert found == {"epochCount": 10, "learningRateMultiplier": 1.0, "beta": 0.0}
    assert [type(v) for v in found.values()] == [int, float, float]


def test_the_body_is_the_input_side_only() -> None:
    body = run(
        state="JOB_STATE_RUNNING",
        preTunedModel={"tunedModelName": "projects/1/locations/us/models/2@1", "baseModel": "gemini-2.5-flash"},
        tunedModelDisplayName="Name",
        serviceAccount="a@b.iam.gserviceaccount.com",
        encryptionSpec={"kmsKeyName": "k"},
        experiment="e",
        labels={"team": "x"},
        updateTime="2026-11-21T00:00:00Z",
        gcsMetricsUri="gs://x",
    ).body
    assert body == {
        "preTunedModel": {"tunedModelName": "projects/1/locations/us/models/2@1"},
        "tunedModelDisplayName": "Name",
        "serviceAccount": "a@b.iam.gserviceaccount.com",
        "encryptionSpec": {"kmsKeyName": "k"},
    }


def test_what_a_job_yielded_is_read() -> None:
    found = run(
        state="JOB_STATE_SUCCEEDED",
        tunedModel={
            "model": "projects/123/locations/us/models/789@1",
            "endpoint": "projects/123/locations/us/endpoints/321",
            "checkpoints": [{"checkpointId": "1", "epoch": "1", "step": "10", "endpoint": "e"}, {"checkpointId": "2"}],
        },
        tuningDataStats={
            "supervisedTuningDataStats": {
                "tuningDatasetExampleCount": "500",
                "totalBillableTokenCount": "255243",
                "tuningStepCount": "130",
                "totalTruncatedExampleCount": "4",
            }
        },
    )
    assert found.model == "projects/123/locations/us/models/789@1"
    assert found.checkpoints == (Checkpoint("1", 1, 10, "e"), Checkpoint("2"))
    assert (found.examples, found.billed_tokens, found.total_steps, found.dropped_examples) == (500, 255243, 130, 4)


def test_preference_tuning_lists_what_it_dropped() -> None:
    stats = {"preferenceOptimizationDataStats": {"droppedExampleIndices": ["3", "7"], "totalBillableTokenCount": "9"}}
    found = run(tuningDataStats=stats)
    assert (found.dropped_examples, found.billed_tokens) == (2, 9)


@pytest.mark.parametrize("state", [s for s in RunState if s is not RunState.UNKNOWN])
def test_every_state_is_known(state: RunState) -> None:
    assert run(state=f"JOB_STATE_{state}").state is state


@pytest.mark.parametrize("state", ["JOB_STATE_SHINY", "", "SUCCEEDED", "JOB_STATE_UNSPECIFIED"])
def test_a_state_that_is_not_known_counts_as_under_way(state: str) -> None:
    assert run(state=state).state is RunState.UNKNOWN
    assert run(state=state).state.is_active


def test_an_error_is_cut_and_cleaned() -> None:
    error = run(error={"code": 13, "message": "Failed\x1b[31m\n" + "x" * 5000}).error
    assert error.code == 13
    assert error.message.isprintable()
    assert len(error.message) == 500
    assert run(error={}).error is None
    assert run(error={"code": 7}).error == RunError(7, "")


def test_new_missing_and_null_fields_are_taken() -> None:
    found = run(
        labels=None, tunedModel=None, error=None, description=None, shinyNewField={"a": [1]}, tuningDataStats={}
    )
    assert found.labels == {}
    assert found.model == ""
    assert run().body == {}


@pytest.mark.parametrize("fields", [{"name": None}, {"labels": [1]}, {"state": {}}, {"tunedModel": "x"}])
def test_a_field_of_a_wrong_type_is_a_bad_answer(fields: dict[str, Any]) -> None:
    with pytest.raises(BadAnswer):
        run(**fields)


def test_a_model_knows_where_it_is_deployed() -> None:
    answer = {
        "name": "projects/1/locations/us/models/2",
        "versionId": "3",
        "defaultCheckpointId": "7",
        "labels": {"google-vertex-llm-tuning-job-id": "456", "team": "x"},
        "deployedModels": [{"endpoint": "projects/1/locations/us/endpoints/9", "deployedModelId": "10"}],
        "containerSpec": {"imageUri": "x"},
    }
    model = model_of(wire.read(wire.Model, answer, where=""))
    assert model.deployments == (("projects/1/locations/us/endpoints/9", "10"),)
    assert (model.version, model.default_checkpoint) == ("3", "7")
    assert model.labels["google-vertex-llm-tuning-job-id"] == "456"


def test_an_endpoint_knows_what_it_carries() -> None:
    answer = {
        "name": "projects/1/locations/us/endpoints/9",
        "trafficSplit": {"10": 100},
        "deployedModels": [
            {"id": "10", "model": "projects/1/locations/us/models/2", "modelVersionId": "3", "checkpointId": "7"},
            {"id": "11", "model": "projects/1/locations/us/models/2@4", "modelVersionId": "4"},
        ],
    }
    endpoint = endpoint_of(wire.read(wire.Endpoint, answer, where=""))
    assert [d.model.rpartition("/")[2] for d in endpoint.deployed] == ["2@3", "2@4"]
    assert endpoint.traffic == {"10": 100}
    assert endpoint.deployed[0].checkpoint == "7"
