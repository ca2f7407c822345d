"""What the emulator tells about the requests it got."""

import hashlib
from typing import Any

import httpx
import pytest


def told(http: httpx.Client) -> dict[str, Any]:
    answer: dict[str, Any] = http.get("/_emulator/requests").json()
    return answer


def test_requests_are_counted_by_method(http: httpx.Client) -> None:
    for _ in range(3):
        http.get("/storage/v1/b")
    http.post("/storage/v1/b", json={})
    assert told(http)["counts"] == {"GET": 3, "POST": 1}


def test_a_request_is_told_with_its_query_its_body_digest_and_its_status(http: httpx.Client) -> None:
    http.post("/storage/v1/b?project=p&x=a%20b", content=b'{"name": "Bad_Name!"}')
    [request] = told(http)["requests"]
    assert request["method"] == "POST"
    assert request["path"] == "/storage/v1/b"
    assert request["query"] == [["project", "p"], ["x", "a b"]]
    assert request["host"] == http.base_url.netloc.decode()
    assert request["body_bytes"] == 21
    assert request["body_sha256"] == hashlib.sha256(b'{"name": "Bad_Name!"}').hexdigest()
    assert request["status"] == 400


def test_secrets_are_named_and_not_shown(http: httpx.Client) -> None:
    http.get("/storage/v1/b?key=S3CRET", headers={"Authorization": "Bearer S3CRET", "X-Goog-Api-Key": "S3CRET"})
    answer = told(http)
    assert "S3CRET" not in str(answer)
    assert answer["requests"][0]["headers"]["authorization"] == "<present>"
    assert answer["requests"][0]["query"] == [["key", "<present>"]]


def test_a_request_whose_answer_was_lost_is_counted_and_has_no_status(http: httpx.Client) -> None:
    http.post("/_emulator/faults", json={"kind": "drop_before"})
    with pytest.raises(httpx.RemoteProtocolError):
        http.get("/storage/v1/b")
    answer = told(http)
    assert answer["counts"] == {"GET": 1}
    assert answer["requests"][0]["status"] is None


def test_deleting_starts_afresh(http: httpx.Client) -> None:
    http.get("/storage/v1/b")
    http.delete("/_emulator/requests")
    assert told(http) == {"counts": {}, "requests": []}


def test_only_the_last_thousand_requests_are_kept_and_all_are_counted(http: httpx.Client) -> None:
    for _ in range(1010):
        http.get("/nowhere")
    answer = told(http)
    assert answer["counts"] == {"GET": 1010}
    assert len(answer["requests"]) == 1000
