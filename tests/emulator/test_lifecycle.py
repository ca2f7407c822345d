"""How a job moves from state to state, and what decides its end."""

from collections.abc import Iterator

import pytest

from reconciler.emulator.options import Options
from reconciler.emulator.testing import RunningEmulator
from tests.emulator.vertex import Json, Vertex, job_body, preference_body, spec, supervised_rows


def state(vertex: Vertex, job: Json) -> str:
    return str(vertex.get(job["name"])["state"])


def fated(fate: str, **changes: object) -> Json:
    return job_body(labels={"emulator-outcome": fate}, **changes)


def test_a_job_is_pending_then_running_then_succeeds(vertex: Vertex) -> None:
    job = vertex.create()
    seen = [state(vertex, job)]
    for seconds in (3, 10, 10):
        vertex.admin.advance(seconds)
        seen.append(state(vertex, job))
    assert seen == ["JOB_STATE_PENDING", "JOB_STATE_RUNNING", "JOB_STATE_RUNNING", "JOB_STATE_SUCCEEDED"]


def test_times_tell_when_a_run_was_created_began_and_ended(vertex: Vertex) -> None:
    job = vertex.tuned()
    assert job["createTime"] < job["startTime"] < job["endTime"] == job["updateTime"]


def test_a_running_job_has_its_experiment_and_no_result(vertex: Vertex) -> None:
    job = vertex.create()
    vertex.admin.advance(5)
    running = vertex.get(job["name"])
    assert "/metadataStores/default/contexts/tuning-experiment-" in running["experiment"]
    assert "tunedModel" not in running


def test_v1beta1_tells_what_a_running_job_is_doing(vertex: Vertex) -> None:
    job = vertex.create(job_body(supervisedTuningSpec=spec(hyperParameters={"epochCount": 4})))
    seen = []
    for seconds in (0, 4, 2.5, 5.5, 7):
        vertex.admin.advance(seconds)
        seen.append(vertex.get(job["name"], version="v1beta1")["tuningJobState"].removeprefix("TUNING_JOB_STATE_"))
    assert seen == ["WAITING_FOR_QUOTA", "PROCESSING_DATASET", "WAITING_FOR_CAPACITY", "TUNING", "POST_PROCESSING"]
    assert "tuningJobState" not in vertex.get(job["name"])


def test_v1beta1_counts_epochs_and_steps(vertex: Vertex) -> None:
    job = vertex.create(job_body(supervisedTuningSpec=spec(hyperParameters={"epochCount": 4})))
    vertex.admin.advance(13)
    counts = vertex.get(job["name"], version="v1beta1")["tuningJobMetadata"]
    assert counts == {"completedEpochCount": "2", "completedStepCount": "10"}


def test_a_cancelled_job_passes_through_cancelling(vertex: Vertex) -> None:
    job = vertex.create()
    vertex.admin.advance(5)
    assert vertex.ok("POST", f"{job['name']}:cancel", {}) == {}
    assert state(vertex, job) == "JOB_STATE_CANCELLING"
    vertex.admin.advance(1)
    ended = vertex.get(job["name"])
    assert (ended["state"], ended["error"]["code"]) == ("JOB_STATE_CANCELLED", 1)
    vertex.admin.advance(60)
    assert vertex.get(job["name"]) == ended


def test_cancelling_twice_is_no_error(vertex: Vertex) -> None:
    job = vertex.create()
    vertex.ok("POST", f"{job['name']}:cancel", {})
    vertex.ok("POST", f"{job['name']}:cancel", {})


def test_a_finished_job_cannot_be_cancelled(vertex: Vertex) -> None:
    vertex.refused(400, "FAILED_PRECONDITION", "POST", f"{vertex.tuned()['name']}:cancel", {})


def test_a_cancel_can_come_too_late(vertex: Vertex) -> None:
    job = vertex.create(fated("cancel-race"))
    vertex.admin.advance(5)
    vertex.ok("POST", f"{job['name']}:cancel", {})
    vertex.admin.advance(1)
    assert state(vertex, job) == "JOB_STATE_CANCELLING"
    vertex.admin.advance(20)
    assert vertex.get(job["name"])["tunedModel"]["endpoint"]


@pytest.mark.parametrize(
    ("fate", "end", "code"),
    [
        ("fail-internal", "JOB_STATE_FAILED", 13),
        ("fail-data", "JOB_STATE_FAILED", 3),
        ("expire", "JOB_STATE_EXPIRED", 4),
    ],
)
def test_a_label_decides_how_a_job_ends(vertex: Vertex, fate: str, end: str, code: int) -> None:
    job = vertex.create(fated(fate))
    vertex.admin.advance(30)
    ended = vertex.get(job["name"])
    assert (ended["state"], ended["error"]["code"]) == (end, code)
    assert "tunedModel" not in ended


def test_a_failed_job_can_leave_a_model_without_an_endpoint(vertex: Vertex) -> None:
    job = vertex.create(fated("orphan-model"))
    vertex.admin.advance(30)
    ended = vertex.get(job["name"])
    assert (ended["state"], ended["error"]["code"]) == ("JOB_STATE_FAILED", 13)
    assert list(ended["tunedModel"]) == ["model"]
    assert "deployedModels" not in vertex.get(ended["tunedModel"]["model"])


def test_a_slow_job_takes_ten_times_as_long(vertex: Vertex) -> None:
    job = vertex.create(fated("slow"))
    vertex.admin.advance(100)
    assert state(vertex, job) == "JOB_STATE_RUNNING"
    vertex.admin.advance(101)
    assert state(vertex, job) == "JOB_STATE_SUCCEEDED"


