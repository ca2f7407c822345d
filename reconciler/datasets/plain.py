"""The ordinary row: turns of text and nothing else.

Nearly every row of nearly every dataset is one. Recognising it takes a third of the time of the full check, which only
sees what is not recognised here and is the one that finds words for what is wrong. Both weigh a row alike.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from reconciler.datasets.tokens import weigh


class Text(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """A part of text."""

    text: str


class Turn(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """A turn of text."""

    role: Literal["user", "model"]
    parts: list[Text]


class Instruction(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """A system instruction, whose role does not matter."""

    parts: list[Text]
    role: str | None = None


class Completion(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """An answer to prefer, or not to."""

    score: float
    completion: Turn


class Conversation(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """A supervised row."""

    contents: list[Turn]
    camel: Instruction | None = msgspec.field(name="systemInstruction", default=None)
    snake: Instruction | None = msgspec.field(name="system_instruction", default=None)


class Comparison(Conversation, forbid_unknown_fields=True, gc=False, kw_only=True):
    """A preference row."""

    completions: list[Completion]


_decode_conversation = msgspec.json.Decoder(Conversation).decode
_decode_comparison = msgspec.json.Decoder(Comparison).decode
_NOT_DECODED = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def plain_supervised(line: bytes) -> int | None:
    """The weight of an ordinary supervised row, or None for any other row."""
    try:
        row = _decode_conversation(line)
    except _NOT_DECODED:
        return None
    turns, instruction = _alternating(row.contents), _instruction(row)
    if turns is None or instruction is None or len(row.contents) % 2:
        return None
    return turns + instruction


def plain_preference(line: bytes) -> tuple[int, int, int] | None:
    """The weights of prompt and completions of an ordinary preference row, or None for any other row."""
    try:
        row = _decode_comparison(line)
    except _NOT_DECODED:
        return None
    turns, instruction = _alternating(row.contents), _instruction(row)
    if turns is None or instruction is None or not len(row.contents) % 2 or len(row.completions) != 2:
        return None
    first, second = row.completions
    if first.completion.role != "model" or second.completion.role != "model" or first.completion == second.completion:
        return None
    weights = _texts(first.completion.parts), _texts(second.completion.parts)
    if (first.score, second.score) not in ((1, 0), (0, 1)) or weights[0] is None or weights[1] is None:
        return None
    return turns + instruction, weights[0], weights[1]


def _alternating(turns: list[Turn]) -> int | None:
    """The weight of turns that alternate from the user on."""
    if not turns:
        return None
    weight, users = 0, True
    for turn in turns:
        texts = _texts(turn.parts)
        if texts is None or (turn.role == "user") is not users:
            return None
        weight += texts
        users = not users
    return weight


def _instruction(row: Conversation) -> int | None:
    instruction = row.camel or row.snake
    if instruction is None:
        return 0
    return None if row.camel and row.snake else _texts(instruction.parts)


def _texts(parts: list[Text]) -> int | None:
    weight = 0
    for part in parts:
        text = part.text
        if not text or text.isspace():
            return None
        weight += weigh(text)
    return weight or None
