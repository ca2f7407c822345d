"""The metrics of some versions as one HTML page that needs nothing else: no script, font or picture."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from reconciler.core.metrics import Curves, Point, VersionCurves
from reconciler.reports.escape import visible
from reconciler.reports.html_page import page
from reconciler.reports.metrics_text import nothing_measured
from reconciler.reports.scale import Axis, axis, step_axis

WIDTH, HEIGHT = 560, 300
LEFT, RIGHT, TOP, BOTTOM = 64, 16, 14, 42
# Every point is marked, and tells its value when pointed at, as long as marks do not hide the curve.
MOST_MARKED = 40


@dataclass(frozen=True, slots=True)
class Mark:
    """A point of a curve in pixels, and what it says when pointed at."""

    x: float
    y: float
    title: str


@dataclass(frozen=True, slots=True)
class Line:
    """One curve: its style's number, its path in pixels and its marks."""

    style: int
    path: str
    marks: tuple[Mark, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """One metric, ready to be drawn; ticks are (pixels, label)."""

    id: str
    name: str
    summary: str
    across: tuple[tuple[float, str], ...]
    up: tuple[tuple[float, str], ...]
    lines: tuple[Line, ...]


def metrics_page(curves: Curves) -> str:
    """The page: charts of training and of validation apart, every version in each, and a table of last values."""
    validation = [name for name in curves.names if name.startswith("/eval")]
    training = [name for name in curves.names if name not in validation]
    return page(
        "metrics",
        address=str(curves.address),
        size=(WIDTH, HEIGHT),
        plot=(LEFT, TOP, WIDTH - RIGHT, HEIGHT - BOTTOM),
        versions=[(v, _style(i)) for i, v in enumerate(curves.versions)],
        nothing=nothing_measured(curves),
        sections=[
            (title, [_chart(name, curves.versions) for name in names])
            for title, names in (("Training", training), ("Validation", validation))
            if names
        ],
        table=[(visible(name), [_last(v, name) for v in curves.versions]) for name in curves.names],
    )


def _style(index: int) -> int:
    return index % 6


def _last(version: VersionCurves, name: str) -> tuple[str, str]:
    last = version.metrics.last(name)
    return (f"{last.value:.6g}", f"step {last.step:,}") if last else ("-", "")


def _chart(name: str, versions: Sequence[VersionCurves]) -> Chart:
    drawn = [
        (index, version, version.metrics.series[name].drawable)
        for index, version in enumerate(versions)
        if name in version.metrics.series and version.metrics.series[name].drawable
    ]
    every = [point for _, _, points in drawn for point in points] or [Point(0, 0.0)]
    across, up = step_axis(every, 6), axis([point.value for point in every], 5)
    ends = "; ".join(f"v{v.number} ends at {points[-1].value:.6g}" for _, v, points in drawn)
    return Chart(
        id=f"chart-{name.encode().hex()}",
        name=visible(name),
        summary=f"By training step: {ends or 'no finite values'}",
        across=tuple((_x(across, tick), across.label(tick)) for tick in across.ticks),
        up=tuple((_y(up, tick), up.label(tick)) for tick in up.ticks),
        lines=tuple(_line(index, version, points, across, up) for index, version, points in drawn),
    )


def _line(index: int, version: VersionCurves, points: Sequence[Point], across: Axis, up: Axis) -> Line:
    places = [(_x(across, point.step), _y(up, point.value)) for point in points]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    marked = points if len(points) <= MOST_MARKED else points[-1:]
    return Line(_style(index), path, tuple(_marks(version, marked, across, up)))


def _marks(version: VersionCurves, points: Sequence[Point], across: Axis, up: Axis) -> Iterator[Mark]:
    for point in points:
        title = f"v{version.number}, step {point.step:,}: {point.value:.6g}"
        yield Mark(round(_x(across, point.step), 1), round(_y(up, point.value), 1), title)


def _x(across: Axis, step: float) -> float:
    return LEFT + across.share(step) * (WIDTH - LEFT - RIGHT)


def _y(up: Axis, value: float) -> float:
    return TOP + (1 - up.share(value)) * (HEIGHT - TOP - BOTTOM)
