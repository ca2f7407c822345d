"""From an HTTP request to an API method and back."""

import re

import orjson
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from reconciler.emulator.aiplatform.call import Call, Handler, Raw
from reconciler.emulator.aiplatform.names import Parent, parent, project_number
from reconciler.emulator.aiplatform.service import HANDLERS
from reconciler.emulator.discovery import Api, Method, load_api
from reconciler.emulator.google_errors import not_found_page
from reconciler.emulator.json_body import parse_object
from reconciler.emulator.shaping import shape_message
from reconciler.emulator.validation import parse_message, parse_query
from reconciler.emulator.web import JSON, VERBS, answer_or_refuse, url_shape
from reconciler.emulator.world import World

VERSIONS = ("v1", "v1beta1")
# Another name for the operations of every version, which Google's own clients poll; it is in the service configuration
# (aiplatform_v1.yaml, http rules of google.longrunning.Operations) and not in the discovery documents.
UNVERSIONED = "ui"
REGIONAL_HOST = re.compile(r"([a-z0-9-]+)-aiplatform\.googleapis\.com")
MULTI_REGIONAL_HOST = re.compile(r"aiplatform\.(us|eu)\.rep\.googleapis\.com")
GLOBAL_HOST = "aiplatform.googleapis.com"


def aiplatform_routes(world: World) -> list[Route]:
    """Everything under `/v1/projects/`, `/v1beta1/projects/` and `/ui/projects/`."""
    service = AiPlatformRoutes(world)
    return [
        Route(f"/{version}/projects/{{rest:path}}", service.answer, methods=VERBS)
        for version in (*VERSIONS, UNVERSIONED)
    ]


class AiPlatformRoutes:
    """Finds the method that a URL belongs to, as the discovery document says it."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._methods: dict[tuple[str, str], tuple[Api, Method, Handler]] = {}
        for api in (load_api("aiplatform", version) for version in VERSIONS):
            for method in api.methods.values():
                shape = re.sub(r"\{[^}]*\}", "{}", method.path)
                self._methods[method.http_method, shape] = (api, method, HANDLERS[method.id])

    async def answer(self, request: Request) -> Response:
        """Answer one request."""
        path = request.url.path
        shape, ids = url_shape(self._versioned(path))
        found = self._methods.get((request.method, shape))
        if found is None or not serves(request.headers.get("host", ""), ids.get("locations", "")):
            return HTMLResponse(not_found_page(path), 404)
        api, method, handler = found
        limit = self._world.options.max_body_bytes
        return await answer_or_refuse(request, limit, lambda body: self._run(request, api, method, handler, ids, body))

    def _versioned(self, path: str) -> str:
        """The URL's path; where it names operations without a version, with the version that began the operation."""
        prefix = f"/{UNVERSIONED}/"
        if not path.startswith(prefix) or "/operations" not in path:
            return path
        _, ids = url_shape(path)
        place = Parent(project_number(ids.get("projects", "")), ids.get("locations", ""))
        site = self._world.aiplatform.memory.site(place)
        operation = site.operations.get(ids.get("operations", ""))
        return f"/{operation.version if operation else VERSIONS[0]}/{path.removeprefix(prefix)}"

    def _run(
        self, request: Request, api: Api, method: Method, handler: Handler, ids: dict[str, str], body: bytes
    ) -> Response:
        """Parse, let time pass, handle and write; nothing in here waits, so that requests do not mix."""
        given = parse_object(body)
        request_type = method.request or "GoogleProtobufEmpty"
        world = self._world
        call = Call(
            memory=world.aiplatform.memory,
            api=api,
            method=method,
            parent=parent(ids["projects"], ids["locations"]),
            ids=ids,
            query=parse_query(api, method.query, request.query_params.multi_items()),
            body=parse_message(api, request_type, given, method.body_field) if given else {},
            now=world.clock.now(),
            streamed=request.query_params.get("alt") == "sse",
        )
        world.settle()
        answer = handler(call)
        if isinstance(answer, Raw):
            return Response(answer.body, media_type=answer.content_type)
        return Response(orjson.dumps(shape_message(api, method.response, answer.value)), media_type=JSON)


def serves(host: str, location: str) -> bool:
    """Whether a Google host serves a location. Under any other name the emulator serves all of them."""
    name = host.partition(":")[0].lower()
    if name == GLOBAL_HOST:
        return location == "global"
    match = MULTI_REGIONAL_HOST.fullmatch(name) or REGIONAL_HOST.fullmatch(name)
    return match is None or match[1] == location
