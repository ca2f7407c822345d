"""Text pairs as the Gemini API takes them."""

from pathlib import Path

import pytest

from reconciler.datasets.inline import rows_for_gemini
from reconciler.errors import DatasetError

WANTED = ({"textInput": "1", "output": "2"}, {"textInput": "-3", "output": "-2"})


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.jsonl", '{"text_input": "1", "output": "2"}\n{"text_input": "-3", "output": "-2"}\n'),
        ("a.csv", "text_input,output\n1,2\n-3,-2\n"),
        ("a.json", '[{"text_input": "1", "output": "2"}, {"textInput": "-3", "output": "-2"}]'),
    ],
)
def test_every_kind_of_file_gives_the_examples_of_the_request(tmp_path: Path, name: str, content: str) -> None:
    (tmp_path / name).write_text(content)
    assert rows_for_gemini(name, root=str(tmp_path), label=name) == WANTED


def test_a_wrong_row_stops_it_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"text_input": "1", "output": "2"}\n{"output": "3"}\n')
    with pytest.raises(DatasetError) as raised:
        rows_for_gemini("a.jsonl", root=str(tmp_path), label="data/a.jsonl")
    assert raised.value.where == "data/a.jsonl:2:1"


def test_more_than_fits_into_a_request_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"text_input": "1", "output": "2"}\n' * 130_000)
    with pytest.raises(DatasetError, match="inline") as raised:
        rows_for_gemini("a.jsonl", root=str(tmp_path), label="a.jsonl")
    assert raised.value.next_step


def test_a_missing_file_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="No such file"):
        rows_for_gemini("a.jsonl", root=str(tmp_path), label="a.jsonl")
