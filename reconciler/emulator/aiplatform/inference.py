"""Answering prompts on a tuned endpoint by generateContent, always with the same answer to the same prompt.

Models of PaLM 2 are asked by `predict` alone. That Google refused generateContent for them with these words is a guess:
they are what it answers for other models that do not have the method, such as "claude-sonnet-4 is not supported in the
streamGenerateContent API." (400 FAILED_PRECONDITION).
"""

import base64
import zlib
from typing import Any

import orjson

from reconciler.emulator.aiplatform.call import Answer, Call, Handler, Raw, Typed
from reconciler.emulator.aiplatform.records import ModelVersion
from reconciler.emulator.aiplatform.serving import answer_of, is_asked_by_predict, serving_on
from reconciler.emulator.answers import (
    PIECE,
    all_text,
    chunks_of,
    last_prompt,
    limited,
    parts_text,
    stream_body,
    tokens,
)
from reconciler.emulator.clock import timestamp
from reconciler.emulator.google_errors import failed_precondition
from reconciler.emulator.shaping import shape_message


def _generate(call: Call) -> Answer:
    prompt = last_prompt(call.body)
    version = _able(call, prompt)
    text, reason = limited(call.body, answer_of(call.memory, version, prompt))
    return Typed(_response(call, version, text, reason, _usage(call.body, text)))


def _stream(call: Call) -> Answer:
    """The answer in a few chunks, as server-sent events where `alt=sse`, else as a JSON array."""
    prompt = last_prompt(call.body)
    version = _able(call, prompt)
    text, reason = limited(call.body, answer_of(call.memory, version, prompt))
    pieces = chunks_of(text)
    chunks = []
    for n, piece in enumerate(pieces, 1):
        last = n == len(pieces)
        usage = _usage(call.body, text) if last else {"trafficType": "ON_DEMAND"}
        message = _response(call, version, piece, reason if last else "", usage)
        chunks.append(orjson.dumps(shape_message(call.api, call.method.response, message)))
    return Raw(*stream_body(chunks, as_events=call.streamed))


def _count_tokens(call: Call) -> Answer:
    serving_on(call, last_prompt(call.body))
    text = all_text(call.body)
    billable = sum(not c.isspace() for c in text)
    count = tokens(text)
    details = [{"modality": "TEXT", "tokenCount": count}]
    return Typed({"totalTokens": count, "totalBillableCharacters": billable, "promptTokensDetails": details})


def _compute_tokens(call: Call) -> Answer:
    """Words and the space before them stand for tokens."""
    serving_on(call, last_prompt(call.body))
    info = []
    for content in call.body["contents"]:
        pieces = PIECE.findall(parts_text(content.get("parts", [])))
        info.append(
            {
                "role": content.get("role", "user"),
                "tokens": [base64.b64encode(piece.encode()).decode() for piece in pieces],
                "tokenIds": [str(zlib.crc32(piece.encode()) % 256_000) for piece in pieces],
            }
        )
    return Typed({"tokensInfo": info})


def _able(call: Call, prompt: str) -> ModelVersion:
    """The model version that answers. Raises ApiError (400) for one that does not have the method."""
    version = serving_on(call, prompt).version
    if is_asked_by_predict(version):
        method = call.method.id.rpartition(".")[2]
        raise failed_precondition(f"{version.base_model} is not supported in the {method} API.")
    return version


def _usage(body: dict[str, Any], text: str) -> dict[str, Any]:
    asked, answered = tokens(all_text(body)), tokens(text)
    return {
        "promptTokenCount": asked,
        "candidatesTokenCount": answered,
        "totalTokenCount": asked + answered,
        "trafficType": "ON_DEMAND",
        "promptTokensDetails": [{"modality": "TEXT", "tokenCount": asked}],
        "candidatesTokensDetails": [{"modality": "TEXT", "tokenCount": answered}],
    }


def _response(call: Call, version: ModelVersion, text: str, reason: str, usage: dict[str, Any]) -> dict[str, Any]:
    return {
        "candidates": [{"content": {"role": "model", "parts": [{"text": text}]}, "finishReason": reason}],
        "usageMetadata": usage,
        "modelVersion": f"{version.wire['name']}@{version.wire['versionId']}",
        "createTime": timestamp(call.now),
        "responseId": base64.urlsafe_b64encode(f"{call.now:.6f}".encode()).decode().rstrip("="),
    }


METHODS: dict[str, Handler] = {
    "endpoints.generateContent": _generate,
    "endpoints.streamGenerateContent": _stream,
    "endpoints.countTokens": _count_tokens,
    "endpoints.computeTokens": _compute_tokens,
}
