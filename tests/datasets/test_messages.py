"""What is said about a dataset: stable codes, and never a word of its content."""

import re
from pathlib import Path

import pytest

from reconciler import datasets
from reconciler.core.desired import DatasetFormat
from reconciler.datasets import problems
from tests.datasets.conftest import Folder

SECRET = "hunter2-correct-horse"
SOURCES = Path(datasets.__file__).parent


def test_every_code_in_use_is_listed_and_every_listed_one_is_in_use() -> None:
    listed = set(re.findall(r"^    (dataset_\w+) ", problems.__doc__ or "", re.MULTILINE))
    used = {code for file in SOURCES.glob("*.py") for code in re.findall(r'"(dataset_\w+)"', file.read_text())}
    assert used == listed


ROWS = [
    SECRET,
    f'"{SECRET}"',
    f'{{"{SECRET}": 1}}',
    f'{{"contents": "{SECRET}"}}',
    f'{{"contents": [{{"role": "{SECRET}", "parts": [{{"text": "a"}}]}}]}}',
    f'{{"contents": [{{"role": "user", "parts": [{{"{SECRET}": "a"}}]}}]}}',
    f'{{"contents": [{{"role": "user", "parts": [{{"fileData": {{"mimeType": "a", "fileUri": "{SECRET}"}}}}]}}]}}',
    f'{{"contents": [], "completions": [{{"score": "{SECRET}"}}]}}',
    f'{{"contents": [], "tools": [{{"{SECRET}": {{"{SECRET}": 1e999}}}}]}}',
    f'{{"contents": [{{"parts": [{{"functionCall": {{"name": "a", "args": {{"{SECRET}": 1e999}}}}}}]}}]}}',
    f'{{"text_input": ["{SECRET}"], "output": "{SECRET}"}}',
    f'{{"input_text": "{SECRET}", "output_text": {{"{SECRET}": 1}}}}',
    f"password={SECRET}\x00",
    f'{{"contents": "{SECRET}',
]


@pytest.mark.parametrize("fmt", ["supervised", "preference", "inputOutput", "textPairs"])
@pytest.mark.parametrize("row", ROWS)
def test_no_message_quotes_a_row(folder: Folder, row: str, fmt: DatasetFormat) -> None:
    found = folder.inspect(row + "\n", fmt)
    assert found.diagnostics
    assert SECRET not in repr(found)


def test_no_message_quotes_a_table(folder: Folder) -> None:
    for table in (f"{SECRET},b\n", f"text_input,output\n{SECRET}\n", f'text_input,output\n"{SECRET}\n'):
        found = folder.inspect(table, "textPairs", "data.csv")
        assert found.diagnostics
        assert SECRET not in repr(found)


def test_every_error_of_a_row_that_has_one_names_the_field(folder: Folder) -> None:
    row = '{"contents": [{"role": "user", "parts": [{"text": "a"}]}, {"role": "assistant", "parts": [{"text": "b"}]}]}'
    (found,) = folder.inspect(row + "\n", "supervised").diagnostics
    assert found.message == "`contents[1].role` is neither `user` nor `model`"
    assert found.hint == "Gemini's word for it is `model`."
