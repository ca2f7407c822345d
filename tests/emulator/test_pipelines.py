"""Pipeline jobs that tune PaLM 2 models: what the template takes, states, what is left behind."""

import json
from pathlib import Path
from typing import Any

import pytest

from reconciler.emulator.options import Options
from reconciler.emulator.testing import RunningEmulator
from tests.emulator.vertex import Json, Vertex, job_body, supervised_rows

TEMPLATE = "https://us-kfp.pkg.dev/ml-pipeline/large-language-model-pipelines/tune-large-model/"
PAIRS = "gs://acme/pairs.jsonl"
DATASET = {
    "displayName": "d",
    "metadataSchemaUri": "gs://google-cloud-aiplatform/schema/dataset/metadata/text_1.0.0.yaml",
}


def pairs(count: int = 20) -> bytes:
    rows = ({"input_text": f"summarise {n}", "output_text": f"number {n}"} for n in range(count))
    return b"\n".join(json.dumps(row).encode() for row in rows)


def body(parameters: Json | None = None, **changes: Any) -> Json:
    """A pipeline that tunes text-bison; a parameter that is None is left out."""
    values: Json = {
        "project": "acme-ml",
        "location": "us-central1",
        "large_model_reference": "text-bison@001",
        "model_display_name": "tuned bison",
        "train_steps": 30,
        "dataset_uri": PAIRS,
    } | (parameters or {})
    given = {name: value for name, value in values.items() if value is not None}
    return {
        "displayName": "tune text-bison",
        "templateUri": f"{TEMPLATE}v3.0.0",
        "runtimeConfig": {"gcsOutputDirectory": "gs://acme/output", "parameterValues": given},
        **changes,
    }


@pytest.fixture
def palm(vertex: Vertex) -> Vertex:
    vertex.admin.put_object(PAIRS, pairs())
    return vertex


def create(palm: Vertex, job_id: str = "tune-1", given: Json | None = None) -> Json:
    return palm.ok("POST", "/pipelineJobs", body() if given is None else given, pipelineJobId=job_id)


def ended(palm: Vertex, given: Json | None = None) -> Json:
    """A pipeline once all is over."""
    name = create(palm, given=given)["name"]
    palm.admin.advance(60)
    return palm.get(name)


def test_a_pipeline_runs_to_its_end(palm: Vertex) -> None:
    name = create(palm)["name"]
    states = [palm.get(name)["state"]]
    for seconds in (10, 60):
        palm.admin.advance(seconds)
        states.append(palm.get(name)["state"])
    assert states == [f"PIPELINE_STATE_{state}" for state in ("PENDING", "RUNNING", "SUCCEEDED")]


def test_a_task_tells_the_model(palm: Vertex) -> None:
    tasks = {task["taskName"]: task for task in ended(palm)["jobDetail"]["taskDetails"]}
    name = tasks["upload-llm-model"]["execution"]["metadata"]["output:model_resource_name"]
    model = palm.get(name)
    assert model["displayName"] == "tuned bison"
    assert model["labels"] == {"google-vertex-llm-tuning-base-model-id": "text-bison-001"}
    endpoint = palm.get(model["deployedModels"][0]["endpoint"])
    assert endpoint["trafficSplit"] == {endpoint["deployedModels"][0]["id"]: 100}


def test_labels_are_passed_on_to_the_model(palm: Vertex) -> None:
    ended(palm, body(labels={"team": "support"}))
    [model] = palm.ok("GET", "/models", filter='labels.team="support"')["models"]
    assert model["labels"]["google-vertex-llm-tuning-base-model-id"] == "text-bison-001"


def test_the_model_lands_where_the_parameter_says(palm: Vertex) -> None:
    ended(palm, body({"location": "europe-west4"}))
    with Vertex(palm.emulator, location="europe-west4") as elsewhere:
        assert (len(palm.names("models")), len(elsewhere.names("models"))) == (0, 1)


def test_lists_leave_out_the_details(palm: Vertex) -> None:
    ended(palm)
    [listed] = palm.ok("GET", "/pipelineJobs")["pipelineJobs"]
    assert "jobDetail" not in listed
    assert listed["state"] == "PIPELINE_STATE_SUCCEEDED"


def test_pipelines_are_filtered_and_ordered(palm: Vertex) -> None:
    create(palm, "first", body(labels={"team": "a"}))
    create(palm, "second", body(displayName="other"))
    ids = {
        "labels.team=a": ["first"],
        'display_name="other"': ["second"],
        'state="PIPELINE_STATE_FAILED"': [],
        'state="PIPELINE_STATE_PENDING" AND NOT labels:team': ["second"],
    }
    assert {f: [name.rpartition("/")[2] for name in palm.names("pipelineJobs", filter=f)] for f in ids} == ids
    assert [name.rpartition("/")[2] for name in palm.names("pipelineJobs")] == ["second", "first"]
    ordered = palm.names("pipelineJobs", orderBy="create_time asc")
    assert [name.rpartition("/")[2] for name in ordered] == ["first", "second"]


