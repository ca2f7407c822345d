"""The changed fields of one change as aligned lines: `path: before -> after`, and the spec line that caused each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from reconciler.core.plan import FieldChange
from reconciler.reports.escape import visible
from reconciler.reports.layout import cells, clip_middle, pad, wrap
from reconciler.reports.palette import Palette, Style
from reconciler.reports.values import NOT_SET, shortened, shortened_pair, shown

ARROW = " -> "
_BRIEF_VALUE = 32


@dataclass(frozen=True, slots=True)
class _Row:
    """One field, ready to be laid out; `before` is None for a field of something new."""

    parent: str
    name: str
    before: str | None
    after: str
    source: str

    @property
    def path(self) -> str:
        return f"{self.parent}.{self.name}" if self.parent else self.name

    @property
    def change(self) -> str:
        return self.after if self.before is None else f"{self.before}{ARROW}{self.after}"


def brief_field_lines(fields: Sequence[FieldChange], *, indent: int, width: int) -> Iterator[str]:
    """The fields of something new one after the other, by their names alone and with what they get."""
    rows = [_row(field, new=True) for field in fields]
    text = ", ".join(f"{row.name}: {clip_middle(row.change, _BRIEF_VALUE)}" for row in rows)
    return (f"{' ' * indent}{line}" for line in wrap(text, width - indent) if line)


def field_lines(
    fields: Sequence[FieldChange], *, indent: int, width: int, palette: Palette, new: bool
) -> Iterator[str]:
    """Lines of at most `width` cells. `new` leaves out `(not set) ->` and the places, as all of it is new.

    Only what an earlier attempt was given otherwise keeps both.

    Whole paths where they fit in a line; else fields are grouped under their parent, as they are in the spec.
    """
    rows = [_row(field, new) for field in fields]
    if not rows:
        return
    longest = max(cells(row.path) for row in rows)
    if all(_fits(longest, row, indent, width) for row in rows):
        yield from _aligned([(row.path, row) for row in rows], indent, width, palette)
        return
    for parent, group in groupby(rows, key=lambda row: row.parent):
        inner = indent
        if parent:
            yield f"{' ' * indent}{palette.paint(clip_middle(parent, width - indent), Style.DIM)}"
            inner = indent + 2
        yield from _aligned([(row.name, row) for row in group], inner, width, palette)


def _row(field: FieldChange, new: bool) -> _Row:
    parent, _, name = visible(field.path).rpartition(".")
    is_plain = new and field.before is None
    before = None if is_plain else shown(field.before)
    source = f"{visible(field.source.file)}:{field.source.line}" if field.source and not is_plain else ""
    return _Row(parent, name, before, shown(field.after), source)


def _fits(label_width: int, row: _Row, indent: int, width: int) -> bool:
    place = cells(row.source) + 2 if row.source else 0
    return indent + label_width + 2 + cells(row.change) + place <= width


def _aligned(rows: Sequence[tuple[str, _Row]], indent: int, width: int, palette: Palette) -> Iterator[str]:
    column = max(cells(label) for label, _ in rows) + 2
    if any(indent + column + cells(row.change) > width for _, row in rows):
        column = 0
    for label, row in rows:
        start = pad(f"{label}: ", column)
        room = width - indent - cells(start)
        if cells(row.change) <= room:
            yield from _one_line(start, row, indent, width, palette)
        elif row.before is None:
            yield f"{' ' * indent}{label}:"
            yield f"{' ' * (indent + 2)}{palette.paint(shortened(row.after, width - indent - 2), Style.GREEN)}"
        else:
            yield from _two_lines(label, row, indent, width, palette)


def _one_line(start: str, row: _Row, indent: int, width: int, palette: Palette) -> Iterator[str]:
    line = f"{' ' * indent}{start}{_painted(row, palette)}"
    used = indent + cells(start) + cells(row.change)
    if not row.source:
        yield line
    elif used + 2 + cells(row.source) <= width:
        yield f"{line}{' ' * (width - used - cells(row.source))}{palette.paint(row.source, Style.DIM)}"
    else:
        yield line
        yield f"{' ' * (indent + 2)}{palette.paint(clip_middle(row.source, width - indent - 2), Style.DIM)}"


def _two_lines(label: str, row: _Row, indent: int, width: int, palette: Palette) -> Iterator[str]:
    first = f"{' ' * indent}{label}:"
    source = clip_middle(row.source, max(width - cells(first) - 2, 0)) if row.source else ""
    gap = width - cells(first) - cells(source)
    yield f"{first}{' ' * gap}{palette.paint(source, Style.DIM)}" if source else first
    before, after = shortened_pair(row.before or "", row.after, width - indent - 4)
    yield f"{' ' * (indent + 2)}{palette.paint(f'- {before}', Style.RED)}"
    yield f"{' ' * (indent + 2)}{palette.paint(f'+ {after}', Style.GREEN)}"


def _painted(row: _Row, palette: Palette) -> str:
    after = palette.paint(row.after, Style.DIM if row.after == NOT_SET else Style.GREEN)
    if row.before is None:
        return after
    before = palette.paint(row.before, Style.DIM if row.before == NOT_SET else Style.RED)
    return f"{before}{palette.paint(ARROW, Style.DIM)}{after}"
