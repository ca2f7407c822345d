"""Recording what a client and the emulator say to each other.

`Recorder` stands between any client, in any process, and the emulator; `recording` hangs into an httpx client.
"""

import http.client
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

import httpx

from tests.conformance.exchange import Exchange

# Headers about one connection, which the next one has its own of.
HOP_BY_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length", "date", "server"})


def recording(exchanges: list[Exchange]) -> dict[str, list[Callable[[httpx.Response], None]]]:
    """`event_hooks` for an httpx.Client that add every answered exchange to `exchanges`."""

    def add(response: httpx.Response) -> None:
        request = response.request
        target = request.url.raw_path.decode("ascii")
        body = request.read()
        exchanges.append(
            Exchange(
                request.method, target, dict(request.headers), body,
                response.status_code, dict(response.headers), response.read(),
            )
        )  # fmt: skip

    return {"response": [add]}


class Recorder:
    """A server on a loopback port that passes everything on to the emulator and back, and keeps it.

    Use as a context manager; `url` is what the client gets instead of the emulator's.
    """

    def __init__(self, emulator_url: str) -> None:
        self.exchanges: list[Exchange] = []
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.recorder = self
        self._server.emulator = urlsplit(emulator_url).netloc
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> "Recorder":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    recorder: Recorder
    emulator: str


class _Handler(BaseHTTPRequestHandler):
    """One connection of the client; it has one connection to the emulator of its own."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def setup(self) -> None:
        super().setup()
        self._upstream = http.client.HTTPConnection(self.server.emulator, timeout=60)

    def finish(self) -> None:
        self._upstream.close()
        super().finish()

    def handle_one_request(self) -> None:
        try:
            super().handle_one_request()
        except ConnectionError:
            # The client has gone, as clients do.
            self.close_connection = True

    def _pass_on(self) -> None:
        body = self._read_body()
        headers = {name.lower(): value for name, value in self.headers.items()}
        # The Host stays the recorder's, so that links in answers lead through it too.
        sent = {name: value for name, value in headers.items() if name not in HOP_BY_HOP}
        sent["content-length"] = str(len(body))
        try:
            self._upstream.request(self.command, self.path, body, sent)
            answer = self._upstream.getresponse()
            content = answer.read()
        except (http.client.HTTPException, OSError):
            self._keep(headers, body, 0, {}, b"")
            self._upstream.close()
            self.close_connection = True
            return
        given = {name.lower(): value for name, value in answer.getheaders()}
        self._keep(headers, body, answer.status, given, content)
        self.send_response_only(answer.status, answer.reason)
        for name, value in given.items():
            if name not in HOP_BY_HOP:
                self.send_header(name, value)
        if answer.status not in (204, 304):
            self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _keep(self, headers: dict[str, str], body: bytes, status: int, given: dict[str, str], content: bytes) -> None:
        self.server.recorder.exchanges.append(Exchange(self.command, self.path, headers, body, status, given, content))

    def _read_body(self) -> bytes:
        if self.headers.get("transfer-encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("content-length", 0)))
        chunks = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            chunks.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(chunks)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = _pass_on  # noqa: N815

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Nothing: tests read `exchanges`."""
