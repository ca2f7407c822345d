"""What tuned models answer: always the same to the same prompt, taken from the examples they were tuned on."""

import math
import re
from collections.abc import Iterable
from typing import Any

import orjson

from reconciler.emulator.google_errors import invalid_argument

WORD = re.compile(r"\w+")
PIECE = re.compile(r"\s*\S+|\s+")
CHUNKS = 3


def last_prompt(body: dict[str, Any]) -> str:
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


def closest_answer(examples: Iterable[tuple[str, str]], prompt: str) -> str:
    """The answer of the example whose prompt is the one asked, or else shares most words with it."""
    asked = _words(prompt)
    best = max(examples, key=lambda example: (example[0] == prompt, _likeness(asked, _words(example[0]))))
    return best[1]


def limited(body: dict[str, Any], text: str) -> tuple[str, str]:
    """The text up to the request's maxOutputTokens, and why it ends."""
    shortened = cut(text, int(body.get("generationConfig", {}).get("maxOutputTokens") or 0))
    return shortened, "STOP" if shortened == text else "MAX_TOKENS"


def cut(text: str, most: int) -> str:
    """The first tokens of a text; all of them where `most` is 0."""
    return text[: most * 4] if most > 0 else text


def chunks_of(text: str) -> list[str]:
    """The few pieces in which a stream brings a text."""
    pieces = PIECE.findall(text) or [""]
    size = -(-len(pieces) // CHUNKS)
    return ["".join(pieces[start : start + size]) for start in range(0, len(pieces), size)]


def stream_body(chunks: list[bytes], *, as_events: bool) -> tuple[bytes, str]:
    """Written messages as server-sent events, or as the JSON array that a stream is otherwise; and the media type."""
    if as_events:
        return b"".join(b"data: " + chunk + b"\r\n\r\n" for chunk in chunks), "text/event-stream"
    return b"[" + b",\r\n".join(chunks) + b"]", "application/json; charset=UTF-8"


def all_text(body: dict[str, Any]) -> str:
    """Everything a request says."""
    contents = [*body.get("contents", []), body.get("systemInstruction", {})]
    return "".join(parts_text(content.get("parts", [])) for content in contents)


def parts_text(parts: list[Any]) -> str:
    """The text of a content's parts; a part of another kind stands as its JSON."""
    texts = [
        part["text"] if isinstance(part.get("text"), str) else orjson.dumps(part).decode()
        for part in parts
        if isinstance(part, dict)
    ]
    return "\n".join(texts)


def tokens(text: str) -> int:
    """How many tokens a text counts as: one for every four characters."""
    return math.ceil(len(text) / 4)


def _words(text: str) -> frozenset[str]:
    return frozenset(WORD.findall(text.lower()))


def _likeness(asked: frozenset[str], known: frozenset[str]) -> float:
    return len(asked & known) / (len(asked | known) or 1)
