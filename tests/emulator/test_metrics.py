"""Reading loss curves: from the job's experiment to the tensorboard and its series."""

from typing import Any

import pytest

from tests.emulator.vertex import Json, Vertex, job_body, preference_body, spec


def chain(vertex: Vertex, job: Json) -> dict[str, str]:
    """The series of a job by display name, found as a client finds them."""
    experiment = vertex.get(job["experiment"])
    assert experiment["schemaTitle"] == "system.Experiment"
    board = experiment["metadata"]["backing_tensorboard_resource"]
    wanted = f'schema_title="system.ExperimentRun" AND parent_contexts:"{experiment["name"]}"'
    contexts = vertex.ok("GET", f"{job['experiment'].rpartition('/')[0]}", filter=wanted)["contexts"]
    assert len(contexts) == 1
    experiment_id = experiment["name"].split("/")[-1]
    run = contexts[0]["name"].split("/")[-1].removeprefix(experiment_id + "-")
    series = vertex.ok("GET", f"{board}/experiments/{experiment_id}/runs/{run}/timeSeries")
    return {item["displayName"]: item["name"] for item in series["tensorboardTimeSeries"]}


def values(vertex: Vertex, series: str, **query: Any) -> list[float]:
    data = vertex.ok("GET", f"{series}:read", **query)["timeSeriesData"]
    return [value["scalar"]["value"] for value in data.get("values", [])]


def started(vertex: Vertex, body: Json | None = None, seconds: float = 14) -> Json:
    job = vertex.create(body or job_body(supervisedTuningSpec=spec(hyperParameters={"epochCount": 6})))
    vertex.admin.advance(seconds)
    return vertex.get(job["name"])


def test_a_supervised_run_writes_its_training_curves(vertex: Vertex) -> None:
    assert set(chain(vertex, started(vertex))) == {
        "/train_total_loss",
        "/train_fraction_of_correct_next_step_preds",
        "/train_num_predictions",
    }


def test_validation_data_adds_evaluation_curves(vertex: Vertex) -> None:
    body = job_body(supervisedTuningSpec=spec(validationDatasetUri="gs://acme/train.jsonl"))
    assert "/eval_total_loss" in chain(vertex, started(vertex, body))


@pytest.mark.parametrize(
    ("validation", "curves"),
    [
        ({}, {"/preference_optimization_train_loss"}),
        (
            {"validationDatasetUri": "gs://acme/preference.jsonl"},
            {"/preference_optimization_train_loss", "/eval_total_loss"},
        ),
    ],
)
def test_a_preference_run_has_its_own_curves(vertex: Vertex, validation: Json, curves: set[str]) -> None:
    tuning = spec(trainingDatasetUri="gs://acme/preference.jsonl", **validation)
    assert set(chain(vertex, started(vertex, preference_body(preferenceOptimizationSpec=tuning)))) == curves


def test_curves_grow_while_the_job_runs_and_then_stay(vertex: Vertex) -> None:
    job = started(vertex)
    series = chain(vertex, job)["/train_total_loss"]
    half = values(vertex, series)
    vertex.admin.advance(10)
    whole = values(vertex, series)
    assert 5 < len(half) < len(whole) == 30
    assert whole[: len(half)] == half
    assert whole[-1] < whole[0]
    vertex.admin.advance(1000)
    assert values(vertex, series) == whole


def test_a_run_that_fails_on_its_data_has_no_points(vertex: Vertex) -> None:
    job = started(vertex, job_body(labels={"emulator-outcome": "fail-data"}))
    assert values(vertex, chain(vertex, job)["/train_total_loss"]) == []


def test_a_sample_of_the_points_can_be_asked_for(vertex: Vertex) -> None:
    series = chain(vertex, started(vertex, seconds=30))["/train_total_loss"]
    assert len(values(vertex, series, maxDataPoints=5)) == 5
    assert len(values(vertex, series, maxDataPoints=-1)) == 30


def test_several_series_are_read_at_once(vertex: Vertex) -> None:
    series = chain(vertex, started(vertex))
    board = series["/train_total_loss"].partition("/experiments/")[0]
    read = vertex.ok("GET", f"{board}:batchRead", timeSeries=list(series.values()))["timeSeriesData"]
    assert len(read) == 3
    vertex.refused(400, "INVALID_ARGUMENT", "GET", f"{board}:batchRead", timeSeries="nonsense")


def test_parents_can_be_named_with_the_project_id(vertex: Vertex) -> None:
    job = started(vertex)
    number = job["experiment"].split("/")[1]
    wanted = f'parent_contexts:"{job["experiment"].replace(number, "acme-ml")}"'
    assert len(vertex.ok("GET", "/metadataStores/default/contexts", filter=wanted)["contexts"]) == 1


def test_everything_on_the_way_can_be_got_and_listed(vertex: Vertex) -> None:
    series = chain(vertex, started(vertex))["/train_total_loss"]
    assert vertex.get(series)["metadata"]["maxStep"]
    parts = series.split("/")
    for end in (6, 8, 10):
        name = "/".join(parts[:end])
        assert vertex.get(name)["name"] == name
        assert vertex.ok("GET", name.rpartition("/")[0])
    run_context = vertex.ok("GET", "/metadataStores/default/contexts")["contexts"][0]["name"]
    assert vertex.get(run_context)["schemaTitle"] == "system.ExperimentRun"
    only = vertex.ok("GET", "/".join(parts[:11]), filter='display_name="/train_total_loss"')
    assert [item["name"] for item in only["tensorboardTimeSeries"]] == [series]


@pytest.mark.parametrize(
    "path",
    [
        "/metadataStores/other/contexts/x",
        "/metadataStores/default/contexts/x",
        "/metadataStores/default/contexts/x-run",
        "/tensorboards/1",
        "{board}/experiments/x",
        "{run}/timeSeries/1",
        "{experiment}/runs/other",
    ],
)
def test_what_no_job_wrote_is_not_found(vertex: Vertex, path: str) -> None:
    series = chain(vertex, started(vertex))["/train_total_loss"].split("/")
    places = {"board": "/".join(series[:6]), "experiment": "/".join(series[:8]), "run": "/".join(series[:10])}
    vertex.refused(404, "NOT_FOUND", "GET", path.format(**places))
