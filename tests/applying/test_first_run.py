"""`--first-run-fix` waits for as long as the dataset still needs, and no longer than somebody lets it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest

from reconciler.applying.first_run import prepare_first_run
from reconciler.core.desired import Limits
from reconciler.core.events import Event
from tests.applying.test_waiting import Time
from tests.planning.build import NOW, desired, model, observed, plan, state, stored

FIVE_MINUTES = 300.0


@dataclass
class Regions:
    """Where there is a dataset already, and since how many seconds."""

    ages: dict[str, float] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def prepare(self, project: str, location: str) -> tuple[bool, datetime]:
        self.asked.append(location)
        age = self.ages.get(location)
        return age is None, NOW - timedelta(seconds=age or 0.0)


def waited(regions: Regions, *locations: str) -> tuple[list[float], list[str]]:
    """How long was waited, and what was told."""
    want = desired(
        *(model(f"m{i}", location=place) for i, place in enumerate(locations)), limits=Limits(max_concurrent_jobs=9)
    )
    time, told = Time(), list[Event]()
    made = plan(want, state(), observed(stored()))
    prepare_first_run(made, want, regions, time, told.append, settle=FIVE_MINUTES, judge=lambda: NOW)
    return time.pauses, [event.message for event in told]


def test_a_dataset_that_was_just_made_gets_five_minutes() -> None:
    pauses, told = waited(Regions(), "us-central1")
    assert pauses == [300.0]
    assert "made an empty dataset in us-central1" in told[0]
    assert "waiting 300 s" in told[1]


def test_one_of_an_interrupted_pass_gets_what_is_left() -> None:
    assert waited(Regions({"us-central1": 100.0}), "us-central1")[0] == [200.0]


@pytest.mark.parametrize("age", [300.0, 10_000_000.0])
def test_one_that_is_old_enough_is_not_waited_for(age: float) -> None:
    assert waited(Regions({"us-central1": age}), "us-central1") == ([], [])


def test_every_region_is_prepared_once_and_the_wait_is_that_of_the_youngest() -> None:
    regions = Regions({"europe-west4": 250.0})
    pauses, _ = waited(regions, "us-central1", "europe-west4", "us-central1")
    assert regions.asked == ["europe-west4", "us-central1"]
    assert pauses == [300.0]


def test_a_clock_that_is_behind_does_not_make_the_wait_longer() -> None:
    assert waited(Regions({"us-central1": -3600.0}), "us-central1")[0] == [300.0]


def test_where_nothing_is_bought_nothing_is_prepared() -> None:
    regions = Regions()
    assert waited(regions) == ([], [])
    assert regions.asked == []
