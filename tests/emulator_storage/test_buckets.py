"""What is kept: checksums, and everything over a restart."""

import json

import pytest
from google_crc32c import value as google_crc32c
from hypothesis import given
from hypothesis import strategies as st

from reconciler.emulator.clock import Clock
from reconciler.emulator.storage.buckets import Buckets
from reconciler.emulator.storage.checksums import crc32c
from reconciler.emulator.storage.conditions import Conditions
from reconciler.emulator.storage.errors import StorageError


@given(st.binary(max_size=200))
def test_the_checksum_is_the_one_of_googles_library(data: bytes) -> None:
    assert crc32c(data) == google_crc32c(data)


def test_everything_survives_a_restart() -> None:
    before = Buckets(Clock())
    before.put("bucket-a", "x/y", b"\x00\xff", {"contentType": "x/y", "metadata": {"k": "v"}})
    before.create_bucket("bucket-b", {"location": "EU"})
    after = Buckets(Clock())
    after.restore(json.loads(json.dumps(before.snapshot())))
    assert after.snapshot() == before.snapshot()
    assert after.read("bucket-a", "x/y") == before.read("bucket-a", "x/y")


def test_generations_rise_over_a_restart_with_a_clock_that_was_set_back() -> None:
    clock = Clock()
    clock.advance(3600)
    before = Buckets(clock)
    written = before.put("bucket", "thing", b"1")
    after = Buckets(Clock())
    after.restore(before.snapshot())
    assert after.put("bucket", "thing", b"2").generation > written.generation


def test_every_change_is_a_new_revision_and_a_refusal_is_none() -> None:
    buckets = Buckets(Clock())
    revisions = [buckets.revision]
    buckets.put("bucket", "thing", b"1")
    revisions.append(buckets.revision)
    buckets.put("bucket", "thing", b"2")
    revisions.append(buckets.revision)
    buckets.delete("bucket", "thing")
    revisions.append(buckets.revision)
    assert revisions == sorted(set(revisions))
    with pytest.raises(StorageError):
        buckets.put("bucket", "thing", b"3", conditions=Conditions(generation_match=5))
    assert buckets.revision == revisions[-1]


def test_without_auto_create_a_write_needs_its_bucket() -> None:
    buckets = Buckets(Clock(), auto_create=False)
    with pytest.raises(StorageError, match="bucket does not exist"):
        buckets.put("bucket", "thing", b"1")
