"""List filters such as `state="JOB_STATE_SUCCEEDED" AND labels.team="ml"` (AIP-160)."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from reconciler.emulator.discovery import snake_case
from reconciler.emulator.google_errors import ApiError, invalid_argument

MAX_LENGTH = 4096
MAX_NESTING = 20
TOKEN = re.compile(r'\s*(?:(?P<string>"(?:[^"\\]|\\.)*")|(?P<operator><=|>=|!=|[=<>:()])|(?P<word>[^\s"=<>:()!]+))')
COMPARE: dict[str, Callable[[str, str], bool]] = {
    "=": lambda have, want: have == want,
    "!=": lambda have, want: have != want,
    "<": lambda have, want: have < want,
    "<=": lambda have, want: have <= want,
    ">": lambda have, want: have > want,
    ">=": lambda have, want: have >= want,
}

Lookup = Callable[[Any, str], Any]
"""Gives a resource's value for a field in snake_case: text, a list or map for `:`, or None where there is none."""
Matcher = Callable[[Any], bool]


@dataclass(frozen=True, slots=True)
class Fields:
    """What a list can be filtered by. `names` are in snake_case; `labels` allows `labels.KEY`."""

    names: frozenset[str]
    lookup: Lookup


def compile_filter(text: str, fields: Fields) -> Matcher | None:
    """A test for one resource, or None for an empty filter. Raises ApiError (400) for one that cannot be read."""
    if not text.strip():
        return None
    if len(text) > MAX_LENGTH:
        raise invalid_argument("The filter is too long.")
    return _Parser(_tokens(text), text, fields).whole()


def _tokens(text: str) -> list[tuple[str, str]]:
    tokens = []
    place = 0
    end = len(text.rstrip())
    while place < end:
        match = TOKEN.match(text, place)
        if match is None:
            raise _unreadable(text)
        kind = str(match.lastgroup)
        value = match[kind]
        tokens.append((kind, re.sub(r"\\(.)", r"\1", value[1:-1]) if kind == "string" else value))
        place = match.end()
    return tokens


def _unreadable(text: str) -> ApiError:
    return invalid_argument(f"Invalid filter: {text[:200]}")


class _Parser:
    """Recursive descent: AND binds more loosely than OR, as in AIP-160."""

    def __init__(self, tokens: list[tuple[str, str]], text: str, fields: Fields) -> None:
        self.tokens = tokens
        self.text = text
        self.fields = fields
        self.depth = 0

    def whole(self) -> Matcher:
        matcher = self.conjunction()
        if self.tokens:
            raise _unreadable(self.text)
        return matcher

    def conjunction(self) -> Matcher:
        parts = [self.alternation()]
        while self.tokens and self.tokens[0] != ("operator", ")"):
            self.accept("word", "AND")
            parts.append(self.alternation())
        return parts[0] if len(parts) == 1 else lambda resource: all(part(resource) for part in parts)

    def alternation(self) -> Matcher:
        parts = [self.term()]
        while self.accept("word", "OR"):
            parts.append(self.term())
        return parts[0] if len(parts) == 1 else lambda resource: any(part(resource) for part in parts)

    def term(self) -> Matcher:
        self.depth += 1
        if self.depth > MAX_NESTING:
            raise _unreadable(self.text)
        matcher = self.one_term()
        self.depth -= 1
        return matcher

    def one_term(self) -> Matcher:
        if self.accept("word", "NOT"):
            negated = self.term()
            return lambda resource: not negated(resource)
        if self.accept("operator", "("):
            inner = self.conjunction()
            if not self.accept("operator", ")"):
                raise _unreadable(self.text)
            return inner
        return self.comparison()

    def comparison(self) -> Matcher:
        field = self.field()
        if not self.tokens or self.tokens[0][0] != "operator" or self.tokens[0][1] in "()":
            raise _unreadable(self.text)
        operator = self.tokens.pop(0)[1]
        if not self.tokens or self.tokens[0][0] == "operator":
            raise _unreadable(self.text)
        wanted = self.tokens.pop(0)[1]
        lookup = self.fields.lookup
        if operator == ":":
            return lambda resource: _has(lookup(resource, field), wanted)
        compare = COMPARE[operator]
        return lambda resource: compare(str(lookup(resource, field) or ""), wanted)

    def field(self) -> str:
        if not self.tokens or self.tokens[0][0] != "word":
            raise _unreadable(self.text)
        word = self.tokens.pop(0)[1]
        head, dot, key = word.partition(".")
        if dot and not key and self.tokens and self.tokens[0][0] == "string":
            key = self.tokens.pop(0)[1]
        head = snake_case(head)
        if head not in self.fields.names or (bool(dot) and head != "labels"):
            raise invalid_argument(f"Invalid filter: field {word} is not supported.")
        return f"labels.{key}" if dot else head

    def accept(self, kind: str, value: str) -> bool:
        if self.tokens and self.tokens[0] == (kind, value):
            self.tokens.pop(0)
            return True
        return False


def _has(value: Any, wanted: str) -> bool:
    if value is None:
        return False
    if wanted == "*":
        return True
    return wanted in value if isinstance(value, list | dict) else str(value) == wanted


def resource_fields(names: dict[str, Callable[[Any], Any]]) -> Fields:
    """Fields that are looked up by function, plus `labels` and `labels.KEY` of the resource's view."""

    def lookup(resource: Any, field: str) -> Any:
        if field == "labels":
            return resource.view().get("labels", {})
        if field.startswith("labels."):
            return resource.view().get("labels", {}).get(field[len("labels.") :])
        return names[field](resource)

    return Fields(frozenset(names) | {"labels"}, lookup)
