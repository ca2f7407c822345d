"""From an HTTP request to a method of the Gemini API and back."""

import re
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from reconciler.emulator.discovery import Api, Method, load_api
from reconciler.emulator.generativelanguage.access import DEFAULT_CALLER
from reconciler.emulator.generativelanguage.call import Call, Handler, Raw
from reconciler.emulator.generativelanguage.service import HANDLERS
from reconciler.emulator.google_errors import not_found_page
from reconciler.emulator.json_body import parse_object
from reconciler.emulator.partial import select_fields
from reconciler.emulator.shaping import shape_message
from reconciler.emulator.validation import parse_message, parse_query
from reconciler.emulator.web import JSON, VERBS, answer_or_refuse, url_shape
from reconciler.emulator.world import World

VERSIONS = ("v1", "v1beta")
COLLECTIONS = ("models", "tunedModels")
HOST = "generativelanguage.googleapis.com"


def generativelanguage_routes(world: World) -> list[Route]:
    """Everything under `/v1/` and `/v1beta/` that begins with `models` or `tunedModels`."""
    service = GenerativeLanguageRoutes(world)
    return [
        Route(f"/{version}/{collection}{rest}", service.answer, methods=VERBS)
        for version in VERSIONS
        for collection in COLLECTIONS
        for rest in ("", "/{rest:path}")
    ]


class GenerativeLanguageRoutes:
    """Finds the method that a URL belongs to, as the extract of Google's client says it."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._methods: dict[tuple[str, str], tuple[Api, Method, Handler]] = {}
        for api in (load_api("generativelanguage", version) for version in VERSIONS):
            for method in api.methods.values():
                shape = re.sub(r"\{[^}]*\}", "{}", method.path)
                self._methods[method.http_method, shape] = (api, method, HANDLERS[method.id])

    async def answer(self, request: Request) -> Response:
        """Answer one request."""
        shape, ids = url_shape(request.url.path)
        found = self._methods.get((request.method, shape))
        if found is None or not _serves(request.headers.get("host", "")):
            return HTMLResponse(not_found_page(request.url.path), 404)
        limit = self._world.options.max_body_bytes
        return await answer_or_refuse(request, limit, lambda body: self._run(request, found, ids, body))

    def _run(self, request: Request, found: tuple[Api, Method, Handler], ids: dict[str, str], body: bytes) -> Response:
        """Parse, let time pass, handle and write; nothing in here waits, so that requests do not mix."""
        api, method, handler = found
        given = parse_object(body)
        world = self._world
        call = Call(
            memory=world.generativelanguage.memory,
            api=api,
            method=method,
            ids=ids,
            query=parse_query(api, method.query, request.query_params.multi_items()),
            body=parse_message(api, method.request or "Empty", given, method.body_field) if given else {},
            now=world.clock.now(),
            caller=request.headers.get("x-goog-user-project") or DEFAULT_CALLER,
            streamed=request.query_params.get("alt") == "sse",
        )
        world.settle()
        answer = handler(call)
        if isinstance(answer, Raw):
            return Response(answer.body, media_type=answer.content_type)
        shaped: dict[str, Any] = shape_message(api, method.response, answer)
        mask = request.query_params.get("fields", "")
        return Response(orjson.dumps(select_fields(api, method.response, shaped, mask)), media_type=JSON)


def _serves(host: str) -> bool:
    """Whether a host serves the Gemini API: no other of Google's does; under other names the emulator does."""
    name = host.partition(":")[0].lower()
    return name == HOST or not name.endswith(".googleapis.com")
