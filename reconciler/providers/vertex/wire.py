"""Vertex AI's answers as they come over the wire, cut down to what is needed.

Source: GoogleCloudAiplatformV1{TuningJob, Model, Endpoint} in the aiplatform v1 discovery document. What is not named
here is skipped while decoding and takes no memory; msgspec does that about four times as fast as building everything
and validating it afterwards. int64 fields come as strings, which `strict=False` turns into integers.
"""

from __future__ import annotations

from typing import Any

import msgspec

from reconciler.providers.decoding import Status, Wire, read

__all__ = ["Status", "Wire", "read"]


class Checkpoint(Wire):
    """TunedModelCheckpoint."""

    checkpoint_id: str = ""
    epoch: int | None = None
    step: int | None = None
    endpoint: str = ""


class TunedModel(Wire):
    """What a job yielded: `model` with its version, and the endpoint of the default checkpoint."""

    model: str = ""
    endpoint: str = ""
    checkpoints: list[Checkpoint] | None = None


class DataStats(Wire):
    """SupervisedTuningDataStats and PreferenceOptimizationDataStats, as far as both are read."""

    tuning_dataset_example_count: int | None = None
    total_billable_token_count: int | None = None
    tuning_step_count: int | None = None
    total_truncated_example_count: int | None = None
    dropped_example_indices: list[int] | None = None


class TuningDataStats(Wire):
    """A union of the two methods' statistics."""

    supervised_tuning_data_stats: DataStats | None = None
    preference_optimization_data_stats: DataStats | None = None


class TuningJobMetadata(Wire):
    """How far a job has come; v1beta1 only."""

    completed_step_count: int | None = None


class TuningJob(Wire):
    """TuningJob. The two specs and what is nested in them stay as they come."""

    name: str
    state: str = ""
    base_model: str | None = None
    pre_tuned_model: dict[str, Any] | None = None
    supervised_tuning_spec: dict[str, Any] | None = None
    preference_optimization_spec: dict[str, Any] | None = None
    tuned_model_display_name: str | None = None
    description: str | None = None
    labels: dict[str, str] | None = None
    encryption_spec: dict[str, Any] | None = None
    service_account: str | None = None
    create_time: str | None = None
    start_time: str | None = None
    end_time: str | None = None
    error: Status | None = None
    tuned_model: TunedModel | None = None
    experiment: str | None = None
    tuning_data_stats: TuningDataStats | None = None
    tuning_job_metadata: TuningJobMetadata | None = None
    tuning_job_state: str | None = None


class DeployedModelRef(Wire):
    """Where a model is deployed."""

    endpoint: str = ""
    deployed_model_id: str = ""


class Model(Wire):
    """Model. A list gives each model once, as its default version."""

    name: str
    display_name: str | None = None
    description: str | None = None
    labels: dict[str, str] | None = None
    version_id: str | None = None
    default_checkpoint_id: str | None = None
    deployed_models: list[DeployedModelRef] | None = None
    create_time: str | None = None


class DeployedModel(Wire):
    """A model on an endpoint."""

    id: str = ""
    model: str = ""
    model_version_id: str = ""
    checkpoint_id: str = ""
    display_name: str = ""


class Endpoint(Wire):
    """Endpoint."""

    name: str
    display_name: str | None = None
    description: str | None = None
    labels: dict[str, str] | None = None
    deployed_models: list[DeployedModel] | None = None
    traffic_split: dict[str, int] | None = None
    encryption_spec: dict[str, Any] | None = None
    create_time: str | None = None
    etag: str = ""


class TuningJobs(Wire):
    """A page of tuning jobs."""

    tuning_jobs: list[TuningJob] = msgspec.field(default_factory=list)
    next_page_token: str = ""


class Models(Wire):
    """A page of models."""

    models: list[Model] = msgspec.field(default_factory=list)
    next_page_token: str = ""


class Endpoints(Wire):
    """A page of endpoints."""

    endpoints: list[Endpoint] = msgspec.field(default_factory=list)
    next_page_token: str = ""


decode_jobs = msgspec.json.Decoder(TuningJobs, strict=False).decode
decode_models = msgspec.json.Decoder(Models, strict=False).decode
decode_endpoints = msgspec.json.Decoder(Endpoints, strict=False).decode
