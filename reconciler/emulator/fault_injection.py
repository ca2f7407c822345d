"""Making the faults happen: an ASGI wrapper around the whole emulator."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from reconciler.emulator import transport
from reconciler.emulator.faults import Fault, Faults


@dataclass(slots=True)
class Answer:
    """A whole HTTP answer, held back."""

    status: int = 500
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: bytes = b""

    async def collect(self, message: Message) -> None:
        """An ASGI `send` that keeps instead of sending."""
        if message["type"] == "http.response.start":
            self.status, self.headers = message["status"], list(message["headers"])
        else:
            self.body += message.get("body", b"")

    async def send(self, send: Send) -> None:
        """Send all of it."""
        await self.send_start(send)
        await send({"type": "http.response.body", "body": self.body})

    async def send_start(self, send: Send, **headers: str) -> None:
        """Send the status and the headers; those in `headers` (with _ for -) replace what is there."""
        replaced = {name.replace("_", "-").encode(): value.encode() for name, value in headers.items()}
        kept = [(name, value) for name, value in self.headers if name.lower() not in replaced]
        await send({"type": "http.response.start", "status": self.status, "headers": [*kept, *replaced.items()]})


class FaultMiddleware:
    """Lets requests through, unless a fault fires on them."""

    def __init__(self, app: ASGIApp, faults: Faults) -> None:
        self._app = app
        self._faults = faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        fault = self._faults.take(scope) if scope["type"] == "http" else None
        if fault is None:
            await self._app(scope, receive, send)
            return
        answer = Answer()
        if fault.commit:
            await self._app(scope, receive, answer.collect)
        elif fault.kind not in ("slow", "truncate"):
            # An unread body would turn every close into a reset.
            await _read_body(receive)
        await asyncio.sleep(fault.seconds)
        match fault.kind:
            case "refuse" | "status" | "html":
                await _given_answer(fault).send(send)
            case "slow" if not fault.commit:
                await self._app(scope, receive, send)
            case "slow":
                await answer.send(send)
            case "truncate":
                await _truncated(answer, scope, receive, send)
            case "reset":
                transport.reset(scope)
                await _disconnected(receive)
            case _:
                transport.close(scope)
                await _disconnected(receive)


def _given_answer(fault: Fault) -> Answer:
    body = fault.answer_body()
    headers = {"content-length": str(len(body)), **fault.answer_headers()}
    return Answer(fault.status, [(name.encode(), value.encode()) for name, value in headers.items()], body)


async def _truncated(answer: Answer, scope: Scope, receive: Receive, send: Send) -> None:
    """Half of the body under the length of the whole; an empty body loses one byte it never had."""
    await answer.send_start(send, content_length=str(max(len(answer.body), 1)))
    await send({"type": "http.response.body", "body": answer.body[: len(answer.body) // 2], "more_body": True})
    transport.close(scope)
    await _disconnected(receive)


async def _read_body(receive: Receive) -> None:
    while (message := await receive())["type"] == "http.request" and message["more_body"]:
        pass


async def _disconnected(receive: Receive) -> None:
    """Wait until the connection is gone: returning sooner, uvicorn would take it for a fault of the application."""
    message: dict[str, Any] = {"type": ""}
    while message["type"] != "http.disconnect":
        message = dict(await receive())
