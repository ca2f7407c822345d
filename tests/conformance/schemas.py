"""Values against the schemas of a discovery document. What is wrong comes back as sentences with a path."""

import base64
import binascii
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

Schema = dict[str, Any]
ANY_TYPE = "type.googleapis.com/"
DURATION = re.compile(r"-?\d+(\.\d{1,9})?s")
DATETIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)")
FIELD_MASK = re.compile(r"[\w.]+(,[\w.]+)*|\*|")
RANGES = {
    "int32": (-(2**31), 2**31 - 1),
    "uint32": (0, 2**32 - 1),
    "int64": (-(2**63), 2**63 - 1),
    "uint64": (0, 2**64 - 1),
}


class Checker:
    """Checks against one document's `schemas`.

    Google reads more than it writes: with `request`, null, numbers for 64-bit strings and for enums pass as well, and
    with `snake_case` so do names like `base_model`.
    """

    def __init__(self, schemas: dict[str, Schema], *, request: bool, snake_case: bool = False) -> None:
        self._schemas = schemas
        self._request = request
        self._snake_case = snake_case

    def check(self, schema: Schema, value: Any, where: str = "$") -> Iterator[str]:
        """Everything that is wrong with `value`."""
        if "$ref" in schema:
            schema = self._schemas[schema["$ref"]]
        if value is None:
            if not self._request:
                yield f"{where}: null"
            return
        match schema.get("type"):
            case "object":
                yield from self._object(schema, value, where)
            case "array":
                yield from self._array(schema, value, where)
            case "string":
                yield from self._string(schema, value, where)
            case "any":
                pass
            case kind:
                if not _is_a(kind, schema.get("format"), value):
                    yield f"{where}: {value!r} is no {schema.get('format') or kind}"

    def _object(self, schema: Schema, value: Any, where: str) -> Iterator[str]:
        if not isinstance(value, dict):
            yield f"{where}: {value!r} is no object"
            return
        properties, others = schema.get("properties", {}), schema.get("additionalProperties")
        if others is not None and "@type" in others.get("description", ""):
            yield from self._packed(value, where)
            return
        for name, part in value.items():
            inner = properties.get(_camel(name) if self._snake_case else name, others)
            if inner is None:
                yield f"{where}.{name}: unknown name in {schema.get('id', 'the object')}"
            else:
                yield from self.check(inner, part, f"{where}.{name}")

    def _packed(self, value: dict[str, Any], where: str) -> Iterator[str]:
        """A google.protobuf.Any: checked where the document has the type that it names."""
        url = value.get("@type")
        if not isinstance(url, str) or not url.startswith(ANY_TYPE):
            yield f"{where}: no @type"
            return
        name = "".join(part[:1].upper() + part[1:] for part in url.removeprefix(ANY_TYPE).split("."))
        if name in self._schemas:
            rest = {key: part for key, part in value.items() if key != "@type"}
            yield from self.check(self._schemas[name], rest, where)

    def _array(self, schema: Schema, value: Any, where: str) -> Iterator[str]:
        if not isinstance(value, list):
            yield f"{where}: {value!r} is no list"
            return
        for number, part in enumerate(value):
            yield from self.check(schema["items"], part, f"{where}[{number}]")

    def _string(self, schema: Schema, value: Any, where: str) -> Iterator[str]:
        if "enum" in schema:
            number = self._request and isinstance(value, int) and not isinstance(value, bool)
            if value not in schema["enum"] and not number:
                yield f"{where}: {value!r} is none of {', '.join(schema['enum'])}"
            return
        kind = schema.get("format")
        if self._request and kind in RANGES and isinstance(value, int):
            value = str(value)
        if not isinstance(value, str):
            yield f"{where}: {value!r} is no string"
        elif not _has_format(kind, value):
            yield f"{where}: {value!r} is no {kind}"


def check_text(parameter: Schema, text: str) -> bool:
    """Whether a query or path parameter may have this value."""
    if "enum" in parameter:
        return text in parameter["enum"]
    match parameter["type"]:
        case "boolean":
            return text in ("true", "false")
        case "integer":
            return _in_range(parameter.get("format", "int32"), text)
        case _:
            return _has_format(parameter.get("format"), text)


def _camel(name: str) -> str:
    return re.sub(r"_([a-z0-9])", lambda match: match[1].upper(), name)


def _is_a(kind: Any, number_format: Any, value: Any) -> bool:
    if kind == "boolean":
        return isinstance(value, bool)
    if isinstance(value, bool):
        return False
    if kind == "integer":
        return isinstance(value, int) and _in_range(number_format or "int32", str(value))
    return isinstance(value, int | float) or value in ("NaN", "Infinity", "-Infinity")


def _has_format(kind: Any, text: str) -> bool:
    match kind:
        case "int64" | "uint64":
            return _in_range(kind, text)
        case "byte":
            return _is_base64(text)
        case "google-datetime" | "date-time":
            return DATETIME.fullmatch(text) is not None
        case "google-duration":
            return DURATION.fullmatch(text) is not None
        case "google-fieldmask":
            return FIELD_MASK.fullmatch(text) is not None
        case "date":
            return _is_date(text)
        case _:
            return True


def _in_range(kind: str, text: str) -> bool:
    low, high = RANGES[kind]
    return re.fullmatch(r"-?\d{1,20}", text) is not None and low <= int(text) <= high


def _is_base64(text: str) -> bool:
    try:
        base64.b64decode(text, validate=True)
    except binascii.Error:
        return False
    return True


def _is_date(text: str) -> bool:
    try:
        datetime.strptime(text, "%Y-%m-%d")
    except ValueError:
        return False
    return True
