"""Object content as an answer, whole or one range of it."""

import re

from starlette.responses import Response

from reconciler.emulator.storage.objects import StoredObject
from reconciler.emulator.storage.resources import etag

RANGE = re.compile(r"bytes=(\d{0,15})-(\d{0,15})")


def content_answer(found: StoredObject, range_header: str | None) -> Response:
    """200 with all of it, 206 with the range asked for, or 416; several ranges at once are answered with all of it."""
    size = len(found.content)
    headers = _headers(found)
    matched = RANGE.fullmatch(range_header or "")
    if matched is None or not (matched[1] or matched[2]):
        return Response(found.content, 200, headers)
    first, last = _bounds(matched[1], matched[2], size)
    if first >= size or last < first:
        return Response(
            "The requested range cannot be satisfied.", 416, {"content-range": f"bytes */{size}"}, "text/html"
        )
    headers["content-range"] = f"bytes {first}-{last}/{size}"
    return Response(found.content[first : last + 1], 206, headers)


def _bounds(first: str, last: str, size: int) -> tuple[int, int]:
    """The first and the last byte meant, both inclusive; without a first one, `last` counts from the end."""
    if not first:
        return max(size - int(last), 0), size - 1
    return int(first), min(int(last), size - 1) if last else size - 1


def _headers(found: StoredObject) -> dict[str, str]:
    headers = {
        "accept-ranges": "bytes",
        # As a media type, Starlette would add a charset to it.
        "content-type": found.content_type,
        "etag": etag(found),
        "x-goog-generation": str(found.generation),
        "x-goog-metageneration": str(found.metageneration),
        "x-goog-hash": f"crc32c={found.crc32c},md5={found.md5}",
        "x-goog-storage-class": "STANDARD",
        "x-goog-stored-content-encoding": found.fields.get("contentEncoding", "identity"),
        "x-goog-stored-content-length": str(len(found.content)),
    }
    for field, header in (
        ("cacheControl", "cache-control"),
        ("contentDisposition", "content-disposition"),
        ("contentEncoding", "content-encoding"),
        ("contentLanguage", "content-language"),
    ):
        if field in found.fields:
            headers[header] = found.fields[field]
    return headers
