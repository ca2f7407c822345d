"""A thin client of the emulated Vertex AI: what a test says in one word."""

import json
import ssl
from types import TracebackType
from typing import Any

import httpx

from reconciler.emulator.testing import RunningEmulator
from tests.conformance.discovery import check_response
from tests.conformance.exchange import Exchange
from tests.conformance.recorder import recording

PROJECT = "acme-ml"
LOCATION = "us-central1"
Json = dict[str, Any]


def supervised_rows(count: int = 40) -> bytes:
    """A dataset in which the answer to `what is N` is `it is N`."""
    return b"\n".join(
        json.dumps(
            {
                "contents": [
                    {"role": "user", "parts": [{"text": f"what is {number}"}]},
                    {"role": "model", "parts": [{"text": f"it is {number}"}]},
                ]
            }
        ).encode()
        for number in range(count)
    )


def preference_rows(count: int = 40) -> bytes:
    """A dataset in which `it is N` is preferred to `no idea`."""
    return b"\n".join(
        json.dumps(
            {
                "contents": [{"role": "user", "parts": [{"text": f"what is {number}"}]}],
                "completions": [
                    {"score": 1, "completion": {"role": "model", "parts": [{"text": f"it is {number}"}]}},
                    {"score": 0, "completion": {"role": "model", "parts": [{"text": "no idea"}]}},
                ],
            }
        ).encode()
        for number in range(count)
    )


def job_body(**changes: Any) -> Json:
    """A supervised TuningJob with one epoch and one checkpoint."""
    return {
        "baseModel": "gemini-2.5-flash",
        "supervisedTuningSpec": spec(),
        "tunedModelDisplayName": "triage",
        **changes,
    }


def spec(**changes: Any) -> Json:
    """The spec of `job_body`."""
    return {
        "trainingDatasetUri": "gs://acme/train.jsonl",
        "hyperParameters": {"epochCount": 1},
        "exportLastCheckpointOnly": True,
        **changes,
    }


def preference_body(**changes: Any) -> Json:
    """A preference TuningJob with one epoch and one checkpoint."""
    return {
        "baseModel": "gemini-2.5-flash",
        "preferenceOptimizationSpec": spec(trainingDatasetUri="gs://acme/preference.jsonl"),
        "tunedModelDisplayName": "polite",
        **changes,
    }


class Vertex:
    """Requests to one project and location. Every answer is checked against the discovery document."""

    def __init__(self, emulator: RunningEmulator, *, project: str = PROJECT, location: str = LOCATION) -> None:
        self.emulator = emulator
        self.admin = emulator.admin
        self.parent = f"projects/{project}/locations/{location}"
        self.exchanges: list[Exchange] = []
        hooks = recording(self.exchanges)
        # Without TLS there is no need to load certificates, which would take most of a test's time.
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self.http = httpx.Client(base_url=emulator.url, timeout=30, trust_env=False, event_hooks=hooks, verify=tls)

    def __enter__(self) -> "Vertex":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.http.close()

    def send(self, method: str, path: str, body: Any = None, *, version: str = "v1", **query: Any) -> httpx.Response:
        """One request. `path` is a full name, or begins with `/` beneath the project and location."""
        url = f"/{version}/{self.parent}{path}" if path.startswith("/") else f"/{version}/{path}"
        response = self.http.request(method, url, json=body, params=query)
        assert check_response(self.exchanges[-1]) == []
        return response

    def ok(self, method: str, path: str, body: Any = None, *, version: str = "v1", **query: Any) -> Json:
        """The JSON of an answer that must be a success."""
        response = self.send(method, path, body, version=version, **query)
        assert response.status_code == 200, response.text
        answer: Json = response.json()
        return answer

    def refused(
        self, status: int, code: str, method: str, path: str, body: Any = None, *, version: str = "v1", **query: Any
    ) -> Json:
        """The error of an answer that must be refused with this HTTP status and google.rpc code."""
        response = self.send(method, path, body, version=version, **query)
        assert response.status_code == status, f"{response.status_code}: {response.text}"
        error: Json = response.json()["error"]
        assert (error["code"], error["status"]) == (status, code)
        return error

    def get(self, name: str, *, version: str = "v1", **query: Any) -> Json:
        """A resource by its full name."""
        return self.ok("GET", name, version=version, **query)

    def create(self, body: Json | None = None, *, version: str = "v1") -> Json:
        """A new tuning job, PENDING."""
        return self.ok("POST", "/tuningJobs", job_body() if body is None else body, version=version)

    def tuned(self, body: Json | None = None) -> Json:
        """A tuning job that has succeeded."""
        job = self.create(body)
        self.admin.advance(60)
        ended = self.get(job["name"])
        assert ended["state"] == "JOB_STATE_SUCCEEDED", ended
        return ended

    def done(self, operation: Json) -> Json:
        """A long-running operation when it is done."""
        self.admin.advance(1)
        ended = self.get(operation["name"])
        assert ended["done"] is True
        return ended

    def undeploy_all(self, endpoint: str) -> None:
        """Take everything off an endpoint."""
        for deployed in self.get(endpoint).get("deployedModels", []):
            body = {"deployedModelId": deployed["id"]}
            self.done(self.ok("POST", f"{endpoint}:undeployModel", body))

    def names(self, collection: str, **query: Any) -> list[str]:
        """The names in one page of a list."""
        return [item["name"] for item in self.ok("GET", f"/{collection}", **query).get(collection, [])]
