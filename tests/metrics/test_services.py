"""`tuneform metrics` over the three services, and while a run is under way."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.emulator.options import Options
from tests.e2e.test_gemini import number_generator
from tests.e2e.test_palm import summary
from tests.e2e.workshop import Workshop, open_workshop
from tests.metrics.conftest import ADDRESS

HOUR = 3600.0
BOARD = "projects/1/locations/us-central1/tensorboards/7"


@pytest.fixture
def hourly(tmp_path: Path) -> Iterator[Workshop]:
    """A workshop whose runs take an hour of the emulator's time, which only a test lets pass."""
    with open_workshop(tmp_path, Options(run_seconds=HOUR)) as opened:
        yield opened


def points(workshop: Workshop, metric: str) -> int:
    shown = json.loads(workshop.run("metrics", ADDRESS, "--format", "json").stdout)
    return len(shown["versions"][0]["metrics"].get(metric, ()))


def test_a_running_job_is_drawn_as_far_as_it_came(hourly: Workshop) -> None:
    hourly.project()
    hourly.dataset(rows=40)
    hourly.model(epochs=10)
    hourly.apply()
    assert "The runs of v1 have measured nothing yet" in hourly.run("metrics", ADDRESS).stdout
    hourly.advance(HOUR / 2)
    assert "v1 (active)" in hourly.run("metrics", ADDRESS).stdout
    halfway = points(hourly, "/train_total_loss")
    hourly.advance(HOUR)
    assert 0 < halfway < points(hourly, "/train_total_loss")


def test_the_snapshots_of_a_gemini_api_model_are_drawn(hourly: Workshop) -> None:
    number_generator(hourly)
    hourly.apply("--allow-retired")
    hourly.advance(2 * HOUR)
    shown = hourly.run("metrics", "TunedModel/next-number", COLUMNS="80").stdout
    assert "/mean_loss by training step" in shown
    assert max(len(line) for line in shown.splitlines()) <= 80


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ("train_steps: 30", "parameterValues.tensorboard_resource_id names, and that of v1 names none."),
        (f"train_steps: 30, tensorboard_resource_id: {BOARD}", f"The pipeline of v1 measures into {BOARD}"),
    ],
)
def test_a_palm_pipeline_says_where_its_metrics_are(hourly: Workshop, parameters: str, said: str) -> None:
    summary(hourly, steps=parameters)
    hourly.apply("--allow-retired")
    assert said in hourly.run("metrics", "TunedModel/legacy-summary").stdout.replace("\n", " ")
    hourly.run("metrics", "TunedModel/legacy-summary", "--html", "c.html")
    assert said in (hourly.folder / "c.html").read_text()


def test_what_is_not_tuned_has_no_curves(hourly: Workshop) -> None:
    hourly.project()
    hourly.dataset()
    hourly.apply()
    assert "Name a TunedModel" in hourly.run("metrics", "Dataset/train", expect=64).stderr
