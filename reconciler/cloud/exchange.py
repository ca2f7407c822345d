"""One request, at most one reply: bounded in time and size, never redirected, and exact about what left.

httpx bounds each single read, not the whole exchange, so a server that sends one byte a second would hold us for
ever. A watchdog shuts the socket when the time is up. The trace that httpx offers also tells whether the first byte
of the request was handed to the network, which is what separates NotSent from ReplyLost.
"""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from reconciler.cloud.failures import clean
from reconciler.cloud.hosts import EMULATOR_VARIABLE, Emulator
from reconciler.errors import BadAnswer, CloudError, NotSent, ReplyLost

CONNECT_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Reply:
    """A complete answer, whatever its status. Header names are lower case."""

    status: int
    headers: httpx.Headers
    body: bytes

    @property
    def ok(self) -> bool:
        """Whether the status is 2xx."""
        return 200 <= self.status < 300


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one exchange may take: seconds in all, and bytes of the decoded answer."""

    seconds: float
    reply_bytes: int


class EmulatorTransport(httpx.BaseTransport):
    """Sends every request to the emulator, and leaves path, query and the Host header as they are."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator
        self._inner = httpx.HTTPTransport(verify=False, trust_env=False)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send `request` to the emulator's address."""
        url = request.url.copy_with(scheme="http", host=self._emulator.host, port=self._emulator.port)
        return self._inner.handle_request(
            httpx.Request(
                request.method, url, headers=request.headers, stream=request.stream, extensions=request.extensions
            )
        )

    def close(self) -> None:
        """Close the connections."""
        self._inner.close()


def refuse_writes(request: httpx.Request) -> None:
    """Stop whatever is no GET before a byte of it leaves. Raises CloudError."""
    if request.method != "GET":
        raise CloudError(
            f"an audit only looks, and {request.method} is not sent",
            where=f"{request.method} {clean(request.url.path, 200)}",
            next_step="This is a fault in tuneform; nothing was changed.",
        )


class HttpFactory:
    """Makes httpx clients: straight to the emulator where there is one, else as the environment's proxies say.

    Those of a `read_only` one refuse everything but GETs, whoever asks.
    """

    def __init__(self, emulator: Emulator | None, *, read_only: bool = False) -> None:
        self._emulator = emulator
        self._hooks = {"request": [refuse_writes]} if read_only else {}
        self._tls: ssl.SSLContext | None = None
        self._lock = threading.Lock()

    def __call__(self) -> httpx.Client:
        """A client of its own, sharing the TLS settings, whose loading takes longer than all the rest."""
        if self._emulator is not None:
            return httpx.Client(transport=EmulatorTransport(self._emulator), trust_env=False, event_hooks=self._hooks)
        with self._lock:
            self._tls = self._tls or httpx.create_ssl_context()
        return httpx.Client(verify=self._tls, event_hooks=self._hooks)


class Session:
    """Kept-alive connections for one thread at a time; with `emulator`, to that in Google's place."""

    def __init__(self, client: httpx.Client, emulator: Emulator | None = None) -> None:
        self._client = client
        self._emulator = emulator
        self._sockets: dict[str, socket.socket] = {}

    def send(self, request: httpx.Request, bounds: Bounds, where: str) -> Reply:
        """Send once. Raises NotSent, ReplyLost, or BadAnswer for an answer that is too large or cannot be decoded."""
        watch = _Watch(self._sockets, request.url, self._emulator)
        timeouts = httpx.Timeout(bounds.seconds, connect=min(CONNECT_SECONDS, bounds.seconds))
        request.extensions = {**request.extensions, "trace": watch.trace, "timeout": timeouts.as_dict()}
        timer = threading.Timer(bounds.seconds, watch.expire)
        timer.daemon = True
        timer.start()
        try:
            response = self._client.send(request, stream=True, follow_redirects=False)
            try:
                body = _read(response, bounds.reply_bytes, where)
            finally:
                response.close()
        except (httpx.HTTPError, OSError) as error:
            raise watch.failure(error, bounds.seconds, where) from error
        finally:
            timer.cancel()
        if watch.expired:
            # An answer without a length ends where the watchdog cut it, and looks whole.
            raise watch.failure(TimeoutError(), bounds.seconds, where)
        return Reply(response.status_code, response.headers, body)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()


