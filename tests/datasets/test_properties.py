"""Rows at random: valid ones always pass, and one mutation in a file of them is always found on its line."""

import copy
import json
import string
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.core.desired import DatasetFormat
from reconciler.datasets.inspect import Inspection, inspect_dataset
from reconciler.datasets.preference import check_any_preference, check_preference
from reconciler.datasets.problems import Problem
from reconciler.datasets.supervised import check_any_supervised, check_supervised
from reconciler.datasets.tokens import tokens_of

Row = dict[str, Any]
Mutation = Callable[[Row], None]

text = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40).filter(lambda t: not t.isspace())
name = st.text(string.ascii_lowercase, min_size=1, max_size=8)
value = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | text,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(name, inner, max_size=2),
    max_leaves=4,
)
arguments = st.dictionaries(name, value, max_size=3)
text_part = st.builds(lambda t: {"text": t}, text)
file_part = st.builds(
    lambda n, camel: (
        {"fileData": {"mimeType": "image/png", "fileUri": f"gs://acme/{n}.png"}}
        if camel
        else {"file_data": {"mime_type": "image/png", "file_uri": f"https://acme.test/{n}.png"}}
    ),
    name,
    st.booleans(),
)
call_part = st.builds(
    lambda n, a, camel: {"functionCall" if camel else "function_call": {"name": n, "args": a}},
    name,
    arguments,
    st.booleans(),
)
response_part = st.builds(lambda n, a: {"functionResponse": {"name": n, "response": a}}, name, arguments)


def turns_of(role: str, part: st.SearchStrategy[Row]) -> st.SearchStrategy[Row]:
    return st.builds(lambda parts: {"role": role, "parts": parts}, st.lists(part, min_size=1, max_size=2))


user_turn = turns_of("user", text_part | file_part)
model_turn = turns_of("model", text_part | call_part)
response_turn = st.builds(lambda parts: {"parts": parts}, st.lists(response_part, min_size=1, max_size=2))
instruction = st.builds(
    lambda parts, camel: {"systemInstruction" if camel else "system_instruction": {"parts": parts}},
    st.lists(text_part, min_size=1, max_size=2),
    st.booleans(),
)


@st.composite
def supervised_rows(draw: st.DrawFn) -> Row:
    contents = [draw(user_turn), draw(model_turn)]
    for _ in range(draw(st.integers(0, 2))):
        contents += [draw(user_turn | response_turn), draw(model_turn)]
    return {**draw(instruction | st.just({})), "contents": contents}


@st.composite
def preference_rows(draw: st.DrawFn) -> Row:
    said = turns_of("user", text_part)
    contents = [draw(said)]
    for _ in range(draw(st.integers(0, 1))):
        contents += [draw(turns_of("model", text_part)), draw(said)]
    scores = draw(st.permutations([1, 0]) | st.permutations([1.0, 0.0]))
    first, second = draw(st.lists(text, min_size=2, max_size=2, unique=True))
    answers = [{"role": "model", "parts": [{"text": answer}]} for answer in (first, second)]
    completions = [{"score": s, "completion": a} for s, a in zip(scores, answers, strict=True)]
    return {**draw(instruction | st.just({})), "contents": contents, "completions": completions}


pair_rows = st.builds(lambda a, b: {"text_input": a, "output": b}, text, text)
palm_rows = st.builds(lambda a, b: {"input_text": a, "output_text": b}, text, text)
ROWS: dict[DatasetFormat, st.SearchStrategy[Row]] = {
    "supervised": supervised_rows(),
    "preference": preference_rows(),
    "inputOutput": palm_rows,
    "textPairs": pair_rows,
}


def delete(*path: Any) -> Mutation:
    def mutate(row: Row) -> None:
        del reach(row, path[:-1])[path[-1]]

    return mutate


def put(new: Any, *path: Any) -> Mutation:
    def mutate(row: Row) -> None:
        reach(row, path[:-1])[path[-1]] = new

    return mutate


def reach(row: Any, path: tuple[Any, ...]) -> Any:
    for step in path:
        row = row[step]
    return row


def repeat_turn(row: Row) -> None:
    row["contents"].append(copy.deepcopy(row["contents"][-1]))


def same_scores(row: Row) -> None:
    row["completions"][0]["score"] = row["completions"][1]["score"]