def test_an_id_is_used_once(palm: Vertex) -> None:
    create(palm)
    palm.refused(409, "ALREADY_EXISTS", "POST", "/pipelineJobs", body(), pipelineJobId="tune-1")


def test_without_an_id_one_is_made(palm: Vertex) -> None:
    name = palm.ok("POST", "/pipelineJobs", body())["name"]
    assert "/pipelineJobs/tune-large-model-" in name


@pytest.mark.parametrize("job_id", ["Tune", "tune_1", "x" * 128])
def test_other_ids_are_refused(palm: Vertex, job_id: str) -> None:
    palm.refused(400, "INVALID_ARGUMENT", "POST", "/pipelineJobs", body(), pipelineJobId=job_id)


@pytest.mark.parametrize(
    "given",
    [
        pytest.param(body({"learning_rate": 1.0}), id="v3, as Google's page has it"),
        pytest.param(body({"learning_rate_multiplier": 1}), id="v3"),
        pytest.param(body({"learning_rate": 3}, templateUri=f"{TEMPLATE}v2.0.0"), id="v2"),
        pytest.param(body({"large_model_reference": "code-bison@002", "accelerator_type": "TPU"}), id="code"),
        pytest.param(body({"large_model_reference": "codechat-bison@001"}), id="code chat"),
        pytest.param(body({"evaluation_data_uri": PAIRS, "evaluation_interval": 20}), id="evaluation"),
        pytest.param(body({"train_steps": 30.0}), id="numbers of Google's clients"),
    ],
)
def test_what_the_template_takes(palm: Vertex, given: Json) -> None:
    assert ended(palm, given)["state"] == "PIPELINE_STATE_SUCCEEDED"


CHATS = "gs://acme/chats.jsonl"
CHAT = body(
    {"large_model_reference": "codechat-bison@002", "dataset_uri": CHATS, "default_context": "You write Go."},
    templateUri=f"{TEMPLATE.replace('tune-large-model', 'tune-large-chat-model')}v3.0.0",
)


