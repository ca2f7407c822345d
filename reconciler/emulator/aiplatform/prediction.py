"""endpoints.predict, the only way in which tuned models of PaLM 2 are asked.

Instances, parameters and predictions are those of the pages text, text-chat, code-generation and code-chat of Google's
model reference. google-cloud-aiplatform sends `content` for text-bison's `prompt` and `maxDecodeSteps` for
`maxOutputTokens`, so both are read. Parameters that a page does not list are passed over.

What is refused, all of it with 400:

- A Gemini model, in the words that Google uses (FAILED_PRECONDITION).
- An instance without its text. For code-bison "Instance Prefix cannot be empty" was reported; the other words are made
  after that, and so are those about a parameter that is out of the range its page gives.
- A chat of an even number of messages: the pages ask for an odd one, the words are made up.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson

from reconciler.emulator.aiplatform.call import Answer, Call, Handler, Typed
from reconciler.emulator.aiplatform.pipelines.template import MODEL
from reconciler.emulator.aiplatform.serving import Serving, answer_of, serving_on
from reconciler.emulator.answers import cut, tokens
from reconciler.emulator.google_errors import failed_precondition, invalid_argument

NOT_FOR_GEMINI = (
    "Gemini cannot be accessed through Vertex Predict/RawPredict API. Please follow "
    "https://cloud.google.com/vertex-ai/docs/generative-ai/start/quickstarts/quickstart-multimodal for Gemini usage."
)
# From, to, by parameter; the upper ends of output and sampling differ by model, these are the widest.
RANGES = {
    "temperature": (0, 1),
    "topP": (0, 1),
    "topK": (1, 40),
    "maxOutputTokens": (1, 8192),
    "maxDecodeSteps": (1, 8192),
    "candidateCount": (1, 8),
}
CITATIONS: dict[str, Any] = {"citations": []}
HARMLESS: dict[str, Any] = {"blocked": False, "categories": [], "scores": []}


@dataclass(frozen=True, slots=True)
class Asked:
    """What one instance asks, and all that it says."""

    prompt: str
    text: str


def _predict(call: Call) -> Answer:
    instances = call.body.get("instances", [])
    serving = serving_on(call, orjson.dumps(instances).decode())
    match = MODEL.fullmatch(serving.version.base_model)
    if match is None:
        raise failed_precondition(NOT_FOR_GEMINI)
    if not instances:
        raise invalid_argument("Instances cannot be empty.", "instances")
    most = _most_tokens(call.body.get("parameters"))
    read, written = FAMILIES[match[1]]
    asked = [read(_object(instance, "Instance")) for instance in instances]
    answers = [cut(answer_of(call.memory, serving.version, one.prompt), most) for one in asked]
    told = _counts("".join(one.text for one in asked)), _counts("".join(answers))
    return Typed(_response(serving, [written(text) for text in answers], *told))


def _object(value: Any, name: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise invalid_argument(f"{name} must be an object.", "instances" if name == "Instance" else name.lower())
    return value


def _most_tokens(given: Any) -> int:
    """How long an answer may be, 0 for as long as it is."""
    parameters = {} if given is None else _object(given, "Parameters")
    for name, (low, high) in RANGES.items():
        value = parameters.get(name, low)
        if not isinstance(value, int | float) or isinstance(value, bool) or not low <= value <= high:
            raise invalid_argument(f"{name} must be a number in the range [{low}, {high}].", "parameters")
    return int(parameters.get("maxOutputTokens", parameters.get("maxDecodeSteps", 0)))


def _text(instance: dict[str, Any]) -> Asked:
    prompt = instance.get("prompt", instance.get("content"))
    return _whole(prompt, "Prompt")


def _code(instance: dict[str, Any]) -> Asked:
    return _whole(instance.get("prefix"), "Prefix")


def _whole(said: Any, name: str) -> Asked:
    if not isinstance(said, str) or not said:
        raise invalid_argument(f"Instance {name} cannot be empty.", "instances")
    return Asked(said, said)


def _chat(instance: dict[str, Any]) -> Asked:
    messages = instance.get("messages")
    if not isinstance(messages, list) or not messages:
        raise invalid_argument("Instance Messages cannot be empty.", "instances")
    if len(messages) % 2 == 0:
        raise invalid_argument("There must be an odd number of Messages.", "instances")
    for message in messages:
        if not isinstance(message, dict) or not all(
            isinstance(message.get(name), str) and message[name] for name in ("author", "content")
        ):
            raise invalid_argument("A message must have an author and content.", "instances")
    context = instance.get("context", "")
    if not isinstance(context, str):
        raise invalid_argument("Instance Context must be text.", "instances")
    return Asked(messages[-1]["content"], "".join((context, *(m["content"] for m in messages))))


def _completion(text: str) -> dict[str, Any]:
    return {"content": text, "citationMetadata": CITATIONS, "safetyAttributes": HARMLESS}


def _reply(text: str) -> dict[str, Any]:
    return {
        "candidates": [{"author": "1", "content": text}],
        "citationMetadata": [CITATIONS],
        "safetyAttributes": [HARMLESS],
    }


def _response(
    serving: Serving, predictions: list[dict[str, Any]], asked: dict[str, int], answered: dict[str, int]
) -> dict[str, Any]:
    version = serving.version.wire
    return {
        "predictions": predictions,
        "deployedModelId": serving.deployed_model_id,
        "model": version["name"],
        "modelDisplayName": version["displayName"],
        "modelVersionId": version["versionId"],
        # The page has these names in snake_case; answers had them so.
        "metadata": {"tokenMetadata": {"inputTokenCount": asked, "outputTokenCount": answered}},
    }


def _counts(text: str) -> dict[str, int]:
    return {"totalTokens": tokens(text), "totalBillableCharacters": sum(not c.isspace() for c in text)}


Read = Callable[[dict[str, Any]], Asked]
Write = Callable[[str], dict[str, Any]]
FAMILIES: dict[str, tuple[Read, Write]] = {
    "text-bison": (_text, _completion),
    "code-bison": (_code, _completion),
    "chat-bison": (_chat, _reply),
    "codechat-bison": (_chat, _reply),
}
METHODS: dict[str, Handler] = {"endpoints.predict": _predict}
