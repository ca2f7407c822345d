"""From canonical specs to the nouns that everything else works on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.core.address import Address
from reconciler.core.desired import Backend, Dataset, Endpoint, Lifecycle, Project, TunedModel
from reconciler.spec.documents import Spec
from reconciler.spec.paths import inside

_BACKENDS: tuple[Backend, ...] = ("vertex", "gemini", "palm")
_DISPLAY_NAME: Mapping[Backend, str] = {
    "vertex": "tunedModelDisplayName",
    "gemini": "displayName",
    "palm": "displayName",
}
_LIFECYCLE = {
    "keepLast": "keep_last",
    "preventDestroy": "prevent_destroy",
    "onRemove": "on_remove",
    "onDatasetChange": "on_dataset_change",
    "whileRunning": "while_running",
    "maxAttempts": "max_attempts",
    "expireAfter": "expire_after",
    "rebase": "rebase",
    "priority": "priority",
    "keepCheckpointEndpoints": "keep_checkpoint_endpoints",
}
# Most specs leave the lifecycle alone; they share one.
_DEFAULT_LIFECYCLE = Lifecycle()


def tuned_model(spec: Spec, project: Project, location: str, depends_on: tuple[Address, ...]) -> TunedModel:
    """The model a spec asks for; `location` is the project's. A Gemini API model has no location."""
    backend = next(b for b in _BACKENDS if b in spec.body)
    body = dict(spec.body[backend])
    own_location = body.pop("location", location)
    return TunedModel(
        address=spec.address,
        backend=backend,
        project=project.google.project,
        location="" if backend == "gemini" else own_location,
        body=body,
        display_name=_display_name(backend, body) or spec.address.name,
        description=body.get("description"),
        labels=spec.metadata.get("labels", {}),
        lifecycle=_lifecycle(spec.body),
        sources=spec.report.sources,
        gates=spec.body.get("gates", {}),
        depends_on=depends_on,
    )


def _display_name(backend: Backend, body: Mapping[str, Any]) -> str:
    """What the tuned model is called; for PaLM that may be told apart from the pipeline's own name."""
    parameters = body.get("runtimeConfig", {}).get("parameterValues", {})
    name: str = parameters.get("model_display_name") or body.get(_DISPLAY_NAME[backend], "")
    return name


def dataset(spec: Spec, project: Project) -> Dataset:
    """The local file a spec declares; it need not exist."""
    return Dataset(
        address=spec.address,
        path=inside(project.root, spec.body["file"]),
        file=spec.body["file"],
        format=spec.body["format"],
        bucket=spec.body.get("bucket", ""),
        sources=spec.report.sources,
    )


def endpoint(spec: Spec, project: Project, location: str, depends_on: tuple[Address, ...]) -> Endpoint:
    """The endpoint a spec asks for; its body keeps traffic, strategy, endpointId, description and encryptionSpec."""
    body = {name: value for name, value in spec.body.items() if name not in ("location", "lifecycle")}
    return Endpoint(
        address=spec.address,
        project=project.google.project,
        location=spec.body.get("location", location),
        body=body,
        display_name=spec.body.get("displayName", spec.address.name),
        labels=spec.metadata.get("labels", {}),
        sources=spec.report.sources,
        lifecycle=_lifecycle(spec.body),
        depends_on=depends_on,
    )


def _lifecycle(body: Mapping[str, Any]) -> Lifecycle:
    declared = body.get("lifecycle")
    if not declared:
        return _DEFAULT_LIFECYCLE
    return Lifecycle(**{_LIFECYCLE[name]: value for name, value in declared.items()})
