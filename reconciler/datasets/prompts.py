"""Reads the prompts that gates send: JSONL, one prompt and one expectation a line.

    {"prompt": "Where is my order?", "expect": {"contains": "shipping"}}
    {"contents": [{"role": "user", "parts": [{"text": "…"}]}], "expect": {"regex": "^queue=[a-z]+$"}}

`expect` is one of exact, contains, regex and jsonSchema; `systemInstruction` and `generationConfig` are sent along.
Every line is checked before any is sent, so that a mistake costs nothing.
"""

from __future__ import annotations

from codecs import BOM_UTF8
from collections.abc import Iterator
from typing import Any

import msgspec

from reconciler.core.diagnostics import Diagnostic, Source
from reconciler.core.prompts import Expectation, Judged, Prompt, PromptFile
from reconciler.datasets.decoding import ONE_LINE, malformed
from reconciler.datasets.files import LineReader, open_beneath
from reconciler.datasets.problems import Problem

MOST_PROMPTS = 1000
MOST_ERRORS = 20
LONGEST_PATTERN = 1000
FIELDS = ("prompt", "contents", "expect", "systemInstruction", "generationConfig")
ROLES = ("user", "model")
EXAMPLE = 'For example: {"prompt": "Where is my order?", "expect": {"contains": "shipping"}}'


def read_prompts(path: str, *, root: str) -> tuple[PromptFile | None, tuple[Diagnostic, ...]]:
    """The prompts in the file at `path` (relative to `root`, which it may not leave), or every finding."""
    problems: list[Problem] = []
    prompts: list[Prompt] = []
    digest = ""
    try:
        with open_beneath(root, path) as fd:
            lines = LineReader(fd)
            if lines.head.startswith(BOM_UTF8):
                hint = "Save the file as UTF-8 without a byte order mark."
                raise Problem("prompt_encoding", "the file begins with a byte order mark", hint=hint, line=1)
            for number, line in _lines(lines):
                try:
                    prompts.append(_prompt(number, line))
                except Problem as problem:
                    problems.append(problem.on_line(number))
                    if len(problems) == MOST_ERRORS:
                        break
            digest = lines.sha256
        if not prompts and not problems:
            problems.append(Problem("prompt_none", "the file holds no prompts", hint=EXAMPLE))
    except Problem as problem:
        problems.append(problem)
    if problems:
        return None, tuple(prompt_diagnostic(path, problem) for problem in problems)
    return PromptFile(path, digest, tuple(prompts)), ()


def prompt_diagnostic(path: str, problem: Problem) -> Diagnostic:
    """A finding about the prompt file at `path`, with its line."""
    # What opens and cuts files is shared with datasets, and so are its codes.
    code = problem.code.replace("dataset_", "prompt_", 1)
    hint = problem.hint.replace("`spec.file`", "`spec.gates.prompts.file`").replace("Datasets stand", "Prompts stand")
    return Diagnostic("error", code, str(problem), source=Source(path, max(problem.line, 1), problem.column), hint=hint)


def _lines(lines: LineReader) -> Iterator[tuple[int, bytes]]:
    count = 0
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        count += 1
        if count > MOST_PROMPTS:
            hint = "Each prompt is sent, and billed, whenever a version is judged."
            raise Problem("prompt_too_many", f"there are more than {MOST_PROMPTS} prompts", hint=hint, line=number)
        yield number, line


def _prompt(number: int, line: bytes) -> Prompt:
    try:
        row = msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise malformed(line, error, ONE_LINE) from None
    if not isinstance(row, dict):
        raise _shape("the line should be an object")
    for name in row:
        if name not in FIELDS:
            raise _shape(f"the line has a field that prompts do not have; they have {', '.join(FIELDS)}")
    settings = {name: row[name] for name in FIELDS[3:] if name in row}
    for name, value in settings.items():
        if not isinstance(value, dict):
            raise _shape("should be an object", name)
    return Prompt(number, _contents(row), _expectation(row.get("expect")), settings)


