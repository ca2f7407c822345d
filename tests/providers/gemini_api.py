"""The few calls of the Gemini API that its provider makes, answered from memory."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from tests.cloud.scripted import Act, Received, google_error, reply

BASE = "models/gemini-1.0-pro-001"
BASES = [
    {"name": BASE, "supportedGenerationMethods": ["createTunedModel", "generateContent"]},
    {"name": "models/gemini-2.5-flash", "supportedGenerationMethods": ["generateContent"]},
]
MADE = "2026-11-21T08:00:00Z"
_METADATA = "type.googleapis.com/google.ai.generativelanguage.v1beta.CreateTunedModelMetadata"


@dataclass
class GeminiApi:
    """`faults` answer in place of a request of that (method, path), once each; `lost` are answers that never come."""

    models: dict[str, dict[str, Any]] = field(default_factory=dict)
    tunings: dict[str, dict[str, Any]] = field(default_factory=dict)
    permissions: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    strangers: set[str] = field(default_factory=set)
    faults: dict[tuple[str, str], list[Act]] = field(default_factory=dict)
    lost: dict[tuple[str, str], Act] = field(default_factory=dict)
    page: int = 1000

    def finish(self, name: str, state: str = "ACTIVE", error: dict[str, Any] | None = None) -> None:
        """End a run: its model is ACTIVE or FAILED, its operation done."""
        self.models[name]["state"] = state
        tuning = self.tunings[name]
        tuning["done"] = True
        tuning |= {"error": error} if error else {"response": {}}

    def script(self, request: Received) -> Act:
        """What the API answers."""
        fault = self.faults.get((request.method, request.path))
        if fault:
            return fault.pop(0)
        for method, pattern, answer in self._routes():
            match = re.fullmatch(pattern, request.path)
            if method == request.method and match:
                act = answer(request, *match.groups())
                return self.lost.pop((request.method, request.path), act)
        return reply(b"<html><title>Error 404 (Not Found)!!1</title></html>", 404, kind="text/html")

    def _routes(self) -> list[tuple[str, str, Callable[..., Act]]]:
        model = r"/v1beta/(tunedModels/[a-z0-9-]+)"
        return [
            ("GET", "/v1beta/models", lambda _: reply({"models": BASES})),
            ("GET", "/v1beta/tunedModels", self._list),
            ("POST", "/v1beta/tunedModels", self._create),
            ("GET", model, self._get),
            ("PATCH", model, self._patch),
            ("DELETE", model, self._delete),
            ("POST", f"{model}:generateContent", self._generate),
            ("GET", f"{model}/permissions", lambda _, name: reply({"permissions": self.permissions[name]})),
            ("POST", f"{model}/permissions", self._grant),
            ("PATCH", rf"{model}/permissions/(\w+)", self._regrant),
            ("DELETE", rf"{model}/permissions/(\w+)", self._revoke),
            ("GET", r"/v1/(tunedModels/[a-z0-9-]+)/operations", lambda _, n: reply({"operations": [self.tunings[n]]})),
            ("POST", r"/v1/(tunedModels/[a-z0-9-]+)/operations/\w+:cancel", self._cancel),
        ]

    def _create(self, request: Received) -> Act:
        name = f"tunedModels/{query(request)['tunedModelId']}"
        if name in self.models or name in self.strangers:
            return google_error(409, "ALREADY_EXISTS", f"{name} exists")
        body = request.json()
        task = {k: v for k, v in body["tuningTask"].items() if k != "trainingData"}
        self.models[name] = {**body, "name": name, "state": "CREATING", "createTime": MADE, "tuningTask": task}
        self.permissions[name] = [{"name": f"{name}/permissions/own", "granteeType": "USER", "role": "OWNER"}]
        metadata = {"@type": _METADATA, "tunedModel": name, "totalSteps": 38}
        self.tunings[name] = {"name": f"{name}/operations/op1", "metadata": metadata}
        return reply(self.tunings[name])

    def _list(self, request: Received) -> Act:
        asked = query(request)
        start = int(asked.get("pageToken", "0"))
        end = start + min(self.page, int(asked.get("pageSize", "10")))
        more = {"nextPageToken": str(end)} if end < len(self.models) else {}
        return reply({"tunedModels": list(self.models.values())[start:end], **more})

    def _get(self, _: Received, name: str) -> Act:
        if name in self.strangers:
            return google_error(403, "PERMISSION_DENIED", f"You do not have permission to access tuned model {name}")
        if name not in self.models:
            return google_error(404, "NOT_FOUND", f"Tuned model {name} does not exist.")
        return reply(self.models[name])

    def _patch(self, request: Received, name: str) -> Act:
        masked = query(request)["updateMask"].split(",")
        self.models[name] |= {field: request.json()[field] for field in masked}
        return reply(self.models[name])

    def _delete(self, _: Received, name: str) -> Act:
        del self.models[name]
        return reply({})

    def _generate(self, _: Received, name: str) -> Act:
        return reply({"candidates": [{"content": {"role": "model", "parts": [{"text": f"IV from {name}"}]}}]})

    def _cancel(self, _: Received, name: str) -> Act:
        self.finish(name, "FAILED", {"code": 1, "message": "The operation was cancelled."})
        return reply({})

    def _grant(self, request: Received, name: str) -> Act:
        made = {**request.json(), "name": f"{name}/permissions/p{len(self.permissions[name])}"}
        self.permissions[name].append(made)
        return reply(made)

    def _regrant(self, request: Received, name: str, key: str) -> Act:
        assert query(request)["updateMask"] == "role"
        found = next(p for p in self.permissions[name] if p["name"].endswith(f"/{key}"))
        found |= request.json()
        return reply(found)

    def _revoke(self, _: Received, name: str, key: str) -> Act:
        self.permissions[name] = [p for p in self.permissions[name] if not p["name"].endswith(f"/{key}")]
        return reply({})


def query(request: Received) -> dict[str, str]:
    """The parameters of a request."""
    return {name: values[0] for name, values in parse_qs(request.target.partition("?")[2]).items()}
