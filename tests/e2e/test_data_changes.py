"""Data in a bucket that is overwritten in place: seen by its content, and never served unseen."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.emulator.options import Options
from tests.e2e.workshop import Workshop, jsonl, open_workshop, supervised_row

ADDRESS = "TunedModel/triage"
HOUR = 3600.0
URI = "gs://acme-live/train.jsonl"


@pytest.fixture
def hourly(tmp_path: Path) -> Iterator[Workshop]:
    """Runs take an hour of the emulator's time, which only a test lets pass."""
    with open_workshop(tmp_path, Options(run_seconds=HOUR)) as opened:
        yield opened


def write_rows(workshop: Workshop, rows: int) -> None:
    workshop.put_object("acme-live", "train.jsonl", jsonl([supervised_row(i) for i in range(rows)]))


def serving(workshop: Workshop, on_change: str) -> None:
    """v1 was tuned from twenty rows and serves."""
    workshop.project()
    write_rows(workshop, 20)
    declare(workshop, on_change)
    workshop.apply()
    workshop.advance(2 * HOUR)
    workshop.apply()


def declare(workshop: Workshop, on_change: str, *, epochs: int = 3) -> None:
    workshop.model(data=URI, epochs=epochs, extra=f"  lifecycle: {{onDatasetChange: {on_change}}}\n")


def version_that_serves(workshop: Workshop) -> int:
    number: int = json.loads(workshop.run("output", ADDRESS, "--format", "json").stdout)["version"]
    return number


@pytest.mark.parametrize("on_change", ["warn", "retune"])
def test_the_same_content_written_again_is_nothing(hourly: Workshop, on_change: str) -> None:
    serving(hourly, on_change)
    write_rows(hourly, 20)
    shown = hourly.run("plan", "--detailed-exitcode").stdout
    assert "No changes." in shown
    assert "holds other content" not in shown


def test_other_content_is_warned_of_and_nothing_is_paid(hourly: Workshop) -> None:
    serving(hourly, "warn")
    write_rows(hourly, 30)
    shown = " ".join(hourly.apply().stdout.split())
    assert f"{URI} holds other content than v1 was tuned from" in shown
    assert "Set lifecycle.onDatasetChange to retune" in shown
    assert len(hourly.jobs()) == 1


def test_other_content_is_tuned_where_that_was_asked_for(hourly: Workshop) -> None:
    serving(hourly, "retune")
    write_rows(hourly, 30)
    (change,) = hourly.plan_json()["changes"]
    assert (change["action"], change["reasons"][0]["code"]) == ("retune", "dataset_changed")
    assert change["cost"]["estimate"]
    hourly.apply()
    hourly.advance(2 * HOUR)
    hourly.apply()
    assert version_that_serves(hourly) == 2
    assert hourly.actions() == {}


def overwritten_while_v2_runs(workshop: Workshop, on_change: str) -> None:
    serving(workshop, on_change)
    declare(workshop, on_change, epochs=5)
    workshop.apply()
    write_rows(workshop, 30)
    assert "was overwritten while the run was under way" in " ".join(workshop.apply().stdout.split())
    workshop.advance(2 * HOUR)


def test_data_that_changed_while_a_run_read_it_bars_the_version_until_a_person_decides(hourly: Workshop) -> None:
    overwritten_while_v2_runs(hourly, "warn")
    told = " ".join(hourly.apply(expect=3).stdout.split())
    assert "v2: gs://acme-live/train.jsonl was overwritten while the run was under way" in told
    command = f"gates override {ADDRESS} --version 2 --reason"
    assert f"tuneform {command} ..." in told
    assert version_that_serves(hourly) == 1
    hourly.run(*command.split(), "rows were only added")
    hourly.apply()
    assert version_that_serves(hourly) == 2


def test_or_another_change_of_the_spec_tunes_anew_from_the_data_as_it_is(hourly: Workshop) -> None:
    overwritten_while_v2_runs(hourly, "warn")
    declare(hourly, "warn", epochs=6)
    hourly.apply()
    hourly.advance(2 * HOUR)
    hourly.apply()
    assert version_that_serves(hourly) == 3
    assert hourly.actions() == {}


def test_with_retune_the_next_pass_tunes_anew_by_itself(hourly: Workshop) -> None:
    overwritten_while_v2_runs(hourly, "retune")
    hourly.apply()
    hourly.advance(2 * HOUR)
    hourly.apply()
    assert version_that_serves(hourly) == 3
