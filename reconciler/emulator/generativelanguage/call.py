"""One request to one method of the Gemini API, parsed and checked, and what a handler may answer."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from reconciler.emulator.discovery import Api, Method
from reconciler.emulator.generativelanguage.memory import Memory
from reconciler.emulator.google_errors import invalid_argument
from reconciler.emulator.page_tokens import read_token, stamp_of, write_token

DEFAULT_PAGE = 10
MAX_PAGE = 1000


@dataclass(slots=True)
class Call:
    """What a handler gets. `ids` are the path's ids by collection, `caller` is the project that asks."""

    memory: Memory
    api: Api
    method: Method
    ids: dict[str, str]
    query: dict[str, Any]
    body: dict[str, Any]
    now: float
    caller: str
    streamed: bool = False


@dataclass(frozen=True, slots=True)
class Raw:
    """An answer that is written already."""

    body: bytes
    content_type: str


T = TypeVar("T")
Message = dict[str, Any]
Handler = Callable[[Call], Message | Raw]


def page_of(
    call: Call, key: str, items: Sequence[T], render: Callable[[T], Message], *, default: int = DEFAULT_PAGE
) -> Message:
    """One page of a list that is there as a whole; only what is on it is rendered.

    Raises ApiError (400) for a bad size or token.
    """
    asked = call.query.get("pageSize") or default
    if asked < 0:
        raise invalid_argument(f"page_size must not be negative: {asked}.", "page_size")
    stamp = stamp_of(call.method.id, call.caller, sorted(call.ids.items()), call.query.get("filter"))
    start = read_token(call.query.get("pageToken", ""), stamp) or 0
    end = start + min(asked, MAX_PAGE)
    page: Message = {key: [render(item) for item in items[start:end]]}
    if end < len(items):
        page["nextPageToken"] = write_token(end, stamp)
    return page
