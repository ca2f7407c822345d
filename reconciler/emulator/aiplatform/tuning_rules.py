"""What tuningJobs.create accepts beyond the shape of its types, and the defaults it fills in."""

import re
from dataclasses import dataclass
from typing import Any

from reconciler.emulator.aiplatform.base_models import BaseModel, find_base_model
from reconciler.emulator.aiplatform.labels import check_labels
from reconciler.emulator.aiplatform.memory import Memory
from reconciler.emulator.aiplatform.names import Parent, parse_name, with_project_number
from reconciler.emulator.aiplatform.training_data import TrainingData, digest, read_training_data
from reconciler.emulator.google_errors import (
    ApiError,
    Violation,
    failed_precondition,
    found_errors,
    invalid_argument,
    not_found,
)

SPECS = {"supervisedTuningSpec": "supervised", "preferenceOptimizationSpec": "preference"}
# Fields of v1beta1 for services that are not emulated.
NOT_EMULATED = (
    "customBaseModel", "distillationSpec", "fullFineTuningSpec", "outputUri", "partnerModelTuningSpec",
    "reinforcementTuningSpec", "veoLoraTuningSpec", "veoTuningSpec",
)  # fmt: skip
KMS_KEY = re.compile(r"projects/[^/]+/locations/[^/]+/keyRings/[^/]+/cryptoKeys/[^/]+")
SERVICE_ACCOUNT = re.compile(r"[^@\s]+@[^@\s]+")
MAX_DISPLAY_NAME = 128


@dataclass(frozen=True, slots=True)
class Accepted:
    """A create that may go ahead: the job's fields with defaults, its base model, and its data.

    `data_error` says what the run will stumble over in the training or validation data, if anything.
    """

    wire: dict[str, Any]
    base_model: BaseModel
    data: TrainingData
    data_error: str


def check_create(memory: Memory, parent: Parent, body: dict[str, Any]) -> Accepted:
    """Check a TuningJob to be created in `parent`, data and all. Raises ApiError."""
    wire, base_model = check_fields(memory, parent, body)
    spec_name = next(name for name in SPECS if name in body)
    data, data_error = _read_datasets(memory, parent, spec_name, body[spec_name])
    return Accepted(wire, base_model, data, data_error)


def check_fields(memory: Memory, parent: Parent, body: dict[str, Any]) -> tuple[dict[str, Any], BaseModel]:
    """The fields of a TuningJob with defaults filled in, and its base model; data is not looked at. Raises ApiError."""
    for name in NOT_EMULATED:
        if name in body:
            raise invalid_argument(f"{name} is not supported by this emulator.", "tuning_job")
    spec_name = exactly_one(body, tuple(SPECS), "tuning_spec")
    source = exactly_one(body, ("baseModel", "preTunedModel"), "source_model")
    wire = dict(body)
    if source == "preTunedModel":
        base_model = _continue_from(memory, parent, wire)
    else:
        base_model = find_base_model(body["baseModel"])
    base_model.check_location(parent.location)
    check_labels(body.get("labels", {}), "tuning_job.labels")
    _check_names(body)
    _check_encryption(body, base_model)
    wire[spec_name] = _check_spec(body[spec_name], SPECS[spec_name], base_model)
    return wire, base_model


def exactly_one(body: dict[str, Any], names: tuple[str, ...], oneof: str, within: str = "tuning_job") -> str:
    """Which one of the fields of a oneof is given. Raises ApiError (400) for none and for several."""
    given = [name for name in names if name in body]
    if len(given) > 1:
        text = f"Invalid value at '{within}' (oneof), oneof field '{oneof}' is already set. Cannot set '{given[1]}'"
        raise invalid_argument(text, within)
    if not given:
        raise invalid_argument(f"One of {', '.join(names)} is required.", f"{within}.{oneof}")
    return given[0]


def _continue_from(memory: Memory, parent: Parent, wire: dict[str, Any]) -> BaseModel:
    """Continuous tuning: look up the tuned model to start from and fill in what follows from it."""
    pre_tuned = dict(wire["preTunedModel"])
    name = parse_name(pre_tuned.get("tunedModelName", ""), "models", "pre_tuned_model.tuned_model_name")
    version = memory.model_version(name.parent, name.id, name.version)
    checkpoints = [checkpoint["checkpointId"] for checkpoint in version.wire.get("checkpoints", [])]
    checkpoint = pre_tuned.get("checkpointId")
    if checkpoint and checkpoint not in checkpoints:
        raise not_found("Checkpoint", f"{pre_tuned['tunedModelName']}/checkpoints/{checkpoint}")
    base_model = find_base_model(version.base_model)
    base_model.check_location(parent.location)
    if name.parent != parent.at(base_model.landing(parent.location)):
        raise invalid_argument(
            f"The pre-tuned model must be in the project and location of the new one, not {name.parent.location}.",
            "tuning_job.pre_tuned_model.tuned_model_name",
        )
    pre_tuned["tunedModelName"] = with_project_number(pre_tuned["tunedModelName"])
    wire["preTunedModel"] = pre_tuned | {"baseModel": base_model.id}
    wire.setdefault("tunedModelDisplayName", version.wire["displayName"])
    return base_model


