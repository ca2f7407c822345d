"""Plain scalars as YAML 1.2's core schema reads them: `no`, `on` and `1:30` are text, `010` is ten.

Source: YAML 1.2.2, section 10.3.2 (tag resolution of the core schema).
"""

from __future__ import annotations

import math
import re

Scalar = str | int | float | bool | None

_WORDS: dict[str, Scalar] = {
    "": None,
    "~": None,
    **dict.fromkeys(("null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_NUMBER_STARTS = frozenset("+-.0123456789")
_INTEGER = re.compile(r"[-+]?[0-9]+")
_OCTAL_OR_HEX = re.compile(r"0(?:o[0-7]+|x[0-9a-fA-F]+)")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_MOST_DIGITS = 1_000
_SMALLEST, _LARGEST = -(2**63), 2**63 - 1


class BadNumber(ValueError):
    """A number that no field could hold; the message says why."""


def resolve(text: str) -> Scalar:
    """The value of a plain scalar. Raises BadNumber beyond 64-bit integers and finite doubles."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _NUMBER_STARTS:
        return text
    if _INTEGER.fullmatch(text):
        return _integer(text, 10)
    if _FLOAT.fullmatch(text):
        return _float(text)
    if _OCTAL_OR_HEX.fullmatch(text):
        return _integer(text[2:], 8 if text[1] == "o" else 16)
    if _NOT_FINITE.fullmatch(text):
        raise BadNumber("a number must be finite")
    return text


def is_text(text: str) -> bool:
    """Whether a plain scalar is text, and not a number, a truth value or nothing."""
    try:
        return isinstance(resolve(text), str)
    except BadNumber:
        return False


def _integer(digits: str, base: int) -> int:
    # int() of very long decimal text is slow, and refused by Python beyond 4,300 digits.
    if len(digits) <= _MOST_DIGITS:
        value = int(digits, base)
        if _SMALLEST <= value <= _LARGEST:
            return value
    raise BadNumber("a whole number must fit into 64 bits")


def _float(text: str) -> float:
    if len(text) <= _MOST_DIGITS:
        value = float(text)
        if math.isfinite(value):
            return value + 0.0
    raise BadNumber("a number must fit into 64 bits")
