"""What all storage routes share: names out of URLs, JSON answers, errors."""

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import unquote

import orjson
from starlette.requests import Request
from starlette.responses import Response

from reconciler.emulator.storage.errors import StorageError

Endpoint = Callable[[Request], Awaitable[Response]]


def base_url(request: Request) -> str:
    """Where the client reached the emulator, with a slash at the end."""
    return str(request.base_url)


def object_segments(request: Request) -> list[str]:
    """The parts of the path behind `/b/<bucket>/o/`, decoded one by one.

    A slash in an object's name arrives as %2F and is part of the name; a plain one separates, as at Google.
    """
    raw: bytes = request.scope["raw_path"]
    parts = raw.decode("ascii").split("/")
    return [unquote(part) for part in parts[parts.index("b") + 3 :]]


def object_name(request: Request) -> str:
    """The object's name in the path. Raises StorageError (404) for a path that has more parts than that."""
    segments = object_segments(request)
    if len(segments) != 1:
        raise StorageError(404, "notFound", "Not Found")
    return segments[0]


def json_answer(value: dict[str, Any], status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """`value` as the API sends JSON."""
    return Response(orjson.dumps(value), status, headers, "application/json; charset=UTF-8")


def answering(handler: Endpoint) -> Endpoint:
    """`handler` with its StorageErrors as answers: JSON, or plain words where content was asked for."""

    async def endpoint(request: Request) -> Response:
        try:
            return await handler(request)
        except StorageError as error:
            if error.http_status == 304:
                return Response(status_code=304)
            if request.method == "GET" and _wants_content(request):
                return Response(error.message, error.http_status, media_type="text/html; charset=UTF-8")
            return json_answer(error.body(), error.http_status)

    return endpoint


def _wants_content(request: Request) -> bool:
    return request.query_params.get("alt") == "media"
