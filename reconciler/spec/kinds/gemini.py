"""The `gemini` block: a TunedModel of generativelanguage v1beta.

Source: google.ai.generativelanguage.v1beta TunedModel, TuningTask, Hyperparameters and Permission. `readers` and
`writers` stand for the resource's permissions, which are resources of their own; the owner is left alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from annotated_types import MaxLen, MinLen
from pydantic import Discriminator, Tag

from reconciler.spec.kinds.base import Block, OneOf
from reconciler.spec.kinds.values import (
    DatasetAddress,
    Form,
    GeminiTunedModel,
    Positive,
    PositiveNumber,
    Ratio,
    Text,
    Whole,
)

DISPLAY_NAME_LIMIT = 40
Grantee = Annotated[
    str,
    Form(
        r"everyone|(?:user:|group:)?[^@\s/:]+@[^@\s/:]+",
        "an email address, group: before a group's, or the word everyone",
    ),
]


class Hyperparameters(Block):
    """What is left unset, Google chooses."""

    one_of = (OneOf("learningRate", "learningRateMultiplier"),)

    epoch_count: Positive | None = None
    """Passes over the training data; 5 when unset."""
    batch_size: Positive | None = None
    """Examples in a batch."""
    learning_rate: PositiveNumber | None = None
    """The learning rate; or learningRateMultiplier."""
    learning_rate_multiplier: PositiveNumber | None = None
    """Multiplies the recommended learning rate; or learningRate."""


class TuningExample(Block):
    """An input and what the model is to answer."""

    text_input: Text
    """What goes in."""
    output: Text
    """What is to come out."""


class TuningExamples(Block):
    """A list of examples."""

    examples: Annotated[list[TuningExample], MinLen(1)]
    """Pairs of textInput and output."""


class InlineData(Block):
    """Training data written in the spec."""

    examples: TuningExamples
    """{examples: [{textInput: …, output: …}]}."""


def _written_as(value: Any) -> str:
    return "<address>" if isinstance(value, str) else "<inline>"


TrainingData = Annotated[
    Annotated[DatasetAddress, Tag("<address>")] | Annotated[InlineData, Tag("<inline>")], Discriminator(_written_as)
]


class TuningTask(Block):
    """What the model is tuned with."""

    server_fields = frozenset({"startTime", "completeTime", "snapshots"})

    training_data: TrainingData | None = None
    """Dataset/name of format textPairs, or {examples: {examples: [{textInput: …, output: …}]}}. Needed for tuning;
    an adopted model may go without, as Google does not give its data back."""
    hyperparameters: Hyperparameters | None = None
    """What is left unset, Google chooses."""


class TunedModelSource(Block):
    """A tuned model to go on from."""

    server_fields = frozenset({"baseModel"})

    tuned_model: GeminiTunedModel
    """TunedModel/name, or tunedModels/id."""


class Gemini(Block):
    """A tuned model of the Gemini API, in the API's own field names."""

    one_of = (OneOf("baseModel", "tunedModelSource", required=True),)
    elsewhere: ClassVar[Mapping[str, str]] = {
        "labels": "belongs to metadata.labels",
        "tunedModelId": "is derived by tuneform, so that a retry cannot create a second model",
        "location": "belongs to vertex and palm; the Gemini API has no locations",
    }
    server_fields = frozenset({"name", "state", "createTime", "updateTime"})

    base_model: Text | None = None
    """The base model, such as models/gemini-1.0-pro-001; or tunedModelSource."""
    tuned_model_source: TunedModelSource | None = None
    """A tuned model to go on from, instead of baseModel."""
    tuning_task: TuningTask | None = None
    """Training data and hyper-parameters."""
    display_name: Annotated[str, MinLen(1), MaxLen(DISPLAY_NAME_LIMIT)] | None = None
    """Name shown to people, at most 40 characters; metadata.name when unset."""
    description: Text | None = None
    """What the model is for."""
    temperature: Ratio | None = None
    """Default temperature of answers, 0 to 1."""
    top_p: Ratio | None = None
    """Default nucleus sampling, 0 to 1."""
    top_k: Positive | None = None
    """Default number of tokens looked at for each choice."""
    reader_project_numbers: list[Whole] | None = None
    """Numbers of projects that may read the model."""
    readers: list[Grantee] | None = None
    """Who may use the model: email addresses, group:team@example.com, or everyone."""
    writers: list[Grantee] | None = None
    """Who may change the model."""
