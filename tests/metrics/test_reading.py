"""Reading time series from a server that answers as Google may."""

from __future__ import annotations

import math
from typing import Any

import pytest

from reconciler.cloud.client import Client
from reconciler.cloud.hosts import Emulator
from reconciler.core.metrics import RunMetrics
from reconciler.errors import BadAnswer, CloudError
from reconciler.providers.vertex.metrics import read_metrics
from tests.cloud.scripted import Act, Received, ScriptedServer, reply

EXPERIMENT = "projects/1/locations/us-central1/metadataStores/default/contexts/tuning-1"
BOARD = "projects/1/locations/us-central1/tensorboards/7"
RUN = f"{BOARD}/experiments/tuning-1/runs/run"
SERIES = f"{RUN}/timeSeries/5"
LOSS = "/train_total_loss"


def point(step: int, value: Any, at: str = "2026-11-21T00:00:00Z") -> dict[str, Any]:
    return {"step": str(step), "wallTime": at, "scalar": {"value": value}}


def answers(**changed: Any) -> dict[str, Any]:
    """What the server says, by the end of the path."""
    series = {"name": SERIES, "displayName": LOSS, "valueType": "SCALAR", "metadata": {"maxStep": "2"}}
    data = {"tensorboardTimeSeriesId": "5", "valueType": "SCALAR", "values": [point(2, 0.5), point(1, 0.9)]}
    return {
        "tuning-1": {"metadata": {"backing_tensorboard_resource": BOARD}},
        "runs": {"tensorboardRuns": [{"name": RUN}]},
        "timeSeries": {"tensorboardTimeSeries": [series]},
        "7:batchRead": {"timeSeriesData": [data]},
        **changed,
    }


def read(said: dict[str, Any]) -> tuple[RunMetrics, list[Received]]:
    def script(request: Received) -> Act:
        return reply(said[request.path.rpartition("/")[2]])

    with ScriptedServer(script) as server, Client(None, emulator=Emulator("127.0.0.1", server.port)) as client:
        return read_metrics(client, EXPERIMENT), server.received


def values(metrics: RunMetrics) -> list[tuple[int, float]]:
    return [(p.step, p.value) for p in metrics.series[LOSS].points]


def test_points_come_in_the_order_of_their_steps_in_four_requests() -> None:
    metrics, received = read(answers())
    assert values(metrics) == [(1, 0.9), (2, 0.5)]
    assert len(received) == 4


def test_a_sample_that_lacks_the_last_step_is_read_again_in_full() -> None:
    part = {"timeSeriesData": [{"tensorboardTimeSeriesId": "5", "values": [point(1, 0.9)]}]}
    full = {"timeSeriesData": {"values": [point(1, 0.9), point(2, 0.4)]}}
    metrics, received = read(answers(**{"7:batchRead": part, "5:read": full}))
    assert values(metrics) == [(1, 0.9), (2, 0.4)]
    assert "maxDataPoints=-1" in received[-1].target


def test_a_step_that_was_made_twice_counts_as_it_was_made_last() -> None:
    twice = [point(2, 0.3, "2026-11-21T02:00:00Z"), point(1, 0.9), point(2, 0.7, "2026-11-21T01:00:00Z")]
    metrics, _ = read(
        answers(**{"7:batchRead": {"timeSeriesData": [{"tensorboardTimeSeriesId": "5", "values": twice}]}})
    )
    assert values(metrics) == [(1, 0.9), (2, 0.3)]


def test_zero_is_left_out_and_not_a_number_comes_as_a_word() -> None:
    odd = [{"step": "1", "scalar": {}}, point(2, "NaN")]
    metrics, _ = read(answers(**{"7:batchRead": {"timeSeriesData": [{"tensorboardTimeSeriesId": "5", "values": odd}]}}))
    assert metrics.series[LOSS].points[0].value == 0.0
    assert math.isnan(metrics.series[LOSS].points[1].value)


@pytest.mark.parametrize("said", [{"tuning-1": {}}, {"runs": {}}, {"timeSeries": {}}])
def test_what_has_measured_nothing_is_empty(said: dict[str, Any]) -> None:
    assert read(answers(**said))[0].names == ()


@pytest.mark.parametrize(
    "said",
    [
        {"tuning-1": {"metadata": {"backing_tensorboard_resource": "../../elsewhere"}}},
        {"runs": {"tensorboardRuns": [{"name": "projects/1/../../x"}]}},
        {"timeSeries": {"tensorboardTimeSeries": [{"name": "x", "displayName": LOSS}]}},
        {"7:batchRead": {"timeSeriesData": "none"}},
        {"7:batchRead": {"timeSeriesData": [{"tensorboardTimeSeriesId": "5", "values": [point(2, "fast")]}]}},
    ],
)
def test_an_answer_of_another_form_is_an_error(said: dict[str, Any]) -> None:
    with pytest.raises(BadAnswer):
        read(answers(**said))


def test_a_name_that_is_no_experiment_is_never_asked_for() -> None:
    with Client(None, emulator=Emulator("127.0.0.1", 9)) as client, pytest.raises(CloudError):
        read_metrics(client, "projects/1/locations/us-central1/tuningJobs/1")
