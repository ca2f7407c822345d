"""The Gemini API's tuned models behind the Protocol that every tuning service fills."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from reconciler.cloud.client import Client
from reconciler.core.client_ids import labels_from
from reconciler.core.desired import Backend, TunedModel
from reconciler.core.metrics import RunMetrics
from reconciler.core.observed import LiveEndpoint, LiveModel, Observed, Run
from reconciler.core.state import Record, Version
from reconciler.errors import CloudError, NotFound
from reconciler.providers.decoding import read
from reconciler.providers.gemini import creating, observing, paths, permissions, wire
from reconciler.providers.gemini.normalise import metrics_of, model_of, run_of, with_operation
from reconciler.providers.protocol import CreateRequest, Operation, Submission

_PATCHABLE = ("displayName", "description", "temperature", "topP", "topK", "readerProjectNumbers")


class GeminiReader:
    """Looks at the Gemini API; sends nothing but GETs. `project_label` is what our own ids were made with."""

    def __init__(self, client: Client, project_label: str) -> None:
        self._client = client
        self._project_label = project_label

    @property
    def backend(self) -> Backend:
        """Which provider block it serves."""
        return "gemini"

    def observe(self, models: Sequence[TunedModel], records: Sequence[Record]) -> Observed:
        """Everything these specs and records concern, by listing pages.

        What cannot be read goes to `unreadable`. Raises CredentialsError when nothing can be asked.
        """
        return observing.observe(self._client, self._project_label, models, records)

    def run(self, name: str) -> Run:
        """One run with its steps and loss so far. Raises NotFound."""
        run = run_of(self._get(name), self._labels(name))
        return with_operation(run, observing.tuning_of(self._client, name))

    def runs_in(self, project: str, location: str) -> Sequence[Run]:  # noqa: ARG002 - the API has neither
        """Every tuned model of ours, all pages. Raises rather than give a part."""
        listed = observing.list_models(self._client)
        return tuple(run_of(model, self._labels(name)) for name, model in listed.items())

    def model(self, name: str) -> LiveModel:
        """One tuned model with its permissions. Raises NotFound."""
        shared = permissions.permissions_of(self._client, name)
        return model_of(self._get(name), self._labels(name), shared)

    def metrics(self, version: Version) -> RunMetrics:
        """The loss by step, from the snapshots that the model keeps; empty when it is gone."""
        try:
            task = self._get(version.run).tuning_task
        except NotFound:
            return RunMetrics()
        return metrics_of(task.snapshots if task else ())

    def operation(self, name: str) -> Operation:
        """Ask after an operation, or after the deletion of the model of that name."""
        if paths.model_of(name):
            tuning = read(wire.Tuning, self._client.get(paths.operation(name)), where=name)
            failed = tuning.error if tuning.done and tuning.error else None
            return Operation(name, tuning.done, CloudError(failed.message, where=name) if failed else None)
        try:
            self._get(name)
        except NotFound:
            return Operation(name, done=True)
        return Operation(name, done=False)

    def endpoint(self, name: str) -> LiveEndpoint:
        """There is none. Raises CloudError."""
        _no_endpoints(name)

    def _get(self, name: str) -> wire.TunedModel:
        return read(wire.TunedModel, self._client.get(paths.model(name)), where=name)

    def _labels(self, name: str) -> dict[str, str]:
        return labels_from(name.partition("/")[2], self._project_label, ())


class GeminiProvider(GeminiReader):
    """Looks at the Gemini API and writes to it."""

    def create_request(
        self,
        model: TunedModel,
        *,
        body: Mapping[str, Any],
        labels: Mapping[str, str],  # noqa: ARG002 - tuned models have none; the id says as much
        attempt: str,
    ) -> CreateRequest:
        """The request that would tune `model`, `body` being its block with every reference resolved."""
        return creating.create_request(model, body=body, attempt=attempt)

    def submit(self, request: CreateRequest) -> Submission:
        """Send it, once: no retry, no redirect, on a fresh connection. Never raises for what the server does."""
        labels = labels_from(request.params["tunedModelId"], self._project_label, ())
        return creating.submit(self._client, request, labels)

    def cancel(self, run: str) -> None:
        """Ask the operation behind a tuned model to stop; best effort. A run that is over needs no stopping."""
        tuning = observing.tuning_of(self._client, run)
        if tuning is not None and not tuning.done:
            self._client.post(paths.operation(tuning.name, "cancel"), {})

    def update_model(self, name: str, changes: Mapping[str, Any]) -> LiveModel:
        """Patch `displayName`, `description`, sampling defaults and reader projects, and settle who may use it."""
        foreign = sorted(changes.keys() - {*_PATCHABLE, *permissions.ROLES})
        if foreign:
            raise CloudError(f"{', '.join(foreign)} of a tuned model cannot be patched", where=name)
        patch = {field: changes[field] for field in _PATCHABLE if field in changes}
        if patch:
            self._client.patch(paths.model(name), patch, {"updateMask": ",".join(patch)})
        grants = {field: changes[field] for field in permissions.ROLES if field in changes}
        if grants:
            permissions.reconcile(self._client, name, grants)
        return self.model(name)

    def delete_model(self, name: str) -> Operation:
        """Delete a tuned model; the operation is over once it can be found no more."""
        self._client.delete(paths.model(name))
        return Operation(name, done=False)

    def generate(
        self, version: Version, contents: Sequence[Mapping[str, Any]], settings: Mapping[str, Any] | None = None
    ) -> Mapping[str, Any]:
        """generateContent on a tuned model, which is its own endpoint; the answer as Google gave it."""
        name = version.endpoint or version.model or version.run
        body = {**(settings or {}), "contents": list(contents)}
        return self._client.post(paths.model(name, "generateContent"), body)

    def update_endpoint(self, name: str, changes: Mapping[str, Any]) -> LiveEndpoint:  # noqa: ARG002 - see below
        """There is none. Raises CloudError."""
        _no_endpoints(name)

    def create_endpoint(
        self,
        project: str,  # noqa: ARG002 - see below
        location: str,  # noqa: ARG002
        endpoint_id: str,
        body: Mapping[str, Any],  # noqa: ARG002
    ) -> Operation:
        """There is none. Raises CloudError."""
        _no_endpoints(endpoint_id)

    def deploy(
        self,
        endpoint: str,
        model: str,
        *,
        display_name: str,  # noqa: ARG002 - see below
        checkpoint: str,  # noqa: ARG002
        traffic: Mapping[str, int],  # noqa: ARG002
    ) -> Operation:
        """There is nothing to deploy on. Raises CloudError."""
        _no_endpoints(endpoint or model)

    def undeploy(self, endpoint: str, deployed_model_id: str, traffic: Mapping[str, int]) -> Operation:  # noqa: ARG002
        """There is nothing to take off. Raises CloudError."""
        _no_endpoints(endpoint)

    def delete_endpoint(self, name: str) -> Operation:
        """There is none. Raises CloudError."""
        _no_endpoints(name)


def _no_endpoints(name: str) -> NoReturn:
    raise CloudError("the Gemini API has no endpoints: a tuned model serves under its own name", where=name)
