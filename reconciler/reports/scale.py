"""Axes: round numbers along a range, and where on a chart a value lies."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from reconciler.core.metrics import Point

_ROUND = (1.0, 2.0, 2.5, 5.0, 10.0)


@dataclass(frozen=True, slots=True)
class Axis:
    """A range, `low` below `high`, and the round numbers that are written along it."""

    low: float
    high: float
    ticks: tuple[float, ...]

    def share(self, value: float) -> float:
        """How far along the axis a value lies, 0 to 1."""
        return (value - self.low) / (self.high - self.low)

    def label(self, tick: float) -> str:
        """A tick in as many digits as tell it from its neighbours."""
        largest = max(abs(self.low), abs(self.high))
        if largest >= 1e6 or largest < 1e-4:
            return f"{tick:.3g}"
        digits = next((d for d in range(6) if all(_fits(t, d) for t in self.ticks)), 6)
        return f"{tick:,.{digits}f}"


def _fits(tick: float, digits: int) -> bool:
    return math.isclose(round(tick, digits), tick, rel_tol=1e-9, abs_tol=1e-12)


def axis(values: Sequence[float], ticks: int) -> Axis:
    """An axis that holds every value, with about `ticks` round numbers on it. `values` are finite and not empty."""
    low, high = min(values), max(values)
    if low == high:
        margin = abs(low) * 0.1 or 1.0
        low, high = low - margin, high + margin
    step = _round_step((high - low) / max(ticks - 1, 1))
    first, last = math.floor(low / step), math.ceil(high / step)
    marks = tuple(number * step for number in range(first, last + 1))
    return Axis(marks[0], marks[-1], marks)


def step_axis(points: Sequence[Point], ticks: int) -> Axis:
    """The axis of training steps: whole numbers from the beginning of the run to its last step."""
    last = max(point.step for point in points)
    size = max(1.0, _round_step(max(last, 1) / max(ticks - 1, 1)))
    size = math.ceil(size)
    return Axis(0, max(last, 1), tuple(float(n * size) for n in range(int(max(last, 1) // size) + 1)))


def _round_step(rough: float) -> float:
    power = 10.0 ** math.floor(math.log10(rough))
    return next(r for r in _ROUND if r * power >= rough * (1 - 1e-9)) * power
