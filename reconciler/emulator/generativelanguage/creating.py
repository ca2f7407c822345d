"""What tunedModels.create accepts beyond the shape of its types, and the defaults it fills in."""

import math
import re
from dataclasses import dataclass
from typing import Any

from reconciler.emulator.generativelanguage.access import permitted_source
from reconciler.emulator.generativelanguage.base_models import BaseModel, tunable
from reconciler.emulator.generativelanguage.call import Call
from reconciler.emulator.google_errors import ApiError, invalid_argument

MODEL_ID = re.compile(r"[a-z]([a-z0-9-]{0,38}[a-z0-9])?")
MAX_ID = 40
SUFFIX = 12
MAX_DISPLAY_NAME = 40
MAX_INPUT, MAX_OUTPUT = 40_000, 5_000
DEFAULT_EPOCHS = 5
# The defaults depend on how many examples there are; from how many on is not published.
MANY_EXAMPLES = 100
FEW = {"batchSize": 4, "learningRate": 0.001}
MANY = {"batchSize": 16, "learningRate": 0.0002}
RATES = ("learningRate", "learningRateMultiplier")


@dataclass(frozen=True, slots=True)
class Accepted:
    """A create that may go ahead: the model's fields with defaults, its examples and its number of steps."""

    wire: dict[str, Any]
    examples: list[tuple[str, str]]
    total_steps: int


def check_create(call: Call) -> Accepted:
    """Check a TunedModel to be created. Raises ApiError."""
    body = call.body
    check_settings(body)
    task = body.get("tuningTask")
    if task is None:
        raise invalid_argument("tuning_task is required.", "tuned_model.tuning_task")
    source, base_model = _source(call)
    examples = _examples(task)
    parameters = _hyperparameters(task.get("hyperparameters", {}), len(examples))
    defaults = {"temperature": base_model.temperature, "topP": base_model.top_p, "topK": base_model.top_k}
    wire = defaults | {name: value for name, value in body.items() if name not in ("baseModel", "tunedModelSource")}
    wire |= source | {"tuningTask": {"hyperparameters": parameters}}
    steps = math.ceil(len(examples) * parameters["epochCount"] / parameters["batchSize"])
    return Accepted(wire, examples, steps)


def new_model_id(call: Call) -> str:
    """The id that was asked for, or one made of the display name. Raises ApiError (400, 409)."""
    asked: str = call.query.get("tunedModelId", "")
    display_name = call.body.get("displayName", "")
    if not asked and not display_name:
        raise invalid_argument("Either tuned_model_id or display_name must be set.")
    if not asked:
        words = re.findall("[a-z0-9]+", display_name.lower())
        readable = "-".join(words)[: MAX_ID - SUFFIX - 1].strip("-")
        suffix = call.memory.new_id(SUFFIX)
        return f"{readable}-{suffix}" if readable[:1].isalpha() else suffix
    if not MODEL_ID.fullmatch(asked):
        text = f"Invalid tuned_model_id {asked[:100]!r}: it must match {MODEL_ID.pattern}."
        raise invalid_argument(text, "tuned_model_id")
    if call.memory.models.get(asked) is not None:
        raise ApiError("ALREADY_EXISTS", f"Tuned model tunedModels/{asked} already exists.")
    return asked


def check_settings(fields: dict[str, Any]) -> None:
    """Check what can be set at any time. Raises ApiError (400). None is a field to be cleared."""
    if len(fields.get("displayName") or "") > MAX_DISPLAY_NAME:
        raise ApiError("INVALID_ARGUMENT", "Request contains an invalid argument.")
    for name, low, high in (("temperature", 0.0, 1.0), ("topP", 0.0, 1.0), ("topK", 1, math.inf)):
        value = fields.get(name)
        if value is not None and not low <= value <= high:
            raise invalid_argument(f"{name} must be from {low} to {high}, not {value}.", "tuned_model")


def _source(call: Call) -> tuple[dict[str, Any], BaseModel]:
    """The source as it is shown, and the base model beneath it."""
    body = call.body
    if "baseModel" in body and "tunedModelSource" in body:
        text = "Invalid value at 'tuned_model' (oneof), oneof field 'source_model' is already set."
        raise invalid_argument(text, "tuned_model")
    if "tunedModelSource" not in body:
        if not body.get("baseModel"):
            raise invalid_argument("One of base_model, tuned_model_source is required.", "tuned_model.base_model")
        return {"baseModel": body["baseModel"]}, tunable(body["baseModel"])
    name = body["tunedModelSource"].get("tunedModel", "")
    source = permitted_source(call, name)
    beneath = source.wire.get("baseModel") or source.wire["tunedModelSource"]["baseModel"]
    base_model = tunable(beneath)
    if source.state != "ACTIVE" or not base_model.tunes_further:
        raise invalid_argument(f"{name} cannot be tuned further.", "tuned_model.tuned_model_source.tuned_model")
    return {"tunedModelSource": {"tunedModel": name, "baseModel": beneath}}, base_model


def _examples(task: dict[str, Any]) -> list[tuple[str, str]]:
    at = "tuned_model.tuning_task.training_data.examples.examples"
    given = task.get("trainingData", {}).get("examples", {}).get("examples", [])
    if not given:
        raise invalid_argument("training_data must have examples.", at)
    pairs = []
    for place, example in enumerate(given):
        pair = example.get("textInput", ""), example.get("output", "")
        for text, name, most in ((pair[0], "text_input", MAX_INPUT), (pair[1], "output", MAX_OUTPUT)):
            if not text:
                raise invalid_argument(f"Example {place} has no {name}.", f"{at}[{place}].{name}")
            if len(text) > most:
                message = f"{name} of example {place} has {len(text)} characters; the limit is {most}."
                raise invalid_argument(message, f"{at}[{place}].{name}")
        pairs.append(pair)
    return pairs


def _hyperparameters(given: dict[str, Any], rows: int) -> dict[str, Any]:
    at = "tuned_model.tuning_task.hyperparameters"
    if all(name in given for name in RATES):
        text = f"Invalid value at '{at}' (oneof), oneof field 'learning_rate_option' is already set."
        raise invalid_argument(text, at)
    for name, value in given.items():
        if value <= 0:
            raise invalid_argument(f"{name} must be more than 0, not {value}.", at)
    defaults = MANY if rows >= MANY_EXAMPLES else FEW
    filled = {"epochCount": DEFAULT_EPOCHS, "batchSize": defaults["batchSize"]} | given
    if not any(name in given for name in RATES):
        filled["learningRate"] = defaults["learningRate"]
    return filled
