"""What a rebase sends, and what its answer proves."""

from __future__ import annotations

import pytest

from reconciler.applying.following import outcome_of
from reconciler.core.labels import ATTEMPT, own_labels
from reconciler.errors import CloudError
from reconciler.providers.protocol import CreateRequest, Outcome, Rebaser
from reconciler.providers.vertex.provider import VertexProvider
from tests.cloud.scripted import Act, close, google_error, in_turn, reply
from tests.providers.conftest import DATA, LABEL, RUN_SECONDS, Emulated, Serve, a_model, request_for

SOURCE = "projects/acme-ml/locations/us-central1/tuningJobs/1"
OPERATION = "projects/123/locations/us-central1/operations/9"
JOB = "projects/123/locations/us-central1/tuningJobs/456"
NEWER = {"baseModel": "gemini-3.5-flash", "supervisedTuningSpec": {"trainingDatasetUri": DATA}}


def rebase(provider: Rebaser, source: str = SOURCE, attempt: str = "try-2") -> CreateRequest:
    spec = a_model(body=NEWER)
    labels = {**spec.labels, **own_labels(LABEL, spec.address, f"sha256:{'b' * 64}", attempt)}
    return provider.rebase_request(spec, body=spec.body, labels=labels, attempt=attempt, source=source)


def test_it_says_all_that_the_spec_declares_and_wants_a_new_endpoint(google: Emulated) -> None:
    request = rebase(google.vertex)
    assert request.path == "projects/acme-ml/locations/us-central1/tuningJobs:rebaseTunedModel"
    assert request.body["tunedModelRef"] == {"tuningJob": SOURCE}
    assert request.body["deployToSameEndpoint"] is False
    job = request.body["tuningJob"]
    assert job["baseModel"] == "gemini-3.5-flash"
    assert job["tunedModelDisplayName"] == "Triage"
    assert job["labels"][ATTEMPT] == "try-2"
    assert job["supervisedTuningSpec"] == {"trainingDatasetUri": DATA}


def test_a_model_can_stand_for_its_job(google: Emulated) -> None:
    name = "projects/acme-ml/locations/us/models/7@1"
    assert rebase(google.vertex, name).body["tunedModelRef"] == {"tunedModel": name}
    with pytest.raises(CloudError, match="neither a tuning job nor a model"):
        rebase(google.vertex, "projects/acme-ml/locations/us/endpoints/7")


def test_another_attempt_is_another_body(google: Emulated) -> None:
    assert rebase(google.vertex).digest != rebase(google.vertex, attempt="try-3").digest


def outcome_on(serve: Serve, act: Act) -> tuple[Outcome, str]:
    cloud = serve(in_turn(act))
    submission = cloud.vertex.submit(rebase(cloud.vertex))
    assert cloud.server.methods() == ["POST"], "one POST, whatever happens"
    return submission.outcome, submission.operation.name if submission.operation else ""


def test_an_operation_is_in_doubt_and_remembered(serve: Serve) -> None:
    assert outcome_on(serve, reply({"name": OPERATION})) == (Outcome.IN_DOUBT, OPERATION)


def test_a_lost_answer_is_in_doubt(serve: Serve) -> None:
    assert outcome_on(serve, close) == (Outcome.IN_DOUBT, "")


def test_an_answer_that_is_no_operation_is_in_doubt(serve: Serve) -> None:
    assert outcome_on(serve, reply({"baseModel": "x"})) == (Outcome.IN_DOUBT, "")


def test_googles_own_refusal_is_refused(serve: Serve) -> None:
    assert outcome_on(serve, google_error(400, "INVALID_ARGUMENT")) == (Outcome.REFUSED, "")


def operation_says(serve: Serve, *acts: Act) -> Outcome:
    vertex: VertexProvider = serve(in_turn(*acts)).vertex
    return outcome_of(vertex, vertex.operation(OPERATION)).outcome


def test_an_operation_under_way_is_in_doubt(serve: Serve) -> None:
    assert operation_says(serve, reply({"name": OPERATION})) is Outcome.IN_DOUBT


def test_an_operation_that_names_a_job_commits_it(serve: Serve) -> None:
    done = {"name": OPERATION, "done": True, "response": {"name": JOB}}
    assert operation_says(serve, reply(done), reply({"name": JOB, "state": "JOB_STATE_PENDING"})) is Outcome.COMMITTED


def test_an_operation_that_names_nothing_is_in_doubt(serve: Serve) -> None:
    assert operation_says(serve, reply({"name": OPERATION, "done": True, "response": {}})) is Outcome.IN_DOUBT


@pytest.mark.parametrize(
    ("code", "outcome"), [(3, Outcome.REFUSED), (8, Outcome.REFUSED), (7, Outcome.REFUSED), (13, Outcome.IN_DOUBT)]
)
def test_an_operations_error_is_a_refusal_where_google_says_so(serve: Serve, code: int, outcome: Outcome) -> None:
    done = {"name": OPERATION, "done": True, "error": {"code": code, "message": "no"}}
    assert operation_says(serve, reply(done)) is outcome


def test_the_emulator_makes_one_job_that_carries_the_attempt(google: Emulated) -> None:
    first = google.vertex.submit(request_for(google.vertex, a_model())).run
    assert first is not None
    google.admin.advance(RUN_SECONDS * 2)
    submission = google.vertex.submit(rebase(google.vertex, first.name))
    assert submission.operation is not None, submission.error
    told = outcome_of(google.vertex, google.vertex.operation(submission.operation.name))
    assert told.run is not None, told.error
    assert told.run.labels[ATTEMPT] == "try-2"
    assert told.run.body["baseModel"] == "gemini-3.5-flash"
