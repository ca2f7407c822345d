"""The upload URLs: `uploadType` media, multipart and resumable."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from reconciler.emulator.storage.buckets import Buckets
from reconciler.emulator.storage.conditions import conditions_of
from reconciler.emulator.storage.errors import StorageError, invalid, invalid_parameter
from reconciler.emulator.storage.objects import StoredObject
from reconciler.emulator.storage.resources import object_resource
from reconciler.emulator.storage.uploads import Session, Sessions, parse_fields, parse_multipart, receive
from reconciler.emulator.storage.web import base_url, json_answer


class UploadRoutes:
    """Handlers; each may raise StorageError."""

    def __init__(self, buckets: Buckets) -> None:
        self._buckets = buckets
        self._sessions = Sessions()

    async def post(self, request: Request) -> Response:
        """Upload in one request, or start a session."""
        body = await request.body()
        match request.query_params.get("uploadType"):
            case "media":
                fields, content = {}, body
                if media_type := request.headers.get("content-type"):
                    fields["contentType"] = media_type
            case "multipart":
                fields, content = parse_multipart(request.headers.get("content-type", ""), body)
            case "resumable":
                return self._start(request, parse_fields(body))
            case other:
                raise invalid_parameter("uploadType", other or "")
        name = _name(request, fields)
        stored = self._buckets.put(
            request.path_params["bucket"],
            name,
            content,
            _with_query(request, _with_hashes(request, fields)),
            conditions=conditions_of(request.query_params),
        )
        return _answer(request, stored)

    async def put(self, request: Request) -> Response:
        """A chunk of a session, or the question how much of it has arrived."""
        session = self._sessions.get(request.query_params.get("upload_id"))
        chunk = await request.body()
        if session.stored is None and receive(session, request.headers.get("content-range"), chunk):
            session.stored = self._buckets.put(
                session.bucket,
                session.name,
                bytes(session.received),
                _with_hashes(request, session.fields),
                conditions=session.conditions,
            )
            session.received.clear()
        if session.stored is not None:
            return _answer(request, session.stored)
        have = len(session.received)
        return Response(status_code=308, headers={"range": f"bytes=0-{have - 1}"} if have else {})

    async def delete(self, request: Request) -> Response:
        """Give a session up; 499 is how success looks."""
        self._sessions.cancel(request.query_params.get("upload_id"))
        return Response(status_code=499)

    def _start(self, request: Request, fields: dict[str, Any]) -> Response:
        bucket, name = request.path_params["bucket"], _name(request, fields)
        conditions = conditions_of(request.query_params)
        conditions.check(self._buckets.find(bucket, name))
        if media_type := request.headers.get("x-upload-content-type"):
            fields.setdefault("contentType", media_type)
        upload_id = self._sessions.start(Session(bucket, name, _with_query(request, fields), conditions))
        location = f"{base_url(request)}upload/storage/v1/b/{bucket}/o?uploadType=resumable&upload_id={upload_id}"
        return Response(status_code=200, headers={"location": location, "x-guploader-uploadid": upload_id})


def _name(request: Request, fields: dict[str, Any]) -> str:
    name = request.query_params.get("name") or fields.get("name")
    if not isinstance(name, str):
        raise StorageError(400, "required", "Required parameter: name", ("parameter", "name"))
    return name


def _with_query(request: Request, fields: dict[str, Any]) -> dict[str, Any]:
    """Metadata that may be given as query parameters as well."""
    given = {key: request.query_params[key] for key in ("contentEncoding", "kmsKeyName") if key in request.query_params}
    return {**fields, **given}


def _with_hashes(request: Request, fields: dict[str, Any]) -> dict[str, Any]:
    """The checksums of the x-goog-hash header among the metadata, where they are compared with the content."""
    hashes = dict(fields)
    for item in request.headers.get("x-goog-hash", "").split(","):
        kind, _, value = item.strip().partition("=")
        if kind in ("crc32c", "md5"):
            hashes["md5Hash" if kind == "md5" else kind] = value
        elif kind:
            raise invalid(f"Invalid x-goog-hash header: '{kind}'")
    return hashes


def _answer(request: Request, stored: StoredObject) -> Response:
    return json_answer(object_resource(stored, base_url(request)))
