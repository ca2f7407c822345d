"""From addresses to what Google knows: `Dataset/x` becomes its `gs://` URI, `TunedModel/y` its serving model.

What the services cannot be told by reference is put in its place: text pairs of the Gemini API, and the number of
steps of a PaLM pipeline.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.catalog.palm import with_train_steps
from reconciler.core.address import Address, is_address
from reconciler.core.desired import Desired, TunedModel
from reconciler.core.state import State
from reconciler.datasets.inline import rows_for_gemini
from reconciler.errors import TuneformError

# The only fields in which an address is a reference; anywhere else such a text is just text.
REFERENCE_FIELDS = frozenset(
    {
        "trainingDatasetUri",
        "validationDatasetUri",
        "tunedModelName",
        "tunedModel",
        "trainingData",
        "dataset_uri",
        "evaluation_data_uri",
    }
)


def resolve_body(model: TunedModel, desired: Desired, state: State) -> dict[str, Any]:
    """The provider block with every reference replaced.

    Raises TuneformError when a referred model has no version that serves, and DatasetError when a file that goes into
    the request is not what it was when it was read.
    """
    body = {key: _resolve(key, value, desired, state) for key, value in model.body.items()}
    return _with_steps(model, body, desired) if model.backend == "palm" else body


def _with_steps(model: TunedModel, body: dict[str, Any], desired: Desired) -> dict[str, Any]:
    """The block with `train_steps: auto` as the number that the rows, the epochs and the region make."""
    config = body["runtimeConfig"]
    source = model.body["runtimeConfig"]["parameterValues"].get("dataset_uri")
    content = desired.contents.get(Address.parse(source)) if is_address(source) else None
    steps = with_train_steps(config["parameterValues"], content.rows if content else None, model.location)
    return {**body, "runtimeConfig": {**config, "parameterValues": steps}}


def _resolve(key: str, value: Any, desired: Desired, state: State) -> Any:
    if isinstance(value, Mapping):
        return {k: _resolve(k, v, desired, state) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_resolve(key, item, desired, state) for item in value]
    if key in REFERENCE_FIELDS and is_address(value):
        return referred(Address.parse(value), desired, state)
    return value


def referred(address: Address, desired: Desired, state: State) -> str | dict[str, Any]:
    """What stands behind an address: an object's URI, text pairs as TuningExamples, or a model's resource name."""
    dataset = desired.datasets.get(address)
    if dataset is not None and dataset.format == "textPairs":
        sha256 = desired.contents[address].sha256
        rows = rows_for_gemini(dataset.path, root=desired.project.root, label=dataset.file, sha256=sha256)
        return {"examples": {"examples": list(rows)}}
    if dataset is not None:
        return dataset.uri(desired.contents[address].sha256)
    record = state.resources.get(address)
    serving = record.serving if record else None
    if serving is None or not serving.model:
        raise TuneformError(
            "has no version that serves yet, so nothing can be tuned from it",
            where=str(address),
            next_step="Apply again once it has finished.",
        )
    return serving.model


def dataset_uris(body: Mapping[str, Any]) -> list[str]:
    """Every `gs://` URI that a resolved block takes training or validation data from, in order, once each."""
    found: dict[str, None] = {}

    def walk(key: str, value: Any) -> None:
        if isinstance(value, Mapping):
            for k, v in value.items():
                walk(k, v)
        elif key in REFERENCE_FIELDS and isinstance(value, str) and value.startswith("gs://"):
            found[value] = None

    walk("", body)
    return list(found)
