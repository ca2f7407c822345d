"""Answering prompts with a tuned model, and what base models there are."""

import orjson

from reconciler.emulator.answers import (
    all_text,
    chunks_of,
    closest_answer,
    last_prompt,
    limited,
    stream_body,
    tokens,
)
from reconciler.emulator.generativelanguage.access import permitted
from reconciler.emulator.generativelanguage.base_models import BASE_MODELS, BaseModel
from reconciler.emulator.generativelanguage.call import Call, Handler, Message, Raw, page_of
from reconciler.emulator.generativelanguage.records import TunedModel
from reconciler.emulator.google_errors import ApiError, failed_precondition, invalid_argument
from reconciler.emulator.shaping import shape_message

MAX_PROMPT = 40_000
MODELS_PAGE = 50


def _generate(call: Call) -> Message:
    model, text, reason = _answer(call)
    return _response(call, model, text, text, reason)


def _stream(call: Call) -> Raw:
    """The answer in a few chunks, as server-sent events where `alt=sse`, else as a JSON array."""
    model, text, reason = _answer(call)
    pieces = chunks_of(text)
    chunks = []
    for number, piece in enumerate(pieces, 1):
        message = _response(call, model, text, piece, reason if number == len(pieces) else "")
        chunks.append(orjson.dumps(shape_message(call.api, call.method.response, message)))
    return Raw(*stream_body(chunks, as_events=call.streamed))


def _answer(call: Call) -> tuple[TunedModel, str, str]:
    """The model, its answer, and why that ends. Raises ApiError for what tuned models cannot do."""
    model = permitted(call, "READER")
    prompt = last_prompt(call.body)
    if model.state != "ACTIVE":
        raise failed_precondition(f"Tuned model {model.name} is in state {model.state} and cannot be used.")
    if "systemInstruction" in call.body:
        raise invalid_argument(f"Developer instruction is not enabled for {model.name}")
    if call.body.get("generationConfig", {}).get("responseMimeType", "text/plain") != "text/plain":
        raise invalid_argument(f"Json mode is not enabled for {model.name}")
    if len(all_text(call.body)) > MAX_PROMPT:
        raise invalid_argument(f"The input of a tuned model has at most {MAX_PROMPT} characters.", "contents")
    text, reason = limited(call.body, closest_answer(model.examples, prompt))
    return model, text, reason


def _response(call: Call, model: TunedModel, whole: str, piece: str, reason: str) -> Message:
    asked, answered = tokens(all_text(call.body)), tokens(whole)
    candidate = {"content": {"role": "model", "parts": [{"text": piece}]}, "index": 0}
    if reason:
        candidate["finishReason"] = reason
    usage = {"promptTokenCount": asked, "candidatesTokenCount": answered, "totalTokenCount": asked + answered}
    return {"candidates": [candidate], "usageMetadata": usage, "modelVersion": model.name}


def _get_model(call: Call) -> Message:
    model = BASE_MODELS.get(f"models/{call.ids['models']}")
    if model is None:
        name = f"models/{call.ids['models']}"
        raise ApiError("NOT_FOUND", f"{name} is not found for API version {call.api.version}.")
    return model.message()


def _list_models(call: Call) -> Message:
    return page_of(call, "models", list(BASE_MODELS.values()), BaseModel.message, default=MODELS_PAGE)


METHODS: dict[str, Handler] = {
    "tunedModels.generateContent": _generate,
    "tunedModels.streamGenerateContent": _stream,
    "models.get": _get_model,
    "models.list": _list_models,
}