@pytest.mark.parametrize(
    ("row", "state"),
    [
        ({"messages": [{"author": "user", "content": "q"}, {"author": "assistant", "content": "a"}]}, "SUCCEEDED"),
        ({"messages": [{"author": "user", "content": "q"}]}, "FAILED"),
        ({"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]}, "FAILED"),
        ({"input_text": "q", "output_text": "a"}, "FAILED"),
    ],
    ids=["turns of authors", "no answer", "roles", "pairs"],
)
def test_a_chat_model_is_tuned_on_chats(palm: Vertex, row: Json, state: str) -> None:
    palm.admin.put_object(CHATS, b"\n".join([json.dumps(row).encode()] * 12))
    assert ended(palm, CHAT)["state"] == f"PIPELINE_STATE_{state}"


@pytest.mark.parametrize(
    "given",
    [
        pytest.param(body(templateUri=f"{TEMPLATE}v9.0.0"), id="version"),
        pytest.param(body(templateUri="https://us-kfp.pkg.dev/acme/pipelines/other/v1"), id="template"),
        pytest.param(body(pipelineSpec={"root": {}}), id="own pipeline"),
        pytest.param(body(runtimeConfig={}), id="no runtime configuration"),
        pytest.param(body({"temperature": 1}), id="unknown parameter"),
        pytest.param(body({"max_context_length": "32k"}, templateUri=f"{TEMPLATE}v2.0.0"), id="parameter of v3"),
        pytest.param(body({"train_steps": "30"}), id="text for a number"),
        pytest.param(body({"train_steps": 30.5}), id="half a step"),
        pytest.param(body({"dataset_uri": None}), id="no dataset"),
        pytest.param(body({"model_display_name": None}), id="no name"),
        pytest.param(body({"learning_rate": 1, "learning_rate_multiplier": 1}), id="two learning rates"),
        pytest.param(body(labels={"Team": "a"}), id="label"),
        pytest.param(body(template="x"), id="unknown field"),
    ],
)
def test_what_create_refuses(palm: Vertex, given: Json) -> None:
    palm.refused(400, "INVALID_ARGUMENT", "POST", "/pipelineJobs", given, pipelineJobId="tune-1")
    assert palm.names("pipelineJobs") == []


@pytest.mark.parametrize(
    ("parameters", "told"),
    [
        ({"large_model_reference": "text-bison@009"}, "text-bison@009"),
        ({"dataset_uri": "gs://acme/none.jsonl"}, "none.jsonl"),
        ({"dataset_uri": "gs://acme/few.jsonl"}, "at least 10"),
        ({"dataset_uri": "gs://acme/train.jsonl"}, "Row: 1. Field input_text"),
        ({"evaluation_data_uri": "gs://acme/none.jsonl"}, "evaluation_data_uri"),
        ({"train_steps": 0}, "train_steps"),
        ({"project": "other"}, "Permission denied"),
        ({"location": "nowhere at all"}, "nowhere at all"),
    ],
)
def test_what_the_run_stumbles_over(palm: Vertex, parameters: Json, told: str) -> None:
    palm.admin.put_object("gs://acme/few.jsonl", pairs(9))
    failed = ended(palm, body(parameters))
    assert (failed["state"], failed["error"]["code"]) == ("PIPELINE_STATE_FAILED", 3)
    assert told in failed["error"]["message"]
    assert palm.names("models") == []


def test_data_is_read_when_the_pipeline_runs(palm: Vertex) -> None:
    name = create(palm, given=body({"dataset_uri": "gs://acme/later.jsonl"}))["name"]
    palm.admin.put_object("gs://acme/later.jsonl", pairs())
    palm.admin.advance(60)
    assert palm.get(name)["state"] == "PIPELINE_STATE_SUCCEEDED"


@pytest.mark.parametrize(("fate", "models"), [("fail-internal", 0), ("orphan-model", 1)])
def test_a_pipeline_may_fail_for_no_fault_of_ours(palm: Vertex, fate: str, models: int) -> None:
    failed = ended(palm, body(labels={"emulator-outcome": fate}))
    assert (failed["state"], failed["error"]["code"]) == ("PIPELINE_STATE_FAILED", 13)
    assert len(palm.names("models")) == models
    assert palm.names("endpoints") == []


def test_a_pipeline_is_cancelled(palm: Vertex) -> None:
    name = create(palm)["name"]
    assert palm.ok("POST", f"{name}:cancel", {}) == {}
    states = [palm.get(name)["state"]]
    palm.admin.advance(60)
    states.append(palm.get(name)["state"])
    assert states == ["PIPELINE_STATE_CANCELLING", "PIPELINE_STATE_CANCELLED"]
    palm.refused(400, "FAILED_PRECONDITION", "POST", f"{name}:cancel", {})


def test_a_cancel_may_come_too_late(palm: Vertex) -> None:
    name = create(palm, given=body(labels={"emulator-outcome": "cancel-race"}))["name"]
    palm.ok("POST", f"{name}:cancel", {})
    palm.admin.advance(60)
    assert palm.get(name)["state"] == "PIPELINE_STATE_SUCCEEDED"


def test_a_pipeline_that_is_over_can_be_deleted_and_its_id_used_again(palm: Vertex) -> None:
    name = create(palm)["name"]
    palm.refused(400, "FAILED_PRECONDITION", "DELETE", name)
    palm.admin.advance(60)
    palm.done(palm.ok("DELETE", name))
    palm.refused(404, "NOT_FOUND", "GET", name)
    create(palm)


def test_pipelines_are_cancelled_and_deleted_together_or_not_at_all(palm: Vertex) -> None:
    names = [create(palm, f"tune-{n}")["name"] for n in (1, 2)]
    gone = f"{names[0]}-gone"
    palm.refused(404, "NOT_FOUND", "POST", "/pipelineJobs:batchCancel", {"names": [*names, gone]})
    palm.refused(400, "FAILED_PRECONDITION", "POST", "/pipelineJobs:batchDelete", {"names": names})
    assert {palm.get(name)["state"] for name in names} == {"PIPELINE_STATE_PENDING"}
    palm.done(palm.ok("POST", "/pipelineJobs:batchCancel", {"names": names}))
    palm.admin.advance(60)
    assert {palm.get(name)["state"] for name in names} == {"PIPELINE_STATE_CANCELLED"}
    palm.done(palm.ok("POST", "/pipelineJobs:batchDelete", {"names": names}))
    assert palm.names("pipelineJobs") == []


@pytest.mark.parametrize("names", [[], [f"projects/acme-ml/locations/us-central1/pipelineJobs/{n}" for n in range(33)]])
def test_a_batch_has_at_least_one_name_and_at_most_thirty_two(palm: Vertex, names: list[str]) -> None:
    palm.refused(400, "INVALID_ARGUMENT", "POST", "/pipelineJobs:batchCancel", {"names": names})


def test_pipelines_outlive_a_restart(tmp_path: Path) -> None:
    options = Options(data_dir=tmp_path)
    with RunningEmulator(options) as emulator, Vertex(emulator) as palm:
        palm.admin.put_object(PAIRS, pairs())
        name = create(palm)["name"]
    with RunningEmulator(options) as emulator, Vertex(emulator) as palm:
        palm.admin.advance(60)
        assert palm.get(name)["state"] == "PIPELINE_STATE_SUCCEEDED"


def test_the_first_tuning_of_a_project_may_fail_until_it_has_a_dataset_of_five_minutes() -> None:
    with RunningEmulator(Options(first_run_fails=True)) as emulator, Vertex(emulator) as palm:
        palm.admin.put_object("gs://acme/train.jsonl", supervised_rows())
        palm.admin.put_object(PAIRS, pairs())

        def refused() -> None:
            palm.refused(500, "INTERNAL", "POST", "/tuningJobs", job_body())
            palm.refused(500, "INTERNAL", "POST", "/pipelineJobs", body(), pipelineJobId="tune-1")

        refused()
        palm.ok("POST", "/datasets", DATASET)
        palm.admin.advance(200)
        refused()
        palm.admin.advance(101)
        palm.create()
        create(palm)
