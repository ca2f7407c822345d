"""Answering prompts on a tuned endpoint, always with the same answer to the same prompt.

The answer is that of the training example whose prompt shares most words with the one asked. A model without known
training data says so.
"""

import base64
import re
import zlib
from typing import Any

import orjson

from reconciler.emulator.aiplatform.call import Answer, Call, Handler, Raw, Typed
from reconciler.emulator.aiplatform.memory import Memory
from reconciler.emulator.aiplatform.names import parse_name
from reconciler.emulator.aiplatform.records import ModelVersion
from reconciler.emulator.aiplatform.training_data import parts_text, tokens
from reconciler.emulator.clock import timestamp
from reconciler.emulator.google_errors import failed_precondition, invalid_argument
from reconciler.emulator.shaping import shape_message

WORD = re.compile(r"\w+")
PIECE = re.compile(r"\s*\S+|\s+")
CHUNKS = 3


def _generate(call: Call) -> Answer:
    prompt = _prompt(call.body)
    version = _serving_version(call, prompt)
    text, reason = _limited(call.body, _answer(call.memory, version, prompt))
    return Typed(_response(call, version, text, reason, _usage(call.body, text)))


def _stream(call: Call) -> Answer:
    """The answer in a few chunks, as server-sent events where `alt=sse`, else as a JSON array."""
    prompt = _prompt(call.body)
    version = _serving_version(call, prompt)
    text, reason = _limited(call.body, _answer(call.memory, version, prompt))
    pieces = _chunks(text)
    chunks = []
    for n, piece in enumerate(pieces, 1):
        last = n == len(pieces)
        usage = _usage(call.body, text) if last else {"trafficType": "ON_DEMAND"}
        message = _response(call, version, piece, reason if last else "", usage)
        chunks.append(orjson.dumps(shape_message(call.api, call.method.response, message)))
    if call.streamed:
        return Raw(b"".join(b"data: " + chunk + b"\r\n\r\n" for chunk in chunks), "text/event-stream")
    return Raw(b"[" + b",\r\n".join(chunks) + b"]")


def _count_tokens(call: Call) -> Answer:
    _serving_version(call, _prompt(call.body))
    text = _all_text(call.body)
    billable = sum(not c.isspace() for c in text)
    count = tokens(text)
    details = [{"modality": "TEXT", "tokenCount": count}]
    return Typed({"totalTokens": count, "totalBillableCharacters": billable, "promptTokensDetails": details})


def _compute_tokens(call: Call) -> Answer:
    """Words and the space before them stand for tokens."""
    _serving_version(call, _prompt(call.body))
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


def _prompt(body: dict[str, Any]) -> str:
    """The last thing the user said. Raises ApiError (400) for contents that cannot be answered."""
    contents = body.get("contents") or []
    if not contents:
        raise invalid_argument("contents is required.", "contents")
    for place, content in enumerate(contents):
        if content.get("role", "user") not in ("user", "model", "function"):
            raise invalid_argument("Please use a valid role: user, model.", f"contents[{place}].role")
        if not content.get("parts"):
            text = "Unable to submit request because it must include at least one parts field."
            raise invalid_argument(text, f"contents[{place}].parts")
    return parts_text(contents[-1]["parts"])


def _serving_version(call: Call, prompt: str) -> ModelVersion:
    """The model version that traffic is sent to; with a split, a prompt always goes the same way."""
    endpoint = call.memory.endpoint(call.parent, call.ids["endpoints"])
    split = endpoint.wire["trafficSplit"]
    draw = zlib.crc32(prompt.encode()) % 100
    for deployed in endpoint.wire["deployedModels"]:
        draw -= split.get(deployed["id"], 0)
        if draw < 0:
            name = parse_name(deployed["model"], "models", "model")
            return call.memory.model_version(name.parent, name.id, name.version)
    raise failed_precondition(f'Endpoint "{endpoint.wire["name"]}" has no DeployedModel that takes traffic.')


def _answer(memory: Memory, version: ModelVersion, prompt: str) -> str:
    data = memory.data.get(version.data)
    if data is None or not data.examples:
        return f"{version.wire['displayName']} has no training data to answer from."
    asked = _words(prompt)
    best = max(data.examples, key=lambda example: _likeness(asked, _words(example[0])))
    return best[1]


def _words(text: str) -> frozenset[str]:
    return frozenset(WORD.findall(text.lower()))


def _likeness(asked: frozenset[str], known: frozenset[str]) -> float:
    return len(asked & known) / (len(asked | known) or 1)


def _limited(body: dict[str, Any], text: str) -> tuple[str, str]:
    """The text up to maxOutputTokens, and why it ends."""
    limit = int(body.get("generationConfig", {}).get("maxOutputTokens") or 0)
    if limit > 0 and tokens(text) > limit:
        return text[: limit * 4], "MAX_TOKENS"
    return text, "STOP"


def _chunks(text: str) -> list[str]:
    pieces = PIECE.findall(text) or [""]
    size = -(-len(pieces) // CHUNKS)
    return ["".join(pieces[start : start + size]) for start in range(0, len(pieces), size)]


def _all_text(body: dict[str, Any]) -> str:
    contents = [*body.get("contents", []), body.get("systemInstruction", {})]
    return "".join(parts_text(content.get("parts", [])) for content in contents)


def _usage(body: dict[str, Any], text: str) -> dict[str, Any]:
    asked, answered = tokens(_all_text(body)), tokens(text)
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
