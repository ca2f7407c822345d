"""Prompts that a finished version must answer well, and how each answer is judged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Judged(StrEnum):
    """How an answer is compared with what is expected of it."""

    EXACT = "exact"
    CONTAINS = "contains"
    REGEX = "regex"
    JSON_SCHEMA = "jsonSchema"


@dataclass(frozen=True, slots=True)
class Expectation:
    """What an answer must be. `value` is a text, a regular expression, or a JSON Schema."""

    kind: Judged
    value: Any


@dataclass(frozen=True, slots=True)
class Prompt:
    """One line of a prompt file. `settings` are further fields of the request, such as `systemInstruction`."""

    line: int
    contents: tuple[Mapping[str, Any], ...]
    expectation: Expectation
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PromptFile:
    """A prompt file that is right in itself. `sha256` is hex, `file` as the spec wrote it."""

    file: str
    sha256: str
    prompts: tuple[Prompt, ...]
