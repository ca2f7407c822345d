"""The metrics of some versions in a terminal: charts, a legend, and the last values."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reconciler.core.metrics import Curves, VersionCurves, is_loss
from reconciler.reports.chart_text import Look, chart
from reconciler.reports.escape import visible
from reconciler.reports.layout import clip_middle, pad, wrap
from reconciler.reports.palette import Style


def metrics_lines(curves: Curves, wanted: Sequence[str], look: Look) -> Iterator[str]:
    """A chart for each metric in `wanted`, or for each loss when that is empty, and a table of last values."""
    paint = look.palette.paint
    yield paint(str(curves.address), Style.BOLD)
    if not curves.names:
        yield from wrap(nothing_measured(curves), look.width)
        return
    for name in wanted or _losses(curves) or curves.names[:1]:
        drawn = [v for v in curves.versions if name in v.metrics.series and v.metrics.series[name].drawable]
        if not drawn:
            continue
        yield ""
        yield paint(visible(name), Style.BOLD) + paint(" by training step", Style.DIM)
        yield from chart([v.metrics.series[name].drawable for v in drawn], look)
        yield "  ".join(f"{look.mark(i)} {_called(v)}" for i, v in enumerate(drawn))
    yield ""
    yield from _table(curves, look)


def nothing_measured(curves: Curves) -> str:
    """Why there is nothing to draw."""
    versions = ", ".join(f"v{v.number}" for v in curves.versions)
    if not versions:
        return "No version has a run yet."
    elsewhere = [visible(v.metrics.elsewhere) for v in curves.versions if v.metrics.elsewhere]
    if elsewhere:
        return " ".join(elsewhere)
    return f"The runs of {versions} have measured nothing yet, or their experiments were deleted."


def _losses(curves: Curves) -> tuple[str, ...]:
    return tuple(name for name in curves.names if is_loss(name))


def _called(version: VersionCurves) -> str:
    return f"v{version.number} (serving)" if version.serving else f"v{version.number} ({version.status})"


def _table(curves: Curves, look: Look) -> Iterator[str]:
    """The last value of every metric, a column for each version."""
    heads = [f"v{version.number}" for version in curves.versions]
    rows = [
        [f"{last.value:.6g}" if (last := v.metrics.last(name)) else "-" for v in curves.versions]
        for name in curves.names
    ]
    widths = [max(len(head), *(len(row[i]) for row in rows)) for i, head in enumerate(heads)]
    longest = max(len(name) for name in (*curves.names, "last value"))
    room = min(longest, max(look.width - sum(w + 2 for w in widths), 20))
    title = pad("last value", room) + "".join(f"  {h:>{w}}" for h, w in zip(heads, widths, strict=True))
    yield look.palette.paint(title, Style.DIM)
    for name, row in zip(curves.names, rows, strict=True):
        values = "".join(f"  {value:>{w}}" for value, w in zip(row, widths, strict=True))
        yield pad(clip_middle(visible(name), room), room) + values
