"""What the answer to a paid create proves; doubt is the default, and there is never a second POST."""

from __future__ import annotations

import json
import socket
from typing import Any

import pytest

from reconciler.cloud.client import Client, connect
from reconciler.core.desired import GoogleSettings
from reconciler.errors import CredentialsError
from reconciler.providers.protocol import Outcome
from reconciler.providers.vertex.provider import VertexProvider
from tests.cloud.scripted import Act, close, google_error, in_turn, raw, reply, reset
from tests.providers.conftest import LABEL, Emulated, Quick, Serve, a_model, client_for, request_for

JOB: dict[str, Any] = {"name": "projects/123/locations/us-central1/tuningJobs/456", "state": "JOB_STATE_PENDING"}
HTML = b"<html><head><title>Blocked</title></head></html>"


def outcome_of(serve: Serve, act: Act) -> Outcome:
    cloud = serve(in_turn(act))
    submission = cloud.vertex.submit(request_for(cloud.vertex, a_model()))
    assert cloud.server.methods() == ["POST"], "one POST, whatever happens"
    assert cloud.time.slept == []
    assert (submission.run is None) == (submission.outcome is not Outcome.COMMITTED)
    assert (submission.error is None) == (submission.outcome is Outcome.COMMITTED)
    return submission.outcome


@pytest.mark.parametrize(
    "name",
    [
        "projects/123/locations/us-central1/tuningJobs/456",
        "projects/acme-ml/locations/us-central1/tuningJobs/456",
    ],
    ids=["project number", "project id"],
)
def test_a_job_in_our_project_and_location_is_committed(serve: Serve, name: str) -> None:
    assert outcome_of(serve, reply({**JOB, "name": name})) is Outcome.COMMITTED


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, "INVALID_ARGUMENT"),
        (400, "FAILED_PRECONDITION"),
        (401, "UNAUTHENTICATED"),
        (403, "PERMISSION_DENIED"),
        (404, "NOT_FOUND"),
        (412, "FAILED_PRECONDITION"),
        (429, "RESOURCE_EXHAUSTED"),
    ],
)
def test_googles_own_refusal_is_refused(serve: Serve, status: int, code: str) -> None:
    assert outcome_of(serve, google_error(status, code)) is Outcome.REFUSED


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (408, "DEADLINE_EXCEEDED"),
        (409, "ABORTED"),
        (409, "ALREADY_EXISTS"),
        (429, "UNAVAILABLE"),
        (400, "INTERNAL"),
        (405, "UNIMPLEMENTED"),
        (413, "INVALID_ARGUMENT"),
        (499, "CANCELLED"),
        (500, "INTERNAL"),
        (502, "UNAVAILABLE"),
        (503, "UNAVAILABLE"),
        (504, "DEADLINE_EXCEEDED"),
    ],
)
def test_an_error_that_proves_nothing_leaves_doubt(serve: Serve, status: int, code: str) -> None:
    assert outcome_of(serve, google_error(status, code)) is Outcome.IN_DOUBT


