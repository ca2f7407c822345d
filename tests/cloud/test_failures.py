"""Google's errors become ours: where, what, and what to do next."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler import errors
from reconciler.cloud.failures import clean, failure, rpc_error

NOW = datetime(2026, 11, 21, tzinfo=UTC)
JSON = {"content-type": "application/json; charset=UTF-8"}


def mapped(status: int, error: dict[str, Any], *, wrapped: bool = False) -> errors.CloudError:
    document: Any = {"error": error}
    return failure(status, JSON, json.dumps([document] if wrapped else document).encode(), where="GET x", now=NOW)


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (400, "INVALID_ARGUMENT", errors.InvalidRequest),
        (400, "OUT_OF_RANGE", errors.InvalidRequest),
        (400, "FAILED_PRECONDITION", errors.FailedPrecondition),
        (412, "FAILED_PRECONDITION", errors.FailedPrecondition),
        (401, "UNAUTHENTICATED", errors.Unauthenticated),
        (403, "PERMISSION_DENIED", errors.PermissionDenied),
        (404, "NOT_FOUND", errors.NotFound),
        (409, "ALREADY_EXISTS", errors.AlreadyExists),
        (409, "ABORTED", errors.Aborted),
        (429, "RESOURCE_EXHAUSTED", errors.ResourceExhausted),
        (499, "CANCELLED", errors.ServerFault),
        (500, "INTERNAL", errors.ServerFault),
        (501, "UNIMPLEMENTED", errors.ServerFault),
        (503, "UNAVAILABLE", errors.ServerFault),
        (504, "DEADLINE_EXCEEDED", errors.ServerFault),
    ],
)
@pytest.mark.parametrize("wrapped", [False, True], ids=["plain", "in an array"])
def test_each_status_has_its_error_with_a_next_step(
    status: int, code: str, expected: type[errors.ApiError], wrapped: bool
) -> None:
    error = mapped(status, {"code": status, "message": "the message", "status": code}, wrapped=wrapped)
    assert type(error) is expected
    assert error.code == code
    assert error.where == "GET x"
    assert error.what == "the message"
    assert error.next_step


def test_cloud_storages_errors_without_a_canonical_status_are_understood() -> None:
    error = mapped(412, {"code": 412, "message": "at least one", "errors": [{"reason": "conditionNotMet"}]})
    assert type(error) is errors.FailedPrecondition
    assert error.code == "FAILED_PRECONDITION"


def test_field_violations_are_kept_and_said() -> None:
    violation = {"field": "tuning_job.supervised_tuning_spec.training_dataset_uri", "description": "not readable"}
    error = mapped(
        400,
        {
            "code": 400,
            "message": "bad",
            "status": "INVALID_ARGUMENT",
            "details": [{"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": [violation]}],
        },
    )
    assert isinstance(error, errors.ApiError)
    assert error.violations == ((violation["field"], "not readable"),)
    assert "training_dataset_uri: not readable" in error.what


def test_a_disabled_api_is_told_with_the_link_to_enable_it() -> None:
    url = "https://console.developers.google.com/apis/api/aiplatform.googleapis.com/overview?project=1"
    info = {"@type": "ErrorInfo", "reason": "SERVICE_DISABLED", "metadata": {"activationUrl": url}}
    error = mapped(403, {"code": 403, "message": "off", "status": "PERMISSION_DENIED", "details": [info]})
    assert url in error.next_step


def test_a_link_to_anywhere_but_googles_console_is_not_passed_on() -> None:
    info = {"@type": "ErrorInfo", "reason": "SERVICE_DISABLED", "metadata": {"activationUrl": "https://evil.example/"}}
    error = mapped(403, {"code": 403, "message": "off", "status": "PERMISSION_DENIED", "details": [info]})
    assert "evil" not in error.next_step


def test_a_missing_permission_is_named() -> None:
    info = {"reason": "IAM_PERMISSION_DENIED", "metadata": {"permission": "aiplatform.tuningJobs.create"}}
    error = mapped(403, {"code": 403, "message": "no", "status": "PERMISSION_DENIED", "details": [info]})
    assert "aiplatform.tuningJobs.create" in error.next_step


def test_an_html_page_gives_its_title_and_nothing_else() -> None:
    page = b"<html><head><title>403\nForbidden\x1b[31m</title></head><body>secret <b>content</b></body></html>"
    error = failure(403, {"content-type": "text/html"}, page, where="GET x", now=NOW)
    assert type(error) is errors.BadAnswer
    assert "'403 Forbidden [31m'" in error.what
    assert "secret" not in str(error)


def test_an_operations_error_is_the_same_kind_of_error() -> None:
    error = rpc_error({"code": 9, "message": "is deployed"}, where="op")
    assert type(error) is errors.FailedPrecondition
    assert (error.status, error.code, error.what) == (400, "FAILED_PRECONDITION", "is deployed")
    assert type(rpc_error({"code": 99}, where="op")) is errors.ServerFault


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["error", "code", "message", "status", "details", "errors", "reason", "fieldViolations"])
            | st.text(max_size=5),
            inner,
            max_size=5,
        )
    ),
)


@given(status=st.integers(300, 599), body=st.binary(max_size=200) | json_values.map(lambda v: json.dumps(v).encode()))
def test_whatever_a_server_says_becomes_a_clean_error(status: int, body: bytes) -> None:
    error = failure(status, JSON, body, where="GET x", now=NOW)
    assert isinstance(error, errors.ApiError | errors.BadAnswer)
    assert error.what.isprintable()
    assert len(error.what) <= 1000


@given(error=json_values)
def test_whatever_google_says_in_its_error_object_becomes_a_clean_error(error: Any) -> None:
    body = json.dumps({"error": {"code": 400, "status": "INVALID_ARGUMENT", "message": error, "details": error}})
    found = failure(400, JSON, body.encode(), where="GET x", now=NOW)
    assert type(found) is errors.InvalidRequest
    assert found.what.isprintable()


@given(st.text(max_size=2000))
def test_a_servers_text_is_one_bounded_printable_line(text: str) -> None:
    line = clean(text)
    assert len(line) <= 500
    assert line.isprintable()
    assert clean(line) == line
