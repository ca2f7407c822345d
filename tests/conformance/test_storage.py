"""google-cloud-storage, unchanged, keeps objects in the emulator."""

import io
from typing import Any

import pytest

from reconciler.emulator.testing import RunningEmulator
from tests.conformance.recorder import Recorder

CHUNK = 256 * 1024


@pytest.fixture(params=["STORAGE_EMULATOR_HOST", "api_endpoint"])
def client(
    request: pytest.FixtureRequest, emulator: RunningEmulator, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> Any:
    from google.auth.credentials import AnonymousCredentials
    from google.cloud import storage

    if request.param == "STORAGE_EMULATOR_HOST":
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", recorder.url)
        return storage.Client(project="acme-ml")
    return storage.Client(
        project="acme-ml", credentials=AnonymousCredentials(), client_options={"api_endpoint": recorder.url}
    )


@pytest.fixture
def bucket(client: Any) -> Any:
    return client.create_bucket("acme-state", location="EU")


def test_buckets_are_created_found_listed_and_deleted(client: Any, bucket: Any) -> None:
    from google.api_core.exceptions import Conflict

    assert client.get_bucket("acme-state").location == "EU"
    assert client.lookup_bucket("acme-other") is None
    assert "acme-state" in [each.name for each in client.list_buckets()]
    with pytest.raises(Conflict):
        client.create_bucket("acme-state")
    bucket.delete()
    assert client.lookup_bucket("acme-state") is None


def test_an_object_comes_back_with_its_metadata(bucket: Any) -> None:
    blob = bucket.blob("state/ä b.json")
    blob.metadata = {"lineage": "abc"}
    blob.cache_control = "no-store"
    blob.upload_from_string(b'{"serial": 1}', content_type="application/json")
    found = bucket.get_blob("state/ä b.json")
    assert found.download_as_bytes() == b'{"serial": 1}'
    assert found.metadata == {"lineage": "abc"}
    assert found.cache_control == "no-store"
    assert found.content_type == "application/json"
    assert found.size == 13
    assert found.crc32c == blob.crc32c
    assert bucket.get_blob("state/none") is None


def test_a_large_object_goes_up_and_comes_down_in_chunks(bucket: Any) -> None:
    content = bytes(range(256)) * 3000
    blob = bucket.blob("large", chunk_size=CHUNK)
    blob.upload_from_file(io.BytesIO(content), size=len(content))
    assert bucket.blob("large", chunk_size=CHUNK).download_as_bytes() == content
    assert bucket.blob("large").download_as_bytes(start=1000, end=1999) == content[1000:2000]


def test_an_upload_of_unknown_length_ends_when_the_stream_does(bucket: Any) -> None:
    with bucket.blob("stream", chunk_size=CHUNK).open("wb") as stream:
        for _ in range(5):
            stream.write(b"x" * 100_000)
    assert bucket.blob("stream").download_as_bytes() == b"x" * 500_000


def test_a_write_happens_only_at_the_generation_it_expects(bucket: Any) -> None:
    from google.api_core.exceptions import PreconditionFailed

    blob = bucket.blob("state.json")
    blob.upload_from_string("1", if_generation_match=0)
    first = blob.generation
    with pytest.raises(PreconditionFailed):
        bucket.blob("state.json").upload_from_string("2", if_generation_match=0)
    blob.upload_from_string("2", if_generation_match=first)
    assert blob.generation > first
    with pytest.raises(PreconditionFailed):
        bucket.blob("state.json").upload_from_string("3", if_generation_match=first)
    with pytest.raises(PreconditionFailed):
        bucket.blob("state.json").delete(if_generation_match=first)
    assert bucket.blob("state.json").download_as_text() == "2"


def test_a_resumable_upload_happens_only_at_the_generation_it_expects(bucket: Any) -> None:
    from google.api_core.exceptions import PreconditionFailed

    bucket.blob("large").upload_from_string("there")
    with pytest.raises(PreconditionFailed):
        bucket.blob("large", chunk_size=CHUNK).upload_from_file(io.BytesIO(b"x" * 600_000), if_generation_match=0)


def test_an_older_generation_is_gone(bucket: Any) -> None:
    from google.api_core.exceptions import NotFound

    blob = bucket.blob("thing")
    blob.upload_from_string("1")
    first = blob.generation
    blob.upload_from_string("2")
    with pytest.raises(NotFound):
        bucket.blob("thing", generation=first).download_as_bytes()


def test_metadata_is_patched_and_counted(bucket: Any) -> None:
    from google.api_core.exceptions import PreconditionFailed

    blob = bucket.blob("thing")
    blob.upload_from_string("1")
    blob.metadata = {"a": "1"}
    blob.patch()
    assert blob.metageneration == 2
    with pytest.raises(PreconditionFailed):
        blob.patch(if_metageneration_match=1)
    blob.content_type = "text/x"
    blob.update()
    assert bucket.get_blob("thing").content_type == "text/x"


def test_objects_are_listed_over_pages_with_prefixes_and_bounds(client: Any, bucket: Any) -> None:
    for name in ("a/1", "a/2", "a/b/3", "c", "d"):
        bucket.blob(name).upload_from_string(name)
    assert [b.name for b in client.list_blobs("acme-state", page_size=2)] == ["a/1", "a/2", "a/b/3", "c", "d"]
    assert [b.name for b in client.list_blobs("acme-state", prefix="a/")] == ["a/1", "a/2", "a/b/3"]
    assert [b.name for b in client.list_blobs("acme-state", start_offset="a/2", end_offset="d")] == [
        "a/2",
        "a/b/3",
        "c",
    ]
    folders = client.list_blobs("acme-state", delimiter="/")
    assert [b.name for b in folders] == ["c", "d"]
    assert folders.prefixes == {"a/"}


def test_an_object_is_copied_and_renamed(bucket: Any) -> None:
    blob = bucket.blob("one")
    blob.upload_from_string("content", content_type="text/x")
    bucket.copy_blob(blob, bucket, "two")
    token, written, size = bucket.blob("three").rewrite(blob)
    assert (token, written, size) == (None, 7, 7)
    assert bucket.get_blob("two").content_type == "text/x"
    assert bucket.blob("three").download_as_text() == "content"


def test_an_object_is_deleted_once(bucket: Any) -> None:
    from google.api_core.exceptions import NotFound

    bucket.blob("thing").upload_from_string("1")
    bucket.blob("thing").delete()
    assert not bucket.blob("thing").exists()
    with pytest.raises(NotFound):
        bucket.blob("thing").delete()
