"""Turns one row's bytes into a typed row, or into a Problem that says where and why without quoting it."""

from __future__ import annotations

import difflib
import functools
import re
from typing import Any, Generic, NamedTuple, TypeVar

import msgspec
from msgspec import inspect as shapes

from reconciler.datasets.problems import Problem, Warn

T = TypeVar("T", bound=msgspec.Struct)
V = TypeVar("V")

MAX_UNKNOWN_FIELDS = 20
ONE_LINE = "Each row is one JSON object on one line of its own."


class Row(NamedTuple):
    """What one valid row amounts to, in weights (see `tokens`).

    `billed` is what training on it once counts; `length` is what has to fit into the model's context.
    """

    billed: int
    length: int
    multimodal: bool = False


class RowDecoder(Generic[T]):
    """Decodes rows of one shape: a strict msgspec struct, so that a row without surprises takes one fast step."""

    def __init__(self, shape: type[T]) -> None:
        self._shape = shape
        self._decode = msgspec.json.Decoder(shape).decode

    def __call__(self, line: bytes, warn: Warn) -> T:
        """The row. Fields the shape does not have are warned of and left out. Raises Problem."""
        try:
            return self._decode(line)
        except msgspec.ValidationError:
            return self._without_unknown_fields(line, warn)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise malformed(line, error, ONE_LINE) from None

    @functools.cached_property
    def _type_info(self) -> shapes.Type:
        return shapes.type_info(self._shape)

    def _without_unknown_fields(self, line: bytes, warn: Warn) -> T:
        try:
            value = msgspec.json.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as worse:
            raise malformed(line, worse, ONE_LINE) from None
        hint = _other_format(value, self._shape)
        unknown: list[Problem] = []
        known = _known_part(value, self._type_info, "", unknown)
        for problem in unknown:
            problem.hint = hint or problem.hint
            if problem.severity == "error":
                raise problem from None
        try:
            row = msgspec.convert(known, self._shape)
        except msgspec.ValidationError as again:
            raise _misshapen(again, hint) from None
        for problem in unknown:
            warn(problem)
        return row


def not_utf8(data: bytes) -> Problem | None:
    """The problem of bytes that are not UTF-8, at the first that is not; None where all are."""
    try:
        data.decode()
    except UnicodeDecodeError as error:
        line, column = _place(data, error.start)
        hint = "Save the file as UTF-8."
        return Problem("dataset_encoding", "this is not UTF-8", line=line, column=column, hint=hint)
    return None


_BYTE = re.compile(r" \(byte (\d+)\)$")


def malformed(data: bytes, error: Exception, hint: str = "") -> Problem:
    """The problem of bytes that are not UTF-8 or not JSON, from the error that decoding them raised."""
    message = str(error)
    found = _BYTE.search(message)
    offset = int(found[1]) if found else len(data)
    # msgspec counts bytes from 0, but trailing characters from 1.
    line, column = _place(data, offset - ("trailing characters" in message))
    what = _BYTE.sub("", message).removeprefix("JSON is malformed: ")
    if message == "Input data was truncated":
        what = "it ends in the middle of a value"
    elif isinstance(error, RecursionError):
        what, line, column = "it is nested too deeply", 1, 1
    return not_utf8(data) or Problem("dataset_json", f"this is not JSON: {what}", line=line, column=column, hint=hint)


def _place(data: bytes, offset: int) -> tuple[int, int]:
    """Line and column, in characters, of a byte; both from 1."""
    begin = data.rfind(b"\n", 0, offset) + 1
    return data.count(b"\n", 0, offset) + 1, len(data[begin:offset].decode(errors="replace")) + 1


_TYPES = {
    "str": "a string",
    "int": "a number",
    "float": "a number",
    "bool": "true or false",
    "object": "an object",
    "array": "a list",
    "null": "null",
}
_EXPECTED = re.compile(r"Expected `([^`]+)`, got `(\w+)`")
_MISSING = re.compile(r"missing required field `(\w+)`")
_AT = re.compile(r" - at `\$\.?([^`]*)`$")


