"""One page of a bucket's object names."""

import base64
import binascii
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from reconciler.emulator.storage.conditions import integer
from reconciler.emulator.storage.errors import invalid_parameter, not_emulated

MAX_RESULTS = 1000
# What would change which objects are named.
NOT_EMULATED = ("filter", "includeTrailingDelimiter", "matchGlob", "softDeleted", "versions")


@dataclass(frozen=True, slots=True)
class ListQuery:
    """Which names are wanted: from `start` (inclusive) to `end` (exclusive), after `after` where a page ended."""

    prefix: str = ""
    delimiter: str = ""
    start: str = ""
    end: str = ""
    after: str = ""
    limit: int = MAX_RESULTS


@dataclass(slots=True)
class Page:
    """Names, the prefixes that stand for all names beyond a delimiter, and the token of the next page."""

    names: list[str] = field(default_factory=list)
    prefixes: list[str] = field(default_factory=list)
    next_token: str | None = None


def list_query(query: Mapping[str, str]) -> ListQuery:
    """The query parameters of objects.list. Raises StorageError: 400 for wrong values, 501 for the rest."""
    for name in NOT_EMULATED:
        if query.get(name, "false") not in ("", "false"):
            raise not_emulated(f"the list parameter '{name}'")
    return ListQuery(
        prefix=query.get("prefix", ""),
        delimiter=query.get("delimiter", ""),
        start=query.get("startOffset", ""),
        end=query.get("endOffset", ""),
        after=_read_token(query.get("pageToken", "")),
        limit=min(integer(query, "maxResults") or MAX_RESULTS, MAX_RESULTS),
    )


def list_page(names: Sequence[str], query: ListQuery) -> Page:
    """The page of `names`, which are sorted, that `query` asks for. Names and prefixes count together."""
    page = Page()
    last = query.after
    for name in names[bisect_left(names, max(query.start, query.prefix, query.after)) :]:
        if not name.startswith(query.prefix) or (query.end and name >= query.end):
            break
        folder = _folder(name, query)
        entry = folder or name
        if entry == last:
            continue
        if len(page.names) + len(page.prefixes) == query.limit:
            page.next_token = _write_token(last)
            break
        last = entry
        (page.prefixes if folder else page.names).append(entry)
    return page


def _folder(name: str, query: ListQuery) -> str:
    """What stands for `name` in the list: all up to the first delimiter after the prefix; empty if itself."""
    if not query.delimiter:
        return ""
    head, found, _ = name[len(query.prefix) :].partition(query.delimiter)
    return query.prefix + head + found if found else ""


def _write_token(last: str) -> str:
    return base64.urlsafe_b64encode(last.encode()).decode()


def _read_token(token: str) -> str:
    try:
        return base64.b64decode(token, altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        raise invalid_parameter("pageToken", token) from None
