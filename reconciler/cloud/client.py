"""The one way to Google.

Reads are sent again when that may help; a write is sent once, on a connection of its own; `post_once` is the write
that must not be sent twice under any circumstances, and says exactly how far it came.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, TypeVar

import httpx
import orjson

from reconciler import __version__
from reconciler.cloud.credentials import Credentials, Token
from reconciler.cloud.exchange import Bounds, HttpFactory, Reply, Session, Sessions
from reconciler.cloud.failures import failure, http_date, not_google, where
from reconciler.cloud.hosts import Emulator, emulator_from, is_google
from reconciler.cloud.paging import MAX_PAGES, JsonPage, Page, is_page, json_object
from reconciler.cloud.retry import RetryPolicy, Timing
from reconciler.core.desired import GoogleSettings
from reconciler.errors import BadAnswer, CloudError, UsageError

READ = Bounds(seconds=60.0, reply_bytes=64 << 20)
WRITE = Bounds(seconds=90.0, reply_bytes=16 << 20)
UPLOAD = Bounds(seconds=600.0, reply_bytes=1 << 20)
CREATE_REPLY_BYTES = 1 << 20
SERVER_TIMEOUT_SECONDS = 60

Params = Mapping[str, str | int]
_NONE: Params = {}


P = TypeVar("P", bound=Page)


class Client:
    """Talks JSON to Google's APIs, or to an emulator in their place. Safe to share between threads.

    A `read_only` one has a transport that refuses everything but GETs; only credentials are still asked for by POST.
    """

    def __init__(
        self,
        credentials: Credentials | None,
        *,
        emulator: Emulator | None = None,
        retry: RetryPolicy | None = None,
        timing: Timing | None = None,
        read_only: bool = False,
    ) -> None:
        self._credentials = credentials
        self._emulator = emulator
        self._retry = retry or RetryPolicy()
        self._timing = timing or Timing()
        self._sessions = Sessions(HttpFactory(emulator, read_only=read_only), emulator)
        self._fence = threading.local()
        self._reads_end: float | None = None
        self._server_date: datetime | None = None
        self._server_ahead = timedelta()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close every connection."""
        self._sessions.close()
        if self._credentials is not None:
            self._credentials.close()

    @property
    def emulated(self) -> bool:
        """Whether an emulator stands in for Google."""
        return self._emulator is not None

    def server_date(self) -> datetime | None:
        """The `Date` of the last answer: Google's time is at least this. None before the first answer."""
        return self._server_date

    def default_project(self) -> str:
        """The project that the credentials come with; empty where there are none or they name none."""
        return self._credentials.default_project() if self._credentials else ""

    def token_expiry(self) -> datetime | None:
        """When the token ends that this thread's next `post_once` will carry; None without credentials.

        After that moment Google refuses that request, wherever it may have been held up. It is told in Google's time,
        as far as known: google-auth counts from our own clock, and one that is behind would make it too early.
        """
        if self._credentials is None:
            return None
        token = self._credentials.token_for_create()
        self._fence.token = token
        return token.expiry + self._server_ahead if token.expiry else None

    def get(self, url: str, params: Params = _NONE) -> dict[str, Any]:
        """Read one resource. Raises CloudError."""
        place = where("GET", httpx.URL(url).path)
        return json_object(self._read(url, params), place)

    def pages(self, url: str, items: str, params: Params = _NONE) -> Iterator[dict[str, Any]]:
        """Every item of a list, page after page; `items` is the answer's field that holds them.

        Raises CloudError when a page fails or page tokens repeat, so that a part is never taken for the whole. An
        item that moves between pages while they are read may come twice.
        """
        place = where("GET", httpx.URL(url).path)

        def decode(body: bytes) -> JsonPage:
            return JsonPage(json_object(body, place), items)

        for page in self.typed_pages(url, items, decode, params):
            yield from page.items()

    def typed_pages(self, url: str, items: str, decode: Callable[[bytes], P], params: Params = _NONE) -> Iterator[P]:
        """Every page of a list, decoded by `decode`, which raises ValueError for what it cannot read.

        Raises as `pages` does.
        """
        place = where("GET", httpx.URL(url).path)
        seen: set[str] = set()
        token = ""
        for _ in range(MAX_PAGES):
            body = self._read(url, {**params, "pageToken": token} if token else params)
            try:
                page = decode(body)
                if not is_page(body, items):
                    raise ValueError(items)
            except (ValueError, RecursionError) as error:
                raise BadAnswer("a page of the list is not of the expected form", status=200, where=place) from error
            yield page
            token = page.next_page_token
            if not token:
                return
            if token in seen:
                raise BadAnswer("the list repeats a page token and would never end", status=200, where=place)
            seen.add(token)
        raise BadAnswer(f"the list has more than {MAX_PAGES} pages", status=200, where=place)

    def post(self, url: str, body: Mapping[str, Any], params: Params = _NONE) -> dict[str, Any]:
        """Send a write, once. Raises CloudError."""
        return self._write("POST", url, body, params)

    def patch(self, url: str, body: Mapping[str, Any], params: Params = _NONE) -> dict[str, Any]:
        """Send a change, once. Raises CloudError."""
        return self._write("PATCH", url, body, params)

    def delete(self, url: str, params: Params = _NONE) -> dict[str, Any]:
        """Send a delete, once. Raises CloudError."""
        return self._write("DELETE", url, None, params)

    def post_once(
        self, url: str, body: Mapping[str, Any], params: Params = _NONE, *, deadline: float = 90.0, reason: str = ""
    ) -> dict[str, Any]:
        """Send a paid create: one request on a connection of its own, with the token announced by `token_expiry`.

        `deadline` is in seconds and bounds the whole exchange; `reason` goes into Google's audit log. Raises
        NotSent or CredentialsError (nothing has left), ReplyLost or BadAnswer (it may have happened), ApiError
        (Google's own refusal; what it proves depends on its status).
        """
        token: Token | None = None
        if self._credentials is not None:
            token = getattr(self._fence, "token", None) or self._credentials.token_for_create()
            self._fence.token = None
        headers = {"x-server-timeout": str(SERVER_TIMEOUT_SECONDS), "accept-encoding": "identity"}
        if reason:
            headers["x-goog-request-reason"] = reason
        with self._sessions.fresh() as session:
            request = self._request("POST", url, params, orjson.dumps(body), headers, token)
            reply = self._exchange(session, request, Bounds(deadline, CREATE_REPLY_BYTES))
        return self._json(reply, where("POST", httpx.URL(url).path))

    def upload(
        self, method: str, url: str, content: bytes, headers: Mapping[str, str], params: Params = _NONE
    ) -> Reply:
        """Send bytes to Cloud Storage, once; the answer whatever its status. Raises NotSent, ReplyLost, BadAnswer."""
        with self._sessions.borrowed() as session:
            return self._exchange(session, self._request(method, url, params, content, headers, self._token()), UPLOAD)

    def failure(self, reply: Reply, place: str) -> CloudError:
        """The error that an answer outside 2xx stands for."""
        return failure(reply.status, reply.headers, reply.body, where=place, now=self._timing.now())

    @contextmanager
    def reads_until(self, moment: float | None) -> Iterator[None]:
        """Meanwhile give up a read rather than pause past that moment of `monotonic`. None is no bound."""
        before, self._reads_end = self._reads_end, moment
        try:
            yield
        finally:
            self._reads_end = before

    def pause_after(self, error: CloudError, attempt: int, started: float) -> bool:
        """Wait before something safe is sent again; False when it should not be. `started` is monotonic."""
        now = self._timing.monotonic()
        wait = self._retry.pause(error, attempt, now - started, self._timing.random())
        if wait is None or (self._reads_end is not None and now + wait > self._reads_end):
            return False
        self._timing.sleep(wait)
        return True

    def monotonic(self) -> float:
        """Seconds that never jump, for `pause_after`."""
        return self._timing.monotonic()

    def _read(self, url: str, params: Params) -> bytes:
        """The body of a GET, sent again while that may help."""
        place = where("GET", httpx.URL(url).path)
        started, renewed, attempt = self._timing.monotonic(), False, 1
        while True:
            try:
                with self._sessions.borrowed() as session:
                    request = self._request("GET", url, params, None, {"accept-encoding": "gzip"}, self._token())
                    reply = self._exchange(session, request, READ)
                if reply.ok:
                    return reply.body
                error = self.failure(reply, place)
            except CloudError as caught:
                error = caught
            else:
                if reply.status == 401 and self._credentials is not None and not renewed:
                    self._credentials.renew()
                    renewed = True
                    continue
            if not self.pause_after(error, attempt, started):
                raise error
            attempt += 1

    def _write(self, method: str, url: str, body: Mapping[str, Any] | None, params: Params) -> dict[str, Any]:
        content = None if body is None else orjson.dumps(body)
        with self._sessions.fresh() as session:
            request = self._request(method, url, params, content, {"accept-encoding": "gzip"}, self._token())
            return self._json(self._exchange(session, request, WRITE), where(method, httpx.URL(url).path))

    def _token(self) -> Token | None:
        return self._credentials.token() if self._credentials is not None else None

    def _request(
        self,
        method: str,
        url: str,
        params: Params,
        content: bytes | None,
        headers: Mapping[str, str],
        token: Token | None,
    ) -> httpx.Request:
        if not is_google(url):
            raise UsageError(f"{url[:200]!r} is not on googleapis.com", next_step="Nothing else is ever called.")
        sent = {"user-agent": f"tuneform/{__version__}", "accept": "application/json", **headers}
        if content is not None:
            sent.setdefault("content-type", "application/json")
        if token is not None and self._credentials is not None:
            sent["authorization"] = f"Bearer {token.value}"
            quota_project = self._credentials.quota_project()
            if quota_project:
                sent["x-goog-user-project"] = quota_project
        target = httpx.URL(url)
        return httpx.Request(
            method, target.copy_merge_params(params) if params else target, headers=sent, content=content
        )

    def _exchange(self, session: Session, request: httpx.Request, bounds: Bounds) -> Reply:
        reply = session.send(request, bounds, where(request.method, request.url.path))
        seen = http_date(reply.headers.get("date", ""))
        if seen is not None:
            self._server_date = seen
            self._server_ahead = max(seen - self._timing.now(), timedelta())
        return reply

    def _json(self, reply: Reply, place: str) -> dict[str, Any]:
        if not reply.ok:
            raise self.failure(reply, place)
        if not reply.body and reply.status in (200, 204):
            return {}
        try:
            return json_object(reply.body, place)
        except BadAnswer:
            raise not_google(reply.status, reply.headers, reply.body, where=place) from None


def connect(settings: GoogleSettings, environ: Mapping[str, str] = os.environ, *, read_only: bool = False) -> Client:
    """A client for the project's settings: to Google with its credentials, or to the emulator without any.

    Raises UsageError when the environment names an emulator that is not on a loopback address. Credentials are not
    looked for before the first request.
    """
    emulator = emulator_from(environ)
    if emulator is not None:
        return Client(None, emulator=emulator, read_only=read_only)
    return Client(Credentials(settings, HttpFactory(None), environ), read_only=read_only)
