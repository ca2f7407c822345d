"""The templates tune-large-model and tune-large-chat-model: which parameters they take, and what is refused at once.

Parameters as google-cloud-aiplatform sends them and Google's pages show them; those pages give version 3 the learning
rate under its older name too.
"""

import re
from typing import Any

from reconciler.emulator.aiplatform.names import LOCATION, Parent, project_number
from reconciler.emulator.google_errors import invalid_argument

TEMPLATE = re.compile(
    r"https://us-kfp\.pkg\.dev/ml-pipeline/large-language-model-pipelines/"
    r"(tune-large-model|tune-large-chat-model)/(v2\.0\.0|v3\.0\.0)"
)
MODEL = re.compile(r"(text-bison|code-bison|chat-bison|codechat-bison)(-32k)?@00[12]")
NAME, CHAT = "tune-large-model", "tune-large-chat-model"
TEXT, WHOLE, NUMBER, YES_NO = "STRING", "NUMBER_INTEGER", "NUMBER_DOUBLE", "BOOLEAN"
REQUIRED = ("project", "location", "large_model_reference", "model_display_name", "dataset_uri")
TYPES = {
    "project": TEXT,
    "location": TEXT,
    "large_model_reference": TEXT,
    "model_display_name": TEXT,
    "dataset_uri": TEXT,
    "train_steps": WHOLE,
    "learning_rate": NUMBER,
    "learning_rate_multiplier": NUMBER,
    "accelerator_type": TEXT,
    "evaluation_data_uri": TEXT,
    "evaluation_interval": WHOLE,
    "evaluation_output_root_dir": TEXT,
    "enable_early_stopping": YES_NO,
    "enable_checkpoint_selection": YES_NO,
    "tensorboard_resource_id": TEXT,
    "encryption_spec_key_name": TEXT,
    "default_context": TEXT,
    "max_context_length": TEXT,
    "tpu_training_skip_cmek": YES_NO,
}
RATES = {"learning_rate", "learning_rate_multiplier"}
# `max_context_length` came with the models of 32k tokens.
ADDED_IN_V3 = {"max_context_length", "tpu_training_skip_cmek"}
AT = "pipeline_job.runtime_config"


def check_template(body: dict[str, Any]) -> None:
    """Check what a PipelineJob says of the template. Raises ApiError (400)."""
    if "pipelineSpec" in body:
        raise invalid_argument("pipeline_spec is not supported by this emulator.", "pipeline_job.pipeline_spec")
    uri = body.get("templateUri", "")
    match = TEMPLATE.fullmatch(uri)
    if match is None:
        raise invalid_argument(f'Failed to fetch the template "{uri[:300]}".', "pipeline_job.template_uri")
    config = body.get("runtimeConfig", {})
    folder = config.get("gcsOutputDirectory", "")
    if not folder.startswith("gs://") or len(folder) == len("gs://"):
        raise invalid_argument("gcs_output_directory must be a gs:// path.", f"{AT}.gcs_output_directory")
    _check_parameters(config.get("parameterValues", {}), match[2])


def _check_parameters(values: dict[str, Any], version: str) -> None:
    at = f"{AT}.parameter_values"
    known = TYPES.keys() - (ADDED_IN_V3 if version == "v2.0.0" else set())
    for name, value in values.items():
        if name not in known:
            text = f"The input parameter {name[:100]} is not found in the pipeline's input definitions."
            raise invalid_argument(text, at)
        if not _has_type(TYPES[name], value):
            raise invalid_argument(f"The input parameter {name} must be of type {TYPES[name]}.", at)
    missing = [name for name in REQUIRED if not values.get(name)]
    if missing:
        raise invalid_argument(f"The required input parameters are missing: {', '.join(missing)}.", at)
    if values.keys() >= RATES:
        raise invalid_argument(f"Only one of {', '.join(sorted(RATES))} may be set.", at)


def _has_type(kind: str, value: Any) -> bool:
    if kind == TEXT:
        return isinstance(value, str)
    if kind == YES_NO:
        return isinstance(value, bool)
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and (kind == NUMBER or float(value).is_integer())


def rows_of(uri: str) -> str:
    """How the rows of a template's data are written: a key of ROW_READERS."""
    return "chats" if f"/{CHAT}/" in uri else "pairs"


def refusal(parameters: dict[str, Any], parent: Parent) -> str:
    """What the run stumbles over in its parameters; empty for nothing."""
    model = parameters["large_model_reference"]
    if not MODEL.fullmatch(model):
        return f"large_model_reference {model[:100]} is not supported."
    if project_number(parameters["project"]) != parent.project:
        return f"Permission denied on project {parameters['project'][:100]}."
    if not LOCATION.fullmatch(parameters["location"]):
        return f"Location {parameters['location'][:100]} is not supported."
    for name in ("train_steps", "evaluation_interval", *RATES):
        if parameters.get(name, 1) <= 0:
            return f"{name} must be positive, not {parameters[name]}."
    return ""
