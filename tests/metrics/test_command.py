"""`tuneform metrics`, as typed."""

from __future__ import annotations

import csv
import io
import json
import re

from tests.e2e.workshop import Workshop
from tests.metrics.conftest import ADDRESS

BOTH = ("--version", "1", "--version", "2")


def test_versions_are_overlaid_with_a_legend_and_last_values_in_80_columns(workshop: Workshop) -> None:
    shown = workshop.run("metrics", ADDRESS, COLUMNS="80").stdout
    assert max(len(line) for line in shown.splitlines()) <= 80
    assert "o v1 (superseded)  + v2 (serving)" in shown
    assert "/train_total_loss by training step" in shown
    assert "/eval_total_loss by training step" in shown
    assert re.search(r"^/eval_num_predictions +2048 +2048$", shown, re.MULTILINE)


def test_one_version_is_drawn_in_dots(workshop: Workshop) -> None:
    shown = workshop.run("metrics", ADDRESS, "--version", "2", PYTHONIOENCODING="utf-8").stdout
    assert re.search("[\u2801-\u28ff]", shown)
    assert "v2 (serving)" in shown
    assert "v1" not in shown


def test_a_log_in_ascii_gets_ascii(workshop: Workshop) -> None:
    shown = workshop.run("metrics", ADDRESS, *BOTH, PYTHONIOENCODING="ascii").stdout
    assert shown.isascii()
    assert "\\u" not in shown
    assert "|" in shown


def test_another_metric_can_be_asked_for(workshop: Workshop) -> None:
    shown = workshop.run("metrics", ADDRESS, "--metric", "train_num_predictions").stdout
    assert "/train_num_predictions by training step" in shown
    assert "/train_total_loss by training step" not in shown


def test_a_metric_that_was_not_measured_is_refused_with_those_that_were(workshop: Workshop) -> None:
    done = workshop.run("metrics", ADDRESS, "--metric", "mean_loss", expect=64)
    assert "/train_total_loss" in done.stderr


def test_json_has_every_point(workshop: Workshop) -> None:
    shown = json.loads(workshop.run("metrics", ADDRESS, *BOTH, "--format", "json").stdout)
    assert shown["address"] == ADDRESS
    assert [(v["version"], v["serving"]) for v in shown["versions"]] == [(1, False), (2, True)]
    points = shown["versions"][1]["metrics"]["/eval_total_loss"]
    assert len(points) == 6
    assert points[0].keys() == {"step", "value", "wall_time"}


def test_csv_has_a_row_for_each_point(workshop: Workshop) -> None:
    rows = list(csv.DictReader(io.StringIO(workshop.run("metrics", ADDRESS, *BOTH, "--format", "csv").stdout)))
    assert len([r for r in rows if r["version"] == "1" and r["metric"] == "/eval_total_loss"]) == 3
    assert all(float(row["value"]) > 0 for row in rows)


def test_the_page_draws_every_version_and_needs_nothing_from_outside(workshop: Workshop) -> None:
    workshop.run("metrics", ADDRESS, *BOTH, "--html", "curves.html")
    page = (workshop.folder / "curves.html").read_text()
    assert page.count("<figure>") == 6
    assert page.count("<polyline") == 12
    assert page.count("<desc ") == 6
    assert page.count('role="img" aria-labelledby=') == 6
    assert "default-src 'none'" in page
    assert "<script" not in page
    assert "http://" not in page
    assert "https://" not in page
    assert page.index("Training") < page.index("/train_total_loss</figcaption>") < page.index("Validation</h2>")


def test_few_requests_are_sent_and_all_of_them_only_look(workshop: Workshop) -> None:
    workshop.forget_requests()
    workshop.run("metrics", ADDRESS, "--version", "1")
    counts = workshop.requests()["counts"]
    assert counts.keys() == {"GET"}
    assert counts["GET"] <= 4


def test_an_unknown_version_names_the_known_ones(workshop: Workshop) -> None:
    assert "Versions: v1, v2." in workshop.run("metrics", ADDRESS, "--version", "9", expect=1).stderr


def test_an_unknown_address_is_an_error(workshop: Workshop) -> None:
    assert "nothing is recorded under this address" in workshop.run("metrics", "TunedModel/other", expect=1).stderr


def test_a_page_that_cannot_be_written_is_told(workshop: Workshop) -> None:
    assert "cannot be written" in workshop.run("metrics", ADDRESS, "--html", "nowhere/c.html", expect=1).stderr


def test_an_experiment_that_cannot_be_read_is_an_error_and_not_empty(workshop: Workshop) -> None:
    workshop.fault(
        match={"method": "GET", "path": "tensorboards"}, kind="refuse", status=403, code="PERMISSION_DENIED", times=9
    )
    workshop.run("metrics", ADDRESS, expect=1)
    workshop.end_faults()


def test_an_experiment_that_was_deleted_is_empty_and_not_an_error(workshop: Workshop) -> None:
    workshop.fault(match={"method": "GET", "path": "contexts"}, kind="refuse", status=404, code="NOT_FOUND", times=9)
    assert "measured nothing yet" in workshop.run("metrics", ADDRESS).stdout
    workshop.end_faults()
