"""Objects are looked up by ranges of names; a bucket that cannot be read is said, never taken for empty."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.cloud.client import connect
from reconciler.core.desired import GoogleSettings
from reconciler.core.observed import StoredObject
from reconciler.errors import CredentialsError
from reconciler.providers.storage import CloudStorage
from tests.cloud.scripted import Act, Received, ScriptedServer, google_error, in_turn, reply
from tests.providers.conftest import Emulated, Quick, Serve, client_for


def item(name: str) -> dict[str, str]:
    return {"name": name, "generation": "7", "crc32c": "AAAA", "size": "3"}


def test_objects_are_found_or_known_to_be_missing(google: Emulated) -> None:
    for name in ("a.jsonl", "b b.jsonl", "übung/c.jsonl"):
        google.admin.put_object(f"gs://acme-sets/{name}", name.encode())
    google.admin.clear_requests()
    uris = [f"gs://acme-sets/{name}" for name in ("a.jsonl", "b b.jsonl", "übung/c.jsonl", "none.jsonl")]
    observed = google.storage.look_up(uris)
    found = observed.objects["gs://acme-sets/b b.jsonl"]
    assert found is not None
    assert (found.size, len(found.crc32c), found.generation.isdigit()) == (9, 8, True)
    assert [observed.objects[uri] is not None for uri in uris] == [True, True, True, False]
    assert observed.complete
    assert google.admin.counts() == {"GET": 1}


@pytest.mark.parametrize("name", ["a.jsonl", "folder/x y?#%.jsonl", "übung.jsonl"])
def test_a_single_object_is_asked_for_by_name(google: Emulated, name: str) -> None:
    google.admin.put_object(f"gs://acme-sets/{name}", b"12345")
    observed = google.storage.look_up([f"gs://acme-sets/{name}"])
    found = observed.objects[f"gs://acme-sets/{name}"]
    assert found is not None
    assert found.size == 5
    assert google.storage.look_up(["gs://acme-sets/none"]).objects == {"gs://acme-sets/none": None}


def test_many_datasets_cost_one_request_for_each_page(google: Emulated) -> None:
    uris = [f"gs://acme-sets/datasets/{i:05}.jsonl" for i in range(1100)]
    for uri in uris:
        google.admin.put_object(uri, b"x")
    google.admin.clear_requests()
    observed = google.storage.look_up(uris)
    assert all(observed.objects[uri] is not None for uri in uris)
    assert google.admin.counts() == {"GET": 2}


@pytest.mark.parametrize("names", [["a"], ["a", "b"]], ids=["one object", "two objects"])
def test_nothing_is_in_a_bucket_that_does_not_exist(google: Emulated, names: list[str]) -> None:
    uris = [f"gs://no-such-bucket/{name}" for name in names]
    observed = google.storage.look_up(uris)
    assert observed.complete
    assert observed.objects == dict.fromkeys(uris)


REFUSALS: dict[str, Act] = {
    "no permission": reply(
        {"error": {"code": 403, "message": "no storage.objects.list", "errors": [{"reason": "forbidden"}]}}, 403
    ),
    "HTML": reply(b"<html></html>", kind="text/html"),
    "nothing": reply(b""),
    "another JSON object": reply({"message": "blocked"}),
    "items that are no list": reply({"items": {}}),
    "an item that is not described": reply({"items": [{"name": "a"}]}),
    "a token that repeats": reply({"nextPageToken": "t"}),
    "a fault that stays": google_error(503, "UNAVAILABLE"),
}


@pytest.mark.parametrize("act", REFUSALS.values(), ids=REFUSALS.keys())
@pytest.mark.parametrize("names", [["a"], ["a", "b"]], ids=["one object", "two objects"])
def test_a_bucket_that_cannot_be_read_is_unreadable_and_its_objects_are_not_missing(
    serve: Serve, act: Act, names: list[str]
) -> None:
    cloud = serve(in_turn(act))
    observed = cloud.storage.look_up([f"gs://acme-sets/{name}" for name in names])
    assert [u.what for u in observed.unreadable] == ["gs://acme-sets/"]
    assert observed.objects == {}
    assert set(cloud.server.methods()) == {"GET"}


def test_one_unreadable_bucket_does_not_hide_the_others(google: Emulated) -> None:
    google.admin.put_object("gs://acme-sets/a", b"x")
    google.admin.add_fault(kind="refuse", match={"path": "/b/closed/"}, times=None)
    observed = google.storage.look_up(["gs://closed/a", "gs://acme-sets/a"])
    assert [u.what for u in observed.unreadable] == ["gs://closed/"]
    assert observed.objects["gs://acme-sets/a"] is not None


@pytest.mark.parametrize(
    "uri", ["gs://acme-sets", "gs://acme-sets/", "s3://x/y", "gs://../x", "gs://A/b", "gs://a\n/b"]
)
def test_what_is_no_object_is_not_asked_for(google: Emulated, uri: str) -> None:
    observed = google.storage.look_up([uri])
    assert [u.what for u in observed.unreadable] == [uri]
    assert google.admin.counts() == {}


def test_missing_credentials_are_one_clear_error(tmp_path: Path) -> None:
    client = connect(GoogleSettings(), {"GOOGLE_APPLICATION_CREDENTIALS": str(tmp_path / "none.json")})
    with client:
        assert CloudStorage(client).look_up([]).complete
        with pytest.raises(CredentialsError):
            CloudStorage(client).look_up(["gs://acme-sets/a"])


class Lister:
    """objects.list with pages of three, some of them empty, as Google allows."""

    def __init__(self, names: set[str]) -> None:
        self.names = sorted(names)

    def __call__(self, request: Received) -> Act:
        query = dict(parse_qsl(request.target.partition("?")[2], keep_blank_values=True))
        if not request.path.endswith("/o"):
            name = request.path.rpartition("/")[2]
            return reply(item(name)) if name in self.names else google_error(404, "NOT_FOUND", "No such object")
        start, skip = query["startOffset"], query.get("pageToken", "")
        inside = [n for n in self.names if start <= n < query["endOffset"] and n.startswith(query["prefix"])]
        if len(inside) % 4 == 1 and not skip:
            return reply({"nextPageToken": "an-empty-page"})
        answer: dict[str, Any] = {"items": [item(n) for n in inside[:3]]} if inside else {}
        return reply({**answer, "nextPageToken": "more"} if len(inside) > 3 else answer)


def test_a_bucket_full_of_other_objects_is_passed_over(serve: Serve) -> None:
    cloud = serve(Lister({"a", "z", *(f"m{i:03}" for i in range(1, 1000))}))
    observed = cloud.storage.look_up(["gs://acme-sets/z", "gs://acme-sets/a"])
    assert None not in observed.objects.values()
    assert len(cloud.server.received) <= 4


names = st.text("abc", min_size=1, max_size=4)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(present=st.sets(names, max_size=25), wanted=st.lists(names, min_size=1, max_size=12))
def test_a_look_up_agrees_with_what_is_there_whatever_the_pages(present: set[str], wanted: list[str]) -> None:
    with ScriptedServer(Lister(present)) as server, client_for(server.port, Quick()) as client:
        observed = CloudStorage(client).look_up([f"gs://acme-sets/{n}" for n in wanted])
        assert observed.unreadable == ()
        assert observed.objects == {
            f"gs://acme-sets/{n}": StoredObject(f"gs://acme-sets/{n}", "7", "AAAA", 3) if n in present else None
            for n in wanted
        }
        assert len(server.received) <= 2 * len(set(wanted))
