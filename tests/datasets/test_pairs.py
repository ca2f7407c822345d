"""One input and one output a row: PaLM's inputOutput and the Gemini API's textPairs."""

from typing import Any

import pytest

from tests.datasets.conftest import Folder, Rows, at, the_only


def palm(count: int) -> Rows:
    return [{"input_text": f"question {n}", "output_text": f"answer {n}"} for n in range(count)]


def pairs(count: int) -> Rows:
    return [{"text_input": str(n), "output": str(n + 1)} for n in range(count)]


def test_a_hundred_palm_rows_pass_in_silence(folder: Folder) -> None:
    found = folder.inspect(palm(100), "inputOutput")
    assert found.diagnostics == ()
    assert found.stats.rows == 100


def test_fewer_than_ten_palm_rows_are_an_error(folder: Folder) -> None:
    found = the_only(folder.inspect(palm(9), "inputOutput"))
    assert (found.severity, found.code) == ("error", "dataset_too_few_rows")


def test_fewer_than_a_hundred_palm_rows_are_a_warning(folder: Folder) -> None:
    found = the_only(folder.inspect(palm(10), "inputOutput"))
    assert (found.severity, found.code) == ("warning", "dataset_few_rows")


@pytest.mark.parametrize(
    ("row", "code", "says"),
    [
        ({"input_text": "a"}, "dataset_shape", "has no `output_text`"),
        ({"output_text": "a"}, "dataset_shape", "has no `input_text`"),
        ({"input_text": "", "output_text": "a"}, "dataset_empty_text", "input_text"),
        ({"input_text": "a", "output_text": " \n"}, "dataset_empty_text", "output_text"),
        ({"input_text": "a", "output_text": 3}, "dataset_shape", "output_text"),
        ({"input_text": "a", "outputText": "b"}, "dataset_unknown_field", "`output_text`"),
        ({"text_input": "a", "output": "b"}, "dataset_shape", "textPairs"),
        ({"contents": []}, "dataset_shape", "supervised"),
    ],
)
def test_a_bad_palm_row_is_found_with_its_line(folder: Folder, row: dict[str, Any], code: str, says: str) -> None:
    found = the_only(folder.inspect([*palm(100), row], "inputOutput"))
    assert (found.code, at(found)) == (code, "data.jsonl:101:1")
    assert says in f"{found.message} {found.hint}"


def test_text_pairs_pass_in_silence(folder: Folder) -> None:
    assert folder.inspect(pairs(15), "textPairs").diagnostics == ()


def test_text_pairs_may_be_spelt_as_the_api_spells_them(folder: Folder) -> None:
    assert folder.inspect([{"textInput": "1", "output": "2"}], "textPairs").diagnostics == ()


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ({"text_input": "1"}, "dataset_shape"),
        ({"output": "2"}, "dataset_shape"),
        ({"text_input": "1", "textInput": "1", "output": "2"}, "dataset_two_spellings"),
        ({"text_input": "", "output": "2"}, "dataset_empty_text"),
        ({"text_input": "1", "output": ""}, "dataset_empty_text"),
        ({"text_input": 1, "output": "2"}, "dataset_shape"),
    ],
)
def test_a_bad_text_pair_is_found_with_its_line(folder: Folder, row: dict[str, Any], code: str) -> None:
    found = the_only(folder.inspect([*pairs(3), row], "textPairs"))
    assert (found.severity, found.code, at(found)) == ("error", code, "data.jsonl:4:1")


@pytest.mark.parametrize(("text_input", "output"), [("x" * 40_001, "y"), ("x", "y" * 5_001)])
def test_text_beyond_the_documented_length_is_a_warning(folder: Folder, text_input: str, output: str) -> None:
    found = the_only(folder.inspect([{"text_input": text_input, "output": output}], "textPairs"))
    assert (found.severity, found.code) == ("warning", "dataset_long_text")


def test_text_of_the_documented_length_passes(folder: Folder) -> None:
    assert folder.inspect([{"text_input": "x" * 40_000, "output": "y" * 5_000}], "textPairs").diagnostics == ()


def test_a_json_array_of_pairs_passes(folder: Folder) -> None:
    found = folder.inspect(
        '\n[\n{"text_input": "1", "output": "2"},\n\n{"text_input": "3", "output": "4"}]\n', "textPairs"
    )
    assert found.diagnostics == ()
    assert found.stats.rows == 2