class _Watch:
    """Follows one exchange: has anything left, and over which socket?"""

    def __init__(self, sockets: dict[str, socket.socket], url: httpx.URL, emulator: Emulator | None) -> None:
        self._sockets = sockets
        self._origin = f"{url.scheme}://{url.netloc.decode('ascii')}"
        self._host = url.host
        self._emulator = emulator
        self.sent = False
        self.expired = False

    def trace(self, event: str, info: dict[str, Any]) -> None:
        """What httpx reports: see "trace" among its extensions."""
        if event.endswith((".connect_tcp.complete", ".start_tls.complete")):
            self._sockets[self._origin] = info["return_value"].get_extra_info("socket")
        elif event.endswith(".send_request_headers.started"):
            # A CONNECT goes to the proxy only; the request itself is still here.
            self.sent = self.sent or info["request"].method != b"CONNECT"

    def expire(self) -> None:
        """The time is up: wake whoever waits on the socket."""
        self.expired = True
        sock = self._sockets.get(self._origin)
        if sock is not None:
            try:
                # The base class's method: an SSLSocket's own would drop its state under the reader.
                socket.socket.shutdown(sock, socket.SHUT_RDWR)
            except OSError:
                return  # it is closed already, and the reader is awake

    def failure(self, error: Exception, seconds: float, where: str) -> CloudError:
        """The exchange's end as one of our errors."""
        cause = f"no complete answer within {seconds:.0f} s" if self.expired else _cause(error)
        if not self.sent and self._emulator is not None:
            return NotSent(
                f"cannot connect to the emulator at {self._emulator}, in the place of {self._host}: {cause}",
                where=where,
                next_step=f"Start it with `tuneform emulator`, or unset {EMULATOR_VARIABLE} to reach Google.",
            )
        if not self.sent:
            return NotSent(
                f"cannot connect to {self._host}: {cause}",
                where=where,
                next_step="Check the network, the proxy settings and the location, then run the command again.",
            )
        return ReplyLost(f"{self._host} gave no complete answer: {cause}", where=where)


def _cause(error: Exception) -> str:
    if isinstance(error, httpx.TimeoutException):
        return "it took too long"
    return clean(str(error), 200) or type(error).__name__


def _read(response: httpx.Response, limit: int, where: str) -> bytes:
    chunks: list[bytes] = []
    size = 0
    try:
        for chunk in response.iter_bytes():
            size += len(chunk)
            if size > limit:
                raise BadAnswer(
                    f"the answer is larger than {limit // 2**20} MiB", status=response.status_code, where=where
                )
            chunks.append(chunk)
    except httpx.DecodingError as error:
        raise BadAnswer("the answer's compression is broken", status=response.status_code, where=where) from error
    return b"".join(chunks)


class Sessions:
    """A pool of sessions: `borrowed` ones keep their connections, `fresh` ones are used once."""

    def __init__(self, make: Callable[[], httpx.Client], emulator: Emulator | None = None) -> None:
        self._make = make
        self._emulator = emulator
        self._idle: list[Session] = []
        self._lock = threading.Lock()

    @contextmanager
    def borrowed(self) -> Iterator[Session]:
        """A session whose connections may have served before."""
        with self._lock:
            session = self._idle.pop() if self._idle else None
        session = session or Session(self._make(), self._emulator)
        try:
            yield session
        finally:
            with self._lock:
                self._idle.append(session)

    @contextmanager
    def fresh(self) -> Iterator[Session]:
        """A session with no connection, closed afterwards.

        On a kept-alive connection "the server had closed it while idle" cannot be told from "the server died after
        it had done the work".
        """
        session = Session(self._make(), self._emulator)
        try:
            yield session
        finally:
            session.close()

    def close(self) -> None:
        """Close every idle connection."""
        with self._lock:
            idle, self._idle = self._idle, []
        for session in idle:
            session.close()
