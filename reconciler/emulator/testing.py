"""An emulator for a test: its own thread, a free port, and helpers for what a test steers."""

import ssl
import threading
from pathlib import Path
from types import TracebackType
from typing import Any

import httpx

from reconciler.emulator.options import Options
from reconciler.emulator.server import Server, listen


class RunningEmulator:
    """A context manager: inside it, an emulator answers at `url`."""

    def __init__(self, options: Options | None = None, *, port: int = 0) -> None:
        self._options = options or Options()
        self._port = port
        self.url = ""

    def __enter__(self) -> "RunningEmulator":
        ready = threading.Event()
        listener = listen("127.0.0.1", self._port)
        self._server = Server(self._options, listener, lambda _: ready.set())
        self._thread = threading.Thread(target=self._server.serve_until_stopped, name="emulator", daemon=True)
        self._thread.start()
        if not ready.wait(10):
            raise RuntimeError("the emulator did not start within ten seconds")
        self.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        self.admin = Admin(self.url)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.admin.close()
        self._server.should_exit = True
        self._thread.join(10)


class Admin:
    """What a test may do to a running emulator, over HTTP. Raises httpx.HTTPStatusError for what is refused."""

    def __init__(self, url: str) -> None:
        # An empty context: there is no TLS here, and loading certificates takes longer than starting the emulator.
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self._client = httpx.Client(base_url=url, timeout=60, trust_env=False, verify=tls)

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def advance(self, seconds: float) -> None:
        """Let virtual time pass."""
        self._send("POST", "/_emulator/clock", {"advance": seconds})

    def reset(self) -> None:
        """Forget all resources, objects, faults and requests; the time stays."""
        self._send("POST", "/_emulator/reset", {})

    def seed(self, project: str, location: str, jobs: list[dict[str, Any]], count: int | None = None) -> list[str]:
        """Make finished jobs from TuningJob bodies; answers their names."""
        body = {"project": project, "location": location, "jobs": jobs, "count": len(jobs) if count is None else count}
        names: list[str] = self._send("POST", "/_emulator/seed", body)["names"]
        return names

    def add_fault(self, **fault: Any) -> None:
        """Add a fault; see `reconciler.emulator.faults` for its fields."""
        self._send("POST", "/_emulator/faults", fault)

    def clear_faults(self) -> None:
        """Remove all faults."""
        self._send("DELETE", "/_emulator/faults")

    def requests(self) -> list[dict[str, Any]]:
        """The last requests; see `reconciler.emulator.request_log` for their keys."""
        found: list[dict[str, Any]] = self._send("GET", "/_emulator/requests")["requests"]
        return found

    def counts(self) -> dict[str, int]:
        """How many requests there were, by HTTP method."""
        found: dict[str, int] = self._send("GET", "/_emulator/requests")["counts"]
        return found

    def clear_requests(self) -> None:
        """Begin counting afresh."""
        self._send("DELETE", "/_emulator/requests")

    def put_object(self, uri: str, content: bytes | Path) -> None:
        """Store an object as `gs://bucket/name`; the bucket is made if need be."""
        bucket, _, name = uri.removeprefix("gs://").partition("/")
        data = content.read_bytes() if isinstance(content, Path) else content
        parameters = {"uploadType": "media", "name": name}
        path = f"/upload/storage/v1/b/{bucket}/o"
        self._client.post(path, params=parameters, content=data).raise_for_status()

    def _send(self, method: str, path: str, body: Any = None) -> Any:
        response = self._client.request(method, path, json=body)
        response.raise_for_status()
        return response.json()
