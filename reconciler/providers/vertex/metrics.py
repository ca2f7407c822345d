"""The metrics of a tuning job: experiment -> tensorboard -> runs -> time series -> values.

Source: discovery document aiplatform v1 (metadataStores.contexts, tensorboards), revision 20261106. A job's
`experiment` is a context of the metadata store; its `backing_tensorboard_resource` holds an experiment of the same id.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

import msgspec

from reconciler.cloud.client import Client
from reconciler.core.metrics import Point, RunMetrics, Series
from reconciler.errors import BadAnswer, CloudError, NotFound
from reconciler.providers.vertex import paths
from reconciler.providers.vertex.wire import Wire, read

PAGE_SIZE = 200
# Each name takes some 150 characters of the URL; longer URLs than 8 KB are refused on the way.
SERIES_A_READ = 20
# batchRead gives a random sample of a longer series, which need not hold its last point.
MOST_POINTS_IN_BATCH = 1000

_PART = r"[A-Za-z0-9._~-]{1,200}"
_CONTEXT = re.compile(
    rf"projects/[^/\s]{{1,128}}/locations/([a-z0-9-]{{1,63}})/metadataStores/{_PART}/contexts/({_PART})"
)
_BOARD = re.compile(rf"projects/[^/\s]{{1,128}}/locations/([a-z0-9-]{{1,63}})/tensorboards/{_PART}")
_RUN = re.compile(rf"{_BOARD.pattern}/experiments/{_PART}/runs/{_PART}")
_SERIES = re.compile(rf"{_RUN.pattern}/timeSeries/({_PART})")


class Scalar(Wire):
    """Scalar; a proto3 zero is left out, and what JSON has no number for comes as a string."""

    value: float | str = 0.0


class DataPoint(Wire):
    """TimeSeriesDataPoint."""

    step: int = 0
    wall_time: str = ""
    scalar: Scalar | None = None


class Data(Wire):
    """TimeSeriesData."""

    tensorboard_time_series_id: str = ""
    values: list[DataPoint] = msgspec.field(default_factory=list)


class BatchAnswer(Wire):
    """BatchReadTensorboardTimeSeriesDataResponse."""

    time_series_data: list[Data] = msgspec.field(default_factory=list)


class ReadAnswer(Wire):
    """ReadTensorboardTimeSeriesDataResponse."""

    time_series_data: Data


class SeriesMetadata(Wire):
    """TensorboardTimeSeries.Metadata."""

    max_step: int = 0


class TimeSeries(Wire):
    """TensorboardTimeSeries."""

    name: str
    display_name: str = ""
    value_type: str = "SCALAR"
    metadata: SeriesMetadata | None = None


def read_metrics(client: Client, experiment: str) -> RunMetrics:
    """Every scalar series of an experiment. Empty when it is gone or has measured nothing; raises CloudError."""
    context = _CONTEXT.fullmatch(experiment)
    if context is None:
        raise CloudError(f"{experiment[:200]!r} is not the name of an experiment")
    try:
        board = _board(client, experiment, context[1])
        found = list(_series_of(client, f"{board}/experiments/{context[2]}")) if board else []
        points = _points(client, board, found)
    except NotFound:
        return RunMetrics()
    merged: dict[str, list[Point]] = {}
    for series in found:
        merged.setdefault(series.display_name, []).extend(points.get(series.name, ()))
    return RunMetrics({name: Series(name, _in_order(values)) for name, values in sorted(merged.items())})


def _board(client: Client, experiment: str, location: str) -> str:
    """The tensorboard behind an experiment, or nothing."""
    context = client.get(paths.in_location(location, experiment))
    metadata = context.get("metadata")
    board = metadata.get("backing_tensorboard_resource") if isinstance(metadata, Mapping) else None
    if not board:
        return ""
    if not isinstance(board, str) or _BOARD.fullmatch(board) is None:
        raise BadAnswer("the experiment's tensorboard is not a resource name", status=200, where=experiment)
    return board


def _series_of(client: Client, experiment: str) -> Iterator[TimeSeries]:
    for run in _list(client, experiment, "runs", "tensorboardRuns"):
        name = str(run.get("name"))
        if _RUN.fullmatch(name) is None:
            raise BadAnswer("a tensorboard run has no resource name", status=200, where=experiment)
        for item in _list(client, name, "timeSeries", "tensorboardTimeSeries"):
            series = read(TimeSeries, item, where=name)
            if _SERIES.fullmatch(series.name) is None:
                raise BadAnswer("a time series has no resource name", status=200, where=name)
            if series.value_type == "SCALAR" and series.display_name:
                yield series


def _list(client: Client, parent: str, collection: str, items: str) -> Iterator[dict[str, Any]]:
    return client.pages(_url(parent, f"/{collection}"), items, {"pageSize": PAGE_SIZE})


def _points(client: Client, board: str, found: Sequence[TimeSeries]) -> dict[str, tuple[Point, ...]]:
    """The points of each series by its name: in few requests, and one more for each that came incomplete."""
    points: dict[str, tuple[Point, ...]] = {}
    for start in range(0, len(found), SERIES_A_READ):
        chunk = found[start : start + SERIES_A_READ]
        query = urlencode([("timeSeries", series.name) for series in chunk])
        answer = read(BatchAnswer, client.get(f"{_url(board, ':batchRead')}?{query}"), where=board)
        by_id = {data.tensorboard_time_series_id: data for data in answer.time_series_data}
        for series in chunk:
            data = by_id.get(_id(series))
            got = tuple(_scalars(data.values)) if data else ()
            points[series.name] = got if _is_whole(series, got) else _read_all(client, series)
    return points


def _is_whole(series: TimeSeries, points: Sequence[Point]) -> bool:
    last = max((point.step for point in points), default=0)
    return len(points) < MOST_POINTS_IN_BATCH and (series.metadata is None or last >= series.metadata.max_step)


def _read_all(client: Client, series: TimeSeries) -> tuple[Point, ...]:
    answer = client.get(_url(series.name, ":read"), {"maxDataPoints": -1})
    return tuple(_scalars(read(ReadAnswer, answer, where=series.name).time_series_data.values))


def _scalars(values: Iterable[DataPoint]) -> Iterator[Point]:
    for value in values:
        if value.scalar is not None:
            yield Point(value.step, _number(value.scalar.value), value.wall_time)


def _number(value: float | str) -> float:
    """proto3 JSON writes `NaN` and `Infinity` as strings."""
    try:
        return float(value)
    except ValueError as error:
        raise BadAnswer("a measured value is no number", status=200) from error


def _in_order(points: Iterable[Point]) -> tuple[Point, ...]:
    """By step; a step that was made twice, after an interruption, counts as it was made last."""
    latest: dict[int, Point] = {}
    for point in sorted(points, key=lambda p: (p.step, p.wall_time)):
        latest[point.step] = point
    return tuple(latest.values())


def _id(series: TimeSeries) -> str:
    return series.name.rpartition("/")[2]


def _url(name: str, rest: str) -> str:
    match = _BOARD.match(name)
    if match is None:
        raise CloudError(f"{name[:200]!r} is not in a tensorboard")
    return paths.in_location(match[1], f"{name}{rest}")
