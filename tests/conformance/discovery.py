"""Recorded HTTP exchanges against Google's own descriptions of its APIs.

The discovery documents are those that google-api-python-client ships, not the emulator's extract of them.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from tests.conformance import gemini_types
from tests.conformance.exchange import Exchange, multipart_metadata
from tests.conformance.schemas import Checker, Schema, check_text

STORAGE_PATH = re.compile(r"/(upload/|resumable/upload/|download/)?storage/v1/")
# Where Google's own clients poll operations: in the service's configuration, in no discovery document.
UNVERSIONED_OPERATIONS = re.compile(r"/ui/(?=projects/.*/operations(/|:|$))")
# Parameters that the front end takes for every method and no document names.
SYSTEM_PARAMETERS = {"$alt": ("json", "json;enum-encoding=int"), "$prettyPrint": ("true", "false", "0", "1")}
# How streams are asked for as server-sent events.
SERVER_SENT = ("alt", "sse")


@dataclass(frozen=True, slots=True)
class Method:
    """One method of a document; `pattern` matches its paths, `verb` is the HTTP method."""

    id: str
    verb: str
    pattern: re.Pattern[str]
    definition: Schema
    is_upload: bool = False


@dataclass(frozen=True, slots=True)
class Document:
    """One API version. `methods` with fewer placeholders come first: a literal segment wins over `{id}`."""

    schemas: dict[str, Schema]
    parameters: dict[str, Schema]
    methods: tuple[Method, ...]

    def find(self, verb: str, path: str) -> Method | None:
        """The method with this URL, or None."""
        return next((m for m in self.methods if m.verb == verb and m.pattern.fullmatch(path)), None)


def check_exchange(exchange: Exchange, *, snake_case: bool = False) -> list[str]:
    """Everything in the request and in the answer that Google's document does not have.

    With `snake_case`, names such as `base_model` pass in requests, as they do with Google. The Gemini API has no
    document; its exchanges are held against Google's client.
    """
    if gemini_types.is_gemini(exchange):
        return gemini_types.check_exchange(exchange)
    return check_request(exchange, snake_case=snake_case) + check_response(exchange)


def check_request(exchange: Exchange, *, snake_case: bool = False) -> list[str]:
    """Everything wrong with the request: URL, query, body."""
    document, method = find_method(exchange)
    if document is None or method is None:
        return [f"request: {exchange.method} {exchange.path}: no such method"]
    problems = [*_check_query(document, method, exchange), *_check_body(document, method, exchange, snake_case)]
    return [f"request: {method.id}: {problem}" for problem in problems]


def check_response(exchange: Exchange) -> list[str]:
    """Everything wrong with the answer. A lost one is none; where no method is, only a refusal is right."""
    document, method = find_method(exchange)
    if exchange.status == 0:
        return []
    if document is None or method is None:
        refused = exchange.status in (404, 405)
        return [] if refused else [f"response: {exchange}: answered although there is no such method"]
    return [f"response: {method.id}: {problem}" for problem in _check_answer(document, method, exchange)]


def find_method(exchange: Exchange) -> tuple[Document | None, Method | None]:
    """The document and the method of the exchange's URL."""
    path = UNVERSIONED_OPERATIONS.sub("/v1/", exchange.path)
    name = document_name(path)
    if name is None:
        return None, None
    document = load(name)
    # A session of a resumable upload goes on under the URL of its start, with another verb.
    verb = "POST" if is_session(exchange) else exchange.method
    return document, document.find(verb, path)


def document_name(path: str) -> str | None:
    """Which discovery document describes this path."""
    if STORAGE_PATH.match(path):
        return "storage.v1"
    version = path.split("/")[1]
    return f"aiplatform.{version}" if version in ("v1", "v1beta1") else None


@cache
def load(name: str) -> Document:
    """The document `name` of the installed google-api-python-client."""
    text = files("googleapiclient").joinpath(f"discovery_cache/documents/{name}.json").read_bytes()
    document = json.loads(text)
    methods = sorted(
        (method for definition in _definitions(document) for method in _methods(document, definition)),
        key=lambda method: method.pattern.pattern.count("[^"),
    )
    return Document(document["schemas"], document["parameters"], tuple(methods))


def is_session(exchange: Exchange) -> bool:
    """Whether this is a chunk of, or the end of, a resumable upload."""
    return exchange.method in ("PUT", "DELETE") and any(name == "upload_id" for name, _ in exchange.query)


def _definitions(node: dict[str, Any]) -> Iterator[Schema]:
    yield from node.get("methods", {}).values()
    for resource in node.get("resources", {}).values():
        yield from _definitions(resource)