def _contents(row: dict[str, Any]) -> tuple[dict[str, Any], ...]:
    if ("prompt" in row) == ("contents" in row):
        raise _shape("the line needs either `prompt` or `contents`")
    if "prompt" in row:
        text = row["prompt"]
        if not isinstance(text, str) or not text.strip():
            raise _shape("should be a text", "prompt")
        return ({"role": "user", "parts": [{"text": text}]},)
    contents = row["contents"]
    if not isinstance(contents, list) or not contents:
        raise _shape("should be a list of turns", "contents")
    for index, turn in enumerate(contents):
        place = f"contents[{index}]"
        if not isinstance(turn, dict) or turn.get("role", "user") not in ROLES:
            raise _shape(f"should be a turn with a role, {' or '.join(ROLES)}", place)
        parts = turn.get("parts")
        if not isinstance(parts, list) or not parts or not all(isinstance(p, dict) and p for p in parts):
            raise _shape('should be a list such as [{"text": "…"}]', f"{place}.parts")
    if contents[-1].get("role", "user") != "user":
        raise _shape("should end with a turn of the user", "contents")
    return tuple(contents)


def _expectation(value: Any) -> Expectation:
    if value is None:
        raise _shape("the line has no `expect`")
    kinds = ", ".join(Judged)
    if not isinstance(value, dict) or len(value) != 1 or next(iter(value)) not in frozenset(Judged):
        raise _shape(f"should be an object with one of {kinds}", "expect")
    kind, wanted = Judged(next(iter(value))), next(iter(value.values()))
    if kind is Judged.JSON_SCHEMA:
        _check_schema(wanted)
    elif not isinstance(wanted, str):
        raise _shape("should be a text", f"expect.{kind}")
    elif kind is Judged.REGEX:
        _check_pattern(wanted)
    elif kind is Judged.CONTAINS and not wanted:
        raise _shape("should not be empty: every answer contains nothing", f"expect.{kind}")
    return Expectation(kind, wanted)


def _check_pattern(pattern: str) -> None:
    import regex

    if len(pattern) > LONGEST_PATTERN:
        raise Problem("prompt_regex", f"is longer than {LONGEST_PATTERN} characters", path="expect.regex")
    try:
        regex.compile(pattern)
    except (regex.error, RecursionError, OverflowError) as error:
        why = getattr(error, "msg", "") or "it is too complex"
        at = getattr(error, "pos", None)
        why = why if at is None else f"{why} at character {at + 1}"
        raise Problem("prompt_regex", f"is no regular expression: {why}", path="expect.regex") from None


def _check_schema(schema: Any) -> None:
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import SchemaError

    where = "expect.jsonSchema"
    if not isinstance(schema, dict):
        raise _shape("should be an object", where)
    try:
        if not _stands_alone(schema):
            hint = "Put what it refers to under $defs; nothing is ever fetched."
            raise Problem("prompt_schema", "refers to something outside of it", path=where, hint=hint)
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        place = ".".join((where, *(str(part) for part in error.absolute_path)))
        hint = 'See https://json-schema.org/draft/2020-12: such as {"type": "object", "required": ["queue"]}'
        raise Problem("prompt_schema", "is not what JSON Schema has there", path=place, hint=hint) from None
    except RecursionError:
        raise Problem("prompt_schema", "is nested too deeply", path=where) from None


def _stands_alone(schema: Any) -> bool:
    if isinstance(schema, list):
        return all(_stands_alone(item) for item in schema)
    if not isinstance(schema, dict):
        return True
    reference = schema.get("$ref", "#")
    is_inside = not isinstance(reference, str) or reference.startswith("#")
    return is_inside and all(_stands_alone(item) for item in schema.values())


def _shape(message: str, path: str = "") -> Problem:
    return Problem("prompt_shape", message, path=path, hint=EXAMPLE)
