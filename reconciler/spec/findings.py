"""The findings of one run, collected so that all of them are reported together."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from reconciler.core.diagnostics import Diagnostic, Severity, Source
from reconciler.errors import SpecError

PER_FILE = 100
IN_ALL = 2_000


@dataclass(slots=True)
class Findings:
    """What is wrong, and what is remarkable.

    Hostile input can be wrong in a million places, so each file and the run as a whole have a bound; what goes past
    it is counted, not kept. `incomplete` is set when a document was lost, so that nobody complains about references
    into it.
    """

    incomplete: bool = False
    _kept: list[Diagnostic] = field(default_factory=list)
    _per_file: Counter[str] = field(default_factory=Counter)
    _dropped: Counter[Severity] = field(default_factory=Counter)

    def error(self, code: str, message: str, source: Source | None, *, hint: str = "", address: str = "") -> None:
        """Note something that makes the specs unusable."""
        self._keep(Diagnostic("error", code, message, address, source, hint))

    def warn(self, code: str, message: str, source: Source | None, *, hint: str = "", address: str = "") -> None:
        """Note something that the author will want to know."""
        self._keep(Diagnostic("warning", code, message, address, source, hint))

    def _keep(self, finding: Diagnostic) -> None:
        file = finding.source.file if finding.source else ""
        if self.is_full(file):
            self._dropped[finding.severity] += 1
            return
        self._per_file[file] += 1
        self._kept.append(finding)

    def is_full(self, file: str) -> bool:
        """Whether nothing more is kept about a file."""
        return len(self._kept) >= IN_ALL or self._per_file[file] >= PER_FILE

    @property
    def has_errors(self) -> bool:
        """Whether anything found forbids using the specs."""
        return self._dropped["error"] > 0 or any(d.severity == "error" for d in self._kept)

    def sorted(self) -> tuple[Diagnostic, ...]:
        """Everything found, by file, line and column."""
        found = sorted(self._kept, key=_place)
        for severity, count in sorted(self._dropped.items()):
            more = f"{count} more {severity}s are not listed; these come first"
            found.append(Diagnostic(severity, "more_findings", more))
        return tuple(found)

    def restricted_to(self, files: frozenset[str]) -> Findings:
        """Only what concerns these files, and what concerns no file at all."""
        kept = [d for d in self._kept if d.source is None or d.source.file in files]
        return Findings(incomplete=self.incomplete, _kept=kept, _dropped=self._dropped)

    def raise_if_errors(self) -> None:
        """Raise SpecError with everything found, when any of it is an error."""
        if self.has_errors:
            raise SpecError(self.sorted())


def _place(finding: Diagnostic) -> tuple[str, int, int, str, str]:
    source = finding.source or Source("", 0, 0)
    return source.file, source.line, source.column, finding.code, finding.message
