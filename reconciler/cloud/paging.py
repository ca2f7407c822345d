"""Pages of a list, and the difference between an empty one and an answer that is no page at all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Protocol

import orjson

from reconciler.errors import BadAnswer

MAX_PAGES = 20_000


class Page(Protocol):
    """A decoded page of a list."""

    @property
    def next_page_token(self) -> str:
        """What to ask for next; empty on the last page."""
        ...


class JsonPage:
    """A page read as plain JSON. Raises ValueError when it is none."""

    def __init__(self, document: Mapping[str, Any], field: str) -> None:
        self._items = document.get(field, [])
        token = document.get("nextPageToken") or ""
        if not isinstance(self._items, list) or not isinstance(token, str):
            raise ValueError(field)
        self.next_page_token: str = token

    def items(self) -> Iterator[dict[str, Any]]:
        """Its items, of which only objects count."""
        return (item for item in self._items if isinstance(item, dict))


def is_page(body: bytes, items: str) -> bool:
    """Whether an object is a page of that list. `{}` is an empty one; any other object without the list's own field
    is somebody else's answer and must not pass for "nothing there".
    """
    named = any(f'"{field}"'.encode() in body for field in (items, "nextPageToken", "kind"))
    return named or b"".join(body.split()) == b"{}"


def json_object(body: bytes, place: str) -> dict[str, Any]:
    """A JSON object. Raises BadAnswer for anything else, nothing at all included."""
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        document = None
    if not isinstance(document, dict):
        raise BadAnswer("the answer is cut short or is not a JSON object", status=200, where=place)
    return document