def _misshapen(error: msgspec.ValidationError, hint: str) -> Problem:
    """msgspec's message in words. Only names of the shape itself are taken over from it, never a value."""
    message = str(error)
    at = _AT.search(message)
    path = at[1] if at else ""
    if found := _EXPECTED.search(message):
        wanted = next((_TYPES[t] for t in found[1].split(" | ") if t in _TYPES and t != "null"), "another type")
        subject = "" if path else "the row "
        if (wanted, found[2]) == ("an object", "str") and path:
            hint = 'Text stands in `parts`, as {"parts": [{"text": "…"}]}.'
        return Problem(
            "dataset_shape", f"{subject}should be {wanted}, not {_TYPES.get(found[2], found[2])}", path=path, hint=hint
        )
    if found := _MISSING.search(message):
        subject = "" if path else "the row "
        return Problem("dataset_shape", f"{subject}has no `{found[1]}`", path=path, hint=hint)
    return Problem(
        "dataset_shape",
        "does not have the right shape" if path else "the row does not have the right shape",
        path=path,
        hint=hint,
    )


def _known_part(value: Any, shape: shapes.Type, path: str, unknown: list[Problem]) -> Any:
    """`value` without the fields that `shape` does not have; each of those becomes a Problem."""
    if isinstance(shape, shapes.UnionType):
        wanted = shapes.StructType if isinstance(value, dict) else shapes.ListType
        shape = next((t for t in shape.types if isinstance(t, wanted)), shape)
    if isinstance(shape, shapes.ListType) and isinstance(value, list):
        return [_known_part(item, shape.item_type, f"{path}[{i}]", unknown) for i, item in enumerate(value)]
    if isinstance(shape, shapes.StructType) and isinstance(value, dict):
        fields = {field.encode_name: field.type for field in shape.fields}
        names = [name for name in value if name not in fields]
        if len(unknown) + len(names) > MAX_UNKNOWN_FIELDS:
            message = f"the row has more than {MAX_UNKNOWN_FIELDS} fields that this format does not have"
            raise Problem("dataset_unknown_field", message)
        unknown.extend(_unknown_field(name, tuple(fields), path) for name in names)
        inner = f"{path}." if path else ""
        return {n: _known_part(v, fields[n], inner + n, unknown) for n, v in value.items() if n in fields}
    return value


def _unknown_field(name: str, known: tuple[str, ...], path: str) -> Problem:
    subject = "" if path else "the row "
    if near := _near(name[:100], known):
        message = f"{subject}has a field that is almost `{near}` but not quite"
        return Problem("dataset_unknown_field", message, path=path, hint=f"Write `{near}`.")
    return Problem(
        "dataset_unknown_field",
        f"{subject}has a field that this format does not have",
        path=path,
        hint="Google may ignore it; leave it out, or correct the format of the dataset.",
        severity="warning",
    )


@functools.lru_cache(maxsize=256)
def _near(name: str, known: tuple[str, ...]) -> str:
    """The known field that a name was probably meant to be, or nothing."""
    # Reversed, so that of two spellings the first one, camelCase, is suggested.
    plain = {k.replace("_", "").lower(): k for k in reversed(known)}
    written = name.replace("_", "").replace("-", "").lower()
    return next((plain[match] for match in difflib.get_close_matches(written, plain, 1, 0.8)), "")


_OTHER_FORMATS = (
    ("completions", "This looks like a preference row: set `format: preference`."),
    ("contents", "This looks like a row of Gemini turns: set `format: supervised`, or `preference` with completions."),
    ("input_text", "This looks like a PaLM row: set `format: inputOutput`."),
    ("text_input", "This looks like a Gemini API row: set `format: textPairs`."),
    ("textInput", "This looks like a Gemini API row: set `format: textPairs`."),
    (
        "messages",
        "This looks like a chat row of another service: Gemini has `contents` with `parts`, and role `model`.",
    ),
    ("prompt", "This looks like a row of another service: Gemini has `contents` with `parts`."),
)


def _other_format(value: Any, shape: type[msgspec.Struct]) -> str:
    """A hint where a row has the mark of another format than the one declared."""
    if not isinstance(value, dict):
        return ONE_LINE
    own = {field.encode_name for field in msgspec.structs.fields(shape)}
    return next((hint for key, hint in _OTHER_FORMATS if key in value and key not in own), "")


def one_spelling(camel: V | None, snake: V | None, name: str) -> V | None:
    """The value of a field that may be written in camelCase or snake_case. Raises Problem where both stand."""
    if camel is not None and snake is not None:
        raise Problem(
            "dataset_two_spellings", f"has `{name}` in camelCase and in snake_case", hint="Keep one of the two."
        )
    return camel if camel is not None else snake
