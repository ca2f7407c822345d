"""An audit as one HTML page that needs nothing else: for a CI artifact, or a mail to whoever answers for the models."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.core.drift import DriftItem, DriftKind, DriftReport
from reconciler.core.plan import FieldChange
from reconciler.reports.drift_words import (
    TITLES,
    WORDS,
    acceptance,
    coverage_in_words,
    elsewhere_in_words,
    subject,
    summary_sentence,
)
from reconciler.reports.escape import visible
from reconciler.reports.html_page import page
from reconciler.reports.values import shortened, shown

_LONGEST_VALUE = 400


@dataclass(frozen=True, slots=True)
class Row:
    """One finding, ready to be shown; nothing in it is hidden any more. `fields` are (path, written, live)."""

    subject: str
    resource: str
    related: tuple[str, ...]
    message: str
    hint: str
    place: str
    fields: tuple[tuple[str, str, str], ...]
    acceptance: str


@dataclass(frozen=True, slots=True)
class Section:
    """The findings of one kind."""

    kind: str
    title: str
    explained: str
    rows: tuple[Row, ...]


def drift_page(report: DriftReport, tool_version: str) -> str:
    """The page."""
    title, _ = TITLES[report.verdict]
    counts = [(WORDS[kind].title, str(kind), count) for kind, count in report.counts.items()]
    return page(
        "drift",
        project=visible(report.project),
        verdict=str(report.verdict),
        title=title,
        sentence=summary_sentence(report),
        created_at=visible(report.created_at),
        tool_version=tool_version,
        serial=report.state.serial if report.state else None,
        counts=[] if report.failures else counts,
        failures=[(visible(f.where), visible(f.what), visible(f.next_step)) for f in report.failures],
        sections=[_section(kind, report.open) for kind in DriftKind if report.counts[kind]],
        ignored=[(WORDS[item.kind].counted, _row(item)) for item in report.ignored],
        pending=[(str(p.address), str(p.action), visible(p.message)) for p in report.pending],
        remarks=[
            (d.severity, visible(d.message), visible(str(d.source or "")), visible(d.hint)) for d in report.diagnostics
        ],
        facts=[fact for fact in (coverage_in_words(report), elsewhere_in_words(report)) if fact],
        unseen=[str(address) for address in report.unseen],
    )


def _section(kind: DriftKind, items: tuple[DriftItem, ...]) -> Section:
    rows = tuple(_row(item) for item in items if item.kind is kind)
    return Section(str(kind), WORDS[kind].title, WORDS[kind].explained, rows)


def _row(item: DriftItem) -> Row:
    return Row(
        subject=subject(item),
        resource=visible(item.resource) if item.address else "",
        related=tuple(visible(name) for name in item.related),
        message=visible(item.message),
        hint=visible(item.hint),
        place=f"{visible(item.source.file)}:{item.source.line}" if item.source else "",
        fields=tuple(_field(field) for field in item.fields),
        acceptance=acceptance(item),
    )


def _field(field: FieldChange) -> tuple[str, str, str]:
    before, after = (shortened(shown(value), _LONGEST_VALUE) for value in (field.before, field.after))
    return visible(field.path), before, after
