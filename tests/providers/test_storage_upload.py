"""A dataset is uploaded once per content: nothing is overwritten, nothing half is left, a changed file is refused."""

from __future__ import annotations

import base64
import hashlib
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reconciler.errors import BadAnswer, CloudError, DatasetError, NotFound, PermissionDenied, ReplyLost
from reconciler.providers import storage_upload
from tests.cloud.scripted import Act, Received, close, google_error, in_turn, reply
from tests.providers.conftest import Emulated, Serve

URI = "gs://acme-sets/triage/0123456789abcdef.jsonl"
KIB = 1024


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def md5(content: bytes) -> str:
    return base64.b64encode(hashlib.md5(content, usedforsecurity=False).digest()).decode()


@pytest.fixture
def small(tmp_path: Path) -> Path:
    path = tmp_path / "small.jsonl"
    path.write_bytes(b'{"a":1}\n' * 100)
    return path


@pytest.fixture
def large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three chunks and a half, of a size that makes the test quick."""
    monkeypatch.setattr(storage_upload, "CHUNK_BYTES", 256 * KIB)
    path = tmp_path / "large.jsonl"
    path.write_bytes(os.urandom(900 * KIB))
    return path


@pytest.fixture
def bucket(google: Emulated) -> Emulated:
    google.admin.put_object("gs://acme-sets/other", b"x")
    google.admin.clear_requests()
    return google


Files = pytest.mark.parametrize("kind", ["small", "large"])


def upload(cloud: Any, path: Path, digest: str = "") -> Any:
    return cloud.storage.upload(str(path), URI, sha256=digest or sha256(path.read_bytes()))


@Files
def test_a_file_lands_whole(bucket: Emulated, request: pytest.FixtureRequest, kind: str) -> None:
    path: Path = request.getfixturevalue(kind)
    stored = upload(bucket, path)
    assert stored.uri == URI
    assert stored.size == path.stat().st_size
    assert bucket.storage.look_up([URI]).objects == {URI: stored}


def test_an_empty_file_is_a_file_too(bucket: Emulated, tmp_path: Path) -> None:
    path = tmp_path / "empty.jsonl"
    path.touch()
    assert upload(bucket, path).size == 0


@Files
def test_what_is_there_already_is_kept(bucket: Emulated, request: pytest.FixtureRequest, kind: str) -> None:
    path: Path = request.getfixturevalue(kind)
    first = upload(bucket, path)
    assert upload(bucket, path) == first


@Files
def test_other_content_under_our_name_is_an_error_and_is_not_overwritten(
    bucket: Emulated, request: pytest.FixtureRequest, kind: str
) -> None:
    path: Path = request.getfixturevalue(kind)
    bucket.admin.put_object(URI, b"y" * path.stat().st_size)
    with pytest.raises(DatasetError, match="something else"):
        upload(bucket, path)
    assert bucket.storage.look_up([URI]).objects[URI].crc32c  # type: ignore[union-attr]  # it is there


@Files
def test_a_file_that_is_not_what_it_was_is_refused_and_leaves_no_object(
    bucket: Emulated, request: pytest.FixtureRequest, kind: str
) -> None:
    path: Path = request.getfixturevalue(kind)
    with pytest.raises(DatasetError, match="changed") as caught:
        upload(bucket, path, sha256(b"as it was validated"))
    assert str(path) in str(caught.value)
    assert bucket.storage.look_up([URI]).objects == {URI: None}


@pytest.mark.parametrize("kind", ["link", "folder", "pipe", "missing"])
def test_only_a_regular_file_is_opened(bucket: Emulated, tmp_path: Path, small: Path, kind: str) -> None:
    path = tmp_path / kind
    makers: dict[str, Callable[[], object]] = {
        "link": lambda: path.symlink_to(small),
        "folder": path.mkdir,
        "pipe": lambda: os.mkfifo(path),
        "missing": lambda: None,
    }
    makers[kind]()
    with pytest.raises(DatasetError) as caught:
        bucket.storage.upload(str(path), URI, sha256="0" * 64)
    assert str(path) in str(caught.value)
    assert bucket.admin.counts() == {}


FAULTS = [
    {"kind": "drop_before"},
    {"kind": "drop_after_commit"},
    {"kind": "reset"},
    {"kind": "truncate"},
    {"kind": "status", "status": 503},
    {"kind": "status", "status": 429},
    {"kind": "html"},
]


@Files
@pytest.mark.parametrize("fault", FAULTS, ids=lambda f: f"{f['kind']}{f.get('status', '')}")
@pytest.mark.parametrize("after", [0, 1, 2, 3])
def test_a_passing_fault_is_overcome_at_every_step(
    bucket: Emulated, request: pytest.FixtureRequest, kind: str, fault: dict[str, Any], after: int
) -> None:
    path: Path = request.getfixturevalue(kind)
    bucket.admin.add_fault(match={"path": "/upload/"}, after=after, **fault)
    stored = upload(bucket, path)
    assert bucket.storage.look_up([URI]).objects == {URI: stored}
    assert stored.size == path.stat().st_size


@Files
def test_a_refusal_is_handed_on(bucket: Emulated, request: pytest.FixtureRequest, kind: str) -> None:
    path: Path = request.getfixturevalue(kind)
    bucket.admin.add_fault(kind="refuse", match={"path": "/upload/"})
    with pytest.raises(PermissionDenied):
        upload(bucket, path)
    assert len(bucket.admin.requests()) == 1


@Files
def test_a_fault_that_stays_ends_the_upload(bucket: Emulated, request: pytest.FixtureRequest, kind: str) -> None:
    path: Path = request.getfixturevalue(kind)
    bucket.admin.add_fault(kind="drop_before", match={"path": "/upload/"}, times=None)
    with pytest.raises(ReplyLost):
        upload(bucket, path)
    assert len(bucket.admin.requests()) < 10


class Session:
    """A resumable session that takes only some bytes at a time, as Google may."""

    def __init__(self, at_most: int, md5_given: str | None = None) -> None:
        self.content = b""
        self.at_most = at_most
        self.md5_given = md5_given
        self.deleted: list[str] = []

    def __call__(self, request: Received) -> Act:
        if request.method == "POST":
            url = "https://storage.googleapis.com/upload/storage/v1/b/acme-sets/o?upload_id=1"
            return reply(b"", headers={"Location": url})
        if request.method == "DELETE":
            self.deleted.append(request.target)
            return reply(b"", 204)
        span = re.fullmatch(r"bytes (\d+)-(\d+)/(\d+)", request.headers["content-range"])
        assert span is not None
        assert int(span[1]) == len(self.content), "goes on from where the server is"
        self.content += request.body[: self.at_most]
        if len(self.content) == int(span[3]):
            return reply(
                {
                    "name": URI.partition("acme-sets/")[2],
                    "generation": "1",
                    "crc32c": "",
                    "size": span[3],
                    "md5Hash": self.md5_given or md5(self.content),
                }
            )
        return reply(b"", 308, headers={"Range": f"bytes=0-{len(self.content) - 1}"} if self.content else {})


def test_a_server_that_takes_part_of_a_chunk_is_sent_the_rest(serve: Serve, large: Path) -> None:
    session = Session(at_most=100_000)
    upload(serve(session), large)
    assert session.content == large.read_bytes()


def test_a_server_that_takes_nothing_is_given_up(serve: Serve, large: Path) -> None:
    with pytest.raises(ReplyLost, match="takes no more"):
        upload(serve(Session(at_most=0)), large)


@pytest.mark.parametrize("range_header", ["bytes=0-99999999", "bytes=5-9", "junk"])
def test_a_server_that_has_lost_its_place_is_not_believed(serve: Serve, large: Path, range_header: str) -> None:
    url = "https://storage.googleapis.com/upload/storage/v1/b/acme-sets/o?upload_id=1"
    script = in_turn(reply(b"", headers={"Location": url}), reply(b"", 308, headers={"Range": range_header}))
    with pytest.raises(BadAnswer, match="lost its place"):
        upload(serve(script), large)


def test_content_damaged_on_its_way_is_deleted(serve: Serve, large: Path) -> None:
    session = Session(at_most=1 << 30, md5_given="AAAAAAAAAAAAAAAAAAAAAA==")
    with pytest.raises(BadAnswer, match="damaged"):
        upload(serve(session), large)
    assert len(session.deleted) == 1
    assert session.deleted[0].endswith("ifGenerationMatch=1")


@pytest.mark.parametrize("location", ["", "nonsense", "https://evil.example/steal"])
def test_a_session_elsewhere_is_not_followed(serve: Serve, large: Path, location: str) -> None:
    elsewhere = serve(in_turn(close))
    target = location or elsewhere.server.url
    cloud = serve(in_turn(reply(b"", headers={"Location": target})))
    with pytest.raises(CloudError):
        upload(cloud, large)
    assert elsewhere.server.connections == 0
    assert cloud.server.methods() == ["POST"]


@Files
def test_a_missing_bucket_is_told_with_how_to_make_it(serve: Serve, request: pytest.FixtureRequest, kind: str) -> None:
    path: Path = request.getfixturevalue(kind)
    with pytest.raises(NotFound, match="bucket does not exist") as caught:
        upload(serve(in_turn(google_error(404, "NOT_FOUND", "The specified bucket does not exist."))), path)
    assert "gcloud storage buckets create gs://acme-sets" in caught.value.next_step


def test_every_upload_is_bound_to_there_being_nothing_yet(bucket: Emulated, small: Path) -> None:
    upload(bucket, small)
    query = dict(bucket.admin.requests()[0]["query"])
    assert query["ifGenerationMatch"] == "0"


def test_an_answer_that_describes_another_object_is_refused(serve: Serve, small: Path) -> None:
    answer = {"name": "other", "generation": "1", "crc32c": "", "size": "800"}
    with pytest.raises(BadAnswer, match="does not describe"):
        upload(serve(in_turn(reply(answer))), small)


def test_the_content_never_shows_in_an_error(serve: Serve, small: Path) -> None:
    with pytest.raises(CloudError) as caught:
        upload(serve(in_turn(google_error(400, "INVALID_ARGUMENT"))), small)
    assert '{"a"' not in str(caught.value)
