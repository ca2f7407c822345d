"""`evaluationConfig`: how Vertex AI evaluates a tuned model by itself.

Source: GoogleCloudAiplatformV1EvaluationConfig and what hangs on it, discovery document aiplatform v1, revision
20261106. Parts that describe content rather than settings (schemas, speech, images) are taken as they are.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from annotated_types import Ge, Le
from pydantic import Field

from reconciler.spec.kinds.base import Block, OneOf
from reconciler.spec.kinds.values import WHOLE, GcsFolder, Number, Text, Whole

Aggregation = Literal[
    "AVERAGE",
    "MODE",
    "STANDARD_DEVIATION",
    "VARIANCE",
    "MINIMUM",
    "MAXIMUM",
    "MEDIAN",
    "PERCENTILE_P90",
    "PERCENTILE_P95",
    "PERCENTILE_P99",
]
Opaque = dict[str, Any]


class GenerationConfig(Block):
    """How the model generates."""

    audio_timestamp: bool | None = None
    """Whether audio timestamps are part of the request."""
    audio_transcription_config: Opaque | None = None
    """Speech recognition."""
    candidate_count: Whole | None = None
    """How many answers to generate."""
    enable_affective_dialog: bool | None = None
    """Whether the model adapts to emotions."""
    frequency_penalty: Number | None = None
    """-2 to 2; positive values make repetition rarer."""
    image_config: Opaque | None = None
    """Image generation."""
    logprobs: Whole | None = None
    """How many top log probabilities to return."""
    max_output_tokens: Whole | None = None
    """The most tokens of an answer."""
    media_resolution: Literal["MEDIA_RESOLUTION_LOW", "MEDIA_RESOLUTION_MEDIUM", "MEDIA_RESOLUTION_HIGH"] | None = None
    """At which resolution media is sampled."""
    presence_penalty: Number | None = None
    """-2 to 2; positive values bring in new words."""
    response_format: list[Opaque] | None = None
    """How output is formatted and delivered."""
    response_json_schema: Any = None
    """JSON Schema of the answer."""
    response_logprobs: bool | None = None
    """Whether log probabilities are returned."""
    response_mime_type: Text | None = None
    """MIME type of the answer."""
    response_modalities: list[Literal["TEXT", "IMAGE", "AUDIO", "VIDEO"]] | None = None
    """Kinds of answer."""
    response_schema: Opaque | None = None
    """OpenAPI schema of the answer."""
    routing_config: Opaque | None = None
    """Model routing."""
    seed: Whole | None = None
    """Seed of the decoding."""
    speech_config: Opaque | None = None
    """Speech generation."""
    stop_sequences: list[Text] | None = None
    """Texts that end an answer."""
    temperature: Number | None = None
    """Randomness of the answer."""
    thinking_config: Opaque | None = None
    """Thinking budget and level."""
    top_k: Number | None = None
    """How many tokens are looked at for each choice."""
    top_p: Number | None = None
    """Probability mass looked at for each choice."""
    translation_config: Opaque | None = None
    """Translation."""


class AutoraterConfig(Block):
    """The model that judges."""

    autorater_model: Text | None = None
    """Resource name of the judging publisher model or tuned endpoint."""
    flip_enabled: bool | None = None
    """Whether candidate and baseline change places."""
    generation_config: GenerationConfig | None = None
    """How the judge generates."""
    sampling_count: Annotated[int, Ge(1), Le(32), WHOLE] | None = None
    """Samples an instance, 1 to 32; 4 when unset."""


class CustomOutputFormatConfig(Block):
    """What a metric puts out."""

    return_raw_output: bool | None = None
    """Whether the raw output is returned."""


class PointwiseMetricSpec(Block):
    """A judge scores one answer."""

    metric_prompt_template: Text
    """The judge's prompt."""
    system_instruction: Text | None = None
    """The judge's system instruction."""
    custom_output_format_config: CustomOutputFormatConfig | None = None
    """The form of the result."""


class PairwiseMetricSpec(Block):
    """A judge compares two answers."""

    metric_prompt_template: Text
    """The judge's prompt."""
    system_instruction: Text | None = None
    """The judge's system instruction."""
    baseline_response_field_name: Text | None = None
    """Field that holds the baseline's answer."""
    candidate_response_field_name: Text | None = None
    """Field that holds the candidate's answer."""
    custom_output_format_config: CustomOutputFormatConfig | None = None
    """The form of the result."""


class PredefinedMetricSpec(Block):
    """A metric that Google defines."""

    metric_spec_name: Text
    """Such as instruction_following_v1."""
    metric_spec_parameters: Opaque | None = None
    """Its parameters."""


