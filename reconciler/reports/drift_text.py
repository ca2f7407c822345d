"""An audit for people and logs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

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
# So many that are told alike each have their own words; of more than that no more than so many are named.
_FEW = 3
_NAMED = 20


def drift_lines(report: DriftReport, options: TextOptions | None = None) -> Iterator[str]:
    """The whole audit, line by line; the verdict stands last."""
    options = options or TextOptions()
    for kind in DriftKind:
        found = [item for item in report.open if item.kind is kind]
        if found:
            yield from _title(f"{WORDS[kind].title} ({len(found):,})", WORDS[kind].explained, options)
            for alike in _alike(found):
                yield from _items(alike, options)
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


def _alike(items: Sequence[DriftItem]) -> list[list[DriftItem]]:
    """The items one by one, or together where more than a few are told in the very same words."""
    groups: dict[tuple[str, ...], list[DriftItem]] = {}
    for number, item in enumerate(items):
        own = (str(number),) if item.fields else ()
        groups.setdefault((item.message, item.hint, *own), []).append(item)
    return [part for group in groups.values() for part in ([group] if len(group) > _FEW else [[i] for i in group])]


def _items(items: Sequence[DriftItem], options: TextOptions) -> Iterator[str]:
    """One item in full; of many the names, and once what is to be said of all."""
    first, width = items[0], options.measure
    if len(items) == 1:
        yield from _item(first, options)
        return
    yield from (_heading(item, options) for item in items[:_NAMED])
    if len(items) > _NAMED:
        yield f"    and {len(items) - _NAMED:,} more, which `--format json` names"
    yield from (f"{' ' * _INDENT}{part}" for part in wrap(visible(first.message), width - _INDENT))
    yield from _hint(first, options)


def _item(item: DriftItem, options: TextOptions) -> Iterator[str]:
    palette, width = options.palette, options.measure
    yield _heading(item, options)
    yield from (f"{' ' * _INDENT}{part}" for part in wrap(visible(item.message), width - _INDENT))
    # A place that stands in the heading is not said again with each field.
    yield from field_lines(item.fields, indent=_INDENT, width=width, palette=palette, new=False)
    if item.address and item.resource:
        yield f"{' ' * _INDENT}{palette.paint(clip_middle(visible(item.resource), width - _INDENT), Style.DIM)}"
    for name in item.related[:_RELATED]:
        yield f"{' ' * _INDENT}{palette.paint(f'+ {clip_middle(visible(name), width - _INDENT - 2)}', Style.DIM)}"
    if len(item.related) > _RELATED:
        yield f"{' ' * _INDENT}{palette.paint(f'+ {len(item.related) - _RELATED:,} more', Style.DIM)}"
    yield from _hint(item, options)


def _hint(item: DriftItem, options: TextOptions) -> Iterator[str]:
    for part in wrap(visible(item.hint), options.measure - _INDENT) if item.hint else ():
        yield f"{' ' * _INDENT}{options.palette.paint(part, Style.DIM)}"


def _heading(item: DriftItem, options: TextOptions) -> str:
    words, palette, width = WORDS[item.kind], options.palette, options.measure
    name = clip_middle(subject(item), width - 4)
    line = f"  {palette.paint(words.symbol, words.style, Style.BOLD)} {palette.paint(name, Style.BOLD)}"
    place = f"{visible(item.source.file)}:{item.source.line}" if item.source else ""
    used = 4 + cells(name)
    if place and used + 2 + cells(place) <= width:
        line += f"{' ' * (width - used - cells(place))}{palette.paint(place, Style.DIM)}"
    return line


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