def _check_names(body: dict[str, Any]) -> None:
    if len(body.get("tunedModelDisplayName", "")) > MAX_DISPLAY_NAME:
        text = f"The display name must be at most {MAX_DISPLAY_NAME} characters long."
        raise invalid_argument(text, "tuning_job.tuned_model_display_name")
    account = body.get("serviceAccount", "")
    if account and not SERVICE_ACCOUNT.fullmatch(account):
        raise invalid_argument(f"Invalid service account: {account}.", "tuning_job.service_account")


def _check_encryption(body: dict[str, Any], base_model: BaseModel) -> None:
    if "encryptionSpec" not in body:
        return
    key = body["encryptionSpec"].get("kmsKeyName", "")
    if not KMS_KEY.fullmatch(key):
        raise invalid_argument(f'Invalid KMS key name: "{key}".', "tuning_job.encryption_spec.kms_key_name")
    if base_model.lands_in_multi_region:
        raise failed_precondition(f"Customer-managed encryption keys are not supported for {base_model.id}.")


def _check_spec(spec: dict[str, Any], method: str, base_model: BaseModel) -> dict[str, Any]:
    """The spec with hyper-parameters filled in."""
    if method == "preference" and not base_model.preference:
        raise invalid_argument("Preference tuning is not supported for this base model.")
    given = spec.get("hyperParameters", {})
    for name in ("epochCount", "learningRateMultiplier", "beta"):
        if float(given.get(name, 0)) < 0:
            raise invalid_argument(f"{name} must be positive, not {given[name]}.")
    parameters = {name: value for name, value in given.items() if value not in (0, "0", "ADAPTER_SIZE_UNSPECIFIED")}
    defaults = {"epochCount": "10", "learningRateMultiplier": 1, "adapterSize": "ADAPTER_SIZE_FOUR"}
    if method == "preference":
        defaults["beta"] = 0.1
    parameters = defaults | parameters
    if parameters["adapterSize"].removeprefix("ADAPTER_SIZE_") not in base_model.adapters:
        raise ApiError("INVALID_ARGUMENT", "The adapter size is not supported for this base model.")
    return spec | {"hyperParameters": parameters}


def _read_datasets(memory: Memory, parent: Parent, spec_name: str, spec: dict[str, Any]) -> tuple[TrainingData, str]:
    """Read training and validation data, and say what is wrong inside.

    Raises ApiError (400) that names every dataset that cannot be read.
    """
    method = SPECS[spec_name]
    path = "supervised_tuning_spec" if method == "supervised" else "preference_optimization_spec"
    read: dict[str, TrainingData] = {}
    violations = []
    for name, field in (
        ("trainingDatasetUri", "training_dataset_uri"),
        ("validationDatasetUri", "validation_dataset_uri"),
    ):
        uri = spec.get(name, "")
        if not uri and name == "validationDatasetUri":
            continue
        content = _dataset_content(memory, parent, uri, method)
        if content is None:
            text = f"{field} should be a GCS object of type JSONL."
            violations.append(Violation(f"tuning_job.{path}.{field}", text))
        else:
            read[name] = memory.data.get(digest(content, method)) or read_training_data(content, method)
    if violations:
        raise found_errors(violations)
    training = read["trainingDatasetUri"]
    validation = read.get("validationDatasetUri", training)
    return training, training.error or validation.error.replace("Dataset", "Validation dataset", 1)


def _dataset_content(memory: Memory, parent: Parent, uri: str, method: str) -> bytes | None:
    """The bytes of a JSONL object, or of what a dataset resource refers to; None if there is no such thing."""
    if uri.startswith("projects/") and method == "supervised":
        name = parse_name(uri, "datasets", "training_dataset_uri")
        dataset = memory.site(name.parent).datasets.get(name.id)
        uri = _dataset_source(dataset.wire) if dataset is not None and name.parent == parent else ""
    bucket, slash, name_in_bucket = uri.removeprefix("gs://").partition("/")
    if not uri.startswith("gs://") or not slash or not name_in_bucket:
        return None
    found = memory.buckets.find(bucket, name_in_bucket)
    return found.content if found is not None else None


def _dataset_source(wire: dict[str, Any]) -> str:
    """The first Cloud Storage URI in a dataset's metadata."""
    metadata = wire.get("metadata")
    config = metadata.get("inputConfig") if isinstance(metadata, dict) else None
    source = config.get("gcsSource") if isinstance(config, dict) else None
    uris = source.get("uri") if isinstance(source, dict) else None
    first = uris[0] if isinstance(uris, list) and uris else ""
    return first if isinstance(first, str) else ""
