"""Rows for preference tuning: a prompt, and one answer that people prefer to another.

https://docs.cloud.google.com/gemini-enterprise-agent-platform/models/tuning/preference-tuning
"""

from __future__ import annotations

import msgspec

from reconciler.datasets.decoding import Row, RowDecoder
from reconciler.datasets.plain import plain_preference
from reconciler.datasets.problems import Problem, Warn, warn_within
from reconciler.datasets.turns import Content, check_instruction, check_parts, check_turns


class Completion(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """One answer: `score` 1 for the preferred, 0 for the other."""

    score: float
    completion: Content


class PreferenceRow(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """`{"contents": […], "completions": [{"score": 1, "completion": {…}}, {"score": 0, "completion": {…}}]}`."""

    contents: list[Content]
    completions: list[Completion]
    system_instruction: Content | None = msgspec.field(name="systemInstruction", default=None)
    system_instruction_snake: Content | None = msgspec.field(name="system_instruction", default=None)


_decode = RowDecoder(PreferenceRow)
_TWO = "A row compares exactly two completions, one scored 1 and one scored 0."


def check_preference(line: bytes, warn: Warn) -> Row:
    """Checks one row; it is billed as twice the prompt and both completions. Raises Problem."""
    if plain := plain_preference(line):
        return _row(*plain)
    return check_any_preference(line, warn)


def _row(prompt: int, first: int, second: int) -> Row:
    return Row(2 * prompt + first + second, prompt + max(first, second))


def check_any_preference(line: bytes, warn: Warn) -> Row:
    """The full check of a row. Raises Problem."""
    row = _decode(line, warn)
    prompt = check_instruction(row.system_instruction, row.system_instruction_snake, warn)
    turns = check_turns(row.contents, "user", warn)
    if turns.multimodal:
        raise Problem("dataset_part", "has a file in it", path="contents", hint="Preference tuning takes text only.")
    prompt += turns.weight
    if len(row.completions) != 2:
        count = len(row.completions)
        raise Problem("dataset_completions", f"has {count} instead of two", path="completions", hint=_TWO)
    first, second = (_check_completion(index, c, warn) for index, c in enumerate(row.completions))
    if sorted(c.score for c in row.completions) != [0, 1]:
        raise Problem("dataset_scores", "are not scored 1 and 0", path="completions", hint=_TWO)
    if row.completions[0].completion.parts == row.completions[1].completion.parts:
        warn(
            Problem(
                "dataset_same_completions",
                "are equal, so there is nothing to prefer",
                path="completions",
                severity="warning",
            )
        )
    return _row(prompt, first, second)


def _check_completion(index: int, completion: Completion, warn: Warn) -> int:
    content = completion.completion
    place = f"completions[{index}].completion"
    try:
        if content.role != "model":
            raise Problem("dataset_role", "is not `model`", path="role", hint="A completion is a turn of the model.")
        if any(part.text is None for part in content.parts):
            raise Problem("dataset_completions", "are not all text", path="parts", hint="Completions are text only.")
        weight, _ = check_parts(content.parts, "model", warn_within(warn, place))
    except Problem as problem:
        raise problem.within(place) from None
    return weight
