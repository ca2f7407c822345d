"""What a tuning run measured about itself: time series by the names that Google gives them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from reconciler.core.address import Address


class Point(NamedTuple):
    """One measurement. `wall_time` is RFC 3339, or empty where the service does not tell it."""

    step: int
    value: float
    wall_time: str = ""


@dataclass(frozen=True, slots=True)
class Series:
    """One metric of one run, by rising step."""

    name: str
    points: tuple[Point, ...]

    @property
    def last(self) -> Point | None:
        """The latest measurement, or None when nothing was measured."""
        return self.points[-1] if self.points else None

    @property
    def drawable(self) -> tuple[Point, ...]:
        """The points that have a place on a chart: neither infinite nor not a number."""
        return tuple(point for point in self.points if math.isfinite(point.value))


@dataclass(frozen=True, slots=True)
class RunMetrics:
    """Every series of one run by name. Empty when the run has measured nothing, or its experiment is gone.

    `elsewhere` says where a service keeps what it measures, if that is not where it can be read.
    """

    series: Mapping[str, Series] = field(default_factory=dict)
    elsewhere: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """The metrics that have values, sorted."""
        return tuple(sorted(name for name, series in self.series.items() if series.points))

    def last(self, name: str) -> Point | None:
        """The latest measurement of a metric; None when there is none."""
        series = self.series.get(name)
        return series.last if series else None


@dataclass(frozen=True, slots=True)
class VersionCurves:
    """The metrics of one version of a tuned model. `status` is where the version stands with us."""

    number: int
    status: str
    serving: bool
    metrics: RunMetrics


@dataclass(frozen=True, slots=True)
class Curves:
    """The metrics of some versions of one address, by rising number."""

    address: Address
    versions: tuple[VersionCurves, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Every metric that some version has: training before validation, losses before what else there is."""
        found = {name for version in self.versions for name in version.metrics.names}
        return tuple(sorted(found, key=lambda name: (name.startswith("/eval"), not is_loss(name), name)))


def is_loss(name: str) -> bool:
    """Whether a metric is better the lower it is."""
    return "loss" in name.lower()
