"""The three ways to upload."""

import base64
import hashlib
import json
from typing import Any

import httpx
import pytest

CHUNK = 256 * 1024
BOUNDARY = "===b0undary=="


def multipart(http: httpx.Client, bucket: str, metadata: Any, content: bytes, **changes: Any) -> httpx.Response:
    head = f"--{BOUNDARY}\r\ncontent-type: application/json; charset=UTF-8\r\n\r\n{json.dumps(metadata)}\r\n"
    body = head.encode() + f"--{BOUNDARY}\r\ncontent-type: text/csv\r\n\r\n".encode() + content
    return http.post(
        f"/upload/storage/v1/b/{bucket}/o",
        params={"uploadType": "multipart"},
        content=changes.get("body", body + f"\r\n--{BOUNDARY}--".encode()),
        headers={"content-type": changes.get("content_type", f'multipart/related; boundary="{BOUNDARY}"')},
    )


def start(http: httpx.Client, bucket: str, metadata: dict[str, Any], **query: str) -> httpx.Response:
    return http.post(f"/upload/storage/v1/b/{bucket}/o", params={"uploadType": "resumable", **query}, json=metadata)


def content_of(http: httpx.Client, bucket: str, name: str) -> bytes:
    return http.get(f"/storage/v1/b/{bucket}/o/{name}", params={"alt": "media"}).content


def test_multipart_brings_metadata_and_content(http: httpx.Client, bucket: str) -> None:
    content = b"a\r\n\r\nb\r\n--\r\n\x00\xff"
    answer = multipart(http, bucket, {"name": "thing", "metadata": {"k": "v"}}, content).json()
    assert answer["metadata"] == {"k": "v"}
    assert answer["contentType"] == "text/csv"
    assert content_of(http, bucket, "thing") == content


def test_metadata_names_the_content_type_before_the_part_does(http: httpx.Client, bucket: str) -> None:
    answer = multipart(http, bucket, {"name": "thing", "contentType": "application/jsonl"}, b"").json()
    assert answer["contentType"] == "application/jsonl"


@pytest.mark.parametrize(
    "changes",
    [
        {"content_type": "application/json"},
        {"content_type": "multipart/related"},
        {"content_type": "multipart/related; boundary=other"},
        {"body": b""},
        {"body": f"--{BOUNDARY}\r\n\r\n{{}}\r\n--{BOUNDARY}--".encode()},
    ],
)
def test_a_multipart_body_that_is_none_is_refused(http: httpx.Client, bucket: str, changes: dict[str, Any]) -> None:
    assert multipart(http, bucket, {"name": "thing"}, b"x", **changes).status_code == 400


def test_a_checksum_that_does_not_match_is_refused_and_nothing_is_stored(http: httpx.Client, bucket: str) -> None:
    right = base64.b64encode(hashlib.md5(b"content").digest()).decode()
    for fields in ({"crc32c": "AAAAAA=="}, {"md5Hash": base64.b64encode(b"0" * 16).decode()}):
        answer = multipart(http, bucket, {"name": "thing", **fields}, b"content")
        assert answer.status_code == 400
        assert "doesn't match calculated" in answer.json()["error"]["message"]
    assert http.get(f"/storage/v1/b/{bucket}/o/thing").status_code == 404
    assert multipart(http, bucket, {"name": "thing", "md5Hash": right}, b"content").status_code == 200


def test_a_checksum_in_a_header_is_compared_too(http: httpx.Client, bucket: str) -> None:
    answer = http.post(
        f"/upload/storage/v1/b/{bucket}/o",
        params={"uploadType": "media", "name": "thing"},
        content=b"content",
        headers={"x-goog-hash": "crc32c=AAAAAA=="},
    )
    assert answer.status_code == 400


def test_an_upload_without_a_name_or_a_known_type_is_refused(http: httpx.Client, bucket: str) -> None:
    url = f"/upload/storage/v1/b/{bucket}/o"
    assert http.post(url, params={"uploadType": "media"}, content=b"x").status_code == 400
    assert http.post(url, params={"uploadType": "carrier-pigeon", "name": "x"}, content=b"x").status_code == 400


