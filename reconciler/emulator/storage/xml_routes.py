"""The URLs of the Cloud Storage XML API: `/<bucket>` and `/<bucket>/<object>`.

As far as the Rust object_store crate uses it, which brings its own client and no choice of API: objects, their
conditions, lists, copies and multipart uploads.
"""

import hashlib
import re
import secrets
from dataclasses import dataclass, field
from urllib.parse import unquote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from reconciler.emulator.storage.buckets import Buckets
from reconciler.emulator.storage.conditions import Conditions, conditions_of, integer
from reconciler.emulator.storage.downloads import content_answer
from reconciler.emulator.storage.errors import StorageError, invalid, not_emulated
from reconciler.emulator.storage.listing import ListQuery, list_query
from reconciler.emulator.storage.objects import StoredObject
from reconciler.emulator.storage.web import Endpoint
from reconciler.emulator.storage.xml_answers import (
    element,
    listing,
    written_headers,
    xml_answer,
    xml_error,
    xml_etag,
)

# The first parts of other APIs' paths, which at Google have other hosts. No route there is no bucket here.
RESERVED = re.compile(r"v\d+(alpha|beta)?\d*|_emulator|batch|download|resumable|storage|ui|upload")
PART_NUMBER = re.compile(rb"<PartNumber>(\d{1,5})</PartNumber>")
METADATA_HEADERS = {
    "cache-control": "cacheControl",
    "content-disposition": "contentDisposition",
    "content-encoding": "contentEncoding",
    "content-language": "contentLanguage",
    "content-type": "contentType",
}


@dataclass(slots=True)
class PartedUpload:
    """A multipart upload under way: its parts by number."""

    bucket: str
    name: str
    fields: dict[str, object]
    parts: dict[int, bytes] = field(default_factory=dict)


def xml_routes(buckets: Buckets) -> list[Route]:
    """To be matched after all other routes: they take every path of one part or more."""
    at = XmlRoutes(buckets)
    table: list[tuple[str, str, Endpoint]] = [
        ("GET", "/{bucket}", at.list_objects),
        ("GET", "/{bucket}/", at.list_objects),
        ("GET", "/{bucket}/{object:path}", at.get),
        ("PUT", "/{bucket}/{object:path}", at.put),
        ("POST", "/{bucket}/{object:path}", at.post),
        ("DELETE", "/{bucket}/{object:path}", at.delete),
    ]
    return [Route(path, answering_xml(handler), methods=[method]) for method, path, handler in table]


def answering_xml(handler: Endpoint) -> Endpoint:
    """`handler` with its StorageErrors as XML."""

    async def endpoint(request: Request) -> Response:
        if RESERVED.fullmatch(request.path_params["bucket"]):
            raise HTTPException(404)
        try:
            return await handler(request)
        except StorageError as error:
            return xml_error(error)

    return endpoint


