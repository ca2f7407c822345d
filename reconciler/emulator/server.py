"""The emulator as an application, and as a server on one loopback port."""

import ipaddress
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from reconciler.emulator.admin import AdminRoutes
from reconciler.emulator.aiplatform.routes import aiplatform_routes
from reconciler.emulator.fault_injection import FaultMiddleware
from reconciler.emulator.faults import Faults
from reconciler.emulator.generativelanguage.routes import generativelanguage_routes
from reconciler.emulator.google_errors import not_found_page
from reconciler.emulator.options import Options
from reconciler.emulator.persistence import KeepingMiddleware, StartError, open_folder
from reconciler.emulator.request_log import RequestLog, RequestLogMiddleware
from reconciler.emulator.storage.routes import storage_routes
from reconciler.emulator.storage.xml_routes import xml_routes
from reconciler.emulator.transport import TransportProtocol
from reconciler.emulator.world import World

# Clients keep connections while a plan is reviewed; closing them early would look like a fault.
KEEP_ALIVE_SECONDS = 75
MAX_RUN_SECONDS = 10**7


def create_app(options: Options) -> Starlette:
    """The emulator as an ASGI application. Raises StartError if `options` cannot be used.

    To inject faults that break connections, uvicorn needs `http=TransportProtocol`; see `serve`.
    """
    if not 0 <= options.run_seconds <= MAX_RUN_SECONDS:
        raise StartError(f"Run seconds must be from 0 to {MAX_RUN_SECONDS}, not {options.run_seconds}.")
    world = World(options)
    faults, log = Faults(), RequestLog()
    middleware = [Middleware(RequestLogMiddleware, log=log), Middleware(FaultMiddleware, faults=faults)]
    keeper = open_folder(world, options.data_dir) if options.data_dir is not None else None
    if keeper is not None:
        middleware.append(Middleware(KeepingMiddleware, keeper=keeper))

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        if keeper is not None:
            keeper.close()

    return Starlette(
        routes=[
            *aiplatform_routes(world),
            *generativelanguage_routes(world),
            *storage_routes(world.buckets),
            *AdminRoutes(world, [faults.clear, log.clear]).routes(),
            *faults.routes(),
            *log.routes(),
            *xml_routes(world.buckets),
        ],
        middleware=middleware,
        exception_handlers={404: _no_such_page, 405: _no_such_page},
        lifespan=lifespan,
    )


async def _no_such_page(request: Request, _: Exception) -> Response:
    return HTMLResponse(not_found_page(request.url.path), 404)


class Server(uvicorn.Server):
    """A server that says when it is ready."""

    def __init__(self, options: Options, listener: socket.socket, ready: Callable[[int], None]) -> None:
        """`listener` is bound already and belongs to the server from now on. Raises StartError as `create_app` does."""
        config = uvicorn.Config(
            create_app(options),
            http=TransportProtocol,
            ws="none",
            loop="asyncio",
            lifespan="on",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=1,
        )
        super().__init__(config)
        self._listener = listener
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start listening, and tell."""
        await super().startup(sockets)
        self._ready(self._listener.getsockname()[1])

    def serve_until_stopped(self) -> None:
        """Serve until `should_exit` is set or a signal comes."""
        # An interrupt is raised again once everything is saved and closed: that is the way to stop, no error.
        with self._listener, suppress(KeyboardInterrupt):
            self.run(sockets=[self._listener])


def listen(host: str, port: int) -> socket.socket:
    """A bound socket; port 0 takes a free one. Raises StartError for a taken port or a host that is not loopback."""
    try:
        address = ipaddress.ip_address("127.0.0.1" if host == "localhost" else host)
    except ValueError:
        raise StartError(f"{host} is not an IP address; use 127.0.0.1.") from None
    if not address.is_loopback:
        raise StartError(f"{host} is not a loopback address. The emulator has no access control; use 127.0.0.1.")
    listener = socket.socket(socket.AF_INET6 if address.version == 6 else socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((str(address), port))
    except (OSError, OverflowError) as error:
        listener.close()
        raise StartError(f"Port {port} cannot be used: {error}. Choose another, or 0 for a free one.") from error
    return listener


def serve(options: Options, *, host: str = "127.0.0.1", port: int = 0, ready: Callable[[int], None]) -> None:
    """Serve until a signal comes. `ready` is given the port once requests are answered.

    Raises StartError if the port, the host or `options` cannot be used.
    """
    listener = listen(host, port)
    try:
        server = Server(options, listener, ready)
    except StartError:
        listener.close()
        raise
    server.serve_until_stopped()
