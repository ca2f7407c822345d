"""Whatever is sent, the answer is a refusal in Google's words, never a crash."""

import json
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.emulator.options import Options
from reconciler.emulator.testing import RunningEmulator
from tests.emulator.vertex import Vertex

JOBS = "/v1/projects/acme-ml/locations/us-central1/tuningJobs"
FIELDS = [
    "baseModel", "supervisedTuningSpec", "preTunedModel", "labels", "encryptionSpec", "hyperParameters", "name",
    "epochCount", "trainingDatasetUri", "tunedModelName", "kmsKeyName", "evaluationConfig", "description",
]  # fmt: skip
TEXTS = st.text(max_size=20) | st.sampled_from(["gs://acme/train.jsonl", "gemini-2.5-flash", "projects/a/locations/b"])
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(FIELDS) | TEXTS, inner, max_size=4),
    max_leaves=12,
)
QUICK = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def assert_refused_or_accepted(answer: httpx.Response) -> None:
    assert answer.status_code < 500, answer.text
    if answer.status_code >= 400 and "json" in answer.headers["content-type"]:
        assert answer.json()["error"]["code"] == answer.status_code


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        b'"text"',
        b"null",
        b"{}}",
        b'{"a": NaN}',
        b"\xff\xfe",
        b'{"a": "\xff"}',
        b'{"a": "\\ud800"}',
        b"[" * 100_000,
        b'{"labels":' * 500 + b"{}" + b"}" * 500,
        b'{"description":' + b"[" * 200 + b"]" * 200 + b"}",
        b'{"supervisedTuningSpec": {"hyperParameters": {"epochCount": 1e400}}}',
        b'{"a": ' + b"9" * 5000 + b"}",
    ],
)
def test_a_body_that_is_no_request_is_refused(vertex: Vertex, body: bytes) -> None:
    answer = vertex.http.post(JOBS, content=body)
    assert answer.status_code == 400
    assert answer.json()["error"]["status"] == "INVALID_ARGUMENT"


def test_a_body_over_the_limit_is_refused() -> None:
    with RunningEmulator(Options(max_body_bytes=1000)) as emulator, httpx.Client(base_url=emulator.url) as http:
        announced = http.post(JOBS, content=b" " * 1001)
        chunked = http.post(JOBS, content=iter([b" " * 600, b" " * 600]))
        assert (announced.status_code, chunked.status_code) == (413, 413)
        assert http.get(JOBS).status_code == 200


@QUICK
@given(body=st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=5))
def test_no_job_body_breaks_it(vertex: Vertex, body: dict[str, Any]) -> None:
    assert_refused_or_accepted(vertex.http.post(JOBS, content=json.dumps(body).encode()))


@QUICK
@given(body=st.binary(max_size=200))
def test_no_bytes_break_it(vertex: Vertex, body: bytes) -> None:
    assert_refused_or_accepted(vertex.http.post(JOBS, content=body))


@QUICK
@given(path=st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="#?"), max_size=30))
def test_no_path_breaks_it(vertex: Vertex, path: str) -> None:
    for url in (f"/v1/projects/{path}", f"{JOBS}/{path}", f"{JOBS.replace('acme-ml', path)}"):
        assert_refused_or_accepted(vertex.http.get(url))


@QUICK
@given(text=st.text(max_size=60), token=st.text(max_size=20), size=st.text(max_size=5))
def test_no_query_breaks_it(vertex: Vertex, text: str, token: str, size: str) -> None:
    for query in ({"filter": text}, {"pageToken": token}, {"pageSize": size}, {text or "a": token}):
        assert_refused_or_accepted(vertex.http.get(JOBS, params=query))


@QUICK
@given(body=st.dictionaries(st.sampled_from(["project", "location", "jobs", "count", "advance"]), VALUES, max_size=4))
def test_no_admin_request_breaks_it(vertex: Vertex, body: dict[str, Any]) -> None:
    for path in ("/_emulator/seed", "/_emulator/clock"):
        answer = vertex.http.post(path, content=json.dumps(body).encode())
        assert_refused_or_accepted(answer)
