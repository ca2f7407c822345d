"""Estimates of token counts before Google has counted.

Google's rule of thumb is four characters a token (https://ai.google.dev/gemini-api/docs/tokens). Text is weighed in
UTF-8 bytes: for ASCII that is its characters, and scripts that take more tokens for a character also take more bytes.
"""

from __future__ import annotations

from typing import Any

import msgspec

BYTES_PER_TOKEN = 4


def weigh(text: str) -> int:
    """The weight of a text: its length in UTF-8."""
    return len(text) if text.isascii() else len(text.encode())


def weigh_json(value: Any) -> int:
    """The weight of a structured value (a function call, a tool): its length as compact JSON."""
    return len(msgspec.json.encode(value))


def tokens_of(weight: int) -> int:
    """About how many tokens a weight is, rounded up."""
    return -(-weight // BYTES_PER_TOKEN)