DOUBTFUL: dict[str, Act] = {
    "closed": close,
    "reset": reset,
    "a truncated body": raw(
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{", close=True
    ),
    "HTML with 200": reply(HTML, kind="text/html"),
    "a proxy's 400": reply(HTML, 400, kind="text/html"),
    "a proxy's 403": reply(HTML, 403, kind="text/html"),
    "a proxy's 404": reply(HTML, 404, kind="text/html"),
    "a proxy's 429": reply(HTML, 429, kind="text/html"),
    "a proxy's JSON 403": reply({"error": {"code": 403, "message": "blocked"}}, 403),
    "a redirect": reply(b"", 307, headers={"Location": "https://example.com/"}),
    "no content": raw(b"HTTP/1.1 204 No Content\r\n\r\n"),
    "nothing but 200": reply(b""),
    "an object without a name": reply({}),
    "a name that is no text": reply({"name": 7}),
    "a name that is none": reply({**JOB, "name": "tuningJobs/456"}),
    "another project": reply({**JOB, "name": "projects/other/locations/us-central1/tuningJobs/1"}),
    "another location": reply({**JOB, "name": "projects/123/locations/europe-west4/tuningJobs/1"}),
    "another collection": reply({**JOB, "name": "projects/123/locations/us-central1/models/1"}),
    "a name with dots": reply({**JOB, "name": "projects/123/locations/us-central1/tuningJobs/../1"}),
    "a name with a line break": reply({**JOB, "name": f"{JOB['name']}\n"}),
    "a name with a version": reply({**JOB, "name": f"{JOB['name']}@1"}),
    "a name of 10 kB": reply({**JOB, "name": f"projects/1/locations/us-central1/tuningJobs/{'4' * 10_000}"}),
}


@pytest.mark.parametrize("act", DOUBTFUL.values(), ids=DOUBTFUL.keys())
def test_everything_else_leaves_doubt(serve: Serve, act: Act) -> None:
    assert outcome_of(serve, act) is Outcome.IN_DOUBT


def test_a_server_that_cannot_be_reached_means_not_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with client_for(port, Quick()) as client:
        provider = VertexProvider(client, LABEL)
        assert provider.submit(request_for(provider, a_model())).outcome is Outcome.NOT_SENT


def test_without_credentials_nothing_is_sent(tmp_path: Any) -> None:
    client: Client = connect(GoogleSettings(), {"GOOGLE_APPLICATION_CREDENTIALS": str(tmp_path / "none.json")})
    with client:
        provider = VertexProvider(client, LABEL)
        submission = provider.submit(request_for(provider, a_model()))
    assert submission.outcome is Outcome.NOT_SENT
    assert isinstance(submission.error, CredentialsError)


def test_the_request_is_the_block_with_labels_name_and_description(serve: Serve) -> None:
    cloud = serve(in_turn(reply(JOB)))
    model = a_model(description="routes tickets")
    request = request_for(cloud.vertex, model)
    cloud.vertex.submit(request)
    sent = cloud.server.received[0]
    assert sent.path == "/v1/projects/acme-ml/locations/us-central1/tuningJobs"
    assert sent.headers["host"] == "us-central1-aiplatform.googleapis.com"
    assert sent.headers["x-goog-request-reason"] == "tuneform-attempt try-1"
    assert sent.json() == {
        **model.body,
        "tunedModelDisplayName": "Triage",
        "description": "routes tickets",
        "labels": {
            "team": "support",
            "tuneform-project": "acme",
            "tuneform-address": "tunedmodel_triage",
            "tuneform-spec": "a" * 40,
            "tuneform-attempt": "try-1",
        },
    }


def test_the_digest_covers_the_place_and_the_body(serve: Serve) -> None:
    vertex = serve(in_turn(reply(JOB))).vertex
    base = request_for(vertex, a_model())
    assert base.digest == request_for(vertex, a_model()).digest
    others = [
        request_for(vertex, a_model(), attempt="try-2"),
        request_for(vertex, a_model(location="europe-west4")),
        request_for(vertex, a_model(description="x")),
        request_for(vertex, a_model("other")),
    ]
    assert len({base.digest, *(r.digest for r in others)}) == 5


def test_a_create_whose_answer_was_lost_is_found_by_its_attempt(google: Emulated) -> None:
    google.admin.add_fault(kind="drop_after_commit", match={"method": "POST", "path": "tuningJobs"})
    submission = google.vertex.submit(request_for(google.vertex, a_model(), "try-lost"))
    assert submission.outcome is Outcome.IN_DOUBT
    runs = google.vertex.runs_in("acme-ml", "us-central1")
    assert [run.labels["tuneform-attempt"] for run in runs] == ["try-lost"]
    assert google.admin.counts()["POST"] == 1


def test_what_the_server_fills_in_and_echoes_can_be_compared_with_what_was_sent(google: Emulated) -> None:
    body = {
        "baseModel": "gemini-3.1-flash-lite",
        "supervisedTuningSpec": {
            "trainingDatasetUri": "gs://acme-data/train.jsonl",
            "hyperParameters": {"epochCount": 3, "learningRateMultiplier": 1.0, "adapterSize": "ADAPTER_SIZE_FOUR"},
            "exportLastCheckpointOnly": True,
        },
    }
    submission = google.vertex.submit(request_for(google.vertex, a_model(body=body)))
    assert submission.run is not None, submission.error
    assert {k: submission.run.body[k] for k in body} == body
    assert json.dumps(submission.run.body["supervisedTuningSpec"]["hyperParameters"]["epochCount"]) == "3"
