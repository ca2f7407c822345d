"""Lists in pages, newest first unless an order is asked for."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import TypeVar

import orjson

from reconciler.emulator.aiplatform.call import Call, Raw
from reconciler.emulator.aiplatform.filters import Fields, compile_filter
from reconciler.emulator.discovery import snake_case
from reconciler.emulator.google_errors import invalid_argument
from reconciler.emulator.page_tokens import read_token, stamp_of, write_token
from reconciler.emulator.store import Collection, Resource

DEFAULT_PAGE = 100
ORDERS = {"display_name": "displayName", "create_time": "createTime", "update_time": "updateTime"}

R = TypeVar("R", bound=Resource)


def list_page(
    call: Call,
    collection: Collection[R],
    key: str,
    fields: Fields,
    render: Callable[[Call, R], bytes],
    belongs: Callable[[R], bool] = lambda _: True,
) -> Raw:
    """One page of a collection, as `{key: […], "nextPageToken": …}`; `belongs` says what the URL speaks of at all.

    A page costs what it holds: resources already written once are joined as bytes. Raises ApiError (400) for a bad
    filter or token.
    """
    matches = compile_filter(call.query.get("filter", ""), fields)
    size = page_size(call)
    parts: list[bytes] = []
    token = ""
    for place, resource in _candidates(call, collection):
        if resource.visible_from > call.now or not belongs(resource) or not (matches is None or matches(resource)):
            continue
        if len(parts) == size:
            token = _token(call, place)
            break
        parts.append(render(call, resource))
    return joined_page(key, parts, token)


def page_size(call: Call) -> int:
    """How many to answer with. Raises ApiError (400) for a negative size."""
    asked = call.query.get("pageSize") or DEFAULT_PAGE
    if asked < 0:
        raise invalid_argument(f"page_size must not be negative: {asked}.", "page_size")
    return int(min(asked, call.memory.options.page_size_max))


def slice_page(call: Call, key: str, items: list[bytes], *, handled: tuple[str, ...] = ()) -> Raw:
    """One page of a short list that is there as a whole.

    `handled` are the query parameters that `items` already heeds. Raises ApiError (400) for others that would choose or
    order: an answer that ignored them would be wrong.
    """
    for name in ("filter", "orderBy", "readMask"):
        if call.query.get(name) and name not in handled:
            raise invalid_argument(f"{name} is not supported by this emulator here.", snake_case(name))
    start = _place(call) or 0
    end = start + page_size(call)
    return joined_page(key, items[start:end], _token(call, end) if end < len(items) else "")


def joined_page(key: str, parts: list[bytes], token: str) -> Raw:
    """A page from resources that are already written."""
    if not parts:
        return Raw(b"{}")
    tail = b',"nextPageToken":' + orjson.dumps(token) if token else b""
    return Raw(b'{"%s":[' % key.encode() + b",".join(parts) + b"]" + tail + b"}")


def _candidates(call: Call, collection: Collection[R]) -> Iterator[tuple[int, R]]:
    """Resources from where the page begins, each with the place to go on from if it is not taken."""
    place = _place(call)
    order = call.query.get("orderBy", "")
    if not order:
        for resource in collection.newest_first(place):
            # A page begins with what was created before the place, so the place is one above the resource.
            yield resource.sequence + 1, resource
        return
    resources = list(collection)
    for by, descending in reversed(_order(order)):
        resources.sort(key=partial(_sort_key, by), reverse=descending)
    yield from enumerate(resources[place or 0 :], place or 0)


def _order(text: str) -> list[tuple[str, bool]]:
    """(field, descending) of each term of an orderBy. Raises ApiError (400)."""
    terms = []
    for term in text.split(","):
        words = term.split()
        name = ORDERS.get(snake_case(words[0])) if words else None
        if name is None or words[1:] not in ([], ["asc"], ["desc"]):
            raise invalid_argument(f"Invalid order_by: {text[:200]}.", "order_by")
        terms.append((name, words[1:] == ["desc"]))
    return terms


def _sort_key(field: str, resource: Resource) -> str:
    return str(resource.view().get(field, ""))


def _stamp(call: Call) -> int:
    asked = call.query
    return stamp_of(call.method.id, call.parent, sorted(call.ids.items()), asked.get("filter"), asked.get("orderBy"))


def _token(call: Call, place: int) -> str:
    return write_token(place, _stamp(call))


def _place(call: Call) -> int | None:
    return read_token(call.query.get("pageToken", ""), _stamp(call))
