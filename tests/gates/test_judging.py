"""Judging one gate: bounds, regressions, dropped examples, and answers against what was expected."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest

from reconciler.applying.gates.dropped import judge_dropped
from reconciler.applying.gates.matching import mismatch
from reconciler.applying.gates.metric_gates import Rival, judge_metric
from reconciler.applying.gates.prompt_gate import text_of
from reconciler.applying.gates.result import GateResult
from reconciler.core.metrics import Point, RunMetrics, Series
from reconciler.core.observed import Run
from reconciler.core.prompts import Expectation, Judged
from reconciler.core.runs import RunState

LOSS = "/eval_total_loss"
RIGHT = "/eval_fraction_of_correct_next_step_preds"


def measured(**values: float) -> RunMetrics:
    """Metrics whose last value is the given one; the first is far from it and must not count."""
    return RunMetrics({f"/{n}": Series(f"/{n}", (Point(1, 99.0), Point(2, v))) for n, v in values.items()})


def judge(gate: dict[str, Any], candidate: RunMetrics, rival: Rival | None = None) -> list[GateResult]:
    return list(judge_metric(gate, candidate, rival))


@pytest.mark.parametrize(("value", "passed"), [(0.9, True), (0.91, False), (math.nan, False), (math.inf, False)])
def test_a_metric_must_be_at_most_its_max(value: float, passed: bool) -> None:
    assert [r.passed for r in judge({"name": LOSS, "max": 0.9}, measured(eval_total_loss=value))] == [passed]


def test_a_metric_must_be_at_least_its_min() -> None:
    found = judge({"name": LOSS, "min": 0.5, "max": 0.9}, measured(eval_total_loss=0.4))
    assert [r.passed for r in found] == [True, False]


def test_what_is_not_a_number_can_be_kept_in_the_state() -> None:
    (found,) = judge({"name": LOSS, "max": 1}, measured(eval_total_loss=math.nan))
    json.dumps(found.as_evidence(), allow_nan=False)


def test_a_metric_that_does_not_exist_fails_and_says_which_do() -> None:
    (found,) = judge({"name": LOSS, "max": 0.9}, measured(train_total_loss=0.1))
    assert not found.passed
    assert "/train_total_loss" in found.detail


@pytest.mark.parametrize(
    ("gate", "before", "now", "passed"),
    [
        ({"name": LOSS, "maxRegression": 0.05}, 1.0, 1.05, True),
        ({"name": LOSS, "maxRegression": 0.05}, 1.0, 1.06, False),
        ({"name": LOSS, "maxRegression": 0}, 1.0, 0.5, True),
        ({"name": RIGHT, "maxRegression": 0.05}, 0.8, 0.76, True),
        ({"name": RIGHT, "maxRegression": 0.05}, 0.8, 0.75, False),
        ({"name": LOSS, "maxRegression": 0, "better": "higher"}, 1.0, 0.9, False),
    ],
)
def test_a_candidate_may_be_only_so_much_worse_than_what_serves(
    gate: dict[str, Any], before: float, now: float, passed: bool
) -> None:
    name = gate["name"].removeprefix("/")
    (found,) = judge(gate, measured(**{name: now}), Rival(1, measured(**{name: before})))
    assert found.passed is passed


def test_the_first_version_has_nothing_to_be_worse_than() -> None:
    (found,) = judge({"name": LOSS, "maxRegression": 0}, measured(eval_total_loss=5))
    assert found.passed


def test_without_a_value_of_what_serves_nothing_is_taken_for_granted() -> None:
    (found,) = judge({"name": LOSS, "maxRegression": 0.5}, measured(eval_total_loss=0.1), Rival(1, RunMetrics()))
    assert not found.passed


def a_run(examples: int | None, dropped: int | None) -> Run:
    return Run("jobs/1", "vertex", RunState.SUCCEEDED, examples=examples, dropped_examples=dropped)


@pytest.mark.parametrize(
    ("run", "passed"),
    [(a_run(100, 10), True), (a_run(100, 11), False), (a_run(100, None), True), (a_run(None, None), False)],
)
def test_only_so_many_examples_may_be_dropped(run: Run, passed: bool) -> None:
    assert judge_dropped(run, 0.1).passed is passed


def test_a_run_that_is_gone_tells_nothing_about_its_examples() -> None:
    assert not judge_dropped(None, 0.1).passed


OBJECT = {"type": "object", "required": ["queue"], "properties": {"queue": {"pattern": "^[a-z]+$"}}}


@pytest.mark.parametrize(
    ("kind", "value", "answer", "matches"),
    [
        (Judged.EXACT, "shipping", " shipping\n", True),
        (Judged.EXACT, "shipping", "Shipping", False),
        (Judged.CONTAINS, "ship", "worship", True),
        (Judged.CONTAINS, "ship", "SHIP", False),
        (Judged.REGEX, r"^queue=\w+$", "queue=a", True),
        (Judged.REGEX, r"^queue=\w+$", "queue=", False),
        (Judged.JSON_SCHEMA, OBJECT, '{"queue": "a"}', True),
        (Judged.JSON_SCHEMA, OBJECT, '```json\n{"queue": "a"}\n```', True),
        (Judged.JSON_SCHEMA, OBJECT, '{"queue": "A"}', False),
        (Judged.JSON_SCHEMA, OBJECT, "{}", False),
        (Judged.JSON_SCHEMA, OBJECT, "queue", False),
        (Judged.JSON_SCHEMA, {"patternProperties": {"^x": {"type": "integer"}}}, '{"xa": "1"}', False),
        (Judged.JSON_SCHEMA, {"$ref": "#/$defs/nowhere"}, "{}", False),
        (Judged.JSON_SCHEMA, {"$ref": "#"}, "{}", False),
    ],
)
def test_an_answer_is_judged_by_what_is_expected(kind: Judged, value: Any, answer: str, matches: bool) -> None:
    assert (mismatch(Expectation(kind, value), answer) == "") is matches


@pytest.mark.parametrize(
    "expected",
    [
        Expectation(Judged.REGEX, r"^(a|aa)+$"),
        Expectation(Judged.JSON_SCHEMA, {"items": {"pattern": r"^(a|aa)+$"}}),
    ],
)
def test_an_expression_that_would_take_for_ever_ends_in_time_and_fails(expected: Expectation) -> None:
    text = "a" * 60 + "!"
    answer = text if expected.kind is Judged.REGEX else json.dumps([text])
    assert "longer than" in mismatch(expected, answer)


def test_no_reason_quotes_the_answer() -> None:
    for kind, value in ((Judged.EXACT, "x"), (Judged.REGEX, "x"), (Judged.CONTAINS, "x"), (Judged.JSON_SCHEMA, OBJECT)):
        assert "secret" not in mismatch(Expectation(kind, value), '{"queue": "SECRET secret"}')


@pytest.mark.parametrize(
    ("answer", "text", "trouble"),
    [
        ({"candidates": [{"content": {"parts": [{"text": "a"}, {"text": "b"}]}, "finishReason": "STOP"}]}, "ab", ""),
        ({"candidates": [{"content": {"parts": [{"text": "hm", "thought": True}, {"text": "b"}]}}]}, "b", ""),
        ({"candidates": [{"finishReason": "SAFETY"}]}, "", "no answer (SAFETY)"),
        ({"promptFeedback": {"blockReason": "OTHER"}}, "", "no answer (OTHER)"),
        ({}, "", "no answer (no candidates)"),
        ({"candidates": [{"content": {"parts": "x"}}]}, "", ""),
    ],
)
def test_the_text_of_an_answer_is_what_the_model_said_aloud(answer: Any, text: str, trouble: str) -> None:
    assert text_of(answer) == (text, trouble)
