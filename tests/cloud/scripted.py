"""A server that answers from a script, byte for byte, and can misbehave in every way a network can."""

from __future__ import annotations

import json
import socket
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Received:
    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    def json(self) -> Any:
        return json.loads(self.body)


Act = Callable[[socket.socket], bool]
"""Answers on the connection; whether the connection goes on."""
Script = Callable[[Received], Act]


def raw(data: bytes, *, close: bool = False) -> Act:
    def act(connection: socket.socket) -> bool:
        connection.sendall(data)
        return not close

    return act


def reply(
    body: bytes | dict[str, Any] | list[Any],
    status: int = 200,
    *,
    kind: str = "application/json; charset=UTF-8",
    headers: dict[str, str] | None = None,
) -> Act:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = [f"HTTP/1.1 {status} Status", f"Content-Type: {kind}", f"Content-Length: {len(data)}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return raw("\r\n".join(lines).encode() + b"\r\n\r\n" + data)


def google_error(
    status: int,
    code: str,
    message: str = "no",
    *,
    details: list[Any] | None = None,
    headers: dict[str, str] | None = None,
) -> Act:
    error = {"code": status, "message": message, "status": code, **({"details": details} if details else {})}
    return reply({"error": error}, status, headers=headers)


def close(connection: socket.socket) -> bool:
    return False


def reset(connection: socket.socket) -> bool:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return False


def trickle(data: bytes, pause: float) -> Act:
    def act(connection: socket.socket) -> bool:
        try:
            for byte in data:
                connection.sendall(bytes([byte]))
                time.sleep(pause)
        except OSError:
            pass
        return False

    return act


def silence(connection: socket.socket) -> bool:
    connection.recv(1)
    return False


def in_turn(*acts: Act) -> Script:
    """One act after another; the last one for ever."""
    left = list(acts)

    def script(_: Received) -> Act:
        return left.pop(0) if len(left) > 1 else left[0]

    return script


@dataclass
class ScriptedServer:
    script: Script
    received: list[Received] = field(default_factory=list)
    connections: int = 0

    def __enter__(self) -> ScriptedServer:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._threads: list[threading.Thread] = []
        self._open: list[socket.socket] = []
        accepting = threading.Thread(target=self._accept, daemon=True)
        self._threads.append(accepting)
        accepting.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._open:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue
        for thread in self._threads:
            thread.join(5)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def methods(self) -> list[str]:
        return [r.method for r in self.received]

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._open.append(connection)
            thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            buffer = b""
            try:
                while True:
                    while b"\r\n\r\n" not in buffer:
                        data = connection.recv(65536)
                        if not data:
                            return
                        buffer += data
                    head, _, buffer = buffer.partition(b"\r\n\r\n")
                    method, target, headers = _parse(head)
                    length = int(headers.get("content-length", "0"))
                    while len(buffer) < length:
                        buffer += connection.recv(65536)
                    request = Received(method, target, headers, buffer[:length])
                    buffer = buffer[length:]
                    self.received.append(request)
                    if not self.script(request)(connection):
                        return
            except OSError:
                return


def _parse(head: bytes) -> tuple[str, str, dict[str, str]]:
    first, *rest = head.decode("latin-1").split("\r\n")
    method, target, _ = first.split(" ", 2)
    return method, target, {k.strip().lower(): v.strip() for k, v in (line.split(":", 1) for line in rest)}