@pytest.mark.parametrize(
    ("rows", "complaint"),
    [
        (b"", "empty"),
        (supervised_rows(3) + b"\n{broken", "Row: 4. The row is not valid JSON"),
        (supervised_rows(1) + b"\n\n[]", "Row: 3. The row is not a JSON object"),
        (b'{"messages": []}', "Row: 1. Field contents is missing"),
        (b'{"contents": [{"role": "user", "parts": [{"text": "a"}]}]}', "Row: 1. The last content"),
        (b'{"contents": [{"role": "assistant", "parts": [{"text": "a"}]}]}', "Row: 1. Unknown role 'assistant'"),
        (b'{"contents": [{"role": "model", "parts": []}]}', "Row: 1. A content must have"),
        (b'{"contents": [7]}', "Row: 1. A content must be an object"),
        (
            b'{"systemInstruction": "x", "contents": [{"role": "model", "parts": [{"text": "a"}]}]}',
            "system instruction",
        ),
    ],
)
def test_a_malformed_dataset_fails_the_run_and_names_the_row(vertex: Vertex, rows: bytes, complaint: str) -> None:
    vertex.admin.put_object("gs://acme/bad.jsonl", rows)
    job = vertex.create(job_body(supervisedTuningSpec=spec(trainingDatasetUri="gs://acme/bad.jsonl")))
    vertex.admin.advance(4)
    assert state(vertex, job) == "JOB_STATE_RUNNING"
    vertex.admin.advance(5)
    ended = vertex.get(job["name"])
    assert (ended["state"], ended["error"]["code"]) == ("JOB_STATE_FAILED", 3)
    assert complaint in ended["error"]["message"]


CONTENTS = b'{"contents": [{"role": "user", "parts": [{"text": "a"}]}], "completions": '
GOOD = b'{"score": 1, "completion": {"role": "model", "parts": [{"text": "a"}]}}'


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        (b'{"contents": [{"role": "model", "parts": [{"text": "a"}]}]}', "must have the role user"),
        (CONTENTS + b"[]}", "exactly two completions"),
        (CONTENTS + b"[" + GOOD + b", " + GOOD + b"]}", "One completion must have score 1"),
        (CONTENTS + b"[" + GOOD + b", " + GOOD.replace(b"1", b'"0"') + b"]}", "with a score"),
        (CONTENTS + b"[" + GOOD + b", " + GOOD.replace(b"model", b"user") + b"]}", "must have the role model"),
    ],
)
def test_a_malformed_preference_row_fails_the_run(vertex: Vertex, row: bytes, complaint: str) -> None:
    vertex.admin.put_object("gs://acme/bad.jsonl", row)
    job = vertex.create(preference_body(preferenceOptimizationSpec=spec(trainingDatasetUri="gs://acme/bad.jsonl")))
    vertex.admin.advance(9)
    message = vertex.get(job["name"])["error"]["message"]
    assert "Row: 1." in message
    assert complaint in message


def test_a_malformed_validation_dataset_fails_the_run(vertex: Vertex) -> None:
    vertex.admin.put_object("gs://acme/bad.jsonl", b"no json")
    job = vertex.create(job_body(supervisedTuningSpec=spec(validationDatasetUri="gs://acme/bad.jsonl")))
    vertex.admin.advance(9)
    assert "Validation dataset validation failed. Row: 1" in vertex.get(job["name"])["error"]["message"]


@pytest.fixture
def narrow(request: pytest.FixtureRequest) -> Iterator[Vertex]:
    """A project that may run one job at a time."""
    with RunningEmulator(Options(max_concurrent_jobs=1, over_quota=request.param)) as emulator:
        emulator.admin.put_object("gs://acme/train.jsonl", supervised_rows())
        with Vertex(emulator) as client:
            yield client


@pytest.mark.parametrize("narrow", ["queue"], indirect=True)
def test_jobs_over_quota_wait_their_turn_in_all_regions_together(narrow: Vertex) -> None:
    elsewhere = "projects/acme-ml/locations/europe-west4/tuningJobs"
    jobs = [narrow.create(), narrow.ok("POST", elsewhere, job_body()), narrow.create(), narrow.create()]
    assert [job["state"] for job in jobs] == ["JOB_STATE_PENDING"] + ["JOB_STATE_QUEUED"] * 3
    narrow.ok("POST", f"{jobs[2]['name']}:cancel", {})
    narrow.admin.advance(21)
    assert [state(narrow, job) for job in jobs] == [
        "JOB_STATE_SUCCEEDED",
        "JOB_STATE_PENDING",
        "JOB_STATE_CANCELLED",
        "JOB_STATE_QUEUED",
    ]
    narrow.admin.advance(60)
    assert state(narrow, jobs[3]) == "JOB_STATE_SUCCEEDED"


@pytest.mark.parametrize("narrow", ["reject"], indirect=True)
def test_jobs_over_quota_can_be_rejected(narrow: Vertex) -> None:
    narrow.create()
    error = narrow.refused(429, "RESOURCE_EXHAUSTED", "POST", "/tuningJobs", job_body())
    assert "exceed quota limits" in error["message"]
    assert len(narrow.names("tuningJobs")) == 1
    narrow.ok("POST", "projects/other/locations/us-central1/tuningJobs", job_body())
    narrow.admin.advance(30)
    narrow.create()
