"""What JSON can carry of any value."""

from __future__ import annotations

import math
import operator
from collections.abc import Mapping
from typing import Any

LARGEST_INTEGER = 2**63


def json_values(value: Any) -> Any:
    """The same value with everything replaced that JSON cannot carry, so that writing a plan never fails.

    Unpaired surrogates become their escapes, integers beyond 64 bits text, and numbers that are none become null.
    What needs nothing replaced is given back as it is, not copied: a plan may have a million values.
    """
    match value:
        case str():
            return value if value.isascii() else value.encode("utf-8", "backslashreplace").decode()
        case bool() | None:
            return value
        case dict():
            carried = {json_values(str(key)): json_values(item) for key, item in value.items()}
            return value if _is_same(carried, value) else carried
        case list():
            items = [json_values(item) for item in value]
            return value if all(map(operator.is_, items, value)) else items
        case int():
            return value if -LARGEST_INTEGER <= value < LARGEST_INTEGER else str(value)
        case float():
            return value if math.isfinite(value) else None
        case Mapping():
            return {json_values(str(key)): json_values(item) for key, item in value.items()}
        case _:
            return [json_values(item) for item in value]


def _is_same(carried: dict[str, Any], value: dict[Any, Any]) -> bool:
    """Whether two dictionaries hold the very same keys and values, in the same order."""
    return all(map(operator.is_, carried, value)) and all(map(operator.is_, carried.values(), value.values()))
