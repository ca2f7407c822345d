"""Looking objects up by ranges of names: requests grow with listing pages, never beyond one for each object."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from reconciler.cloud.client import Client
from reconciler.core.observed import StoredObject
from reconciler.errors import BadAnswer, NotFound
from reconciler.providers.storage_objects import FIELDS, ObjectName, list_url, stored_object

LIST_FIELDS = f"items({FIELDS}),nextPageToken"
PAGE_KEYS = frozenset({"items", "nextPageToken", "kind"})

Found = dict[str, StoredObject | None]


def look_up_one(client: Client, target: ObjectName) -> StoredObject | None:
    """One object, or None when it, or its bucket, is not there. Raises CloudError."""
    try:
        return stored_object(target, client.get(target.url, {"fields": FIELDS}))
    except NotFound:
        return None


def look_up_many(client: Client, bucket: str, names: Sequence[str]) -> Found:
    """The objects of these names by URI, None for those that are not there. Raises CloudError, NotFound among them
    when the bucket is not there.

    Each request starts at the next name that is still open, so a page full of other objects is passed over at once.
    """
    wanted = sorted(set(names))
    found: Found = {}
    position, tokens = 0, [""]
    while position < len(wanted):
        answer = _page(client, bucket, wanted, position, tokens[-1])
        items = {str(item.get("name")): item for item in answer.get("items", [])}
        token = str(answer.get("nextPageToken") or "")
        if token and not items:
            # A page may be empty and still not be the last one.
            if token in tokens:
                raise BadAnswer("the list repeats a page token and would never end", status=200, where=f"gs://{bucket}")
            tokens.append(token)
            continue
        tokens = [""]
        last = max(items) if token else wanted[-1]
        while position < len(wanted) and wanted[position] <= last:
            target = ObjectName(bucket, wanted[position])
            item = items.get(target.name)
            found[target.uri] = stored_object(target, item) if item is not None else None
            position += 1
    return found


def _page(client: Client, bucket: str, wanted: Sequence[str], position: int, token: str) -> Mapping[str, Any]:
    params: dict[str, str | int] = {
        "prefix": _common_prefix(wanted[position], wanted[-1]),
        "startOffset": wanted[position],
        # The range ends before this, so it is one character more than the last name.
        "endOffset": f"{wanted[-1]}!",
        "fields": LIST_FIELDS,
        "maxResults": 1000,
    }
    answer = client.get(list_url(bucket), {**params, "pageToken": token} if token else params)
    items = answer.get("items", [])
    if not answer.keys() <= PAGE_KEYS or not isinstance(items, list) or not all(isinstance(i, dict) for i in items):
        raise BadAnswer("the answer is not a list of objects", status=200, where=f"gs://{bucket}")
    return answer


def _common_prefix(first: str, last: str) -> str:
    """What all names of a sorted range begin with."""
    same = 0
    while same < min(len(first), len(last)) and first[same] == last[same]:
        same += 1
    return first[:same]
