"""Charts hold on to their frame whatever was measured."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.address import Address
from reconciler.core.metrics import Curves, Point, RunMetrics, Series, VersionCurves
from reconciler.reports.chart_text import HEIGHT, Look, chart
from reconciler.reports.metrics_data import metrics_csv, metrics_json
from reconciler.reports.metrics_html import metrics_page
from reconciler.reports.metrics_text import metrics_lines
from reconciler.reports.palette import PLAIN
from reconciler.reports.scale import axis

NUMBERS = st.floats(-1e12, 1e12, allow_nan=False).map(lambda value: round(value, 6))
CURVE = st.lists(st.builds(Point, st.integers(0, 10**6), NUMBERS), min_size=1, max_size=30)


def curves(name: str, *values: float) -> Curves:
    series = Series(name, tuple(Point(step, value) for step, value in enumerate(values, 1)))
    return Curves(Address("TunedModel", "x"), (VersionCurves(1, "ready", True, RunMetrics({name: series})),))


@given(st.lists(CURVE, min_size=1, max_size=3), st.sampled_from([40, 80, 120]), st.booleans())
def test_no_line_is_wider_than_the_terminal(drawn: list[list[Point]], width: int, braille: bool) -> None:
    ordered = [sorted(points) for points in drawn]
    lines = list(chart(ordered, Look(width, PLAIN, braille, unicode=True)))
    assert len(lines) == HEIGHT + 2
    assert max(len(line) for line in lines) <= width


@given(st.lists(NUMBERS, min_size=1, max_size=30))
def test_an_axis_holds_every_value_between_its_first_and_last_tick(values: list[float]) -> None:
    found = axis(values, 5)
    assert found.ticks[0] <= min(values) or math.isclose(found.ticks[0], min(values))
    assert found.ticks[-1] >= max(values) or math.isclose(found.ticks[-1], max(values))
    assert 2 <= len(found.ticks) <= 7


@pytest.mark.parametrize(
    ("values", "labels"),
    [
        ([0.1, 2.4], ["0", "1", "2", "3"]),
        ([0.42, 0.9], ["0.4", "0.6", "0.8", "1.0"]),
        ([3700, 4500], ["3,600", "3,800", "4,000", "4,200", "4,400", "4,600"]),
    ],
)
def test_ticks_are_round_and_written_alike(values: list[float], labels: list[str]) -> None:
    found = axis(values, 5)
    assert [found.label(tick) for tick in found.ticks] == labels


def test_a_run_that_measured_nothing_says_so_everywhere() -> None:
    empty = Curves(Address("TunedModel", "x"), (VersionCurves(1, "active", False, RunMetrics()),))
    look = Look(80, PLAIN, braille=True, unicode=True)
    assert "measured nothing yet" in "\n".join(metrics_lines(empty, (), look))
    assert "measured nothing yet" in metrics_page(empty)
    assert metrics_csv(empty) == "version,metric,step,value,wall_time"


def test_values_that_are_no_numbers_are_left_out_of_charts_and_null_in_json() -> None:
    odd = curves("/train_total_loss", 1.0, math.nan, math.inf, 0.5)
    look = Look(80, PLAIN, braille=True, unicode=True)
    assert "/train_total_loss" in "\n".join(metrics_lines(odd, (), look))
    assert "nan" not in metrics_page(odd).lower().partition("<table>")[0]
    assert "null" in metrics_json(odd)
    only = curves("/train_total_loss", math.nan)
    assert metrics_page(only)
    assert list(metrics_lines(only, (), look))


def test_a_hostile_name_is_text_on_the_page_and_harmless_on_a_terminal() -> None:
    hostile = curves("/<script>alert(1)</script>\x1b[2J", 1.0, 0.5)
    page = metrics_page(hostile)
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    look = Look(80, PLAIN, braille=True, unicode=True)
    assert "\x1b" not in "\n".join(metrics_lines(hostile, (), look))
