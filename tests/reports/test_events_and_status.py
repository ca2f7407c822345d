"""One line an event, one row an address; for people and for scripts."""

import json
from dataclasses import dataclass

import pytest

from reconciler.core.address import Address
from reconciler.core.diagnostics import Diagnostic, Source
from reconciler.core.events import Event
from reconciler.reports.diagnostics import count_in_words, diagnostic_lines
from reconciler.reports.events import event_line, next_step_of
from reconciler.reports.json_report import event_json, json_text, plan_json, validation_json
from reconciler.reports.layout import cells
from reconciler.reports.palette import PLAIN
from reconciler.reports.status import status_json, status_lines
from tests.reports import plans
from tests.reports.golden_files import matches_golden
from tests.reports.hostile import PAYLOADS
from tests.reports.test_escape import hidden_in

ADDRESS = "TunedModel/support-triage"


@dataclass(frozen=True)
class Row:
    address: Address
    serving: int | None = None
    version: int | None = None
    status: str = ""
    run_state: str = ""
    run: str = ""
    model: str = ""
    endpoint: str = ""
    location: str = "us-central1"
    since: str = "2026-11-20T11:02:03.000000Z"
    completed_steps: int | None = None
    total_steps: int | None = None
    loss: float | None = None
    error: str = ""
    details: tuple[str, ...] = ()


ENDPOINT = "projects/acme-ml/locations/us-central1/endpoints/8841"
ROWS = (
    Row(Address("TunedModel", "legal-summary"), 2, 2, "ready", "SUCCEEDED", endpoint=ENDPOINT),
    Row(
        Address("TunedModel", "support-triage"),
        1,
        2,
        "active",
        "RUNNING",
        endpoint=ENDPOINT.replace("8841", "9952"),
        completed_steps=120,
        total_steps=400,
        loss=1.25,
    ),
    Row(Address("TunedModel", "tone-pref"), None, 1, "failed", "FAILED", error="Row 12 has no completion."),
)


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (Event("submitted", "v2: tuning as projects/1", ADDRESS), f"{ADDRESS}: v2: tuning as projects/1"),
        (Event("uploaded", "12 rows at gs://b/x", "Dataset/d"), "Dataset/d: uploaded 12 rows at gs://b/x"),
        (Event("failed", "no permission", ADDRESS), f"{ADDRESS}: failed: no permission"),
        (Event("warning", "cannot be looked at just now"), "warning: cannot be looked at just now"),
        (
            Event("progress", "v2 running", ADDRESS, {"completed_steps": 5, "total_steps": 20, "loss": 4.8600}),
            f"{ADDRESS}: v2 running, 5 of 20 steps (25 %), loss 4.86",
        ),
        (
            Event("progress", "v2 running", ADDRESS, {"completed_steps": 5, "total_steps": None}),
            f"{ADDRESS}: v2 running, 5 steps",
        ),
        (
            Event("progress", "v2 running", ADDRESS, {"completed_steps": None, "total_steps": None}),
            f"{ADDRESS}: v2 running",
        ),
    ],
)
def test_an_event_is_one_plain_line(event: Event, line: str) -> None:
    assert event_line(event, PLAIN) == line


def test_a_failed_event_says_what_to_do_next() -> None:
    assert next_step_of(Event("failed", "no permission", fields={"next_step": "Grant it."})) == "Grant it."
    assert next_step_of(Event("failed", "no permission")) == ""


def test_an_event_as_json_is_one_line_with_its_time_and_fields() -> None:
    line = event_json(Event("submitted", "v2", ADDRESS, {"run": "x", "n": (1, 2)}), at="2026", tool_version="1")
    assert "\n" not in line
    assert json.loads(line) == {
        "type": "submitted",
        "at": "2026",
        "address": ADDRESS,
        "message": "v2",
        "fields": {"run": "x", "n": [1, 2]},
    }


def test_the_planned_event_carries_the_plan_as_plans_are_spelt() -> None:
    line = event_json(Event("planned", "…", fields={"plan": plans.EVERYTHING}), at="", tool_version="1")
    assert json.loads(line)["fields"]["plan"] == json.loads(plan_json(plans.EVERYTHING, "1"))


@pytest.mark.parametrize("payload", PAYLOADS)
def test_json_hides_nothing_from_a_terminal_and_loses_nothing_for_a_script(payload: str) -> None:
    text = json_text({"a": payload})
    assert hidden_in(text) <= {"U+000A"}
    if not any("\ud800" <= char <= "\udfff" for char in payload):
        assert json.loads(text) == {"a": payload}


@pytest.mark.parametrize("payload", PAYLOADS)
def test_hostile_text_in_events_and_tables_never_reaches_the_terminal_raw(payload: str) -> None:
    row = Row(Address("TunedModel", "x"), 1, 1, payload, payload, endpoint=payload, since=payload, error=payload)
    lines = [event_line(Event("warning", payload, payload), PLAIN), *status_lines([row], width=80, palette=PLAIN)]
    assert [line for line in lines if hidden_in(line)] == []


def test_the_status_reads_as_in_the_golden_file() -> None:
    lines = list(status_lines(ROWS, width=80, palette=PLAIN))
    assert all(cells(line) <= 80 for line in lines)
    matches_golden("status.txt", "\n".join(lines) + "\n")


def test_the_status_as_json_has_null_for_what_is_not_known() -> None:
    first, running, failed = json.loads(status_json(ROWS))["resources"]
    assert first["address"] == "TunedModel/legal-summary"
    assert (running["serving"], running["version"], running["completed_steps"]) == (1, 2, 120)
    assert failed["endpoint"] is None
    assert failed["error"] == "Row 12 has no completion."


def test_an_empty_status_says_so() -> None:
    assert next(iter(status_lines([], width=80, palette=PLAIN))).startswith("Nothing is recorded yet")


FOUND = (
    Diagnostic("warning", "w", "the base model retires soon", "TunedModel/x", Source("specs/a.yaml", 3, 5)),
    Diagnostic(
        "error", "e", 'unknown field "epochCuont"', "TunedModel/x", Source("specs/a.yaml", 14, 9), "Correct it."
    ),
)


def test_findings_show_errors_first_with_their_line_and_a_mark_under_the_spot() -> None:
    lines = {3: "    baseModel: gemini-2.5-flash", 14: "        epochCuont: 3"}
    text = "\n".join(diagnostic_lines(FOUND, width=80, palette=PLAIN, excerpt=lambda place: lines[place.line]))
    matches_golden("diagnostics.txt", text + "\n")
    assert count_in_words(FOUND) == "1 error, 1 warning"


def test_a_validation_as_json_counts_and_lists_every_finding() -> None:
    report = json.loads(validation_json(FOUND, {"TunedModel": 2}))
    assert (report["valid"], report["error_count"], report["warning_count"]) == (False, 1, 1)
    assert report["diagnostics"][1]["line"] == 14
    assert report["counts"] == {"TunedModel": 2}
