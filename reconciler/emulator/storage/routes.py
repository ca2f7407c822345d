"""The URLs of the Cloud Storage JSON API."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from reconciler.emulator.storage.buckets import Buckets
from reconciler.emulator.storage.conditions import conditions_of, integer
from reconciler.emulator.storage.downloads import content_answer
from reconciler.emulator.storage.errors import StorageError, not_emulated
from reconciler.emulator.storage.listing import list_page, list_query
from reconciler.emulator.storage.objects import Bucket, StoredObject
from reconciler.emulator.storage.resources import bucket_resource, object_resource
from reconciler.emulator.storage.upload_routes import UploadRoutes
from reconciler.emulator.storage.uploads import parse_fields
from reconciler.emulator.storage.web import Endpoint, answering, base_url, json_answer, object_name, object_segments

ALL_BUCKETS = "/storage/v1/b"
ONE_BUCKET = "/storage/v1/b/{bucket}"
OBJECTS = "/storage/v1/b/{bucket}/o"
ONE_OBJECT = "/storage/v1/b/{bucket}/o/{object:path}"


def storage_routes(buckets: Buckets) -> list[Route]:
    """Everything under `/storage/v1`, `/upload/storage/v1` and `/download/storage/v1`."""
    at = BucketRoutes(buckets)
    objects = ObjectRoutes(buckets)
    uploads = UploadRoutes(buckets)
    table: list[tuple[str, str, Endpoint]] = [
        ("GET", ALL_BUCKETS, at.list_all),
        ("POST", ALL_BUCKETS, at.insert),
        ("GET", ONE_BUCKET, at.get),
        ("DELETE", ONE_BUCKET, at.delete),
        ("GET", OBJECTS, objects.list_page),
        ("GET", ONE_OBJECT, objects.get),
        ("PATCH", ONE_OBJECT, objects.patch),
        ("PUT", ONE_OBJECT, objects.update),
        ("DELETE", ONE_OBJECT, objects.delete),
        ("POST", ONE_OBJECT, objects.copy),
        ("GET", f"/download{ONE_OBJECT}", objects.get),
        *(
            (method, f"{prefix}{OBJECTS}", handler)
            for prefix in ("/upload", "/resumable/upload")
            for method, handler in (("POST", uploads.post), ("PUT", uploads.put), ("DELETE", uploads.delete))
        ),
    ]
    return [Route(path, answering(handler), methods=[method]) for method, path, handler in table]


class BucketRoutes:
    """Handlers of buckets; each may raise StorageError."""

    def __init__(self, buckets: Buckets) -> None:
        self._buckets = buckets

    async def list_all(self, request: Request) -> Response:
        """All buckets: the emulator does not tell projects apart here."""
        _require(request, "project")
        page = list_page(self._buckets.names(), list_query(request.query_params))
        items = [bucket_resource(self._buckets.bucket(name), base_url(request)) for name in page.names]
        return json_answer(_list_answer("storage#buckets", items, [], page.next_token))

    async def insert(self, request: Request) -> Response:
        """Create a bucket."""
        _require(request, "project")
        fields = parse_fields(await request.body())
        return self._answer(request, self._buckets.create_bucket(str(fields.get("name", "")), fields))

    async def get(self, request: Request) -> Response:
        """One bucket's resource."""
        return self._answer(request, self._buckets.bucket(request.path_params["bucket"]))

    async def delete(self, request: Request) -> Response:
        """Remove an empty bucket."""
        self._buckets.delete_bucket(request.path_params["bucket"])
        return Response(status_code=204)

    def _answer(self, request: Request, bucket: Bucket) -> Response:
        return json_answer(bucket_resource(bucket, base_url(request)))


class ObjectRoutes:
    """Handlers of objects; each may raise StorageError."""

    def __init__(self, buckets: Buckets) -> None:
        self._buckets = buckets

    async def list_page(self, request: Request) -> Response:
        """One page of a bucket."""
        page, found = self._buckets.list(request.path_params["bucket"], list_query(request.query_params))
        items = [object_resource(each, base_url(request)) for each in found]
        return json_answer(_list_answer("storage#objects", items, page.prefixes, page.next_token))

    async def get(self, request: Request) -> Response:
        """The resource, or with `alt=media` the content."""
        query = request.query_params
        found = self._buckets.read(
            request.path_params["bucket"],
            object_name(request),
            generation=integer(query, "generation"),
            conditions=conditions_of(query),
        )
        if query.get("alt") == "media":
            return content_answer(found, request.headers.get("range"))
        return self._answer(request, found)

    async def patch(self, request: Request) -> Response:
        """Change some metadata."""
        return await self._write_metadata(request, whole=False)

    async def update(self, request: Request) -> Response:
        """Replace all metadata."""
        return await self._write_metadata(request, whole=True)

    async def delete(self, request: Request) -> Response:
        """Remove the object."""
        query = request.query_params
        self._buckets.delete(
            request.path_params["bucket"],
            object_name(request),
            generation=integer(query, "generation"),
            conditions=conditions_of(query),
        )
        return Response(status_code=204)

    async def copy(self, request: Request) -> Response:
        """Object to object, in one step however large: `copyTo` and `rewriteTo`."""
        body = await request.body()
        match object_segments(request):
            case [source, ("copyTo" | "rewriteTo") as verb, "b", to_bucket, "o", to_name]:
                written = self._copy(request, source, to_bucket, to_name, body)
            case [_, "compose" as verb]:
                raise not_emulated(verb)
            case _:
                raise StorageError(404, "notFound", "Not Found")
        if verb == "copyTo":
            return self._answer(request, written)
        size = str(len(written.content))
        answer = {"kind": "storage#rewriteResponse", "totalBytesRewritten": size, "objectSize": size, "done": True}
        return json_answer({**answer, "resource": object_resource(written, base_url(request))})

    def _copy(self, request: Request, source: str, to_bucket: str, to_name: str, body: bytes) -> StoredObject:
        query = request.query_params
        found = self._buckets.read(request.path_params["bucket"], source, generation=integer(query, "sourceGeneration"))
        conditions_of(query, "ifSource").check(found)
        # Metadata in the request replaces that of the source as a whole.
        fields = parse_fields(body) or found.fields
        return self._buckets.put(to_bucket, to_name, found.content, fields, conditions=conditions_of(query))

    async def _write_metadata(self, request: Request, *, whole: bool) -> Response:
        changed = self._buckets.patch(
            request.path_params["bucket"],
            object_name(request),
            parse_fields(await request.body()),
            conditions=conditions_of(request.query_params),
            whole=whole,
        )
        return self._answer(request, changed)

    def _answer(self, request: Request, found: StoredObject) -> Response:
        return json_answer(object_resource(found, base_url(request)))


def _require(request: Request, name: str) -> None:
    if not request.query_params.get(name):
        raise StorageError(400, "required", f"Required parameter: {name}", ("parameter", name))


def _list_answer(
    kind: str, items: list[dict[str, object]], prefixes: list[str], token: str | None
) -> dict[str, object]:
    """Empty lists are left out, as the API does."""
    parts: dict[str, object] = {"nextPageToken": token, "prefixes": prefixes, "items": items}
    return {"kind": kind, **{name: value for name, value in parts.items() if value}}
