"""What a change of a field means: train again, move traffic, patch, evaluate again, or nothing now.

Every field of every provider block has its class here; a test walks the models and finds none left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.core.address import Address, is_address
from reconciler.core.desired import Backend, DatasetContent, TunedModel
from reconciler.core.plan import FieldClass
from reconciler.errors import DatasetError

TRAINING = FieldClass.TRAINING
SERVING = FieldClass.SERVING
METADATA = FieldClass.METADATA
EVALUATION = FieldClass.EVALUATION
RUNTIME = FieldClass.RUNTIME

# The only fields in which `Dataset/x` is a reference; elsewhere it is just text.
DATASET_FIELDS = frozenset(
    {"trainingDatasetUri", "validationDatasetUri", "trainingData", "dataset_uri", "evaluation_data_uri"}
)

Table = Mapping[str, "FieldClass | Table"]

_SUPERVISED: Table = {
    "trainingDatasetUri": TRAINING,
    "validationDatasetUri": EVALUATION,
    "hyperParameters": TRAINING,
    "exportLastCheckpointOnly": TRAINING,
    "evaluationConfig": EVALUATION,
}

BLOCKS: Mapping[Backend, Table] = {
    "vertex": {
        "location": TRAINING,
        "baseModel": TRAINING,
        "preTunedModel": TRAINING,
        "supervisedTuningSpec": _SUPERVISED,
        "preferenceOptimizationSpec": {k: v for k, v in _SUPERVISED.items() if k != "evaluationConfig"},
        "tunedModelDisplayName": METADATA,
        "description": METADATA,
        "encryptionSpec": TRAINING,
        "serviceAccount": RUNTIME,
    },
    "gemini": {
        "baseModel": TRAINING,
        "tunedModelSource": TRAINING,
        "tuningTask": TRAINING,
        "displayName": METADATA,
        "description": METADATA,
        "temperature": METADATA,
        "topP": METADATA,
        "topK": METADATA,
        "readerProjectNumbers": METADATA,
        "readers": METADATA,
        "writers": METADATA,
    },
    "palm": {
        # The region decides the batch size: 8 in us-central1, 24 in europe-west4.
        "location": TRAINING,
        "templateUri": TRAINING,
        "runtimeConfig": {
            "gcsOutputDirectory": RUNTIME,
            "failurePolicy": RUNTIME,
            "parameterValues": {
                "large_model_reference": TRAINING,
                "dataset_uri": TRAINING,
                "dataset_name": TRAINING,
                "train_steps": TRAINING,
                "epochs": TRAINING,
                "learning_rate": TRAINING,
                "learning_rate_multiplier": TRAINING,
                "accelerator_type": TRAINING,
                "model_display_name": METADATA,
                "project": RUNTIME,
                "location": SERVING,
                "evaluation_data_uri": EVALUATION,
                "evaluation_interval": EVALUATION,
                "evaluation_output_root_dir": RUNTIME,
                "enable_early_stopping": TRAINING,
                "enable_checkpoint_selection": TRAINING,
                "tensorboard_resource_id": RUNTIME,
                "encryption_spec_key_name": TRAINING,
                "default_context": TRAINING,
                "max_context_length": TRAINING,
                "tpu_training_skip_cmek": TRAINING,
            },
        },
        "displayName": METADATA,
        "serviceAccount": RUNTIME,
        "network": RUNTIME,
        "encryptionSpec": TRAINING,
    },
}

_AROUND: Table = {
    "metadata": METADATA,
    "labels": METADATA,
    "gates": EVALUATION,
    "lifecycle": RUNTIME,
    "limits": RUNTIME,
    "traffic": SERVING,
    "strategy": SERVING,
    "endpointId": SERVING,
}


def field_class(backend: Backend, path: str) -> FieldClass:
    """The class of a dotted path such as `vertex.supervisedTuningSpec.hyperParameters.epochCount`.

    The block's own name may be left out. A path that no table knows counts as training: what is not understood must
    not pass for harmless.
    """
    parts = [part for part in path.replace("[", ".").split(".") if part]
    if parts[:1] == ["spec"]:
        parts = parts[1:]
    if parts[:1] == [backend]:
        return _look_up(BLOCKS[backend], parts[1:])
    table = _AROUND if parts and parts[0] in _AROUND else BLOCKS[backend]
    return _look_up(table, parts)


def _look_up(table: Table, parts: list[str]) -> FieldClass:
    for part in parts:
        found = table.get(part, TRAINING)
        if isinstance(found, FieldClass):
            return found
        table = found
    return TRAINING


def body_of(model: TunedModel, kind: FieldClass, contents: Mapping[Address, DatasetContent]) -> dict[str, Any]:
    """The part of a model's body that is of one class, `Dataset/x` replaced by its content's digest.

    The location is part of it. Raises DatasetError when a dataset's content is not known.
    """
    body = dict(model.body)
    if model.location:
        body["location"] = model.location
    return _part(BLOCKS[model.backend], body, kind, contents)


def training_body(model: TunedModel, contents: Mapping[Address, DatasetContent]) -> dict[str, Any]:
    """What one version was, or will be, trained with.

    References to tuned models stay as given. Values that equal an unset field are left out, so that writing down
    Google's documented default is no reason to train again. Raises DatasetError when a dataset's content is not known.
    """
    return body_of(model, TRAINING, contents)


def _part(
    table: Table, body: Mapping[str, Any], kind: FieldClass, contents: Mapping[Address, DatasetContent]
) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for name, value in body.items():
        found = table.get(name, TRAINING)
        if isinstance(found, FieldClass):
            if found is kind:
                kept[name] = _with_digests(name, value, contents)
        else:
            kept[name] = _part(found, value, kind, contents)
    return {name: value for name, value in kept.items() if not _equals_unset(name, value)}


def _equals_unset(name: str, value: Any) -> bool:
    # exportLastCheckpointOnly: "Default is false" (discovery document aiplatform v1).
    return value in ({}, "") or (name == "exportLastCheckpointOnly" and value is False)


def _with_digests(name: str, value: Any, contents: Mapping[Address, DatasetContent]) -> Any:
    if isinstance(value, dict):
        return {key: _with_digests(key, item, contents) for key, item in value.items()}
    if name not in DATASET_FIELDS or not is_address(value):
        return value
    content = contents.get(Address.parse(value))
    if content is None:
        raise DatasetError("its content has not been read", where=value)
    return content.digest
