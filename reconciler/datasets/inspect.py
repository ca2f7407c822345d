"""Reads a dataset once: validity line by line, digest, size, rows and a token estimate."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from reconciler.core.amounts import counted
from reconciler.core.desired import DatasetContent, DatasetFormat
from reconciler.core.diagnostics import Diagnostic, Source
from reconciler.datasets.decoding import Row
from reconciler.datasets.files import LineReader, open_beneath
from reconciler.datasets.pairs import check_input_output, check_text_pair
from reconciler.datasets.preference import check_preference
from reconciler.datasets.problems import Problem, Warn
from reconciler.datasets.records import records_of
from reconciler.datasets.supervised import check_supervised
from reconciler.datasets.tokens import tokens_of

_CHECKS: dict[DatasetFormat, Callable[[bytes, Warn], Row]] = {
    "supervised": check_supervised,
    "preference": check_preference,
    "inputOutput": check_input_output,
    "textPairs": check_text_pair,
}

# https://cloud.google.com/vertex-ai/generative-ai/docs/models/tune-text-models-supervised (2024 copy)
PALM_MIN_ROWS = 10
PALM_ADVISED_ROWS = 100


@dataclass(frozen=True, slots=True)
class Stats:
    """What the valid rows amount to. `billed_tokens` is what one epoch counts; `longest_line` is where the longest
    row, of `longest_tokens`, begins. All token counts are estimates and leave out files (images, audio, …).
    """

    rows: int = 0
    multimodal_rows: int = 0
    billed_tokens: int = 0
    longest_tokens: int = 0
    longest_line: int = 0


@dataclass(frozen=True, slots=True)
class Inspection:
    """What reading a dataset found. `content` is None where the file could not be read to its end."""

    content: DatasetContent | None
    diagnostics: tuple[Diagnostic, ...]
    stats: Stats
    file: str
    format: DatasetFormat

    @property
    def is_valid(self) -> bool:
        """Whether it was read to its end without an error."""
        return self.content is not None and all(d.severity != "error" for d in self.diagnostics)


def inspect_dataset(path: str, fmt: DatasetFormat, *, root: str, label: str, max_errors: int = 20) -> Inspection:
    """Reads the file at `path` (absolute, or relative to `root`), which may not leave `root`.

    `label` is the name that diagnostics give the file. Reading stops after `max_errors` errors. Memory is bounded
    whatever the file is; nothing is raised for what a file may contain.
    """
    findings = _Findings(label, max_errors)
    content, stats = None, Stats()
    try:
        with open_beneath(root, path) as fd:
            lines = LineReader(fd)
            rows, stats, complete = _check_rows(lines, fmt, path, findings)
            if complete:
                # What a file weighs in tokens cannot be known here, and a price without it would be too low.
                tokens = None if stats.multimodal_rows else stats.billed_tokens
                content = DatasetContent(lines.sha256, lines.size, rows, tokens)
                _check_number_of_rows(rows, fmt, findings)
    except Problem as problem:
        findings.add(problem)
    return Inspection(content, findings.diagnostics(), stats, label, fmt)


def _check_rows(lines: LineReader, fmt: DatasetFormat, name: str, findings: _Findings) -> tuple[int, Stats, bool]:
    """Number of rows, what the valid ones amount to, and whether the file was read to its end."""
    check = _CHECKS[fmt]
    rows = valid = multimodal = billed = longest = longest_line = 0
    complete = True
    try:
        for record in records_of(lines, fmt, name, findings.add):
            rows += 1
            findings.row = record.line
            try:
                row = check(record.data, findings.warn_of_row)
            except Problem as problem:
                findings.add(problem.on_line(record.line))
                if findings.is_full:
                    complete = False
                    break
                continue
            valid += 1
            billed += row.billed
            multimodal += row.multimodal
            if row.length > longest:
                longest, longest_line = row.length, record.line
    except Problem as problem:
        findings.add(problem)
        complete = False
    return rows, Stats(valid, multimodal, tokens_of(billed), tokens_of(longest), longest_line), complete


def _check_number_of_rows(rows: int, fmt: DatasetFormat, findings: _Findings) -> None:
    if rows == 0:
        findings.add(Problem("dataset_empty", "the file has no rows", hint="Each line holds one row."))
    elif fmt == "inputOutput" and rows < PALM_MIN_ROWS:
        hint = f"PaLM tuning refuses fewer than {PALM_MIN_ROWS} rows and is advised from {PALM_ADVISED_ROWS}."
        findings.add(Problem("dataset_too_few_rows", _has_rows(rows), hint=hint))
    elif fmt == "inputOutput" and rows < PALM_ADVISED_ROWS:
        hint = f"PaLM tuning is advised from {PALM_ADVISED_ROWS} rows."
        findings.add(Problem("dataset_few_rows", _has_rows(rows), hint=hint, severity="warning"))


def _has_rows(rows: int) -> str:
    return f"the file has only {counted(rows, 'row')}"


class _Findings:
    """Collects problems: errors one by one up to a limit, equal warnings as one with their number."""

    def __init__(self, label: str, max_errors: int) -> None:
        self._label = label
        self._max_errors = max_errors
        self._errors: list[Problem] = []
        self._warnings: dict[tuple[str, str], Problem] = {}
        self._repeats: Counter[tuple[str, str]] = Counter()
        self.row = 0

    @property
    def is_full(self) -> bool:
        return len(self._errors) >= self._max_errors

    def add(self, problem: Problem) -> None:
        """Takes a problem whose line is the file's."""
        if problem.severity == "error":
            self._errors.append(problem)
            return
        key = problem.code, problem.message
        self._repeats[key] += 1
        self._warnings.setdefault(key, problem)

    def warn_of_row(self, problem: Problem) -> None:
        """Takes a problem of the row that begins on line `row`."""
        self.add(problem.on_line(self.row))

    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """Everything found, in the order of the file."""
        found = [self._diagnostic(p) for p in self._errors]
        for key, problem in self._warnings.items():
            more = self._repeats[key] - 1
            found.append(self._diagnostic(problem, f" (and {more} more of this kind)" if more else ""))
        found.sort(key=lambda d: d.source.line if d.source else 0)
        if self.is_full:
            message = f"reading stopped after {self._max_errors} errors"
            last = max(self._errors, key=lambda problem: problem.line)
            found.append(self._diagnostic(Problem("dataset_more_errors", message, line=last.line, severity="note")))
        return tuple(found)

    def _diagnostic(self, problem: Problem, more: str = "") -> Diagnostic:
        source = Source(self._label, max(problem.line, 1), problem.column)
        return Diagnostic(problem.severity, problem.code, f"{problem}{more}", source=source, hint=problem.hint)