def test_a_resumable_upload_arrives_in_chunks(http: httpx.Client, bucket: str) -> None:
    content = bytes(range(256)) * 2500
    session = start(http, bucket, {"name": "thing", "contentType": "x/y"}).headers["location"]
    for first in range(0, len(content), CHUNK):
        part = content[first : first + CHUNK]
        last = first + len(part) - 1
        total = len(content) if last + 1 == len(content) else "*"
        answer = http.put(session, content=part, headers={"content-range": f"bytes {first}-{last}/{total}"})
        if total == "*":
            assert (answer.status_code, answer.headers["range"]) == (308, f"bytes=0-{last}")
    assert answer.json()["size"] == str(len(content))
    assert answer.json()["contentType"] == "x/y"
    assert content_of(http, bucket, "thing") == content


def test_a_resumable_upload_may_come_in_one_piece(http: httpx.Client, bucket: str) -> None:
    session = start(http, bucket, {}, name="thing").headers["location"]
    assert http.put(session, content=b"all of it").status_code == 200
    assert content_of(http, bucket, "thing") == b"all of it"


def test_an_interrupted_upload_tells_where_to_go_on(http: httpx.Client, bucket: str) -> None:
    session = start(http, bucket, {"name": "thing"}).headers["location"]
    status = {"content-range": f"bytes */{2 * CHUNK}"}
    nothing = http.put(session, headers=status)
    assert (nothing.status_code, nothing.headers.get("range")) == (308, None)
    http.put(session, content=b"x" * CHUNK, headers={"content-range": f"bytes 0-{CHUNK - 1}/{2 * CHUNK}"})
    assert http.put(session, headers=status).headers["range"] == f"bytes=0-{CHUNK - 1}"
    rest = {"content-range": f"bytes {CHUNK}-{2 * CHUNK - 1}/{2 * CHUNK}"}
    assert http.put(session, content=b"y" * CHUNK, headers=rest).status_code == 200
    assert http.put(session, headers=status).json()["size"] == str(2 * CHUNK)


def test_the_same_chunk_twice_counts_once(http: httpx.Client, bucket: str) -> None:
    session = start(http, bucket, {"name": "thing"}).headers["location"]
    for _ in range(2):
        http.put(session, content=b"x" * CHUNK, headers={"content-range": f"bytes 0-{CHUNK - 1}/*"})
    http.put(session, content=b"y", headers={"content-range": f"bytes {CHUNK}-{CHUNK}/{CHUNK + 1}"})
    assert content_of(http, bucket, "thing") == b"x" * CHUNK + b"y"


@pytest.mark.parametrize("content_range", ["bytes 5-9/10", "bytes 0-9/10", "bytes 0-4/*", "bytes 0-4/3", "nonsense"])
def test_a_chunk_that_does_not_fit_is_refused(http: httpx.Client, bucket: str, content_range: str) -> None:
    session = start(http, bucket, {"name": "thing"}).headers["location"]
    assert http.put(session, content=b"five!", headers={"content-range": content_range}).status_code == 400


def test_the_condition_of_a_session_holds_at_its_start_and_at_its_end(http: httpx.Client, bucket: str) -> None:
    session = start(http, bucket, {"name": "thing"}, ifGenerationMatch="0").headers["location"]
    multipart(http, bucket, {"name": "thing"}, b"first")
    assert http.put(session, content=b"second").status_code == 412
    assert start(http, bucket, {"name": "thing"}, ifGenerationMatch="0").status_code == 412
    assert content_of(http, bucket, "thing") == b"first"


def test_a_session_can_be_given_up(http: httpx.Client, bucket: str) -> None:
    session = start(http, bucket, {"name": "thing"}).headers["location"]
    assert http.delete(session).status_code == 499
    assert http.put(session, content=b"late").status_code == 404
