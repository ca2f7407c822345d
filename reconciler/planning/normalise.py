"""When two spellings mean the same value.

Servers write int64 as strings, numbers as float32, enums by name and projects by number. `aligned` gives what was
there in the words of what is declared, so that plain equality decides afterwards.
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Mapping
from typing import Any

# TuningJob's adapterSize. Source: aiplatform v1 discovery document; specs may write the number.
ADAPTER_SIZES = {
    "ADAPTER_SIZE_ONE": 1,
    "ADAPTER_SIZE_TWO": 2,
    "ADAPTER_SIZE_FOUR": 4,
    "ADAPTER_SIZE_EIGHT": 8,
    "ADAPTER_SIZE_SIXTEEN": 16,
    "ADAPTER_SIZE_THIRTY_TWO": 32,
}
_NUMBER = re.compile(r"-?\d{1,19}(\.\d{1,19})?([eE][+-]?\d{1,3})?")
_PROJECT = re.compile(r"projects/([^/\s]+)/(.+)")
_BASE_MODEL = re.compile(r"(?:publishers/google/)?models/([^/]+)")


def aligned(before: Any, declared: Any) -> Any:
    """`before` cut down to the keys that `declared` has, with every equivalent leaf spelled as declared."""
    if isinstance(before, Mapping) and isinstance(declared, Mapping):
        return {key: aligned(before[key], value) for key, value in declared.items() if key in before}
    if isinstance(before, list | tuple) and isinstance(declared, list | tuple):
        if len(before) == len(declared):
            return [aligned(b, d) for b, d in zip(before, declared, strict=True)]
        return list(before)
    return declared if equivalent(before, declared) else before


def equivalent(one: Any, other: Any) -> bool:
    """Whether two scalars mean the same."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if one == other:
        return True
    if isinstance(one, str) and isinstance(other, str) and not _names_adapter_size(one, other):
        return _same_text(one, other)
    first, second = _number(one), _number(other)
    return first is not None and second is not None and _float32(first) == _float32(second)


def _names_adapter_size(*texts: str) -> bool:
    return any(text.upper() in ADAPTER_SIZES for text in texts)


def _number(value: Any) -> float | None:
    if isinstance(value, int | float):
        return float(value)
    if not isinstance(value, str):
        return None
    if value.upper() in ADAPTER_SIZES:
        return float(ADAPTER_SIZES[value.upper()])
    return float(value) if _NUMBER.fullmatch(value) else None


def _float32(value: float) -> float:
    """The number as a server that keeps four bytes would give it back."""
    narrowed = float(struct.unpack("f", struct.pack("f", value))[0])
    return value if math.isinf(narrowed) else narrowed


def _same_text(one: str, other: str) -> bool:
    return _is_same_enum(one, other) or _without_project(one, other) or _base_model(one) == _base_model(other)


def _is_same_enum(one: str, other: str) -> bool:
    """Enum constants differ in case only; the API's own spelling is all upper case."""
    same = one.upper() == other.upper() and "_" in one and " " not in one
    return same and (one.isupper() or other.isupper())


def _without_project(one: str, other: str) -> bool:
    """Whether two resource names differ only in that one has the project's number and the other its id."""
    first, second = _PROJECT.fullmatch(one), _PROJECT.fullmatch(other)
    if not first or not second or first[2] != second[2]:
        return False
    return first[1].isdigit() != second[1].isdigit()


def _base_model(name: str) -> str:
    match = _BASE_MODEL.fullmatch(name)
    return match[1] if match else name


def grantee(written: str) -> str:
    """Somebody who may use a Gemini API model, in one spelling: `everyone`, `group:team@x.com` or a user's address."""
    return written.strip().lower().removeprefix("user:")
