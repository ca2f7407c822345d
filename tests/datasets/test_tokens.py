"""The estimate of what a dataset counts in tokens."""

from typing import Any

from reconciler.core.desired import DatasetFormat
from reconciler.datasets.tokens import tokens_of, weigh
from tests.datasets.conftest import Folder, preference, supervised, turn


def tokens(folder: Folder, row: dict[str, Any], fmt: DatasetFormat) -> int:
    found = folder.inspect([row], fmt)
    assert found.content is not None
    assert found.content.tokens is not None
    return found.content.tokens


def test_a_token_is_four_characters_rounded_up() -> None:
    assert [tokens_of(weigh("x" * n)) for n in (0, 1, 4, 5)] == [0, 1, 1, 2]


def test_scripts_that_take_more_tokens_weigh_more() -> None:
    assert weigh("chat") < weigh("кот?") < weigh("猫猫猫猫")


def test_all_text_of_a_supervised_row_counts(folder: Folder) -> None:
    row = supervised("q" * 40, "a" * 80, systemInstruction={"parts": [{"text": "s" * 20}]})
    assert tokens(folder, row, "supervised") == (40 + 80 + 20) // 4


def test_every_turn_of_a_conversation_counts(folder: Folder) -> None:
    row = {"contents": [turn("user", "a" * 4), turn("model", "b" * 4), turn("user", "c" * 4), turn("model", "d" * 4)]}
    assert tokens(folder, row, "supervised") == 4


def test_function_calls_and_tools_count(folder: Folder) -> None:
    call = {"role": "model", "parts": [{"functionCall": {"name": "stock", "args": {"item": "a lamp"}}}]}
    bare = {"contents": [turn("user", "Any left?"), call]}
    declared = {**bare, "tools": [{"functionDeclarations": [{"name": "stock", "description": "How many are left"}]}]}
    assert tokens(folder, declared, "supervised") > tokens(folder, bare, "supervised") > tokens_of(len("Any left?"))


def test_a_preference_row_counts_its_prompt_twice_and_both_answers(folder: Folder) -> None:
    row = preference("q" * 40, "g" * 80, "b" * 20, systemInstruction={"parts": [{"text": "s" * 20}]})
    assert tokens(folder, row, "preference") == (2 * (40 + 20) + 80 + 20) // 4


def test_escapes_do_not_count(folder: Folder) -> None:
    assert folder.inspect(b'{"text_input": "\\u0061\\u0061", "output": "\\n\\n"}\n', "textPairs").stats.rows == 0
    found = folder.inspect(b'{"text_input": "\\u0061\\u0061", "output": "\\u0062\\n"}\n', "textPairs")
    assert found.stats.billed_tokens == 1


def test_the_tokens_of_a_file_are_those_of_its_rows(folder: Folder) -> None:
    found = folder.inspect([supervised("q" * 4, "a" * 4)] * 250, "supervised")
    assert found.stats.billed_tokens == 500
