"""The Gemini API's answers as they come over the wire, cut down to what is needed.

Source: google.ai.generativelanguage.v1beta TunedModel, TuningTask, CreateTunedModelMetadata and Permission. Values
that are zero or empty are left out by the server; training data is input only and never comes back.
"""

from __future__ import annotations

from typing import Any

import msgspec

from reconciler.providers.decoding import Status, Wire


class Snapshot(Wire):
    """TuningSnapshot: where training stood after a step."""

    step: int = 0
    epoch: int = 0
    mean_loss: float = 0.0
    compute_time: str = ""


class TuningTask(Wire):
    """TuningTask."""

    start_time: str = ""
    complete_time: str = ""
    snapshots: list[Snapshot] = msgspec.field(default_factory=list)
    hyperparameters: dict[str, Any] | None = None


class TunedModel(Wire):
    """TunedModel."""

    name: str
    state: str = ""
    display_name: str = ""
    description: str = ""
    base_model: str = ""
    tuned_model_source: dict[str, Any] | None = None
    create_time: str = ""
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    reader_project_numbers: list[int] | None = None
    tuning_task: TuningTask | None = None


class TunedModels(Wire):
    """A page of tuned models."""

    tuned_models: list[TunedModel] = msgspec.field(default_factory=list)
    next_page_token: str = ""


class Metadata(Wire):
    """CreateTunedModelMetadata."""

    tuned_model: str = ""
    total_steps: int | None = None
    completed_steps: int | None = None
    snapshots: list[Snapshot] = msgspec.field(default_factory=list)


class Tuning(Wire):
    """The long-running operation that makes a tuned model."""

    name: str
    done: bool = False
    metadata: Metadata | None = None
    error: Status | None = None


class Permission(Wire):
    """Permission."""

    name: str
    grantee_type: str = ""
    email_address: str = ""
    role: str = ""


class BaseModel(Wire):
    """Model: what a base model can be used for."""

    name: str
    supported_generation_methods: list[str] = msgspec.field(default_factory=list)


decode_models = msgspec.json.Decoder(TunedModels, strict=False).decode
