"""Storage, faults and the request log behind a real socket, without the rest of the emulator."""

import itertools
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.types import ASGIApp

from reconciler.emulator.clock import Clock
from reconciler.emulator.fault_injection import FaultMiddleware
from reconciler.emulator.faults import Faults
from reconciler.emulator.request_log import RequestLog, RequestLogMiddleware
from reconciler.emulator.storage.buckets import Buckets
from reconciler.emulator.storage.routes import storage_routes
from reconciler.emulator.storage.xml_routes import xml_routes
from reconciler.emulator.transport import TransportProtocol

NUMBERS = itertools.count()


@contextmanager
def serving(app: ASGIApp) -> Iterator[str]:
    """Serve `app` in a thread; the value is its base URL."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, http=TransportProtocol, log_level="error", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.005)
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(timeout=10)
        listener.close()


def storage_app(buckets: Buckets) -> ASGIApp:
    faults, log = Faults(), RequestLog()
    app = Starlette(routes=[*storage_routes(buckets), *faults.routes(), *log.routes(), *xml_routes(buckets)])
    return RequestLogMiddleware(FaultMiddleware(app, faults), log)


@pytest.fixture(scope="package")
def storage_url() -> Iterator[str]:
    with serving(storage_app(Buckets(Clock()))) as url:
        yield url


@pytest.fixture
def http(storage_url: str) -> Iterator[httpx.Client]:
    """A client of an emulator without faults and without earlier requests; buckets are kept, so name your own."""
    with httpx.Client(base_url=storage_url, timeout=5) as client:
        client.delete("/_emulator/faults")
        client.delete("/_emulator/requests")
        yield client


@pytest.fixture
def bucket(http: httpx.Client) -> str:
    """The name of a bucket of this test's own, empty and existing."""
    name = f"bucket-{next(NUMBERS)}"
    http.post("/storage/v1/b", params={"project": "p"}, json={"name": name}).raise_for_status()
    return name
