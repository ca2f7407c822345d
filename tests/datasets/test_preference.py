"""Rows for preference tuning: exactly one answer preferred to exactly one other."""

from typing import Any

import pytest

from tests.datasets.conftest import Folder, at, preference, the_only, turn


def completion(score: Any, text: str = "Yes.", role: str = "model") -> dict[str, Any]:
    return {"score": score, "completion": turn(role, text)}


GOOD = {
    "the better answer first": preference(),
    "the better answer last": preference(completions=[completion(0, "No."), completion(1)]),
    "scores with a decimal point": preference(completions=[completion(1.0), completion(0.0, "No.")]),
    "a system instruction": preference(system_instruction={"parts": [{"text": "Be kind."}]}),
    "a conversation before": preference(contents=[turn("user", "a"), turn("model", "b"), turn("user", "c")]),
    "answers in two parts": preference(
        completions=[
            {"score": 1, "completion": {"role": "model", "parts": [{"text": "a"}, {"text": "b"}]}},
            completion(0),
        ]
    ),
}


@pytest.mark.parametrize("row", GOOD.values(), ids=GOOD.keys())
def test_a_good_row_passes_in_silence(folder: Folder, row: dict[str, Any]) -> None:
    found = folder.inspect([row], "preference")
    assert found.diagnostics == ()
    assert found.stats.rows == 1


IMAGE = {"fileData": {"mimeType": "image/png", "fileUri": "gs://acme/lamp.png"}}

BAD: dict[str, tuple[dict[str, Any], str, str]] = {
    "one completion": (preference(completions=[completion(1)]), "dataset_completions", "has 1 instead of two"),
    "no completion": (preference(completions=[]), "dataset_completions", "has 0 instead of two"),
    "three completions": (
        preference(completions=[completion(1), completion(0), completion(0)]),
        "dataset_completions",
        "has 3 instead of two",
    ),
    "two preferred": (
        preference(completions=[completion(1), completion(1, "No.")]),
        "dataset_scores",
        "one scored 1 and one scored 0",
    ),
    "none preferred": (preference(completions=[completion(0), completion(0, "No.")]), "dataset_scores", "completions"),
    "a score in between": (
        preference(completions=[completion(0.7), completion(0, "No.")]),
        "dataset_scores",
        "completions",
    ),
    "a score as text": (
        preference(completions=[completion("1"), completion(0)]),
        "dataset_shape",
        "should be a number",
    ),
    "a score as true": (preference(completions=[completion(True), completion(0)]), "dataset_shape", "true or false"),
    "no score": (
        preference(completions=[{"completion": turn("model", "a")}, completion(0)]),
        "dataset_shape",
        "has no `score`",
    ),
    "an answer of the user": (
        preference(completions=[completion(1, role="user"), completion(0)]),
        "dataset_role",
        "completions[0].completion.role",
    ),
    "an answer with a file": (
        preference(completions=[completion(1), {"score": 0, "completion": {"role": "model", "parts": [IMAGE]}}]),
        "dataset_completions",
        "completions[1].completion.parts",
    ),
    "an answer without parts": (
        preference(completions=[completion(1), {"score": 0, "completion": {"role": "model", "parts": []}}]),
        "dataset_part",
        "completions[1].completion.parts",
    ),
    "a prompt with a file": (
        preference(contents=[{"role": "user", "parts": [IMAGE]}]),
        "dataset_part",
        "text only",
    ),
    "a prompt that ends with the model": (
        preference(contents=[turn("user", "a"), turn("model", "b")]),
        "dataset_turns",
        "`completions`",
    ),
    "no completions at all": ({"contents": [turn("user", "a")]}, "dataset_shape", "has no `completions`"),
    "completion in the singular": (
        {"contents": [turn("user", "a")], "completion": []},
        "dataset_unknown_field",
        "`completions`",
    ),
}


@pytest.mark.parametrize(("row", "code", "says"), BAD.values(), ids=BAD.keys())
def test_a_bad_row_is_found_with_its_line_and_what_to_do(
    folder: Folder, row: dict[str, Any], code: str, says: str
) -> None:
    found = folder.inspect([preference(), row], "preference")
    errors = [d for d in found.diagnostics if d.severity == "error"]
    assert [d.code for d in errors] == [code]
    assert at(errors[0]) == "data.jsonl:2:1"
    assert says in f"{errors[0].message} {errors[0].hint}"


def test_equal_answers_are_warned_of(folder: Folder) -> None:
    warning = the_only(folder.inspect([preference(good="Same.", bad="Same.")], "preference"))
    assert (warning.severity, warning.code) == ("warning", "dataset_same_completions")
