"""Is an answer what was expected? Patterns and schemas are a spec author's, answers are a model's: both are bounded."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any

from reconciler.core.prompts import Expectation, Judged

LONGEST_ANSWER = 200_000
PATTERN_SECONDS = 1.0


def mismatch(expected: Expectation, answer: str) -> str:
    """Why `answer` is not what was expected, without quoting it; empty when it is."""
    if len(answer) > LONGEST_ANSWER:
        return f"the answer is longer than {LONGEST_ANSWER} characters"
    return _CHECKS[expected.kind](expected.value, answer)


def _exact(wanted: str, answer: str) -> str:
    return "" if answer.strip() == wanted.strip() else "the answer is another text"


def _contains(wanted: str, answer: str) -> str:
    return "" if wanted in answer else "the answer does not contain the text"


def _regex(pattern: str, answer: str) -> str:
    try:
        return "" if _found(pattern, answer) else "the answer does not match"
    except TimeoutError:
        return f"matching took longer than {PATTERN_SECONDS:.0f} s: make the expression simpler"


def _json_schema(schema: Mapping[str, Any], answer: str) -> str:
    import msgspec

    try:
        value = msgspec.json.decode(_without_fence(answer))
    except (msgspec.DecodeError, RecursionError):
        return "the answer is not JSON"
    try:
        error = next(_validator()(schema, registry=_nothing_else()).iter_errors(value), None)
    except TimeoutError:
        return f"matching took longer than {PATTERN_SECONDS:.0f} s: make the schema's pattern simpler"
    except Exception as broken:
        if type(broken).__module__.split(".")[0] in ("referencing", "jsonschema") or isinstance(broken, RecursionError):
            return "the schema cannot be followed: a reference in it leads nowhere or round in a circle"
        raise
    return f"the answer breaks the schema's {error.validator}" if error else ""


_CHECKS: Mapping[Judged, Callable[[Any, str], str]] = {
    Judged.EXACT: _exact,
    Judged.CONTAINS: _contains,
    Judged.REGEX: _regex,
    Judged.JSON_SCHEMA: _json_schema,
}


def _without_fence(answer: str) -> str:
    """Models like to put JSON into a Markdown code block."""
    text = answer.strip()
    if text.startswith("```") and text.endswith("```") and "\n" in text:
        return text.partition("\n")[2].removesuffix("```")
    return text


def _found(pattern: str, text: str) -> bool:
    """Whether the pattern is found; raises TimeoutError, for some patterns take longer than anybody lives."""
    import regex

    return regex.search(pattern, text, timeout=PATTERN_SECONDS) is not None


@cache
def _nothing_else() -> Any:
    """What a schema may refer to besides itself. Without this, jsonschema would fetch what it names."""
    from referencing import Registry

    return Registry()


@cache
def _validator() -> Any:
    """JSON Schema 2020-12 with patterns that end in time."""
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import ValidationError
    from jsonschema.validators import extend

    def pattern(_validator: Any, wanted: str, instance: Any, _schema: Any) -> Iterator[ValidationError]:
        if isinstance(instance, str) and not _found(wanted, instance):
            yield ValidationError("does not match")

    def pattern_properties(validator: Any, wanted: Any, instance: Any, _schema: Any) -> Iterator[ValidationError]:
        if isinstance(instance, dict):
            for key, inner in wanted.items():
                for name, value in instance.items():
                    if _found(key, name):
                        yield from validator.descend(value, inner, path=name, schema_path=key)

    return extend(Draft202012Validator, {"pattern": pattern, "patternProperties": pattern_properties})
