"""Recorded exchanges with the Gemini API against the message types of Google's own client.

There is no discovery document of it to be had; here JSON must parse, strictly, as the message that the method's URL
has in google-ai-generativelanguage. The types come from that package, not from the emulator's extract of it.
"""

import importlib
import json
import re
from collections.abc import Iterator
from typing import Any

from tests.conformance.exchange import Exchange

PATH = re.compile(r"/(v1|v1beta)/(tunedModels|models)(/|:|$)")
MODEL = "tunedModels/[^/:]+"
# By HTTP method and path: the request's type, which of its fields the body is, and the answer's type.
METHODS = (
    ("POST", "tunedModels", "CreateTunedModelRequest", "tuned_model", "Operation"),
    ("GET", "tunedModels", "ListTunedModelsRequest", "", "ListTunedModelsResponse"),
    ("GET", MODEL, "GetTunedModelRequest", "", "TunedModel"),
    ("PATCH", MODEL, "UpdateTunedModelRequest", "tuned_model", "TunedModel"),
    ("DELETE", MODEL, "DeleteTunedModelRequest", "", ""),
    ("POST", f"{MODEL}:transferOwnership", "TransferOwnershipRequest", "*", "TransferOwnershipResponse"),
    ("POST", f"{MODEL}:generateContent", "GenerateContentRequest", "*", "GenerateContentResponse"),
    ("POST", f"{MODEL}/permissions", "CreatePermissionRequest", "permission", "Permission"),
    ("GET", f"{MODEL}/permissions", "ListPermissionsRequest", "", "ListPermissionsResponse"),
    ("GET", f"{MODEL}/permissions/[^/:]+", "GetPermissionRequest", "", "Permission"),
    ("PATCH", f"{MODEL}/permissions/[^/:]+", "UpdatePermissionRequest", "permission", "Permission"),
    ("DELETE", f"{MODEL}/permissions/[^/:]+", "DeletePermissionRequest", "", ""),
    ("GET", f"{MODEL}/operations", "ListOperationsRequest", "", "ListOperationsResponse"),
    ("GET", f"{MODEL}/operations/[^/:]+", "GetOperationRequest", "", "Operation"),
    ("POST", f"{MODEL}/operations/[^/:]+:cancel", "CancelOperationRequest", "*", ""),
    ("GET", "models", "ListModelsRequest", "", "ListModelsResponse"),
    ("GET", "models/[^/:]+", "GetModelRequest", "", "Model"),
)
V1 = re.compile(rf"{MODEL}(:generateContent|/operations.*)|models.*")
V1_ONLY = re.compile(".*:cancel")
GLOBAL_PARAMETERS = {"fields", "key", "alt", "$alt", "prettyPrint"}


def is_gemini(exchange: Exchange) -> bool:
    """Whether this went to the Gemini API."""
    return PATH.match(exchange.path) is not None


def check_exchange(exchange: Exchange) -> list[str]:
    """Everything in the request and the answer that Google's client has no place for."""
    version, _, name = exchange.path.lstrip("/").partition("/")
    method = next((m for m in METHODS if m[0] == exchange.method and re.fullmatch(m[1], name)), None)
    is_here = V1.fullmatch(name) if version == "v1" else not V1_ONLY.fullmatch(name)
    if method is None or not is_here:
        return [] if exchange.status == 404 else [f"{exchange}: no such method"]
    return [f"{exchange}: {problem}" for problem in _problems(exchange, version, *method[2:])]


def _problems(exchange: Exchange, version: str, request: str, body: str, response: str) -> Iterator[str]:
    package = importlib.import_module(f"google.ai.generativelanguage_{version}")
    asked = _new(package, request)
    names = {field.json_name for field in asked.DESCRIPTOR.fields} | GLOBAL_PARAMETERS
    yield from (f"query {name}: unknown name" for name, _ in exchange.query if name not in names)
    if exchange.request_body.strip() not in (b"", b"{}"):
        if not body:
            yield "request: a body where none is expected"
        else:
            yield from _parse("request", exchange.request_body, asked if body == "*" else getattr(asked, body))
    if exchange.status >= 400:
        error = json.loads(exchange.response_body)["error"]
        if error["code"] != exchange.status or not isinstance(error["status"], str):
            yield f"response: a wrong error object: {error}"
    elif exchange.status:
        answered = _new(package, response) if response else _new_empty()
        yield from _parse("response", exchange.response_body, answered)


def _new(package: Any, name: str) -> Any:
    """An empty message of the package, or of google.longrunning."""
    from google.longrunning import operations_pb2

    found = getattr(package, name, None)
    return getattr(operations_pb2, name)() if found is None else found.pb(found())


def _new_empty() -> Any:
    from google.protobuf import empty_pb2

    return empty_pb2.Empty()


def _parse(what: str, text: bytes, message: Any) -> Iterator[str]:
    from google.protobuf import json_format

    try:
        json_format.Parse(text, message)
    except json_format.ParseError as error:
        yield f"{what}: {error}"