class RubricGenerationSpec(Block):
    """How rubrics are generated."""

    generator: AutoraterConfig | None = Field(default=None, alias="modelConfig")
    """The generating model."""
    prompt_template: Text | None = None
    """The prompt."""
    rubric_content_type: Literal["PROPERTY", "NL_QUESTION_ANSWER", "PYTHON_CODE_ASSERTION"] | None = None
    """The kind of rubric."""
    rubric_type_ontology: list[Text] | None = None
    """Allowed types of rubrics."""


class LLMBasedMetricSpec(Block):
    """A model judges by a template or by rubrics."""

    one_of = (OneOf("rubricGroupKey", "rubricGenerationSpec", "predefinedRubricGenerationSpec"),)

    metric_prompt_template: Text
    """The judge's prompt."""
    additional_config: Opaque | None = None
    """More settings."""
    judge_autorater_config: AutoraterConfig | None = None
    """The judge."""
    predefined_rubric_generation_spec: PredefinedMetricSpec | None = None
    """Rubrics from a predefined metric."""
    result_parser_config: Opaque | None = None
    """How the result is parsed."""
    rubric_generation_spec: RubricGenerationSpec | None = None
    """Rubrics generated for this."""
    rubric_group_key: Text | None = None
    """A group of rubrics that the input carries."""
    system_instruction: Text | None = None
    """The judge's system instruction."""


class ExactMatchSpec(Block):
    """The answer equals the reference."""


class BleuSpec(Block):
    """BLEU."""

    use_effective_order: bool | None = None
    """Whether the effective order is used."""


class RougeSpec(Block):
    """ROUGE."""

    rouge_type: Text | None = None
    """rouge1 to rouge9, rougeL or rougeLsum."""
    split_summaries: bool | None = None
    """Whether summaries are split."""
    use_stemmer: bool | None = None
    """Whether words are stemmed."""


class ComputationBasedMetricSpec(Block):
    """A computed metric."""

    type: Literal["EXACT_MATCH", "BLEU", "ROUGE"]
    """Which."""
    parameters: Opaque | None = None
    """Its parameters, such as rouge_type."""


class CustomCodeExecutionSpec(Block):
    """Python code that Google runs."""

    evaluation_function: Text
    """The code; it defines evaluate(instance)."""


class DatasetCustomMetric(Block):
    """Python code that aggregates over a dataset; Google runs it."""

    aggregation_function: Text
    """The code; it defines aggregate(instances)."""
    display_name: Text | None = None
    """Its name in results."""


class Metric(Block):
    """One metric: exactly one of the specs, and how it is aggregated."""

    one_of = (
        OneOf(
            "bleuSpec",
            "computationBasedMetricSpec",
            "customCodeExecutionSpec",
            "exactMatchSpec",
            "llmBasedMetricSpec",
            "pairwiseMetricSpec",
            "pointwiseMetricSpec",
            "predefinedMetricSpec",
            "rougeSpec",
            required=True,
        ),
    )

    aggregation_metrics: list[Aggregation] | None = None
    """How values are aggregated."""
    bleu_spec: BleuSpec | None = None
    """BLEU."""
    computation_based_metric_spec: ComputationBasedMetricSpec | None = None
    """A computed metric."""
    custom_code_execution_spec: CustomCodeExecutionSpec | None = None
    """Python code that Google runs."""
    exact_match_spec: ExactMatchSpec | None = None
    """Exact match."""
    llm_based_metric_spec: LLMBasedMetricSpec | None = None
    """A model judges by a template or by rubrics."""
    metadata: Opaque | None = None
    """For plots."""
    pairwise_metric_spec: PairwiseMetricSpec | None = None
    """A judge compares two answers."""
    pointwise_metric_spec: PointwiseMetricSpec | None = None
    """A judge scores one answer."""
    predefined_metric_spec: PredefinedMetricSpec | None = None
    """A metric that Google defines."""
    rouge_spec: RougeSpec | None = None
    """ROUGE."""


class GcsDestination(Block):
    """A folder in Cloud Storage."""

    output_uri_prefix: GcsFolder
    """gs://bucket/folder."""


class OutputConfig(Block):
    """Where results go."""

    gcs_destination: GcsDestination
    """A folder in Cloud Storage."""


class EvaluationConfig(Block):
    """Evaluation that Vertex AI runs after tuning; billed by Google on its own."""

    metrics: list[Metric]
    """What is measured."""
    output_config: OutputConfig
    """Where results go."""
    autorater_config: AutoraterConfig | None = None
    """The model that judges."""
    dataset_custom_metrics: list[DatasetCustomMetric] | None = None
    """Aggregations over the whole dataset."""
    inference_generation_config: GenerationConfig | None = None
    """How the tuned model generates while evaluated."""
