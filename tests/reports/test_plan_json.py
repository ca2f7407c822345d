"""The saved plan: its keys are what scripts rely on, and a file that was touched is refused."""

import contextlib
import copy
import json
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.plan import Action, FieldClass
from reconciler.core.plan_codec import plan_digest, plan_from_dict, plan_to_dict
from reconciler.errors import PlanFileError
from tests.reports import plans


def saved(plan: Any = plans.EVERYTHING) -> dict[str, Any]:
    document: dict[str, Any] = orjson.loads(orjson.dumps(plan_to_dict(plan, "0.1.0")))
    return document


def resealed(document: dict[str, Any]) -> dict[str, Any]:
    return {**document, "digest": plan_digest(document)}


def test_a_complete_plan_has_exactly_the_keys_of_the_contract() -> None:
    assert set(saved()) == {
        "format_version", "tool_version", "created_at", "project", "state", "spec_digest", "digest", "complete",
        "changes", "summary", "cost", "diagnostics",
    }  # fmt: skip
    assert saved()["state"] == {"lineage": plans.EVERYTHING.state.lineage, "serial": 3}
    assert saved()["cost"] == {"usd": 8.1, "unknown": 1}


def test_a_change_names_its_reason_its_fields_with_their_lines_and_its_cost() -> None:
    retune = saved()["changes"][1]
    assert retune["address"] == "TunedModel/support-triage"
    assert (retune["kind"], retune["action"], retune["version"]) == ("TunedModel", "retune", 2)
    assert retune["fields"][0] == {
        "path": "vertex.supervisedTuningSpec.hyperParameters.epochCount",
        "before": 3,
        "after": 4,
        "class": "training",
        "source": {"file": "specs/triage.yaml", "line": 14, "column": 9},
    }
    assert retune["cost"]["usd"] == 8.1
    assert saved()["changes"][0]["cost"]["usd"] is None


def test_a_diagnostic_names_its_place() -> None:
    warning = saved()["diagnostics"][0]
    assert (warning["severity"], warning["code"]) == ("warning", "base_model_retiring")
    assert (warning["file"], warning["line"], warning["column"]) == ("specs/legal.yaml", 8, 5)


def test_the_summary_counts_every_action_also_those_that_do_not_occur() -> None:
    assert list(saved()["summary"]) == [str(action) for action in Action]
    assert saved()["summary"]["none"] == 12


def test_the_digest_does_not_depend_on_when_and_by_which_version_the_plan_was_made() -> None:
    document = saved()
    assert plan_digest({**document, "created_at": "later", "tool_version": "9"}) == document["digest"]
    assert plan_digest({**document, "spec_digest": "other"}) != document["digest"]


@pytest.mark.parametrize("plan", [plans.EVERYTHING, plans.EMPTY, plans.INCOMPLETE], ids=["full", "empty", "incomplete"])
def test_a_plan_that_is_written_and_read_is_the_same_plan(plan: Any) -> None:
    assert plan_from_dict(saved(plan)) == plan


def paths_of(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if isinstance(value, dict):
        return [p for key, item in value.items() for p in paths_of(item, (*path, key))]
    if isinstance(value, list):
        return [p for index, item in enumerate(value) for p in paths_of(item, (*path, index))]
    return [path]


def with_value(document: dict[str, Any], path: tuple[Any, ...], value: Any) -> dict[str, Any]:
    changed = copy.deepcopy(document)
    inner: Any = changed
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    return changed


@pytest.mark.parametrize("path", [p for p in paths_of(saved()) if p[0] not in ("created_at", "tool_version")], ids=str)
def test_a_plan_with_any_one_value_altered_is_refused(path: tuple[Any, ...]) -> None:
    with pytest.raises(PlanFileError):
        plan_from_dict(with_value(saved(), path, "altered"))


@pytest.mark.parametrize(
    "wrong",
    [
        None,
        [],
        "plan",
        {},
        {**saved(), "extra": 1},
        {key: value for key, value in saved().items() if key != "complete"},
        with_value(saved(), ("changes", 0, "address"), "TunedModel/../x"),
        with_value(saved(), ("changes", 0, "kind"), "Dataset"),
        with_value(saved(), ("changes", 0, "action"), "explode"),
        with_value(saved(), ("summary",), {"explode": 1}),
        with_value(saved(), ("changes", 0, "fields", 0, "after"), 2**200),
        with_value(saved(), ("state", "serial"), "3"),
    ],
    ids=range(12),
)
def test_what_is_not_exactly_a_plan_is_refused_with_one_sentence_even_when_its_digest_is_right(wrong: Any) -> None:
    with contextlib.suppress(TypeError):
        wrong = resealed(wrong)
    with pytest.raises(PlanFileError, match="not a saved plan") as refusal:
        plan_from_dict(wrong)
    assert refusal.value.next_step


def test_a_plan_of_a_newer_format_says_so() -> None:
    with pytest.raises(PlanFileError, match="has format 2, and this tuneform reads format 1"):
        plan_from_dict({**saved(), "format_version": "2"})


def test_values_nested_without_end_are_refused() -> None:
    deep: Any = 1
    for _ in range(900):
        deep = [deep]
    with pytest.raises(PlanFileError):
        plan_from_dict(with_value(saved(), ("changes", 0, "fields", 0, "after"), deep))


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(JSON_VALUES, JSON_VALUES)
def test_any_value_of_a_field_can_be_saved_and_read_again(before: Any, after: Any) -> None:
    change = plans.change(Action.UPDATE, "x", fields=(plans.field("a", before, after, kind=FieldClass.SERVING),))
    document = plan_to_dict(plans.plan(change), "0.1.0")
    assert plan_to_dict(plan_from_dict(json.loads(json.dumps(document))), "0.1.0") == document
