"""What a client sees when a fault fires: over real sockets, and whether the request was carried out."""

import time
from typing import Any

import httpx
import pytest

OBJECT = "/storage/v1/b/{}/o/thing"


def inject(http: httpx.Client, kind: str, **values: Any) -> dict[str, Any]:
    fault = {"match": {"method": "POST", "path": "^/upload/"}, "kind": kind, **values}
    answer = http.post("/_emulator/faults", json=fault)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def upload(http: httpx.Client, bucket: str, content: bytes = b"content") -> httpx.Response:
    return http.post(
        f"/upload/storage/v1/b/{bucket}/o", params={"uploadType": "media", "name": "thing"}, content=content
    )


def exists(http: httpx.Client, bucket: str) -> bool:
    return http.get(OBJECT.format(bucket)).status_code == 200


def test_refuse_answers_googles_error_and_does_nothing(http: httpx.Client, bucket: str) -> None:
    inject(http, "refuse")
    answer = upload(http, bucket)
    assert answer.status_code == 403
    assert answer.json()["error"]["status"] == "PERMISSION_DENIED"
    assert not exists(http, bucket)


def test_a_status_carries_the_headers_and_the_code_asked_for(http: httpx.Client, bucket: str) -> None:
    inject(http, "status", status=429, headers={"Retry-After": "7"}, message="quota")
    answer = upload(http, bucket)
    assert answer.status_code == 429
    assert answer.headers["retry-after"] == "7"
    assert answer.json() == {"error": {"code": 429, "message": "quota", "status": "RESOURCE_EXHAUSTED"}}


def test_a_status_may_come_although_the_request_was_carried_out(http: httpx.Client, bucket: str) -> None:
    inject(http, "status", status=503, commit=True)
    assert upload(http, bucket).status_code == 503
    assert exists(http, bucket)


def test_a_body_of_ones_own_replaces_googles_error(http: httpx.Client, bucket: str) -> None:
    inject(http, "status", status=200, body={"name": "projects/other"})
    inject(http, "status", status=200, body='{"name": "cut')
    assert upload(http, bucket).json() == {"name": "projects/other"}
    assert upload(http, bucket).text == '{"name": "cut'


def test_html_looks_like_a_proxy(http: httpx.Client, bucket: str) -> None:
    inject(http, "html")
    answer = upload(http, bucket)
    assert answer.status_code == 502
    assert answer.headers["content-type"].startswith("text/html")
    assert "<html>" in answer.text


def test_drop_before_closes_the_connection_and_nothing_has_happened(http: httpx.Client, bucket: str) -> None:
    inject(http, "drop_before")
    with pytest.raises(httpx.RemoteProtocolError, match="without sending a response"):
        upload(http, bucket)
    assert not exists(http, bucket)


def test_drop_after_commit_closes_the_connection_and_the_object_is_there(http: httpx.Client, bucket: str) -> None:
    inject(http, "drop_after_commit")
    with pytest.raises(httpx.RemoteProtocolError, match="without sending a response"):
        upload(http, bucket)
    assert exists(http, bucket)


def test_reset_breaks_the_connection(http: httpx.Client, bucket: str) -> None:
    inject(http, "reset")
    with pytest.raises(httpx.ReadError, match="reset by peer"):
        upload(http, bucket)
    assert not exists(http, bucket)


def test_reset_may_come_after_the_commit(http: httpx.Client, bucket: str) -> None:
    inject(http, "reset", commit=True)
    with pytest.raises(httpx.ReadError, match="reset by peer"):
        upload(http, bucket)
    assert exists(http, bucket)


def test_truncate_sends_half_of_what_it_announces(http: httpx.Client, bucket: str) -> None:
    whole = len(upload(http, bucket).content)
    inject(http, "truncate")
    with pytest.raises(httpx.RemoteProtocolError, match=f"received {whole // 2} bytes, expected {whole}"):
        upload(http, bucket)
    assert exists(http, bucket)


