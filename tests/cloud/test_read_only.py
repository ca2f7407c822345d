"""The transport of an audit: whatever is no GET is refused before a byte of it leaves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from reconciler.cloud.client import Client
from reconciler.cloud.exchange import HttpFactory
from reconciler.cloud.hosts import Emulator
from reconciler.emulator.options import Options
from reconciler.emulator.testing import RunningEmulator
from reconciler.errors import CloudError

URL = "https://us-central1-aiplatform.googleapis.com/v1/projects/acme-ml/locations/us-central1/tuningJobs"
WRITES: list[Callable[[Client], Any]] = [
    lambda client: client.post(URL, {}),
    lambda client: client.post_once(URL, {}),
    lambda client: client.patch(URL, {}),
    lambda client: client.delete(URL),
    lambda client: client.upload("POST", URL, b"", {}),
    lambda client: client.upload("PUT", URL, b"", {}),
]


@pytest.mark.parametrize("write", WRITES, ids=["post", "post once", "patch", "delete", "upload", "put"])
def test_every_way_to_write_is_refused_and_nothing_leaves(write: Callable[[Client], Any]) -> None:
    with RunningEmulator(Options()) as emulator:
        port = int(emulator.url.rpartition(":")[2])
        with Client(None, emulator=Emulator("127.0.0.1", port), read_only=True) as client:
            with pytest.raises(CloudError, match="an audit only looks"):
                write(client)
            assert client.get(URL) == {}
        seen = httpx.get(f"{emulator.url}/_emulator/requests").json()
    assert seen["counts"] == {"GET": 1}


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"])
def test_the_transport_to_google_itself_refuses_too(method: str) -> None:
    request = httpx.Request(method, URL)
    with HttpFactory(None, read_only=True)() as http, pytest.raises(CloudError, match="an audit only looks"):
        http.send(request)
