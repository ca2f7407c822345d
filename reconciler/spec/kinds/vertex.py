"""The `vertex` block: a TuningJob of aiplatform v1.

Source: GoogleCloudAiplatformV1TuningJob, discovery document aiplatform v1, revision 20261106. `labels` are the spec's
`metadata.labels`; `location` is the only field that is not part of Google's resource.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from reconciler.spec.kinds.base import Block, OneOf
from reconciler.spec.kinds.evaluation import EvaluationConfig
from reconciler.spec.kinds.values import (
    AdapterSize,
    DatasetUri,
    DisplayName,
    Email,
    FileUri,
    IdText,
    KmsKey,
    Location,
    NotNegativeNumber,
    Positive,
    PositiveNumber,
    Text,
    VertexModel,
)

DEFAULT_LOCATION = "us-central1"
_ONLY_BETA = "is in v1beta1 only; tuneform uses v1"


class EncryptionSpec(Block):
    """A customer-managed encryption key."""

    kms_key_name: KmsKey
    """projects/…/locations/…/keyRings/…/cryptoKeys/…, in the region of the job."""


class PreTunedModel(Block):
    """A tuned model to go on from (continuous tuning)."""

    server_fields = frozenset({"baseModel"})

    tuned_model_name: VertexModel
    """TunedModel/name, or a model's resource name, with @version if not the default one."""
    checkpoint_id: IdText | None = None
    """The checkpoint to start from; the default checkpoint when unset."""


class SupervisedHyperParameters(Block):
    """What is left unset, Google chooses."""

    elsewhere: ClassVar[Mapping[str, str]] = {
        "beta": "belongs to preferenceOptimizationSpec.hyperParameters",
        "learningRate": _ONLY_BETA,
        "batchSize": _ONLY_BETA,
    }

    epoch_count: Positive | None = None
    """Passes over the whole training dataset."""
    learning_rate_multiplier: PositiveNumber | None = None
    """Multiplies the recommended learning rate."""
    adapter_size: AdapterSize | None = None
    """Size of the adapter: ADAPTER_SIZE_FOUR, or 4."""


class SupervisedTuningSpec(Block):
    """Supervised fine-tuning."""

    elsewhere: ClassVar[Mapping[str, str]] = {"tuningMode": _ONLY_BETA}

    training_dataset_uri: DatasetUri
    """Dataset/name, a JSONL file in Cloud Storage, or a Vertex multimodal dataset."""
    validation_dataset_uri: DatasetUri | None = None
    """Dataset/name, a JSONL file in Cloud Storage, or a Vertex multimodal dataset."""
    hyper_parameters: SupervisedHyperParameters | None = None
    """What is left unset, Google chooses."""
    export_last_checkpoint_only: bool | None = None
    """Keep only the last checkpoint; otherwise each one gets an endpoint of its own."""
    evaluation_config: EvaluationConfig | None = None
    """Evaluation that Vertex AI runs after tuning."""


class PreferenceHyperParameters(Block):
    """What is left unset, Google chooses."""

    elsewhere: ClassVar[Mapping[str, str]] = {"learningRate": _ONLY_BETA, "batchSize": _ONLY_BETA}

    epoch_count: Positive | None = None
    """Passes over the whole training dataset."""
    learning_rate_multiplier: PositiveNumber | None = None
    """Multiplies the recommended learning rate."""
    adapter_size: AdapterSize | None = None
    """Size of the adapter: ADAPTER_SIZE_FOUR, or 4."""
    beta: NotNegativeNumber | None = None
    """Weight of staying close to the base model; Google suggests 0.01 to 0.5, and 0 stops learning."""


class PreferenceOptimizationSpec(Block):
    """Preference tuning, from pairs of a preferred and a rejected answer."""

    elsewhere: ClassVar[Mapping[str, str]] = {
        "evaluationConfig": "belongs to supervisedTuningSpec; preference tuning has none in v1"
    }

    training_dataset_uri: FileUri
    """Dataset/name, or a JSONL file in Cloud Storage."""
    validation_dataset_uri: FileUri | None = None
    """Dataset/name, or a JSONL file in Cloud Storage."""
    hyper_parameters: PreferenceHyperParameters | None = None
    """What is left unset, Google chooses."""
    export_last_checkpoint_only: bool | None = None
    """Keep only the last checkpoint; otherwise each one gets an endpoint of its own."""


class Vertex(Block):
    """A Vertex AI tuning job, in the API's own field names."""

    one_of = (
        OneOf("baseModel", "preTunedModel", required=True),
        OneOf("supervisedTuningSpec", "preferenceOptimizationSpec", required=True),
    )
    elsewhere: ClassVar[Mapping[str, str]] = {
        "labels": "belongs to metadata.labels",
        **dict.fromkeys(
            (
                "customBaseModel",
                "outputUri",
                "distillationSpec",
                "partnerModelTuningSpec",
                "reinforcementTuningSpec",
                "veoTuningSpec",
                "veoLoraTuningSpec",
                "fullFineTuningSpec",
            ),
            _ONLY_BETA,
        ),
    }
    server_fields = frozenset(
        {
            "name",
            "state",
            "createTime",
            "startTime",
            "endTime",
            "updateTime",
            "error",
            "experiment",
            "gcsMetricsUri",
            "tunedModel",
            "tuningDataStats",
            "evaluateDatasetRuns",
        }
    )

    location: Location | None = None
    """Where the job runs; else google.location of the project file, else us-central1."""
    base_model: Text | None = None
    """The base model, such as gemini-3.1-flash-lite; or preTunedModel."""
    pre_tuned_model: PreTunedModel | None = None
    """A tuned model to go on from, instead of baseModel."""
    supervised_tuning_spec: SupervisedTuningSpec | None = None
    """Supervised fine-tuning; or preferenceOptimizationSpec."""
    preference_optimization_spec: PreferenceOptimizationSpec | None = None
    """Preference tuning; or supervisedTuningSpec."""
    tuned_model_display_name: DisplayName | None = None
    """Name shown in the console, at most 128 characters; metadata.name when unset."""
    description: Text | None = None
    """What the model is for."""
    encryption_spec: EncryptionSpec | None = None
    """Encrypts everything the job creates with this key."""
    service_account: Email | None = None
    """The service account the job runs as."""
