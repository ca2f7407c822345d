"""Where things stand in a provider block, service by service."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.core.desired import Backend, TunedModel

METHODS = ("supervisedTuningSpec", "preferenceOptimizationSpec")

PALM_PARAMETERS = ("runtimeConfig", "parameterValues")

# Who may use and change a Gemini API model: resources of their own, which are made once the model is there.
PERMISSIONS = frozenset({"readers", "writers"})
# What can be patched on a finished model besides its words and labels.
SETTINGS: dict[Backend, tuple[str, ...]] = {
    "gemini": ("temperature", "topP", "topK", "readerProjectNumbers", "readers", "writers")
}
# What a run is trained from.
TRAINING_PATHS: dict[Backend, tuple[tuple[str, ...], ...]] = {
    "vertex": tuple((method, "trainingDatasetUri") for method in METHODS),
    "gemini": (("tuningTask", "trainingData"),),
    "palm": (("runtimeConfig", "parameterValues", "dataset_uri"),),
}
# The model that a run goes on from, where it does not start from a base model.
PARENT_PATHS = (("preTunedModel", "tunedModelName"), ("tunedModelSource", "tunedModel"))
PARENT_CHECKPOINT = ("preTunedModel", "checkpointId")
_BASE_PATHS = (("baseModel",), ("runtimeConfig", "parameterValues", "large_model_reference"))
_EPOCH_PATHS = (
    *((method, "hyperParameters", "epochCount") for method in METHODS),
    ("tuningTask", "hyperparameters", "epochCount"),
)


def declared_settings(model: TunedModel) -> dict[str, Any]:
    """What else than words can be patched on a finished model, as far as the spec declares it."""
    return {name: model.body[name] for name in SETTINGS.get(model.backend, ()) if name in model.body}


def value_at(body: Mapping[str, Any], path: tuple[str, ...]) -> Any:
    """The value at a path of a nested mapping, or None."""
    value: Any = body
    for key in path:
        # dict first: asking an abstract class is slow, and this is asked a hundred thousand times.
        if not isinstance(value, dict | Mapping):
            return None
        value = value.get(key)
    return value


def first_at(body: Mapping[str, Any], paths: tuple[tuple[str, ...], ...]) -> Any:
    """The first value that is there among several paths, or None."""
    return next((value for path in paths if (value := value_at(body, path)) is not None), None)


def training_path(backend: Backend, body: Mapping[str, Any]) -> tuple[str, ...] | None:
    """Where a block says what it is trained from, or None when it does not."""
    return next((path for path in TRAINING_PATHS[backend] if value_at(body, path) is not None), None)


def training_source(model: TunedModel) -> Any:
    """What the spec says it is trained from: an address, a URI, a resource name, inline examples, or None."""
    return first_at(model.body, TRAINING_PATHS[model.backend])


def base_model(body: Mapping[str, Any]) -> str:
    """The base model that a block names, without its path; or empty."""
    name = first_at(body, _BASE_PATHS)
    return name.rpartition("/")[2] if isinstance(name, str) else ""


def base_model_place(model: TunedModel) -> str:
    """Where the spec names its base model, for positions."""
    path = next((path for path in _BASE_PATHS if value_at(model.body, path) is not None), _BASE_PATHS[0])
    return ".".join((model.backend, *path))


def epochs(body: Mapping[str, Any]) -> int | None:
    """How often the data is gone through, where a block says so."""
    value = first_at(body, _EPOCH_PATHS)
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        return int(value) if value.isdecimal() else None
    return int(value) if isinstance(value, int | float) else None
