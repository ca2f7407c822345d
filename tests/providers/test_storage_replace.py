"""A small object is replaced as a whole, only when it would change, and never over what nobody here has seen."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from reconciler.emulator.testing import RunningEmulator
from reconciler.errors import Aborted, BadAnswer, NotFound, PermissionDenied
from tests.cloud.scripted import google_error, in_turn, reply
from tests.providers.conftest import Emulated, Serve

URI = "gs://acme-serving/prod/serving.json"
PATH = "/storage/v1/b/acme-serving/o/prod%2Fserving.json"
SEEN = {"generation": "7", "md5Hash": "of something else"}


def lost_to_somebody_else() -> Any:
    return google_error(412, "conditionNotMet", "At least one of the pre-conditions you specified did not hold.")


@pytest.fixture
def bucket(google: Emulated) -> Emulated:
    google.admin.put_object("gs://acme-serving/other", b"x")
    google.admin.clear_requests()
    return google


def held(emulator: RunningEmulator) -> bytes:
    return httpx.get(f"{emulator.url}{PATH}", params={"alt": "media"}).content


def generation(bucket: Emulated) -> str:
    found = bucket.storage.look_up([URI]).objects[URI]
    return found.generation if found else ""


def test_an_object_is_made_and_then_replaced(bucket: Emulated, emulator: RunningEmulator) -> None:
    assert bucket.storage.replace(URI, b'{"a": 1}', create=True)
    assert bucket.storage.replace(URI, b'{"a": 2}\r\n--x\r\n', create=False)
    assert held(emulator) == b'{"a": 2}\r\n--x\r\n'


def test_the_same_content_is_not_written_again(bucket: Emulated) -> None:
    bucket.storage.replace(URI, b"same", create=True)
    before = generation(bucket)
    assert not bucket.storage.replace(URI, b"same", create=True)
    assert generation(bucket) == before


def test_what_is_not_there_stays_so_unless_it_is_to_be_made(bucket: Emulated) -> None:
    assert not bucket.storage.replace(URI, b"x", create=False)
    assert generation(bucket) == ""


@pytest.mark.parametrize("kind", ["drop_before", "drop_after_commit", "reset", "truncate", "html"])
def test_a_lost_answer_leaves_the_new_content_there(bucket: Emulated, emulator: RunningEmulator, kind: str) -> None:
    bucket.storage.replace(URI, b"old", create=True)
    bucket.admin.add_fault(match={"method": "POST", "path": "/upload/"}, kind=kind, times=1)
    assert bucket.storage.replace(URI, b"new", create=True)
    assert held(emulator) == b"new"


def test_what_somebody_else_wrote_meanwhile_is_looked_at_before_it_is_replaced(serve: Serve) -> None:
    cloud = serve(in_turn(reply(SEEN), lost_to_somebody_else(), reply({**SEEN, "generation": "8"}), reply({})))
    assert cloud.storage.replace(URI, b"ours", create=True)
    asked = [r.target.rpartition("ifGenerationMatch=")[2] for r in cloud.server.received if r.method == "POST"]
    assert asked == ["7", "8"]


def test_somebody_who_keeps_writing_is_an_error_that_says_so(serve: Serve) -> None:
    cloud = serve(in_turn(*[reply(SEEN), lost_to_somebody_else()] * 5))
    with pytest.raises(Aborted, match="somebody else keeps replacing") as caught:
        cloud.storage.replace(URI, b"ours", create=True)
    assert caught.value.where == URI


def test_a_missing_permission_names_the_role(serve: Serve) -> None:
    cloud = serve(in_turn(google_error(403, "PERMISSION_DENIED", "no storage.objects.get access")))
    with pytest.raises(PermissionDenied) as caught:
        cloud.storage.replace(URI, b"x", create=True)
    assert "roles/storage.objectUser on gs://acme-serving" in caught.value.next_step


def test_a_missing_bucket_is_told_with_the_command_that_makes_it(serve: Serve) -> None:
    absent = google_error(404, "NOT_FOUND", "The specified bucket does not exist.")
    cloud = serve(in_turn(absent, absent))
    with pytest.raises(NotFound) as caught:
        cloud.storage.replace(URI, b"x", create=True)
    assert "gcloud storage buckets create gs://acme-serving" in caught.value.next_step


@pytest.mark.parametrize("item", [{}, {"generation": 7}, {"generation": "7; DROP"}, {"generation": None}])
def test_an_answer_that_describes_no_object_is_not_acted_on(serve: Serve, item: dict[str, Any]) -> None:
    cloud = serve(in_turn(reply(item)))
    with pytest.raises(BadAnswer):
        cloud.storage.replace(URI, b"x", create=True)
    assert cloud.server.methods() == ["GET"]
