"""Curves on a terminal: braille dots in colours, or letters where there are no colours to tell curves apart."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from reconciler.core.metrics import Point
from reconciler.reports.palette import Palette, Style
from reconciler.reports.scale import Axis, axis, step_axis

HEIGHT = 12
COLOURS = (Style.CYAN, Style.MAGENTA, Style.YELLOW, Style.GREEN, Style.BLUE, Style.RED)
MARKS = "o+x*#@"
_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
_LINES = {True: ("│", "┤", "└", "─", "┬"), False: ("|", "+", "+", "-", "+")}

Cell = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Look:
    """How curves are drawn. `braille` needs a terminal that shows Unicode; `width` is in columns."""

    width: int
    palette: Palette
    braille: bool
    unicode: bool

    def mark(self, index: int) -> str:
        """What stands for a curve in the legend, as it is drawn."""
        sign = "⠤⠤" if self.braille else MARKS[index % len(MARKS)]
        return self.palette.paint(sign, COLOURS[index % len(COLOURS)])


def chart(curves: Sequence[Sequence[Point]], look: Look) -> Iterator[str]:
    """The lines of one chart. Every curve has points, all of them finite; the last curve lies on top."""
    every = [point for points in curves for point in points]
    across, up = step_axis(every, 6), axis([point.value for point in every], 5)
    labels = {_row(up, tick): up.label(tick) for tick in up.ticks}
    margin = max(len(text) for text in labels.values())
    columns = max(look.width - margin - 2, 10)
    rows = [_painted(row, look) for row in _cells(curves, across, up, columns, look)]
    bar, tee, corner, line, notch = _LINES[look.unicode]
    for number, row in enumerate(rows):
        label = labels.get(number, "")
        yield f"{label:>{margin}} {tee if label else bar}{row}".rstrip()
    yield from _foot(across, margin, columns, (corner, line, notch))


def _row(up: Axis, value: float) -> int:
    return round((1 - up.share(value)) * (HEIGHT - 1))


def _cells(
    curves: Sequence[Sequence[Point]], across: Axis, up: Axis, columns: int, look: Look
) -> list[list[tuple[int, int]]]:
    """For each cell which curve is on top there, counted from 1, and which of its dots are set."""
    fine_x, fine_y = (2, 4) if look.braille else (1, 1)
    grid = [[(0, 0)] * columns for _ in range(HEIGHT)]
    for index, points in enumerate(curves, 1):
        places = [
            (
                round(across.share(point.step) * (columns * fine_x - 1)),
                round((1 - up.share(point.value)) * (HEIGHT * fine_y - 1)),
            )
            for point in points
        ]
        for x, y in _joined(places):
            row, column = y // fine_y, x // fine_x
            grid[row][column] = (index, grid[row][column][1] | _DOTS[y % fine_y][x % fine_x])
    return grid


def _joined(places: Sequence[Cell]) -> Iterator[Cell]:
    """Every place on the straight lines from one point to the next."""
    if len(places) == 1:
        yield places[0]
    for (x0, y0), (x1, y1) in pairwise(places):
        steps = max(abs(x1 - x0), abs(y1 - y0), 1)
        for step in range(steps + 1):
            yield x0 + round((x1 - x0) * step / steps), y0 + round((y1 - y0) * step / steps)


def _painted(row: Sequence[tuple[int, int]], look: Look) -> str:
    def cell(curve: int, dots: int) -> str:
        if not curve:
            return " "
        sign = chr(0x2800 + dots) if look.braille else MARKS[(curve - 1) % len(MARKS)]
        return look.palette.paint(sign, COLOURS[(curve - 1) % len(COLOURS)])

    return "".join(cell(curve, dots) for curve, dots in row)


def _foot(across: Axis, margin: int, columns: int, signs: tuple[str, str, str]) -> Iterator[str]:
    corner, line, notch = signs
    rule, labels = [line] * columns, [" "] * (columns + 8)
    free = 0
    for tick in across.ticks:
        place = round(across.share(tick) * (columns - 1))
        text = across.label(tick)
        start = min(max(place - len(text) // 2, 0), columns - len(text))
        if start < free:
            continue
        rule[place] = notch
        labels[start : start + len(text)] = text
        free = start + len(text) + 1
    yield f"{' ' * margin} {corner}{''.join(rule)}"
    yield f"{' ' * margin}  {''.join(labels)}".rstrip()