def _methods(document: dict[str, Any], definition: Schema) -> Iterator[Method]:
    """The method itself, and its twins under the upload and download URLs."""
    service = document["servicePath"]
    path = f"/{service}{definition.get('flatPath', definition['path'])}"
    # Only aiplatform's URLs have verbs after a colon; in an object's name a colon is a letter as any other.
    one = "[^/]+" if service else "[^/:]+"
    found = Method(definition["id"], definition["httpMethod"], _pattern(path, one), definition)
    yield found
    if definition.get("useMediaDownloadService"):
        yield Method(found.id, found.verb, _pattern(f"/download{path}", one), definition)
    for protocol in definition.get("mediaUpload", {}).get("protocols", {}).values():
        yield Method(found.id, found.verb, _pattern(protocol["path"], one), definition, is_upload=True)


def _pattern(template: str, one: str) -> re.Pattern[str]:
    parts = re.split(r"\{\+?\w+\}", template)
    return re.compile(one.join(map(re.escape, parts)))


def _check_query(document: Document, method: Method, exchange: Exchange) -> Iterator[str]:
    own = {name: p for name, p in method.definition.get("parameters", {}).items() if p["location"] == "query"}
    known = {**document.parameters, **own}
    if method.is_upload:
        known["upload_id"] = {"type": "string"}
    seen: set[str] = set()
    for name, text in exchange.query:
        parameter = known.get(name)
        if (name, text) == SERVER_SENT and _is_stream(method):
            pass
        elif name in SYSTEM_PARAMETERS:
            if text not in SYSTEM_PARAMETERS[name]:
                yield f"query {name}={text}: wrong value"
        elif parameter is None:
            yield f"query {name}: unknown name"
        elif not check_text(parameter, text):
            yield f"query {name}={text}: wrong value"
        elif name in seen and not parameter.get("repeated"):
            yield f"query {name}: given twice"
        seen.add(name)


def _check_body(document: Document, method: Method, exchange: Exchange, snake_case: bool) -> Iterator[str]:
    body = exchange.request_body
    if is_session(exchange):
        return
    if method.is_upload:
        kind = dict(exchange.query).get("uploadType")
        if kind == "media":
            return
        body = multipart_metadata(exchange) if kind == "multipart" else body
    schema = method.definition.get("request")
    if schema is None:
        if body.strip() not in (b"", b"{}"):
            yield f"body: none expected, {len(body)} bytes sent"
    elif body:
        yield from _check_json(Checker(document.schemas, request=True, snake_case=snake_case), schema, body)


def _check_answer(document: Document, method: Method, exchange: Exchange) -> Iterator[str]:
    if exchange.status in (204, 304, 308, 499) or exchange.method == "HEAD":
        if exchange.response_body:
            yield f"{exchange.status} with a body"
        return
    asked_for_content = ("alt", "media") in exchange.query
    if exchange.status >= 400:
        if not asked_for_content:
            yield from _check_error(exchange)
        return
    if asked_for_content or _starts_session(exchange):
        return
    schema = method.definition.get("response")
    if schema is None:
        yield f"body: none expected, {len(exchange.response_body)} bytes sent"
        return
    media_type = exchange.response_headers.get("content-type", "").partition(";")[0]
    if media_type != ("text/event-stream" if SERVER_SENT in exchange.query else "application/json"):
        yield f"content-type {media_type or 'missing'}"
    checker = Checker(document.schemas, request=False)
    if media_type == "text/event-stream":
        for line in filter(None, exchange.response_body.split(b"\r\n")):
            yield from _check_json(checker, schema, line.removeprefix(b"data: "))
        return
    streamed = {"type": "array", "items": schema}
    yield from _check_json(checker, streamed if _is_stream(method) else schema, exchange.response_body)


def _starts_session(exchange: Exchange) -> bool:
    return "location" in exchange.response_headers and ("uploadType", "resumable") in exchange.query


def _is_stream(method: Method) -> bool:
    """Whether the answer is a list of its type: `streamGenerateContent` and the like."""
    return method.id.rpartition(".")[2].startswith("stream")


def _check_json(checker: Checker, schema: Schema, body: bytes) -> Iterator[str]:
    try:
        value = json.loads(body)
    except ValueError:
        yield f"body: no JSON: {body[:80]!r}"
        return
    yield from checker.check(schema, value)


def _check_error(exchange: Exchange) -> Iterator[str]:
    """Google's error object; google.rpc's names for aiplatform, a list of reasons for storage."""
    try:
        error = json.loads(exchange.response_body)["error"]
        code, message = error["code"], error["message"]
        named = error["errors"][0]["reason"] if STORAGE_PATH.match(exchange.path) else error["status"]
    except (ValueError, KeyError, TypeError, IndexError):
        yield f"{exchange.status} without Google's error object: {exchange.response_body[:200]!r}"
        return
    if code != exchange.status or not isinstance(message, str) or not isinstance(named, str):
        yield f"{exchange.status} with a wrong error object: {error}"