class XmlRoutes:
    """Handlers; each may raise StorageError."""

    def __init__(self, buckets: Buckets) -> None:
        self._buckets = buckets
        self._uploads: dict[str, PartedUpload] = {}

    async def list_objects(self, request: Request) -> Response:
        """One page of a bucket."""
        bucket, query = request.path_params["bucket"], request.query_params
        if query.get("list-type") != "2":
            raise not_emulated("the XML API's list-type 1")
        token = {"pageToken": query["continuation-token"]} if "continuation-token" in query else {}
        page_of = list_query({**token, "maxResults": query.get("max-keys", "1000")})
        wanted = ListQuery(
            prefix=query.get("prefix", ""),
            delimiter=query.get("delimiter", ""),
            after=page_of.after or query.get("start-after", ""),
            limit=page_of.limit,
        )
        return listing(bucket, wanted.prefix, wanted.limit, *self._buckets.list(bucket, wanted))

    async def get(self, request: Request) -> Response:
        """The content, or with HEAD only its headers."""
        found = self._buckets.read(
            *_place(request), generation=integer(request.query_params, "generation"), conditions=_conditions(request)
        )
        _check_etag(request, found)
        answer = content_answer(found, request.headers.get("range"))
        answer.headers.update(written_headers(found))
        return answer

    async def put(self, request: Request) -> Response:
        """Write an object, a copy of another one, or one part of an upload."""
        content = await request.body()
        if "uploadId" in request.query_params:
            number = integer(request.query_params, "partNumber")
            self._upload(request).parts[number or 0] = content
            digest = hashlib.md5(content, usedforsecurity=False).hexdigest()
            return Response(headers={"etag": f'"{digest}"'})
        bucket, name = _place(request)
        fields = _fields(request)
        if source := request.headers.get("x-goog-copy-source"):
            from_bucket, _, from_name = unquote(source).lstrip("/").partition("/")
            copied = self._buckets.read(from_bucket, from_name)
            content, fields = copied.content, dict(copied.fields)
        if found := self._buckets.find(bucket, name):
            _check_etag(request, found)
        written = self._buckets.put(bucket, name, content, fields, conditions=_conditions(request))
        if source:
            result = element("CopyObjectResult", element("ETag", text=xml_etag(written)))
            answer = xml_answer(result)
            answer.headers.update(written_headers(written))
            return answer
        return Response(headers=written_headers(written))

    async def post(self, request: Request) -> Response:
        """Begin a multipart upload, or complete it."""
        body = await request.body()
        bucket, name = _place(request)
        if "uploads" in request.query_params:
            upload_id = secrets.token_urlsafe(24)
            self._uploads[upload_id] = PartedUpload(bucket, name, _fields(request))
            result = element(
                "InitiateMultipartUploadResult",
                element("Bucket", text=bucket),
                element("Key", text=name),
                element("UploadId", upload_id),
            )
            return xml_answer(result)
        upload = self._upload(request)
        numbers = [int(number) for number in PART_NUMBER.findall(body)]
        if not numbers or numbers != sorted(set(numbers)) or not upload.parts.keys() >= set(numbers):
            raise invalid("The parts named are not those uploaded, or not in order.")
        content = b"".join(upload.parts[number] for number in numbers)
        written = self._buckets.put(bucket, name, content, upload.fields, conditions=_conditions(request))
        del self._uploads[request.query_params["uploadId"]]
        result = element(
            "CompleteMultipartUploadResult", element("Key", text=name), element("ETag", text=xml_etag(written))
        )
        answer = xml_answer(result)
        answer.headers.update(written_headers(written))
        return answer

    async def delete(self, request: Request) -> Response:
        """Remove an object, or give up an upload."""
        if "uploadId" in request.query_params:
            self._upload(request)
            del self._uploads[request.query_params["uploadId"]]
        else:
            self._buckets.delete(*_place(request), conditions=_conditions(request))
        return Response(status_code=204)

    def _upload(self, request: Request) -> PartedUpload:
        upload = self._uploads.get(request.query_params.get("uploadId", ""))
        if upload is None or (upload.bucket, upload.name) != _place(request):
            raise StorageError(404, "notFound", "The specified upload does not exist.")
        return upload


def _place(request: Request) -> tuple[str, str]:
    """The bucket and the object's name. Slashes, escaped or not, belong to the name."""
    raw: bytes = request.scope["raw_path"]
    bucket, _, name = raw.decode("ascii")[1:].partition("/")
    return unquote(bucket), unquote(name)


def _conditions(request: Request) -> Conditions:
    names = {
        "ifGenerationMatch": "x-goog-if-generation-match",
        "ifMetagenerationMatch": "x-goog-if-metageneration-match",
    }
    return conditions_of({name: request.headers[h] for name, h in names.items() if h in request.headers})


def _check_etag(request: Request, found: StoredObject) -> None:
    wanted, known = request.headers.get("if-match"), request.headers.get("if-none-match")
    if wanted not in (None, "*", xml_etag(found)):
        raise StorageError(412, "conditionNotMet", "At least one of the pre-conditions you specified did not hold.")
    if known in ("*", xml_etag(found)):
        raise StorageError(304 if request.method in ("GET", "HEAD") else 412, "conditionNotMet", "Not Modified")


def _fields(request: Request) -> dict[str, object]:
    fields: dict[str, object] = {
        field: request.headers[header] for header, field in METADATA_HEADERS.items() if header in request.headers
    }
    prefix = "x-goog-meta-"
    metadata = {k.removeprefix(prefix): value for k, value in request.headers.items() if k.startswith(prefix)}
    return {**fields, "metadata": metadata} if metadata else fields
