"""A paid create leaves at most once, and how far it came is told apart exactly."""

from __future__ import annotations

import gzip
import json
import socket

import pytest

from reconciler.cloud.client import Client
from reconciler.cloud.hosts import Emulator
from reconciler.errors import ApiError, BadAnswer, NotSent, ReplyLost
from tests.cloud.conftest import Serve
from tests.cloud.scripted import Act, close, google_error, in_turn, raw, reply, reset, silence, trickle

URL = "https://us-central1-aiplatform.googleapis.com/v1/projects/p/locations/us-central1/tuningJobs"
JOB = {"name": "projects/1/locations/us-central1/tuningJobs/7"}
BODY = json.dumps(JOB).encode()
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
HTML = b"<!DOCTYPE html><html><head><title>Proxy says no</title></head><body><script>x</script></body></html>"


def long_head(length: int) -> bytes:
    return HEAD + b"Content-Length: %d\r\n\r\n" % length


def test_a_create_is_one_post_on_a_fresh_connection_with_a_server_timeout(serve: Serve) -> None:
    world = serve(in_turn(reply(JOB)))
    assert world.client.post_once(URL, {"a": 1}, reason="tuneform-attempt abc") == JOB
    assert world.client.post_once(URL, {"a": 1}) == JOB
    first = world.server.received[0]
    assert (first.method, first.path) == ("POST", "/v1/projects/p/locations/us-central1/tuningJobs")
    assert first.headers["x-server-timeout"] == "60"
    assert first.headers["x-goog-request-reason"] == "tuneform-attempt abc"
    assert first.json() == {"a": 1}
    assert world.server.connections == 2


LOST: dict[str, Act] = {
    "closed before any answer": close,
    "reset before any answer": reset,
    "closed within the headers": raw(HEAD[:30], close=True),
    "closed within the body": raw(long_head(len(BODY)) + BODY[:10], close=True),
    "a length longer than the body": raw(long_head(len(BODY) + 5) + BODY, close=True),
    "a chunk cut short": raw(HEAD + b"Transfer-Encoding: chunked\r\n\r\n20\r\n{", close=True),
    "not HTTP at all": raw(b"SSH-2.0-OpenSSH_9.6\r\n", close=True),
    "endless headers": raw(HEAD + b"X-Filler: 0123456789\r\n" * 20_000, close=True),
}


@pytest.mark.parametrize("fault", LOST.values(), ids=LOST.keys())
def test_a_lost_reply_is_reported_as_lost_and_nothing_is_sent_again(serve: Serve, fault: Act) -> None:
    world = serve(in_turn(fault))
    with pytest.raises(ReplyLost):
        world.client.post_once(URL, {"a": 1})
    assert world.server.methods() == ["POST"]
    assert world.time.slept == []


BAD: dict[str, Act] = {
    "JSON cut short without a length": raw(HEAD + b"\r\n" + BODY[:20], close=True),
    "HTML with 200": reply(HTML, kind="text/html"),
    "HTML with 403": reply(HTML, 403, kind="text/html"),
    "HTML with 502": reply(HTML, 502, kind="text/html"),
    "a list where an object belongs": reply([1]),
    "an answer over the limit": reply({"name": "x" * (1 << 20)}),
    "a gzip bomb": reply(gzip.compress(b" " * (64 << 20)), headers={"Content-Encoding": "gzip"}),
    "broken compression": reply(b"not gzip", headers={"Content-Encoding": "gzip"}),
    "nesting 100,000 deep": reply(b'{"a":' * 100_000),
    "JSON of a proxy with 403": reply({"error": {"code": 403, "message": "blocked by policy"}}, 403),
    "a plain text 400": reply(b"no", 400, kind="text/plain"),
    "Google's error as text": reply(
        json.dumps({"error": {"code": 400, "message": "m", "status": "INVALID_ARGUMENT"}}).encode(),
        400,
        kind="text/plain",
    ),
}


@pytest.mark.parametrize("fault", BAD.values(), ids=BAD.keys())
def test_an_answer_that_is_not_googles_is_a_bad_answer_and_nothing_is_sent_again(serve: Serve, fault: Act) -> None:
    world = serve(in_turn(fault))
    with pytest.raises(BadAnswer) as caught:
        world.client.post_once(URL, {"a": 1})
    assert "<" not in str(caught.value)
    assert world.server.methods() == ["POST"]
    assert world.time.slept == []


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, "INVALID_ARGUMENT"),
        (401, "UNAUTHENTICATED"),
        (403, "PERMISSION_DENIED"),
        (404, "NOT_FOUND"),
        (408, "DEADLINE_EXCEEDED"),
        (409, "ABORTED"),
        (429, "RESOURCE_EXHAUSTED"),
        (499, "CANCELLED"),
        (500, "INTERNAL"),
        (503, "UNAVAILABLE"),
        (504, "DEADLINE_EXCEEDED"),
    ],
)
def test_googles_own_error_is_handed_over_after_one_post(serve: Serve, status: int, code: str) -> None:
    world = serve(in_turn(google_error(status, code, headers={"Retry-After": "1"})))
    with pytest.raises(ApiError) as caught:
        world.client.post_once(URL, {"a": 1})
    assert (caught.value.status, caught.value.code) == (status, code)
    assert world.server.methods() == ["POST"]
    assert world.time.slept == []


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(serve: Serve, status: int) -> None:
    elsewhere = serve(in_turn(reply(JOB)))
    target = f"{elsewhere.server.url}/elsewhere"
    world = serve(in_turn(reply(b"", status, headers={"Location": target})))
    with pytest.raises(BadAnswer, match="redirect"):
        world.client.post_once(URL, {"a": 1})
    assert world.server.methods() == ["POST"]
    assert elsewhere.server.connections == 0


SLOW = {
    "headers one byte at a time": trickle(long_head(len(BODY)) + BODY, 0.05),
    "a body one byte at a time": trickle(HEAD + b"\r\n" + BODY, 0.05),
    "silence": silence,
}


@pytest.mark.parametrize("fault", SLOW.values(), ids=SLOW.keys())
def test_the_deadline_bounds_the_whole_exchange(serve: Serve, fault: Act) -> None:
    world = serve(in_turn(fault))
    with pytest.raises(ReplyLost, match=r"too long|within"):
        world.client.post_once(URL, {"a": 1}, deadline=0.4)
    assert world.server.methods() == ["POST"]


def test_a_refused_connection_means_that_nothing_was_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with Client(None, emulator=Emulator("127.0.0.1", port)) as client, pytest.raises(NotSent) as caught:
        client.post_once(URL, {})
    assert "us-central1-aiplatform.googleapis.com" in caught.value.what
    assert f"the emulator at http://127.0.0.1:{port}" in caught.value.what
    assert "`tuneform emulator`" in caught.value.next_step


def test_an_answer_after_a_long_while_is_still_taken(serve: Serve) -> None:
    world = serve(in_turn(trickle(long_head(len(BODY)) + BODY, 0.002)))
    assert world.client.post_once(URL, {}, deadline=20.0) == JOB
