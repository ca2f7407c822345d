"""The types and methods of one API version, from the extract of Google's discovery document in `schemas/`."""

import re
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

import orjson

# How JSON names a number of an enumeration, where it is not its place in the discovery document's list
# (google/cloud/aiplatform/v1/tuning_job.proto).
ENUM_NUMBERS = {
    "ADAPTER_SIZE_ONE": 1,
    "ADAPTER_SIZE_FOUR": 2,
    "ADAPTER_SIZE_EIGHT": 3,
    "ADAPTER_SIZE_SIXTEEN": 4,
    "ADAPTER_SIZE_THIRTY_TWO": 5,
    "ADAPTER_SIZE_TWO": 6,
}


@dataclass(slots=True)
class Type:
    """What one value may be.

    `kind`: message, map, list, enum, any, string, bytes, boolean, int32, int64, number, float (of 32 bits),
    datetime or duration.
    `message` names the type of a message; `element` is what a list or map holds; `values` are an enum's names.
    """

    kind: str
    message: str = ""
    element: "Type | None" = None
    values: tuple[str, ...] = ()


@dataclass(slots=True)
class Field:
    """One field of a message, under its name in answers and in snake_case.

    `input_only` fields never come back. With `presence`, a zero that was set is told apart from nothing, and written.
    """

    name: str
    snake_name: str
    type: Type
    read_only: bool
    input_only: bool = False
    presence: bool = False


@dataclass(slots=True)
class Message:
    """A message type. `by_name` finds a field by either of its names."""

    name: str
    fields: dict[str, Field]
    by_name: dict[str, Field] = field(init=False)

    def __post_init__(self) -> None:
        self.by_name = self.fields | {f.snake_name: f for f in self.fields.values()}


@dataclass(frozen=True, slots=True)
class Method:
    """One API method. `path` is the URL's pattern without a leading slash; `body_field` roots paths in errors."""

    id: str
    http_method: str
    path: str
    request: str | None
    response: str
    query: dict[str, Field]
    body_field: str


@dataclass(frozen=True, slots=True)
class Api:
    """One version of one service.

    `package` is what type URLs have (`google.cloud.aiplatform.v1`), `type_prefix` what stands before a type's own name
    in `messages` (`GoogleCloudAiplatformV1`, or nothing).
    """

    service: str
    version: str
    methods: dict[str, Method]
    messages: dict[str, Message]
    global_parameters: frozenset[str]
    package: str
    type_prefix: str


@cache
def load_api(service: str, version: str) -> Api:
    """Read the extract of one API version, such as `aiplatform`, `v1`."""
    extract = orjson.loads((files("reconciler.emulator") / "schemas" / f"{service}.{version}.json").read_bytes())
    messages = {name: _message(name, schema) for name, schema in extract["schemas"].items()}
    methods = [_method(name, method) for name, method in extract["methods"].items()]
    by_id = {method.id: method for method in methods}
    package = extract["package"]
    prefix = "" if package == f"google.ai.{service}.{version}" else _capitalised(package)
    return Api(service, version, by_id, messages, frozenset(extract["globalParameters"]), package, prefix)


def snake_case(name: str) -> str:
    """`trainingDatasetUri` -> `training_dataset_uri`."""
    return re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", name).lower()


def _capitalised(package: str) -> str:
    """`google.cloud.aiplatform.v1` -> `GoogleCloudAiplatformV1`, as discovery documents name types."""
    return "".join(part[:1].upper() + part[1:] for part in package.split("."))


def _message(name: str, schema: dict[str, Any]) -> Message:
    return Message(name, {key: _field(key, part) for key, part in schema.get("properties", {}).items()})


def _field(name: str, schema: dict[str, Any]) -> Field:
    kind = _type(schema)
    if schema.get("repeated"):
        kind = Type("list", element=kind)
    told = {key: bool(schema.get(key)) for key in ("readOnly", "inputOnly", "presence")}
    return Field(name, snake_case(name), kind, told["readOnly"], told["inputOnly"], told["presence"])


def _type(schema: dict[str, Any]) -> Type:
    if "$ref" in schema:
        return Type("message", message=schema["$ref"])
    if "enum" in schema:
        return Type("enum", values=tuple(schema["enum"]))
    if schema["type"] == "array":
        return Type("list", element=_type(schema["items"]))
    if schema["type"] == "object":
        return Type("map", element=_type(schema["additionalProperties"]))
    kind = schema.get("format", schema["type"]).removeprefix("google-")
    return Type({"byte": "bytes", "double": "number", "fieldmask": "string"}.get(kind, kind))


def _method(name: str, method: dict[str, Any]) -> Method:
    request = method.get("request")
    query = {key: _field(key, schema) for key, schema in method["query"].items()}
    return Method(
        id=name.split(".locations.")[-1],
        http_method=method["httpMethod"],
        path=method["path"],
        request=request,
        response=method["response"],
        query=query,
        body_field="" if request is None or request.endswith("Request") else snake_case(_own_name(request)),
    )


def _own_name(type_name: str) -> str:
    return re.sub(r"^GoogleCloud[A-Z][a-z]+V\d+(beta\d+)?", "", type_name)
