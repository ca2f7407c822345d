"""Reaching the connection beneath a request, for faults that no HTTP answer can express."""

import asyncio
import socket
import struct
from collections.abc import Mapping
from typing import Any, cast

from uvicorn.protocols.http.h11_impl import H11Protocol

KEY = "emulator_transport"
# l_onoff and l_linger: closing then sends RST instead of FIN.
LINGER_RESET = struct.pack("ii", 1, 0)


class TransportProtocol(H11Protocol):
    """uvicorn's own HTTP protocol, with the connection's transport in the state of every request.

    To be given to uvicorn as `http=`; ASGI itself has no way to close a connection in the middle of an answer.
    """

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client has connected."""
        # asyncio does this only for sockets it opened itself. Without it the head and the body of an answer, written
        # one after the other, are 40 ms apart.
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # The state is copied for each request; here it gets a copy for each connection.
        self.app_state = {**self.app_state, KEY: transport}
        super().connection_made(transport)


def close(scope: Mapping[str, Any]) -> None:
    """Send what is buffered, then end the connection of this request in the usual way (FIN)."""
    _transport(scope).close()


def reset(scope: Mapping[str, Any]) -> None:
    """Break the connection of this request at once (RST)."""
    transport = _transport(scope)
    connection = transport.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_RESET)
    transport.abort()


def _transport(scope: Mapping[str, Any]) -> asyncio.Transport:
    transport = scope.get("state", {}).get(KEY)
    if transport is None:
        raise RuntimeError("connections can only be broken when uvicorn runs with http=TransportProtocol")
    return cast(asyncio.Transport, transport)
