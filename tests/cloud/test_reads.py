"""Reads are repeated while that helps, within a budget; writes never."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest

from reconciler.cloud.client import Client
from reconciler.cloud.hosts import Emulator
from reconciler.cloud.retry import RetryPolicy
from reconciler.errors import (
    BadAnswer,
    InvalidRequest,
    NotFound,
    NotSent,
    ReplyLost,
    ResourceExhausted,
    ServerFault,
    UsageError,
)
from tests.cloud.conftest import FakeTime, Serve
from tests.cloud.scripted import Act, Received, close, google_error, in_turn, raw, reply, reset

URL = "https://us-central1-aiplatform.googleapis.com/v1/projects/p/locations/us-central1/tuningJobs"


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_a_read_is_repeated_after_a_passing_fault(serve: Serve, status: int) -> None:
    world = serve(in_turn(reply(b"<html>", status, kind="text/html"), reply({"name": "x"})))
    assert world.client.get(URL) == {"name": "x"}
    assert len(world.time.slept) == 1


@pytest.mark.parametrize("fault", [close, reset], ids=["closed", "reset"])
def test_a_read_is_repeated_after_a_broken_connection(serve: Serve, fault: Act) -> None:
    world = serve(in_turn(fault, reply({"name": "x"})))
    assert world.client.get(URL) == {"name": "x"}


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 412, 501])
def test_a_read_is_not_repeated_when_that_cannot_help(serve: Serve, status: int) -> None:
    world = serve(in_turn(google_error(status, "NOT_FOUND")))
    with pytest.raises(NotFound if status < 500 and status != 412 else Exception):
        world.client.get(URL)
    assert world.server.methods() == ["GET"]


def test_waits_grow_and_are_jittered_up_to_the_last_attempt(serve: Serve) -> None:
    world = serve(in_turn(google_error(503, "UNAVAILABLE")))
    with pytest.raises(ServerFault):
        world.client.get(URL)
    assert world.time.slept == [0.25, 0.5, 1.0, 2.0, 4.0]
    assert world.server.methods() == ["GET"] * 6


@pytest.mark.parametrize(
    ("header", "waited"),
    [
        ("7", 7.25),
        ("Sat, 21 Nov 2026 12:00:30 GMT", 30.25),
        ("Sat, 21 Nov 2026 11:00:00 GMT", 0.25),
        ("1000000000", 60.25),
        ("-5", 0.25),
        ("soon", 0.25),
        ("", 0.25),
    ],
    ids=["seconds", "a date", "a past date", "absurdly long is capped", "negative", "junk", "empty"],
)
def test_retry_after_is_honoured_in_every_form(serve: Serve, header: str, waited: float) -> None:
    world = serve(in_turn(google_error(429, "RESOURCE_EXHAUSTED", headers={"Retry-After": header}), reply({"a": 1})))
    world.client.get(URL)
    assert world.time.slept == [waited]


def test_the_time_budget_ends_the_attempts(serve: Serve) -> None:
    world = serve(in_turn(google_error(429, "RESOURCE_EXHAUSTED", headers={"Retry-After": "50"})))
    with pytest.raises(ResourceExhausted) as caught:
        world.client.get(URL)
    assert sum(world.time.slept) <= RetryPolicy().budget
    assert len(world.server.received) == 3
    assert caught.value.retry_after == 50


def test_within_a_time_limit_a_read_is_given_up_rather_than_paused_for_past_it(serve: Serve) -> None:
    world = serve(in_turn(google_error(429, "RESOURCE_EXHAUSTED", headers={"Retry-After": "50"}), reply({"a": 1})))
    with world.client.reads_until(world.time.seconds + 8), pytest.raises(ResourceExhausted):
        world.client.get(URL)
    assert world.time.slept == []
    assert world.client.get(URL) == {"a": 1}


def test_after_a_time_limit_was_lifted_a_read_is_patient_again(serve: Serve) -> None:
    world = serve(in_turn(google_error(503, "UNAVAILABLE"), reply({"a": 1})))
    with world.client.reads_until(world.time.seconds):
        pass
    assert world.client.get(URL) == {"a": 1}


def test_an_unreachable_server_is_given_up_soon() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    time = FakeTime()
    client = Client(None, emulator=Emulator("127.0.0.1", port), timing=time.timing())
    with client, pytest.raises(NotSent):
        client.get(URL)
    assert len(time.slept) == 2


WRITES: dict[str, Callable[[Client], Any]] = {
    "POST": lambda c: c.post(URL, {}),
    "PATCH": lambda c: c.patch(URL, {}),
    "DELETE": lambda c: c.delete(URL),
}


@pytest.mark.parametrize("method", WRITES)
@pytest.mark.parametrize(
    ("fault", "error"),
    [(google_error(503, "UNAVAILABLE"), ServerFault), (close, ReplyLost), (reset, ReplyLost)],
    ids=["503", "closed", "reset"],
)
def test_a_write_is_sent_once(serve: Serve, method: str, fault: Act, error: type[Exception]) -> None:
    world = serve(in_turn(fault))
    with pytest.raises(error):
        WRITES[method](world.client)
    assert world.server.methods() == [method]
    assert world.time.slept == []


def test_reads_share_a_connection_and_a_write_has_its_own(serve: Serve) -> None:
    world = serve(in_turn(reply({"a": 1})))
    world.client.get(URL)
    world.client.get(URL)
    assert world.server.connections == 1
    world.client.post(URL, {})
    assert world.server.connections == 2


def test_a_read_does_not_follow_a_redirect(serve: Serve) -> None:
    elsewhere = serve(in_turn(reply({"a": 1})))
    world = serve(in_turn(reply(b"", 307, headers={"Location": elsewhere.server.url})))
    with pytest.raises(BadAnswer, match="redirect"):
        world.client.get(URL)
    assert elsewhere.server.connections == 0


def paged(pages: dict[str, dict[str, Any]]) -> Callable[[Received], Act]:
    def script(request: Received) -> Act:
        token = request.target.partition("pageToken=")[2].partition("&")[0]
        return reply(pages[token])

    return script


def test_every_item_of_every_page_is_given(serve: Serve) -> None:
    world = serve(
        paged(
            {
                "": {"tuningJobs": [{"name": "a"}], "nextPageToken": "t1"},
                "t1": {"nextPageToken": "t2"},
                "t2": {"tuningJobs": [{"name": "b"}, {"name": "c"}]},
            }
        )
    )
    assert [i["name"] for i in world.client.pages(URL, "tuningJobs", {"pageSize": 100})] == ["a", "b", "c"]
    assert [r.target.partition("?")[2] for r in world.server.received] == [
        "pageSize=100",
        "pageSize=100&pageToken=t1",
        "pageSize=100&pageToken=t2",
    ]


def test_a_repeated_page_token_raises_instead_of_running_for_ever(serve: Serve) -> None:
    world = serve(paged({"": {"nextPageToken": "t1"}, "t1": {"nextPageToken": "t2"}, "t2": {"nextPageToken": "t1"}}))
    with pytest.raises(BadAnswer, match="repeats a page token"):
        list(world.client.pages(URL, "tuningJobs"))


def test_a_page_that_fails_raises_instead_of_giving_a_part(serve: Serve) -> None:
    world = serve(
        in_turn(reply({"tuningJobs": [{"name": "a"}], "nextPageToken": "t"}), google_error(400, "INVALID_ARGUMENT"))
    )
    with pytest.raises(InvalidRequest):
        list(world.client.pages(URL, "tuningJobs"))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>login</html>",
        b'{"message":"blocked"}',
        b'{"tuningJobs":',
        b"[]",
        b'{"tuningJobs":{}}',
        b'{"nextPageToken":7,"tuningJobs":[]}',
    ],
)
def test_a_page_that_is_not_one_never_passes_for_an_empty_list(serve: Serve, body: bytes) -> None:
    world = serve(in_turn(reply(body)))
    with pytest.raises(BadAnswer):
        list(world.client.pages(URL, "tuningJobs"))


@pytest.mark.parametrize("body", [b"{}", b"{ }\n", b'{"tuningJobs":[]}'])
def test_an_empty_list_is_empty(serve: Serve, body: bytes) -> None:
    assert list(serve(in_turn(reply(body))).client.pages(URL, "tuningJobs")) == []


def test_the_servers_clock_is_known_after_the_first_answer(serve: Serve) -> None:
    world = serve(
        in_turn(
            reply({"a": 1}, headers={"Date": "Sat, 21 Nov 2026 10:00:00 GMT"}),
            reply({"a": 1}),
            reply({"a": 1}, headers={"Date": "yesterday"}),
        )
    )
    assert world.client.server_date() is None
    for _ in range(3):
        world.client.get(URL)
        assert world.client.server_date() == datetime(2026, 11, 21, 10, 0, tzinfo=UTC)


def test_the_client_names_itself(serve: Serve) -> None:
    world = serve(in_turn(reply({"a": 1})))
    world.client.get(URL)
    headers = world.server.received[0].headers
    assert headers["user-agent"].startswith("tuneform/")
    assert headers["host"] == "us-central1-aiplatform.googleapis.com"
    assert "authorization" not in headers


def test_only_googles_hosts_are_called(serve: Serve) -> None:
    world = serve(in_turn(reply({"a": 1})))
    for url in ("https://example.com/v1/x", "http://storage.googleapis.com/x", "https://storage.googleapis.com.evil/x"):
        with pytest.raises(UsageError):
            world.client.get(url)
    assert world.server.connections == 0


def test_a_read_with_a_wrong_length_is_repeated(serve: Serve) -> None:
    cut = raw(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{", close=True)
    world = serve(in_turn(cut, reply({"a": 1})))
    assert world.client.get(URL) == {"a": 1}


def test_upload_hands_over_any_answer(serve: Serve) -> None:
    world = serve(in_turn(reply(b"", 308, headers={"Range": "bytes=0-9"})))
    answer = world.client.upload(
        "PUT", "https://storage.googleapis.com/upload/storage/v1/b/x/o", b"0123456789", {"content-type": "text/plain"}
    )
    assert (answer.status, answer.headers["range"]) == (308, "bytes=0-9")
    assert json.dumps(world.server.received[0].body.decode()) == '"0123456789"'


def test_many_threads_share_a_client(serve: Serve) -> None:
    def script(request: Received) -> Act:
        return reply({"path": request.path})

    world = serve(script)

    def read(number: int) -> bool:
        return str(world.client.get(f"{URL}/{number}")["path"]).endswith(f"/tuningJobs/{number}")

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(read, range(200)))
    assert world.server.connections <= 8
