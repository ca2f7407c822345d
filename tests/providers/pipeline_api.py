"""The few calls of Vertex AI that the PaLM provider makes, answered from memory."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from tests.cloud.scripted import Act, Received, google_error, reply

PLACE = "projects/acme-ml/locations/us-central1"
NUMBER = "projects/123/locations/us-central1"
MADE = "2026-11-21T08:00:00Z"
MODEL = f"{NUMBER}/models/77"
ENDPOINT = f"{NUMBER}/endpoints/88"


@dataclass
class PipelineApi:
    """`lost` are answers that never come, `faults` answer in place of a request; both by (method, path), once."""

    jobs: dict[str, dict[str, Any]] = field(default_factory=dict)
    models: list[dict[str, Any]] = field(default_factory=list)
    endpoints: list[dict[str, Any]] = field(default_factory=list)
    datasets: list[dict[str, Any]] = field(default_factory=list)
    lost: dict[tuple[str, str], Act] = field(default_factory=dict)
    faults: dict[tuple[str, str], Act] = field(default_factory=dict)

    def finish(self, job: str, state: str = "SUCCEEDED", *, told: bool = True) -> None:
        """End a pipeline; a success leaves a model on an endpoint. `told`: the job's details name the model."""
        self.jobs[job]["state"] = f"PIPELINE_STATE_{state}"
        if state != "SUCCEEDED":
            return
        name = self.jobs[job]["runtimeConfig"]["parameterValues"]["model_display_name"]
        labels = {"tuneform-attempt": self.jobs[job]["labels"]["tuneform-attempt"]}
        deployed = [{"endpoint": ENDPOINT, "deployedModelId": "9"}]
        self.models.append({"name": MODEL, "displayName": name, "labels": labels, "deployedModels": deployed})
        carried = [{"id": "9", "model": MODEL}]
        self.endpoints.append({"name": ENDPOINT, "displayName": name, "deployedModels": carried})
        if told:
            output = {"output:model_resource_name": MODEL}
            tasks = [{"taskName": "tune"}, {"taskName": "upload-llm-model", "execution": {"metadata": output}}]
            self.jobs[job]["jobDetail"] = {"taskDetails": tasks}

    def script(self, request: Received) -> Act:
        """What the API answers."""
        key = request.method, request.path
        if key in self.faults:
            return self.faults.pop(key)
        for method, pattern, answer in self._routes():
            match = re.fullmatch(pattern, request.path)
            if method == request.method and match:
                act = answer(request, *match.groups())
                return self.lost.pop(key, act)
        return reply(b"<html><title>Error 404 (Not Found)!!1</title></html>", 404, kind="text/html")

    def _routes(self) -> list[tuple[str, str, Callable[..., Act]]]:
        place = r"/v1/projects/[a-z0-9-]+/locations/us-central1"
        return [
            ("POST", f"{place}/pipelineJobs", self._create),
            ("GET", f"{place}/pipelineJobs", self._list),
            ("GET", f"{place}/pipelineJobs/([a-z0-9-]+)", self._get),
            ("DELETE", f"{place}/pipelineJobs/([a-z0-9-]+)", self._delete),
            ("POST", f"{place}/pipelineJobs/([a-z0-9-]+):cancel", self._cancel),
            ("GET", f"{place}/models", lambda _: reply({"models": self.models} if self.models else {})),
            ("GET", f"{place}/endpoints", lambda _: reply({"endpoints": self.endpoints} if self.endpoints else {})),
            ("GET", f"{place}/datasets", lambda _: reply({"datasets": self.datasets} if self.datasets else {})),
            ("POST", f"{place}/datasets", self._make_dataset),
        ]

    def _create(self, request: Received) -> Act:
        key = parse_qs(request.target.partition("?")[2])["pipelineJobId"][0]
        if key in self.jobs:
            return google_error(409, "ALREADY_EXISTS", f"{key} exists")
        name = f"{NUMBER}/pipelineJobs/{key}"
        self.jobs[key] = {**request.json(), "name": name, "state": "PIPELINE_STATE_PENDING", "createTime": MADE}
        return reply(self.jobs[key])

    def _list(self, _: Received) -> Act:
        jobs = [{k: v for k, v in job.items() if k != "jobDetail"} for job in self.jobs.values()]
        return reply({"pipelineJobs": jobs} if jobs else {})

    def _get(self, _: Received, key: str) -> Act:
        return reply(self.jobs[key]) if key in self.jobs else google_error(404, "NOT_FOUND", "no such job")

    def _delete(self, _: Received, key: str) -> Act:
        del self.jobs[key]
        return reply({"name": f"{NUMBER}/operations/1", "done": True, "response": {}})

    def _cancel(self, _: Received, key: str) -> Act:
        self.jobs[key]["state"] = "PIPELINE_STATE_CANCELLED"
        return reply({})

    def _make_dataset(self, request: Received) -> Act:
        self.datasets.append(request.json())
        return reply({"name": f"{NUMBER}/datasets/1/operations/2"})
