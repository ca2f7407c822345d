"""Findings about one document, each at the place of the field it is about."""

from __future__ import annotations

from dataclasses import dataclass, field

from reconciler.core.diagnostics import Source
from reconciler.spec.findings import Findings
from reconciler.spec.places import KEY, VALUE, SpecSources
from reconciler.spec.suggest import fold
from reconciler.spec.yaml_reader import FieldPath


@dataclass(slots=True)
class Reporter:
    """Says what is wrong with one spec, and where.

    `blamed` are fields that were reported and left out, so that their absence is no second mistake.
    """

    findings: Findings
    sources: SpecSources
    address: str = ""
    errors: int = 0
    blamed: set[FieldPath] = field(default_factory=set)

    def blame(self, path: FieldPath) -> None:
        """Remember that what is wrong with a field has been said."""
        self.blamed.add(tuple(map(fold, path)))

    def is_blamed(self, path: FieldPath) -> bool:
        """Whether that a field is missing follows from what has been said."""
        return bool(self.blamed) and tuple(map(fold, path)) in self.blamed

    @property
    def is_full(self) -> bool:
        """Whether nothing more is kept about this file, so that looking for a good hint is wasted."""
        return self.findings.is_full(self.sources.own.file)

    def error(self, code: str, message: str, path: FieldPath, *, hint: str = "", which: int = KEY) -> None:
        """Report an error at a field, or at its value."""
        self.errors += 1
        source = Source(self.sources.own.file, 1, 1) if self.is_full else self.sources.place(path, which)
        self.findings.error(code, message, source, hint=hint, address=self.address)

    def warn(self, code: str, message: str, path: FieldPath, *, hint: str = "") -> None:
        """Report a warning at a field's value."""
        source = self.sources.place(path, VALUE)
        self.findings.warn(code, message, source, hint=hint, address=self.address)
