"""Where something stands in a spec, and what is to be said about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning", "note"]


@dataclass(frozen=True, slots=True, order=True)
class Source:
    """A place in a file: path relative to the project, line and column counted from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding: stable `code`, a sentence, and where it was found. `hint` says what to do next."""

    severity: Severity
    code: str
    message: str
    address: str = ""
    source: Source | None = None
    hint: str = ""
