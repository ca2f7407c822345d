"""The `palm` block: a PipelineJob of Google's template tune-large-model, or tune-large-chat-model for chat models.

Source: GoogleCloudAiplatformV1PipelineJob, discovery document aiplatform v1, revision 20261106; parameters as the
templates v1, v2 and v3 of tune-large-model name them and google-cloud-aiplatform sends them. They are snake_case in
the API, so snake_case is what is stored.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import ConfigDict
from pydantic_core import PydanticCustomError

from reconciler.core.palm_templates import TEMPLATE_URI
from reconciler.spec.kinds.base import Block, OneOf
from reconciler.spec.kinds.values import (
    WHOLE,
    DisplayName,
    Email,
    FileUri,
    Form,
    GcsFolder,
    IdText,
    Location,
    Parsed,
    Positive,
    PositiveNumber,
    Text,
)
from reconciler.spec.kinds.vertex import EncryptionSpec

AUTO = "auto"
_DERIVED = "is derived by tuneform, so that a retry cannot start a second job"


def _steps(value: Any) -> Any:
    steps = WHOLE.reader(value)
    if steps == AUTO or (type(steps) is int and steps > 0):
        return steps
    raise PydanticCustomError("wrong_type", "must be a whole number of at least 1, or auto")


TrainSteps = Annotated[
    int | str,
    Parsed(_steps, {"anyOf": [{"type": "integer", "minimum": 1}, {"type": "string", "pattern": "^(auto|[0-9]+)$"}]}),
]


class ParameterValues(Block):
    """Parameters of the template."""

    model_config = ConfigDict(alias_generator=None)
    one_of = (
        OneOf("dataset_uri", "dataset_name", required=True),
        OneOf("learning_rate", "learning_rate_multiplier"),
    )
    elsewhere: ClassVar[Mapping[str, str]] = {"pipeline_job_id": _DERIVED}

    large_model_reference: Text
    """The base model, such as text-bison@001."""
    dataset_uri: FileUri | None = None
    """Dataset/name of format inputOutput, or a JSONL file in Cloud Storage."""
    dataset_name: Text | None = None
    """A Vertex dataset's resource name, instead of dataset_uri."""
    train_steps: TrainSteps | None = None
    """Steps of training, or auto: computed from epochs, rows and the region's batch size."""
    epochs: Positive | None = None
    """Passes over the training data, with train_steps: auto."""
    learning_rate: PositiveNumber | None = None
    """Multiplies the recommended learning rate (template v1 and v2; also taken by v3)."""
    learning_rate_multiplier: PositiveNumber | None = None
    """Multiplies the recommended learning rate (template v3)."""
    accelerator_type: Literal["", "GPU", "TPU"] | None = None
    """GPU or TPU."""
    model_display_name: DisplayName | None = None
    """Name of the tuned model in the registry; displayName when unset."""
    project: Text | None = None
    """Project the model is made in; the project of tuneform.yaml when unset."""
    location: Location | None = None
    """Where the tuned model is deployed; the block's location when unset."""
    evaluation_data_uri: (
        Annotated[str, Form(r"|Dataset/[a-z][a-z0-9-]*|gs://\S.*", "Dataset/name or gs://…")] | None
    ) = None
    """Dataset/name of format inputOutput, or a JSONL file in Cloud Storage."""
    evaluation_interval: Positive | None = None
    """Steps between evaluations."""
    evaluation_output_root_dir: str | None = None
    """Where evaluation results go."""
    enable_early_stopping: bool | None = None
    """Stop when evaluation no longer improves."""
    enable_checkpoint_selection: bool | None = None
    """Take the best checkpoint."""
    tensorboard_resource_id: str | None = None
    """A tensorboard for the metrics."""
    encryption_spec_key_name: str | None = None
    """Customer-managed encryption key of the tuned model."""
    default_context: str | None = None
    """Context of every chat (chat models)."""
    max_context_length: IdText | None = None
    """Longest context, such as 32k."""
    tpu_training_skip_cmek: bool | None = None
    """Train on TPU without the encryption key."""


class RuntimeConfig(Block):
    """How the pipeline runs."""

    elsewhere: ClassVar[Mapping[str, str]] = {"parameters": "is the old name of parameterValues"}

    gcs_output_directory: GcsFolder
    """gs://bucket/folder for the pipeline's files."""
    parameter_values: ParameterValues
    """Parameters of the template."""
    failure_policy: Literal["PIPELINE_FAILURE_POLICY_FAIL_SLOW", "PIPELINE_FAILURE_POLICY_FAIL_FAST"] | None = None
    """What happens to other tasks when one fails."""


class Palm(Block):
    """A PaLM 2 tuning pipeline, in the API's own field names."""

    elsewhere: ClassVar[Mapping[str, str]] = {
        "labels": "belongs to metadata.labels",
        "pipelineJobId": _DERIVED,
        "pipelineSpec": "is taken from templateUri",
        "baseModel": "is runtimeConfig.parameterValues.large_model_reference here",
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
            "jobDetail",
            "scheduleName",
            "templateMetadata",
        }
    )

    location: Location | None = None
    """Where the pipeline runs; else google.location of the project file, else us-central1."""
    template_uri: Annotated[
        str, Form(TEMPLATE_URI, "the https:// address of Google's tune-large-model or tune-large-chat-model")
    ]
    """The template, such as https://us-kfp.pkg.dev/ml-pipeline/large-language-model-pipelines/tune-large-model/v3.0.0."""
    runtime_config: RuntimeConfig
    """Output folder and parameters."""
    display_name: DisplayName | None = None
    """Name shown in the console, at most 128 characters; metadata.name when unset."""
    service_account: Email | None = None
    """The service account the pipeline runs as."""
    network: Text | None = None
    """The Compute Engine network to peer with."""
    encryption_spec: EncryptionSpec | None = None
    """Encrypts the job with this key."""
