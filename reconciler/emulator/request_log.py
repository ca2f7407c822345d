"""What was asked of the emulator: counts, and the last requests without their secrets.

`GET /_emulator/requests` tells, `DELETE` starts afresh. Requests to `/_emulator/` themselves do not count.
"""

import hashlib
from collections import Counter, deque
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

PREFIX = "/_emulator/"
KEPT = 1000
PRESENT = "<present>"
SECRET_HEADERS = frozenset({"authorization", "proxy-authorization", "x-goog-api-key", "cookie"})
SECRET_PARAMETERS = frozenset({"key", "access_token", "oauth_token"})


@dataclass(slots=True)
class Seen:
    """One request as it came; put into words only when somebody asks. `status` stays None where no answer was sent."""

    method: str
    path: str
    query: bytes
    headers: list[tuple[bytes, bytes]]
    status: int | None = None
    body_bytes: int = 0
    body_sha256: str = ""

    def described(self) -> dict[str, Any]:
        """As JSON values, secrets left out."""
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in self.headers}
        return {
            "method": self.method,
            "path": self.path,
            "query": [
                [name, PRESENT if name in SECRET_PARAMETERS else value]
                for name, value in parse_qsl(self.query.decode("latin-1"), keep_blank_values=True)
            ],
            "host": headers.get("host", ""),
            "headers": {name: PRESENT if name in SECRET_HEADERS else value for name, value in headers.items()},
            "body_bytes": self.body_bytes,
            "body_sha256": self.body_sha256,
            "status": self.status,
        }


class RequestLog:
    """Counts by method since the start or the last reset, and the last KEPT requests."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._last: deque[Seen] = deque(maxlen=KEPT)

    def add(self, seen: Seen) -> None:
        """One more request."""
        self._counts[seen.method] += 1
        self._last.append(seen)

    def clear(self) -> None:
        """Start afresh."""
        self._counts.clear()
        self._last.clear()

    def described(self) -> dict[str, Any]:
        """What GET answers."""
        return {"counts": dict(self._counts), "requests": [seen.described() for seen in self._last]}

    def routes(self) -> list[Route]:
        """`/_emulator/requests`."""
        return [
            Route(f"{PREFIX}requests", self._get, methods=["GET"]),
            Route(f"{PREFIX}requests", self._delete, methods=["DELETE"]),
        ]

    async def _get(self, _: Request) -> Response:
        return JSONResponse(self.described())

    async def _delete(self, _: Request) -> Response:
        self.clear()
        return JSONResponse({})


class RequestLogMiddleware:
    """Writes every request into a log. Wrap it around everything else, so that faults do not hide requests."""

    def __init__(self, app: ASGIApp, log: RequestLog) -> None:
        self._app = app
        self._log = log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http" or scope["path"].startswith(PREFIX):
            await self._app(scope, receive, send)
            return
        seen = Seen(scope["method"], scope["path"], scope["query_string"], scope["headers"])
        self._log.add(seen)

        async def noting_status(message: Message) -> None:
            if message["type"] == "http.response.start":
                seen.status = message["status"]
            await send(message)

        if scope["method"] in ("GET", "HEAD"):
            await self._app(scope, receive, noting_status)
            return
        digest = hashlib.sha256()

        async def noting_body() -> Message:
            message = await receive()
            if body := message.get("body"):
                seen.body_bytes += len(body)
                digest.update(body)
            return message

        await self._app(scope, noting_body, noting_status)
        seen.body_sha256 = digest.hexdigest() if seen.body_bytes else ""
