"""What pydantic found, in plain words and under our codes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic_core import ErrorDetails

from reconciler.core.address import KINDS, is_address
from reconciler.spec.codes import CODES
from reconciler.spec.places import KEY, VALUE
from reconciler.spec.suggest import clipped, closest, did_you_mean, shown
from reconciler.spec.yaml_reader import FieldPath

_NEEDS = {
    "string_type": "text",
    "int_type": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "list_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
}
_BOUNDS = {
    "greater_than": ("must be greater than {gt}", "gt"),
    "greater_than_equal": ("must be at least {ge}", "ge"),
    "less_than_equal": ("must be at most {le}", "le"),
    "string_too_short": ("must not be empty", "min_length"),
    "string_too_long": ("must be at most {max_length} characters long", "max_length"),
    "too_short": ("must not be empty", "min_length"),
}


@dataclass(frozen=True, slots=True)
class Explained:
    """One finding, ready to be reported at `path`: where the field is named, or where its value begins.

    `lacks` is the field that is missing there.
    """

    code: str
    message: str
    path: FieldPath
    hint: str = ""
    which: int = VALUE
    lacks: str = ""


def explain(error: ErrorDetails) -> Explained:
    """One of pydantic's errors in our words."""
    path = _path(error)
    kind, value = error["type"], error["input"]
    context: Mapping[str, Any] = error.get("ctx", {})
    what = dotted(path)
    if kind == "missing":
        return Explained(
            "missing_field", f"{in_words(path[:-1])} needs {path[-1]}", path[:-1], which=KEY, lacks=path[-1]
        )
    if kind in _NEEDS:
        hint = "Put it in quotes." if kind == "string_type" and not isinstance(value, list | dict) else ""
        return Explained("wrong_type", f"{what} needs {_NEEDS[kind]}, not {described(value)}", path, hint)
    if kind in _BOUNDS:
        return Explained("out_of_range", f"{what} {_BOUNDS[kind][0].format(**context)}", path, _share(context, value))
    if kind == "literal_error":
        return _choice(what, path, value, str(context["expected"]))
    if kind not in CODES:
        return Explained("wrong_type", f"{what} cannot be {described(value)}", path)
    if error["loc"][-1] == "[key]":
        return Explained(kind, f"{what} {error['msg']}", path, which=KEY)
    return Explained(kind, f"{what} {error['msg']}, not {described(value)}", path, _meant(kind, value))


def _share(context: Mapping[str, Any], value: Any) -> str:
    """How a percentage is written where a part of one was asked for."""
    is_percentage = context.get("le") == 1 and isinstance(value, int | float) and 1 < value <= 100
    return f"{value:g} % is {value / 100:g}." if is_percentage else ""


def _choice(what: str, path: FieldPath, value: Any, expected: str) -> Explained:
    choices = [choice for choice in expected.replace(" or ", ", ").replace("'", "").split(", ") if choice]
    hint = did_you_mean(value, choices) if isinstance(value, str) else ""
    among = choices[0] if len(choices) == 1 else f"one of {', '.join(choices)}"
    return Explained("invalid_choice", f"{what} must be {among}, not {described(value)}", path, hint)


def _meant(code: str, value: Any) -> str:
    """What to write instead of a text that was meant to refer to something."""
    if code == "invalid_path" and value.startswith("gs://"):
        return "What is in Cloud Storage already is named where it is used; it needs no Dataset."
    if code != "invalid_reference":
        return ""
    kind, _, name = value.partition("/")
    address = f"{closest(kind, KINDS)}/{name.lower()}"
    if address == value and kind in KINDS:
        return f"{'An' if kind[0] in 'AEIOU' else 'A'} {kind} does not fit here."
    if is_address(address):
        return f"Did you mean {address}?"
    if "://" not in value:
        return "A local file is declared as a Dataset, and referred to as Dataset/name."
    return ""


def _path(error: ErrorDetails) -> FieldPath:
    """pydantic's location without the parts that name a branch of a union or the key of a mapping."""
    return tuple(str(part) for part in error["loc"] if part != "[key]" and not str(part).startswith("<"))


def dotted(path: FieldPath) -> str:
    """A path as messages name it: `spec` is understood, positions in lists stand in brackets."""
    parts = path[1:] if path[0] == "spec" and len(path) > 1 else path
    shown = [f"[{part}]" if part.isdecimal() else f".{clipped(part)}" for part in parts]
    return "".join(shown).removeprefix(".")


def in_words(path: FieldPath) -> str:
    """A path as the subject of a sentence; the empty one is the document."""
    return dotted(path) if path else "the document"


def described(value: Any) -> str:
    """What a value is, without repeating more of it than helps."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f"the text {shown(value)}"
    if isinstance(value, int | float):
        return f"the number {value}"
    return "a list" if isinstance(value, list) else "a mapping"