def test_a_large_upload_is_read_to_its_end_before_the_connection_closes(http: httpx.Client, bucket: str) -> None:
    inject(http, "drop_before")
    with pytest.raises(httpx.RemoteProtocolError, match="without sending a response"):
        upload(http, bucket, b"x" * 3_000_000)


def test_slow_waits_and_then_does_what_was_asked(http: httpx.Client, bucket: str) -> None:
    inject(http, "slow", seconds=0.2)
    begun = time.monotonic()
    assert upload(http, bucket).status_code == 200
    assert time.monotonic() - begun >= 0.2


def test_a_client_that_gives_up_on_a_slow_answer_finds_the_request_carried_out(http: httpx.Client, bucket: str) -> None:
    inject(http, "slow", seconds=0.3, commit=True)
    with pytest.raises(httpx.ReadTimeout):
        http.post(
            f"/upload/storage/v1/b/{bucket}/o",
            params={"uploadType": "media", "name": "thing"},
            content=b"x",
            timeout=0.1,
        )
    assert exists(http, bucket)


def test_a_fault_passes_over_some_requests_and_fires_a_number_of_times(http: httpx.Client, bucket: str) -> None:
    inject(http, "status", after=1, times=2)
    assert [upload(http, bucket).status_code for _ in range(4)] == [200, 503, 503, 200]
    [told] = http.get("/_emulator/faults").json()["faults"]
    assert (told["seen"], told["fired"]) == (4, 2)


def test_a_fault_without_an_end_fires_until_it_is_deleted(http: httpx.Client, bucket: str) -> None:
    inject(http, "status", times=None)
    assert [upload(http, bucket).status_code for _ in range(3)] == [503] * 3
    http.delete("/_emulator/faults")
    assert upload(http, bucket).status_code == 200


def test_faults_touch_only_what_they_match(http: httpx.Client, bucket: str) -> None:
    inject(http, "status", match={"method": "GET", "path": "/o$", "query": "pageToken=abc", "host": "elsewhere"})
    assert http.get(f"/storage/v1/b/{bucket}/o").status_code == 200
    inject(http, "status", match={"path": "/o$", "query": "prefix=q"})
    assert http.get(f"/storage/v1/b/{bucket}/o", params={"prefix": "p"}).status_code == 200
    assert http.get(f"/storage/v1/b/{bucket}/o", params={"prefix": "q"}).status_code == 503


def test_the_next_request_on_a_new_connection_is_answered(http: httpx.Client, bucket: str) -> None:
    for kind in ("drop_before", "drop_after_commit", "reset", "truncate"):
        inject(http, kind)
        with pytest.raises(httpx.TransportError):
            upload(http, bucket)
        assert upload(http, bucket).status_code == 200


@pytest.mark.parametrize(
    ("fault", "named"),
    [
        ({"kind": "explode"}, "kind must be one of"),
        ({}, "kind must be one of"),
        ([], "a fault is an object"),
        ({"kind": "status", "sometimes": 1}, "unknown in fault: sometimes"),
        ({"kind": "status", "match": {"verb": "GET"}}, "unknown in match: verb"),
        ({"kind": "status", "match": {"path": "("}}, "no regular expression"),
        ({"kind": "status", "match": {"path": 1}}, "match holds texts"),
        ({"kind": "status", "status": 99}, "status must be from 200 to 599"),
        ({"kind": "status", "times": -1}, "times must be"),
        ({"kind": "slow", "seconds": "1"}, "seconds must be"),
        ({"kind": "truncate", "commit": False}, "commit cannot be false"),
        ({"kind": "status", "headers": {"a": 1}}, "headers must be"),
    ],
)
def test_a_fault_that_makes_no_sense_is_refused_in_words(http: httpx.Client, fault: Any, named: str) -> None:
    answer = http.post("/_emulator/faults", json=fault)
    assert answer.status_code == 400
    assert named in answer.json()["error"]["message"]
    assert http.get("/_emulator/faults").json() == {"faults": []}
