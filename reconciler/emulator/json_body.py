"""Reading a request's JSON the way Google's front end does."""

import re
from typing import Any

import orjson

from reconciler.emulator.google_errors import ApiError, invalid_argument

MAX_DEPTH = 100
# A string is skipped whole, so that a comma inside one is left alone.
STRING_OR_TRAILING_COMMA = re.compile(rb'("(?:[^"\\]|\\.)*")|,(\s*[}\]])')


def parse_object(body: bytes) -> dict[str, Any]:
    """The JSON object in `body`; nothing at all is an empty object.

    Trailing commas, which samples on Google's pages have, are accepted as Google does. Raises ApiError (400) otherwise.
    """
    if not body.strip():
        return {}
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as first:
        value = _parse_with_trailing_commas(body, first)
    if not isinstance(value, dict):
        raise invalid_argument("Invalid JSON payload received. Root element must be a message.", "")
    _refuse_deep(value)
    return value


def _parse_with_trailing_commas(body: bytes, first: orjson.JSONDecodeError) -> Any:
    try:
        return orjson.loads(STRING_OR_TRAILING_COMMA.sub(rb"\1\2", body))
    except orjson.JSONDecodeError:
        raise invalid_argument(f"Invalid JSON payload received. {first}", "") from None


def _refuse_deep(value: Any) -> None:
    level: list[Any] = [value]
    for _ in range(MAX_DEPTH):
        level = [child for node in level for child in _children(node)]
        if not level:
            return
    raise ApiError("INVALID_ARGUMENT", f"Invalid JSON payload received. Message too deep. Max depth is {MAX_DEPTH}.")


def _children(node: Any) -> list[Any]:
    if isinstance(node, dict):
        return [child for child in node.values() if isinstance(child, dict | list)]
    return [child for child in node if isinstance(child, dict | list)]