CONTENTS = {
    "no contents": delete("contents"),
    "contents are null": put(None, "contents"),
    "contents are empty": put([], "contents"),
    "contents are an object": put({}, "contents"),
    "a turn is a text": put("hello", "contents", 0),
    "a turn twice": repeat_turn,
    "the first turn is missing": lambda row: row["contents"].pop(0),
    "assistant": put("assistant", "contents", 0, "role"),
    "no role": delete("contents", 0, "role"),
    "a role that is a number": put(1, "contents", 0, "role"),
    "no parts": delete("contents", 0, "parts"),
    "empty parts": put([], "contents", 0, "parts"),
    "an empty part": put({}, "contents", 0, "parts", 0),
    "a part that is a text": put("hello", "contents", 0, "parts", 0),
    "text that is a list": put({"text": ["hello"]}, "contents", 0, "parts", 0),
    "misspelt text": put({"Text": "hello"}, "contents", 0, "parts", 0),
    "two kinds of part": put({"text": "a", "functionCall": {"name": "f", "args": {}}}, "contents", 0, "parts", 0),
    "an instruction that is a text": put("be kind", "systemInstruction"),
    "a misspelt instruction": put({"parts": [{"text": "a"}]}, "systemInstrution"),
}
MUTATIONS: dict[DatasetFormat, dict[str, Mutation]] = {
    "supervised": {
        **CONTENTS,
        "no answer": lambda row: row["contents"].pop(),
        "a local file": put({"fileData": {"mimeType": "a/b", "fileUri": "a.png"}}, "contents", 0, "parts", 0),
        "a call by the user": put({"functionCall": {"name": "f", "args": {}}}, "contents", 0, "parts", 0),
        "tools that are a text": put("none", "tools"),
    },
    "preference": {
        **CONTENTS,
        "no completions": delete("completions"),
        "one completion": lambda row: row["completions"].pop(),
        "three completions": lambda row: row["completions"].append(row["completions"][0]),
        "equal scores": same_scores,
        "half a score": put(0.5, "completions", 0, "score"),
        "a score of two": put(2, "completions", 0, "score"),
        "a score as text": put("1", "completions", 0, "score"),
        "no score": delete("completions", 0, "score"),
        "no completion": delete("completions", 1, "completion"),
        "a completion of the user": put("user", "completions", 1, "completion", "role"),
        "a completion without parts": put([], "completions", 1, "completion", "parts"),
        "a file in a completion": put(
            [{"fileData": {"mimeType": "a/b", "fileUri": "gs://a"}}], "completions", 1, "completion", "parts"
        ),
    },
    "inputOutput": {
        "no input": delete("input_text"),
        "no output": delete("output_text"),
        "empty input": put("", "input_text"),
        "blank output": put(" \t", "output_text"),
        "output as a number": put(1, "output_text"),
        "input as null": put(None, "input_text"),
        "misspelt output": lambda row: row.__setitem__("outputtext", row.pop("output_text")),
    },
    "textPairs": {
        "no input": delete("text_input"),
        "no output": delete("output"),
        "empty input": put("", "text_input"),
        "blank output": put(" ", "output"),
        "input as a list": put([], "text_input"),
        "both spellings": put("a", "textInput"),
        "misspelt output": lambda row: row.__setitem__("outputs", row.pop("output")),
    },
}


def read(tmp_path: Path, rows: list[Row], fmt: DatasetFormat, plain: bool = True) -> Inspection:
    content = "".join(json.dumps(row, ensure_ascii=plain) + "\n" for row in rows)
    (tmp_path / "data.jsonl").write_bytes(content.encode())
    return inspect_dataset("data.jsonl", fmt, root=str(tmp_path), label="data.jsonl")


quick = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@pytest.mark.parametrize("fmt", ROWS)
@quick
@given(data=st.data(), ensure_ascii=st.booleans())
def test_valid_rows_always_pass(tmp_path: Path, fmt: DatasetFormat, data: st.DataObject, ensure_ascii: bool) -> None:
    rows = data.draw(st.lists(ROWS[fmt], min_size=1, max_size=3))
    rows = rows * 100 if fmt == "inputOutput" else rows
    found = read(tmp_path, rows, fmt, ensure_ascii)
    assert found.diagnostics == ()
    assert found.stats.rows == len(rows)


CASES = [(fmt, what) for fmt, mutations in MUTATIONS.items() for what in mutations]


@pytest.mark.parametrize(("fmt", "what"), CASES, ids=[f"{fmt}: {what}" for fmt, what in CASES])
@settings(quick, max_examples=8)
@given(data=st.data())
def test_one_mutation_is_always_found_on_its_line(
    tmp_path: Path, fmt: DatasetFormat, what: str, data: st.DataObject
) -> None:
    row = data.draw(ROWS[fmt])
    wrong = copy.deepcopy(row)
    MUTATIONS[fmt][what](wrong)
    place = data.draw(st.integers(0, 9))
    rows = [row] * place + [wrong] + [row] * (10 - place)
    errors = [d for d in read(tmp_path, rows, fmt).diagnostics if d.severity == "error"]
    assert [d.source and d.source.line for d in errors] == [place + 1]


def ignore(_: Problem) -> None:
    pass


@quick
@given(supervised_rows())
def test_ordinary_supervised_rows_weigh_the_same_on_both_ways(row: Row) -> None:
    line = json.dumps(row).encode()
    assert check_supervised(line, ignore) == check_any_supervised(line, ignore)


@quick
@given(preference_rows())
def test_ordinary_preference_rows_weigh_the_same_on_both_ways(row: Row) -> None:
    line = json.dumps(row).encode()
    assert check_preference(line, ignore) == check_any_preference(line, ignore)


@quick
@given(data=st.binary(max_size=200))
def test_any_bytes_at_all_give_an_answer(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "data.jsonl").write_bytes(data)
    for fmt in ROWS:
        found = inspect_dataset("data.jsonl", fmt, root=str(tmp_path), label="data.jsonl")
        assert not found.is_valid


@quick
@given(rows=st.lists(value | supervised_rows() | preference_rows(), max_size=3))
def test_any_json_at_all_gives_an_answer(tmp_path: Path, rows: list[Row]) -> None:
    for fmt in ROWS:
        read(tmp_path, rows, fmt)


@quick
@given(rows=st.lists(pair_rows, min_size=1, max_size=5))
def test_twice_the_rows_are_twice_the_tokens(tmp_path: Path, rows: list[Row]) -> None:
    once, twice = read(tmp_path, rows, "textPairs"), read(tmp_path, rows * 2, "textPairs")
    assert abs(twice.stats.billed_tokens - 2 * once.stats.billed_tokens) <= tokens_of(4)