def test_a_wrong_element_of_a_json_array_is_found_with_the_line_it_begins_on(folder: Folder) -> None:
    array = '[\n {"text_input": "1",\n  "output": "2"},\n\n {"text_input": "3",\n  "output": 4},\n {"output": "5"}\n]'
    found = folder.inspect(array, "textPairs")
    assert [at(d) for d in found.diagnostics] == ["data.jsonl:5:1", "data.jsonl:7:1"]


@pytest.mark.parametrize(
    ("array", "place"),
    [
        ('[{"text_input": "1", "output": "2"},\n]', "data.jsonl:2:1"),
        ('[\n{"text_input": "1"', "data.jsonl:2:19"),
        ("[1, 2]\nx", "data.jsonl:2:1"),
    ],
)
def test_a_broken_json_array_is_found_with_line_and_column(folder: Folder, array: str, place: str) -> None:
    found = folder.inspect(array, "textPairs").diagnostics[0]
    assert (found.code, at(found)) == ("dataset_json", place)


def test_an_array_too_large_to_go_inline_is_refused(folder: Folder) -> None:
    found = the_only(folder.inspect("[" + " \n" * 2_100_000 + "]", "textPairs"))
    assert found.code == "dataset_too_large"


def test_an_array_is_not_taken_for_the_other_formats(folder: Folder) -> None:
    found = the_only(folder.inspect("[]\n", "supervised"))
    assert found.code == "dataset_shape"


def test_a_table_passes_with_quotes_commas_and_line_breaks(folder: Folder) -> None:
    table = 'text_input,output\n1,2\n"a, ""b""\nc",d\n'
    found = folder.inspect(table, "textPairs", "data.csv")
    assert found.diagnostics == ()
    assert found.stats.rows == 2


def test_a_table_as_spreadsheets_save_it_passes(folder: Folder) -> None:
    table = b"\xef\xbb\xbf" + b"output,text_input\r\n2,1\r\n"
    assert folder.inspect(table, "textPairs", "DATA.CSV").diagnostics == ()


def test_other_columns_of_a_table_are_left_out_with_a_warning(folder: Folder) -> None:
    found = folder.inspect("id,textInput, output,note\n7,1,2,x\n8,3,4,\n", "textPairs", "data.csv")
    assert found.stats.rows == 2
    (told,) = found.diagnostics
    assert (told.severity, told.message) == ("warning", "the columns besides textInput and output are left out")


@pytest.mark.parametrize(
    ("table", "line", "says"),
    [
        ("1,2\n3,4\n", 1, "header"),
        ("question,answer\n1,2\n", 1, "header"),
        ("text_input;output\n1;2\n", 1, "header"),
        ("text_input,textInput\n1,2\n", 1, "header"),
        ("text_input,output,output\n1,2,3\n", 1, "header"),
        ("text_input,output\n1,2\n3\n", 3, "has 1 column instead of 2"),
        ("text_input,output\n1,2\n3,4,5\n", 3, "3 columns"),
        ('text_input,output\n"a\nb",c\n1,"2\n3\n', 4, "quoting"),
        ('text_input,output\n1,"2"3\n', 2, "quoting"),
        ('text_input,output\n1,"' + "2" * 200_000 + '"\n', 2, "longer than 131072 characters"),
    ],
)
def test_a_broken_table_is_found_with_its_line(folder: Folder, table: str, line: int, says: str) -> None:
    found = the_only(folder.inspect(table, "textPairs", "data.csv"))
    assert (found.code, at(found)) == ("dataset_table", f"data.csv:{line}:1")
    assert says in found.message


def test_an_empty_cell_is_found_with_its_line(folder: Folder) -> None:
    found = the_only(folder.inspect("text_input,output\n1,2\n3,\n", "textPairs", "data.csv"))
    assert (found.code, at(found)) == ("dataset_empty_text", "data.csv:3:1")


def test_a_table_that_is_not_utf_8_is_found_with_its_line(folder: Folder) -> None:
    found = the_only(folder.inspect(b"text_input,output\n1,2\nn\xe9,3\n", "textPairs", "data.csv"))
    assert (found.code, at(found)) == ("dataset_encoding", "data.csv:3:2")


def test_a_table_without_rows_is_empty(folder: Folder) -> None:
    assert the_only(folder.inspect("text_input,output\n", "textPairs", "data.csv")).code == "dataset_empty"
