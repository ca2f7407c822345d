"""The plan as people read it, in a terminal and in a log."""

import re

import pytest
from hypothesis import given, settings

from reconciler.core.diagnostics import Diagnostic, Source
from reconciler.core.plan import Action, Cost, Plan, Reason
from reconciler.reports.layout import cells
from reconciler.reports.palette import COLOURED
from reconciler.reports.text import TextOptions, plan_lines, summary_line
from tests.reports import plans
from tests.reports.golden_files import matches_golden
from tests.reports.hostile import HOSTILE, PAYLOADS
from tests.reports.plans import METADATA
from tests.reports.test_escape import hidden_in

COLOURS = re.compile(r"\x1b\[[0-9;]*m")
NAMED = {"everything": plans.EVERYTHING, "empty": plans.EMPTY, "incomplete": plans.INCOMPLETE}


def text_of(plan: Plan, options: TextOptions | None = None) -> str:
    return "\n".join(plan_lines(plan, options)) + "\n"


def excerpt(source: Source) -> str | None:
    return "  baseModel: gemini-2.5-flash" if source.file == "specs/legal.yaml" else None


@pytest.mark.parametrize("name", NAMED)
@pytest.mark.parametrize("width", [80, 100])
def test_the_plan_reads_as_in_the_golden_file(name: str, width: int) -> None:
    matches_golden(f"{name}-{width}.txt", text_of(NAMED[name], TextOptions(width=width, excerpt=excerpt)))


def test_colours_change_nothing_but_colours() -> None:
    coloured = text_of(plans.EVERYTHING, TextOptions(palette=COLOURED))
    assert "\x1b[" in coloured
    assert COLOURS.sub("", coloured) == text_of(plans.EVERYTHING)


@pytest.mark.parametrize("width", [40, 60, 80, 100])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    for line in text_of(plans.EVERYTHING, TextOptions(width=width)).splitlines():
        assert cells(line) <= width, line


def test_the_summary_counts_what_will_be_done_and_what_it_costs() -> None:
    retune = summary_line(plans.plan(plans.RETUNE, unchanged=2))
    assert retune == "Plan: 1 to retune, 2 unchanged. Cost: about US$8.10 once."
    assert summary_line(plans.plan(plans.CREATE)) == "Plan: 1 to create. Cost: 1 of unknown cost."
    assert summary_line(plans.plan(plans.UPDATE)) == "Plan: 1 to update."


def test_a_cost_below_a_cent_is_not_called_nothing() -> None:
    tiny = plans.change(Action.CREATE, "x", cost=Cost(0.0004, "400 tokens"))
    assert summary_line(plans.plan(tiny)) == "Plan: 1 to create. Cost: under US$0.01 once."


def test_an_incomplete_view_never_says_that_live_models_match() -> None:
    nothing = plans.plan(unchanged=3, unreadable=("locations/us-central1: 403",))
    text = text_of(nothing)
    assert "match the specs" not in text
    assert "will not be applied" in " ".join(text.split())
    assert "locations/us-central1: 403" in text


def test_two_long_values_are_cut_where_they_begin_to_differ() -> None:
    before, after = "gs://bucket/" + "a" * 200 + "OLD.jsonl", "gs://bucket/" + "a" * 200 + "NEW.jsonl"
    change = plans.change(Action.RETUNE, "x", fields=(plans.field("vertex.uri", before, after, 4),))
    text = text_of(plans.plan(change))
    assert "OLD.jsonl (221 characters)" in text
    assert "NEW.jsonl (221 characters)" in text


def test_a_value_that_yaml_would_read_differently_is_quoted() -> None:
    fields = (plans.field("a", "3", 3), plans.field("b", "true", True), plans.field("c", "", "x -> y"))
    text = text_of(plans.plan(plans.change(Action.UPDATE, "x", fields=fields)))
    assert 'a: "3" -> 3' in text
    assert 'b: "true" -> true' in text
    assert 'c: "" -> "x -> y"' in text


def hostile_plan(text: str) -> Plan:
    change = plans.change(
        Action.RETUNE,
        "x",
        text,
        fields=(plans.field("a." + text, text, {text: [text]}), plans.field("b", None, text)),
        cost=Cost(1.0, text),
        targets=(text,),
        source=Source(text, 1, 1),
    )
    removed = plans.change(Action.DELETE, "y", targets=(text,))
    found = Diagnostic("warning", "code", text, text, Source(text, 1, 1), text)
    made = plans.plan(change, removed, diagnostics=(found,), unreadable=(text,))
    return Plan(
        text,
        made.created_at,
        made.state,
        made.spec_digest,
        made.changes,
        made.summary,
        False,
        made.diagnostics,
        (text,),
    )


@pytest.mark.parametrize("payload", PAYLOADS)
def test_hostile_text_never_reaches_the_terminal_raw(payload: str) -> None:
    for line in plan_lines(hostile_plan(payload), TextOptions(excerpt=lambda _: payload)):
        assert hidden_in(line) == set()


@settings(max_examples=60, deadline=None)
@given(HOSTILE)
def test_no_text_at_all_reaches_the_terminal_raw(text: str) -> None:
    for line in plan_lines(hostile_plan(text), TextOptions(palette=COLOURED, excerpt=lambda _: text)):
        assert hidden_in(COLOURS.sub("", line)) == set()


def creates(count: int) -> Plan:
    fields = (*plans.CREATE.fields, plans.field("vertex.description", None, "routes tickets", 6, METADATA))
    return plans.plan(
        *(plans.change(Action.CREATE, f"m{n}", "New.", fields=fields, version=1) for n in range(count)),
        plans.RETUNE,
    )


def test_ten_thousand_creates_are_printed_compactly() -> None:
    assert sum(len(line) + 1 for line in plan_lines(creates(10_000))) < 3_500_000


def test_where_much_is_new_each_has_what_decides_what_is_bought_on_a_line_and_the_rest_is_said_to_be_left_out() -> None:
    text = text_of(creates(50), TextOptions(width=100))
    assert (
        text.count("      baseModel: gemini-3.1-flash-lite, trainingDatasetUri: sha256:8a8a8a8a…8a8a8a8a8a8a8a8a") == 50
    )
    assert text.count("epochCount: 2") == 50
    assert "routes tickets" not in text
    assert "every field is in --format json" in " ".join(text.split())
    assert "3 -> 4" in text


def test_where_little_is_new_nothing_is_left_out() -> None:
    text = text_of(creates(2))
    assert text.count("routes tickets") == 2
    assert "--format json" not in text


def test_what_a_failed_first_attempt_was_given_stands_beside_what_the_next_one_gets() -> None:
    fields = (plans.field("a.epochCount", 3, 4, 14), plans.field("a.adapterSize", None, 8, 15))
    text = text_of(plans.plan(plans.change(Action.CREATE, "x", fields=fields, version=2)))
    assert re.search(r"a\.epochCount:  3 -> 4 +specs/triage\.yaml:14\n", text)
    assert "a.adapterSize: 8\n" in text


def test_what_is_created_once_its_turn_has_come_reads_as_new() -> None:
    queued = plans.change(Action.QUEUE, "x", fields=(plans.field("a.epochCount", None, 4, 14),), version=1)
    assert "a.epochCount: 4\n" in text_of(plans.plan(queued))


def test_a_reason_is_given_in_words() -> None:
    change = plans.change(Action.HOLD, "x")
    held = type(change)(
        change.address, change.action, (Reason("cost_limit", "It would cost US$300, 200 are allowed."),)
    )
    assert "It would cost US$300, 200 are allowed." in text_of(plans.plan(held))
