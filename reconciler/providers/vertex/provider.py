"""Vertex AI behind the Protocol that every tuning service fills."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from reconciler.cloud.client import Client
from reconciler.cloud.operations import parse_operation
from reconciler.core.desired import Backend, TunedModel
from reconciler.core.metrics import RunMetrics
from reconciler.core.observed import LiveEndpoint, LiveModel, Observed, Run
from reconciler.core.state import Record, Version
from reconciler.errors import CloudError, NotFound
from reconciler.providers.protocol import CreateRequest, Operation, Submission
from reconciler.providers.vertex import creating, observing, paths, rebasing, wire
from reconciler.providers.vertex.metrics import read_metrics
from reconciler.providers.vertex.normalise import endpoint_of, model_of, run_of

_PATCHABLE = ("displayName", "description", "labels")
_PATCHABLE_ENDPOINT = (*_PATCHABLE, "trafficSplit")


class VertexReader:
    """Looks at Vertex AI; sends nothing but GETs. `project_label` is the value of our own project label."""

    def __init__(self, client: Client, project_label: str) -> None:
        self._client = client
        self._project_label = project_label

    @property
    def backend(self) -> Backend:
        """Which provider block it serves."""
        return "vertex"

    def observe(self, models: Sequence[TunedModel], records: Sequence[Record]) -> Observed:
        """Everything these specs and records concern, by listing pages.

        What cannot be read goes to `unreadable`. Raises CredentialsError or UsageError when nothing can be asked.
        """
        return observing.observe(self._client, self._project_label, models, records)

    def run(self, name: str) -> Run:
        """One tuning job, with its steps done so far. Raises NotFound."""
        return run_of(wire.read(wire.TuningJob, self._client.get(paths.progress(name)), where=name))

    def runs_in(self, project: str, location: str) -> Sequence[Run]:
        """Every tuning job of one location, all pages. Raises rather than give a part."""
        return tuple(observing.list_runs(self._client, project, location).values())

    def metrics(self, version: Version) -> RunMetrics:
        """What the job of a version measured so far; empty when it has no experiment yet, or none any more."""
        try:
            experiment = version.experiment or (self.run(version.run).experiment if version.run else "")
        except NotFound:
            return RunMetrics()
        return read_metrics(self._client, experiment) if experiment else RunMetrics()

    def model(self, name: str) -> LiveModel:
        """One model, or with `@` one version of it. Raises NotFound."""
        return model_of(wire.read(wire.Model, self._client.get(paths.resource(name)), where=name))

    def endpoint(self, name: str) -> LiveEndpoint:
        """One endpoint. Raises NotFound."""
        return endpoint_of(wire.read(wire.Endpoint, self._client.get(paths.resource(name)), where=name))

    def operation(self, name: str) -> Operation:
        """Ask after a long-running operation."""
        return _operation(self._client.get(paths.operation(name)), name)


class VertexProvider(VertexReader):
    """Looks at Vertex AI and writes to it."""

    def create_request(
        self, model: TunedModel, *, body: Mapping[str, Any], labels: Mapping[str, str], attempt: str
    ) -> CreateRequest:
        """The request that would tune `model`, `body` being its block with every reference resolved."""
        return creating.create_request(model, body=body, labels=labels, attempt=attempt)

    def rebase_request(
        self, model: TunedModel, *, body: Mapping[str, Any], labels: Mapping[str, str], attempt: str, source: str
    ) -> CreateRequest:
        """The request that would make `model` from `source`, the tuning job or the model of an earlier version."""
        return rebasing.rebase_request(model, body=body, labels=labels, attempt=attempt, source=source)

    def submit(self, request: CreateRequest) -> Submission:
        """Send it, once: no retry, no redirect, on a fresh connection. Never raises for what the server does."""
        if rebasing.is_rebase(request):
            return rebasing.submit(self._client, request)
        return creating.submit(self._client, request)

    def cancel(self, run: str) -> None:
        """Ask a tuning job to stop; best effort on Google's side, and it may still succeed."""
        self._client.post(paths.resource(run, "cancel"), {})

    def update_model(self, name: str, changes: Mapping[str, Any]) -> LiveModel:
        """Patch `displayName`, `description`, `labels` of a model, whatever version `name` carries."""
        unversioned = name.partition("@")[0]
        answer = self._client.patch(paths.resource(unversioned), changes, _mask(changes, _PATCHABLE))
        return model_of(wire.read(wire.Model, answer, where=unversioned))

    def update_endpoint(self, name: str, changes: Mapping[str, Any]) -> LiveEndpoint:
        """Patch `displayName`, `description`, `labels`, `trafficSplit`; with `etag` only if nobody changed it since."""
        mask = _mask({k: v for k, v in changes.items() if k != "etag"}, _PATCHABLE_ENDPOINT)
        answer = self._client.patch(paths.resource(name), changes, mask)
        return endpoint_of(wire.read(wire.Endpoint, answer, where=name))

    def create_endpoint(self, project: str, location: str, endpoint_id: str, body: Mapping[str, Any]) -> Operation:
        """Make an endpoint under a client-chosen id. Raises AlreadyExists when that id is taken."""
        path = paths.collection(project, location, "endpoints")
        answer = self._client.post(paths.in_location(location, path), body, {"endpointId": endpoint_id})
        return _operation(answer, path)

    def deploy(
        self, endpoint: str, model: str, *, display_name: str, checkpoint: str, traffic: Mapping[str, int]
    ) -> Operation:
        """Put a model on an endpoint; in `traffic` the key "0" stands for it. No checkpoint is the default one."""
        deployed = {"model": model, "displayName": display_name}
        if checkpoint:
            deployed["checkpointId"] = checkpoint
        body = {"deployedModel": deployed, "trafficSplit": dict(traffic)}
        return _operation(self._client.post(paths.resource(endpoint, "deployModel"), body), endpoint)

    def undeploy(self, endpoint: str, deployed_model_id: str, traffic: Mapping[str, int]) -> Operation:
        """Take one model off an endpoint; `traffic` is what the others carry then, empty when none is left."""
        body = {"deployedModelId": deployed_model_id, "trafficSplit": dict(traffic)}
        return _operation(self._client.post(paths.resource(endpoint, "undeployModel"), body), endpoint)

    def delete_endpoint(self, name: str) -> Operation:
        """Delete an endpoint that carries nothing."""
        return _operation(self._client.delete(paths.resource(name)), name)

    def delete_model(self, name: str) -> Operation:
        """Delete a model and all its versions, or the one version that `name` carries behind `@`."""
        method = "deleteVersion" if "@" in name else ""
        return _operation(self._client.delete(paths.resource(name, method)), name)

    def generate(
        self, version: Version, contents: Sequence[Mapping[str, Any]], settings: Mapping[str, Any] | None = None
    ) -> Mapping[str, Any]:
        """generateContent on a version's endpoint; the answer as Google gave it. `settings` join its body."""
        body = {**(settings or {}), "contents": list(contents)}
        return self._client.post(paths.resource(version.endpoint, "generateContent"), body)


def _mask(changes: Mapping[str, Any], allowed: Sequence[str]) -> dict[str, str]:
    """What a patch touches. Without a mask Google would take unnamed fields for empty ones."""
    foreign = sorted(changes.keys() - set(allowed))
    if foreign:
        raise CloudError(f"{', '.join(foreign)} cannot be patched")
    return {"updateMask": ",".join(name for name in allowed if name in changes)}


def _operation(answer: Mapping[str, Any], where: str) -> Operation:
    status = parse_operation(answer, where=where)
    return Operation(status.name, status.done, status.error, status.response)
