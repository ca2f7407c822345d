"""An audit for people and logs."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.core.drift import DriftItem, DriftKind, DriftReport
from reconciler.reports.diagnostics import diagnostic_lines
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
from reconciler.reports.field_lines import field_lines
from reconciler.reports.layout import cells, clip, clip_middle, wrap
from reconciler.reports.palette import Style
from reconciler.reports.text import TextOptions, wrap_painted

_INDENT = 6
_RELATED = 3


def drift_lines(report: DriftReport, options: TextOptions | None = None) -> Iterator[str]:
    """The whole audit, line by line; the verdict stands last."""
    options = options or TextOptions()
    for kind in DriftKind:
        found = [item for item in report.open if item.kind is kind]
        if found:
            yield from _title(f"{WORDS[kind].title} ({len(found):,})", WORDS[kind].explained, options)
            for item in found:
                yield from _item(item, options)
                yield ""
    for failure in report.failures:
        yield from (
            line for told in (failure.where, failure.next_step) for line in wrap(visible(told), options.measure)
        )
    yield from _ignored(report, options)
    yield from _pending(report, options)
    if report.diagnostics:
        yield from diagnostic_lines(
            report.diagnostics, width=options.measure, palette=options.palette, excerpt=options.excerpt
        )
        yield ""
    for remark in (elsewhere_in_words(report), coverage_in_words(report)):
        if remark:
            yield from wrap_painted(remark, options, Style.DIM)
    _, style = TITLES[report.verdict]
    yield from wrap_painted(summary_sentence(report), options, style, Style.BOLD)


def _title(title: str, explained: str, options: TextOptions) -> Iterator[str]:
    line = options.palette.paint(title, Style.BOLD)
    room = options.measure - cells(title) - 2
    yield f"{line}  {options.palette.paint(clip(explained, room), Style.DIM)}"


def _item(item: DriftItem, options: TextOptions) -> Iterator[str]:
    words, palette, width = WORDS[item.kind], options.palette, options.measure
    name = clip_middle(subject(item), width - 4)
    line = f"  {palette.paint(words.symbol, words.style, Style.BOLD)} {palette.paint(name, Style.BOLD)}"
    place = f"{visible(item.source.file)}:{item.source.line}" if item.source else ""
    used = 4 + cells(name)
    if place and used + 2 + cells(place) <= width:
        line += f"{' ' * (width - used - cells(place))}{palette.paint(place, Style.DIM)}"
    yield line
    yield from (f"{' ' * _INDENT}{part}" for part in wrap(visible(item.message), width - _INDENT))
    # A place that stands in the heading is not said again with each field.
    yield from field_lines(item.fields, indent=_INDENT, width=width, palette=palette, new=False)
    if item.address and item.resource:
        yield f"{' ' * _INDENT}{palette.paint(clip_middle(visible(item.resource), width - _INDENT), Style.DIM)}"
    for name in item.related[:_RELATED]:
        yield f"{' ' * _INDENT}{palette.paint(f'+ {clip_middle(visible(name), width - _INDENT - 2)}', Style.DIM)}"
    if len(item.related) > _RELATED:
        yield f"{' ' * _INDENT}{palette.paint(f'+ {len(item.related) - _RELATED:,} more', Style.DIM)}"
    if item.hint:
        yield from (f"{' ' * _INDENT}{palette.paint(part, Style.DIM)}" for part in wrap(visible(item.hint), width - 6))


def _ignored(report: DriftReport, options: TextOptions) -> Iterator[str]:
    if not report.ignored:
        return
    yield from _title(f"Ignored ({len(report.ignored):,})", "By drift.ignore in the project file.", options)
    for item in report.ignored:
        what = ", ".join(visible(field.path) for field in item.fields)
        words = WORDS[item.kind]
        line = f"{subject(item)} {words.counted}{f': {what}' if what else ''}"
        yield f"  {words.symbol} {clip_middle(line, options.measure - 4)}"
        yield from (f"{' ' * _INDENT}{part}" for part in wrap(acceptance(item), options.measure - _INDENT))
    yield ""


def _pending(report: DriftReport, options: TextOptions) -> Iterator[str]:
    if not report.pending:
        return
    yield from _title(f"Not applied yet ({len(report.pending):,})", "Asked for by the specs; no drift.", options)
    for change in report.pending:
        yield f"  . {change.address} {change.action}"
        yield from (f"{' ' * _INDENT}{part}" for part in wrap(visible(change.message), options.measure - _INDENT))
    yield ""
