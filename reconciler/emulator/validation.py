"""Checking a request against its type, with the messages of Google's JSON front end.

Names may be camelCase or snake_case; 64-bit numbers may be numbers or strings; output-only fields are checked and
dropped. What comes out has camelCase names, enums by name and 64-bit numbers as strings: the form answers are made of.
"""

import base64
import binascii
import math
import re
import struct
from collections.abc import Callable
from typing import Any

from reconciler.emulator.discovery import ENUM_NUMBERS, Api, Field, Message, Type
from reconciler.emulator.google_errors import ApiError, Violation

MAX_VIOLATIONS = 20
INTEGER = re.compile(r"-?[0-9]{1,19}")
DURATION = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,9})?s")
DATETIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)", re.IGNORECASE)


def parse_message(api: Api, type_name: str, value: dict[str, Any], root: str) -> dict[str, Any]:
    """`value` in the form of answers. `root` is the path of the body in errors, such as `tuning_job`.

    Raises ApiError (400 INVALID_ARGUMENT) that names every wrong field.
    """
    reader = _Reader(api)
    parsed = reader.message(api.messages[type_name], value, root)
    reader.finish()
    return parsed


def parse_query(api: Api, fields: dict[str, Field], given: list[tuple[str, str]]) -> dict[str, Any]:
    """A method's own query parameters, by camelCase name; the parameters of every method are passed over.

    Raises ApiError (400 INVALID_ARGUMENT) for unknown names and wrong values.
    """
    by_name = fields | {field.snake_name: field for field in fields.values()}
    reader = _Reader(api)
    parsed: dict[str, Any] = {}
    for name, text in given:
        field = by_name.get(name)
        if field is None:
            if name not in api.global_parameters and not name.startswith("$"):
                reader.refuse("", f'Unknown name "{name}": Cannot bind query parameter. '
                                  f"Field '{name}' could not be found in request message.")  # fmt: skip
        elif field.type.kind == "list" and field.type.element is not None:
            parsed.setdefault(field.name, []).append(reader.value(field.type.element, text, field.snake_name))
        elif field.type.kind == "boolean":
            parsed[field.name] = text == "true"
        else:
            parsed[field.name] = reader.value(field.type, text, field.snake_name)
    reader.finish()
    return parsed


class _Reader:
    """Walks a value beside its type and gathers what is wrong."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.violations: list[Violation] = []

    def refuse(self, path: str, text: str) -> None:
        self.violations.append(Violation(path, f"Invalid JSON payload received. {text}"))

    def refuse_value(self, path: str, kind: str, value: Any) -> None:
        shown = f'"{value}"' if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else value
        text = f"Invalid value at '{path}' ({kind}), {str(shown)[:200]}"
        self.violations.append(Violation(path, text))

    def finish(self) -> None:
        if self.violations:
            kept = self.violations[:MAX_VIOLATIONS]
            raise ApiError("INVALID_ARGUMENT", "\n".join(v.description for v in kept), kept)

    def message(self, message: Message, value: Any, path: str) -> dict[str, Any]:
        if not isinstance(value, dict):
            self.refuse_value(path, f"type.googleapis.com/{self.api.package}.{message.name}", value)
            return {}
        parsed: dict[str, Any] = {}
        for name, part in value.items():
            field = message.by_name.get(name)
            if field is None:
                at = f" at '{path}'" if path else ""
                self.refuse(path, f'Unknown name "{name}"{at}: Cannot find field.')
            elif part is not None:
                where = f"{path}.{field.snake_name}" if path else field.snake_name
                read = self.value(field.type, part, where)
                if not field.read_only:
                    parsed[field.name] = read
        return parsed

    def value(self, kind: Type, value: Any, path: str) -> Any:
        if kind.kind == "message":
            return self.message(self.api.messages[kind.message], value, path)
        if kind.kind == "list":
            return self.list(kind, value, path)
        if kind.kind == "map":
            return self.map(kind, value, path)
        if kind.kind == "any":
            return value
        if kind.kind == "enum":
            return self.enum(kind, value, path)
        name, read = SCALARS[kind.kind]
        try:
            return read(value)
        except (TypeError, ValueError):
            self.refuse_value(path, name, value)
            return None

    def list(self, kind: Type, value: Any, path: str) -> list[Any]:
        element = kind.element
        assert element is not None
        if not isinstance(value, list):
            # Google reads a lone value as a list of one.
            value = [value]
        return [self.value(element, part, f"{path}[{n}]") for n, part in enumerate(value)]

    def map(self, kind: Type, value: Any, path: str) -> dict[str, Any]:
        element = kind.element
        assert element is not None
        if not isinstance(value, dict):
            self.refuse_value(path, "Map", value)
            return {}
        return {name: self.value(element, part, f"{path}[{name}].value") for name, part in value.items()}

    def enum(self, kind: Type, value: Any, path: str) -> str:
        if isinstance(value, str) and value in kind.values:
            return value
        if isinstance(value, int) and not isinstance(value, bool):
            for place, name in enumerate(kind.values):
                if ENUM_NUMBERS.get(name, place) == value:
                    return name
        self.refuse_value(path, "TYPE_ENUM", value)
        return ""


def _integer(value: Any, bits: int) -> int:
    if (isinstance(value, str) and INTEGER.fullmatch(value)) or (isinstance(value, float) and value.is_integer()):
        number = int(value)
    elif isinstance(value, int) and not isinstance(value, bool):
        number = value
    else:
        raise ValueError(value)
    if not -(2 ** (bits - 1)) <= number < 2 ** (bits - 1):
        raise ValueError(value)
    return number


def _number(value: Any) -> float | int:
    if isinstance(value, bool):
        raise ValueError(value)
    if isinstance(value, int):
        return value
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(value)
    return int(number) if number.is_integer() and abs(number) < 2**53 else number


def float32(value: Any) -> float | int:
    """The nearest number that 32 bits hold, in as few digits as tell it apart: 0.0123456789 -> 0.012345679."""
    number = _number(value)
    try:
        packed = struct.pack("<f", number)
    except OverflowError as error:
        raise ValueError(value) from error
    shortest = next(
        text for digits in range(6, 10) if struct.pack("<f", float(text := f"{number:.{digits}g}")) == packed
    )
    return _number(shortest)


def _string(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    return value


def _boolean(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError(value)
    return value


def _bytes(value: Any) -> str:
    try:
        base64.b64decode(_string(value).replace("-", "+").replace("_", "/"), validate=True)
    except binascii.Error as error:
        raise ValueError(value) from error
    return str(value)


def _matching(pattern: re.Pattern[str]) -> Callable[[Any], str]:
    def read(value: Any) -> str:
        if not pattern.fullmatch(_string(value)):
            raise ValueError(value)
        return str(value)

    return read


# By kind: the name in errors, and what reads a JSON value or raises.
SCALARS: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "string": ("TYPE_STRING", _string),
    "boolean": ("TYPE_BOOL", _boolean),
    "int32": ("TYPE_INT32", lambda value: _integer(value, 32)),
    "int64": ("TYPE_INT64", lambda value: str(_integer(value, 64))),
    "number": ("TYPE_DOUBLE", _number),
    "float": ("TYPE_FLOAT", float32),
    "bytes": ("TYPE_BYTES", _bytes),
    "datetime": ("type.googleapis.com/google.protobuf.Timestamp", _matching(DATETIME)),
    "duration": ("type.googleapis.com/google.protobuf.Duration", _matching(DURATION)),
}
