"""What the services' routes have in common: reading a request, finding out which method its URL names, errors."""

from collections.abc import Callable

import orjson
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from reconciler.emulator.google_errors import ApiError, too_large_page

JSON = "application/json; charset=UTF-8"
VERBS = ["GET", "POST", "PATCH", "PUT", "DELETE"]


class BodyTooLarge(Exception):
    """The request's body is over the limit."""


async def answer_or_refuse(request: Request, limit: int, run: Callable[[bytes], Response]) -> Response:
    """What `run` makes of the request's body, or Google's page for one over `limit` bytes, or an ApiError's JSON."""
    try:
        return run(await read_body(request, limit))
    except BodyTooLarge:
        return HTMLResponse(too_large_page(), 413, {"connection": "close"})
    except ApiError as error:
        return Response(orjson.dumps(error.body()), error.http_status, media_type=JSON)


async def read_body(request: Request, limit: int) -> bytes:
    """The whole body. Raises BodyTooLarge without reading further than `limit` bytes."""
    if int(request.headers.get("content-length") or 0) > limit:
        raise BodyTooLarge
    parts = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > limit:
            raise BodyTooLarge
        parts.append(part)
    return b"".join(parts)


def url_shape(path: str) -> tuple[str, dict[str, str]]:
    """The path with its ids replaced by `{}`, and the ids by collection: `v1/projects/{}/…/models/{}:copy`."""
    parts = path.lstrip("/").split("/")
    ids: dict[str, str] = {}
    for place in range(2, len(parts), 2):
        text, colon, verb = parts[place].partition(":") if place == len(parts) - 1 else (parts[place], "", "")
        if not text:
            return "", ids
        ids[parts[place - 1]] = text
        parts[place] = "{}" + colon + verb
    return "/".join(parts), ids
