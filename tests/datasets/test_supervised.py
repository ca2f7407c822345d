"""Rows for supervised tuning: what is taken, and what is said of the rest."""

from typing import Any

import pytest

from tests.datasets.conftest import Folder, at, preference, supervised, the_only, turn

CALL: dict[str, Any] = {"role": "model", "parts": [{"functionCall": {"name": "stock", "args": {"item": "lamp"}}}]}
ANSWER: dict[str, Any] = {"parts": [{"functionResponse": {"name": "stock", "response": {"left": 3}}}]}
IMAGE = {"fileData": {"mimeType": "image/png", "fileUri": "gs://acme/lamp.png"}}
TOOLS = [{"functionDeclarations": [{"name": "stock", "parameters": {"type": "OBJECT"}}]}]


def conversation(*turns: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"contents": list(turns), **more}


def file_part(**fields: Any) -> dict[str, Any]:
    return conversation({"role": "user", "parts": [{"fileData": fields}]}, turn("model", "A lamp."))


GOOD = {
    "one question and answer": supervised(),
    "a longer conversation": conversation(
        turn("user", "Hi"), turn("model", "Hello."), turn("user", "Bye"), turn("model", "Bye.")
    ),
    "a system instruction": supervised(systemInstruction={"parts": [{"text": "Be kind."}]}),
    "a system instruction in snake case": supervised(system_instruction={"parts": [{"text": "Be kind."}]}),
    "a system instruction with a role, which is ignored": supervised(
        systemInstruction={"role": "system", "parts": [{"text": "Be kind."}]}
    ),
    "several parts": conversation(
        {"role": "user", "parts": [{"text": "What is"}, {"text": " this?"}]}, turn("model", "That.")
    ),
    "an image": conversation({"role": "user", "parts": [IMAGE, {"text": "What is it?"}]}, turn("model", "A lamp.")),
    "an image in snake case": conversation(
        {"role": "user", "parts": [{"file_data": {"mime_type": "image/png", "file_uri": "https://acme.test/a.png"}}]},
        turn("model", "A lamp."),
    ),
    "a media resolution beside the image": conversation(
        {"role": "user", "parts": [{**IMAGE, "mediaResolution": {"level": "MEDIA_RESOLUTION_LOW"}}]},
        turn("model", "A lamp."),
    ),
    "a function call at the end": conversation(turn("user", "Any left?"), CALL, tools=TOOLS),
    "a function call and its answer without a role": conversation(
        turn("user", "Any left?"), CALL, ANSWER, turn("model", "Three."), tools=TOOLS
    ),
    "a function's answer with the role function": conversation(
        turn("user", "Any left?"), CALL, {"role": "function", **ANSWER}, turn("model", "Three.")
    ),
    "two calls in one turn": conversation(
        turn("user", "Any left?"),
        {"role": "model", "parts": CALL["parts"] * 2},
        {"parts": ANSWER["parts"] * 2},
        turn("model", "Three of each."),
    ),
    "calls in snake case": conversation(
        turn("user", "Any left?"),
        {"role": "model", "parts": [{"function_call": {"name": "stock", "args": {}}}]},
        {"parts": [{"function_response": {"name": "stock", "response": {}}}]},
        turn("model", "None."),
    ),
    "a generation config": supervised(generationConfig={"mediaResolution": "MEDIA_RESOLUTION_LOW"}),
    "nulls as client libraries write them": {
        "systemInstruction": None,
        "contents": [{"role": "user", "parts": [{"text": "Hi", "fileData": None}]}, turn("model", "Hello.")],
        "tools": None,
    },
}


@pytest.mark.parametrize("row", GOOD.values(), ids=GOOD.keys())
def test_a_good_row_passes_in_silence(folder: Folder, row: dict[str, Any]) -> None:
    found = folder.inspect([row], "supervised")
    assert found.diagnostics == ()
    assert found.stats.rows == 1


BAD: dict[str, tuple[dict[str, Any], str, str]] = {
    "the role assistant": (conversation(turn("user", "a"), turn("assistant", "b")), "dataset_role", "`model`"),
    "the role system in a turn": (
        conversation(turn("system", "a"), turn("user", "b"), turn("model", "c")),
        "dataset_role",
        "systemInstruction",
    ),
    "an unknown role": (conversation(turn("user", "a"), turn("narrator", "b")), "dataset_role", "contents[1].role"),
    "no role": (conversation({"parts": [{"text": "a"}]}, turn("model", "b")), "dataset_role", "contents[0]"),
    "the model first": (conversation(turn("model", "a")), "dataset_turns", "contents[0]"),
    "the user last": (conversation(turn("user", "a")), "dataset_turns", "ends with a turn of the user"),
    "two users in a row": (
        conversation(turn("user", "a"), turn("user", "b"), turn("model", "c")),
        "dataset_turns",
        "contents[1]",
    ),
    "no turns": (conversation(), "dataset_turns", "`contents` has no turn"),
    "no contents": ({"systemInstruction": {"parts": [{"text": "a"}]}}, "dataset_shape", "has no `contents`"),
    "a turn without parts": (conversation({"role": "user"}, turn("model", "b")), "dataset_shape", "has no `parts`"),
    "a turn with an empty list of parts": (
        conversation({"role": "user", "parts": []}, turn("model", "b")),
        "dataset_part",
        "contents[0].parts",
    ),
    "an empty part": (conversation({"role": "user", "parts": [{}]}, turn("model", "b")), "dataset_part", "parts[0]"),
    "a part of two kinds": (
        conversation({"role": "user", "parts": [{"text": "a", **IMAGE}]}, turn("model", "b")),
        "dataset_part",
        "two kinds",
    ),
    "text that is a number": (
        conversation({"role": "user", "parts": [{"text": 1}]}, turn("model", "b")),
        "dataset_shape",
        "should be a string, not a number",
    ),
    "parts that are a text": (
        conversation({"role": "user", "parts": "a"}, turn("model", "b")),
        "dataset_shape",
        "should be a list, not a string",
    ),
    "a system instruction that is a text": (
        supervised(systemInstruction="Be kind."),
        "dataset_shape",
        '{"parts": [{"text": "…"}]}',
    ),
    "an empty system instruction": (supervised(systemInstruction={"parts": []}), "dataset_part", "systemInstruction"),
    "a file in the system instruction": (
        supervised(systemInstruction={"parts": [IMAGE]}),
        "dataset_part",
        "systemInstruction",
    ),
    "both spellings of the system instruction": (
        supervised(systemInstruction={"parts": [{"text": "a"}]}, system_instruction={"parts": [{"text": "b"}]}),
        "dataset_two_spellings",
        "systemInstruction",
    ),
    "both spellings of a function call": (
        conversation(
            turn("user", "a"), {"role": "model", "parts": [{**CALL["parts"][0], "function_call": {"name": "x"}}]}
        ),
        "dataset_two_spellings",
        "functionCall",
    ),
    "both spellings in a setting": (
        supervised(generationConfig={}, generation_config={}),
        "dataset_two_spellings",
        "generationConfig",
    ),
    "a file without a type": (file_part(fileUri="gs://a/b"), "dataset_part", "mimeType"),
    "a file without an address": (file_part(mimeType="image/png"), "dataset_part", "fileUri"),
    "a local file": (file_part(mimeType="image/png", fileUri="/home/me/a.png"), "dataset_part", "gs://"),
    "inline data": (
        conversation({"role": "user", "parts": [{"inlineData": {"data": "AA=="}}]}, turn("model", "b")),
        "dataset_part",
        "Cloud Storage",
    ),
    "a function call of the user": (
        conversation({**CALL, "role": "user"}, turn("model", "b")),
        "dataset_part",
        "function call of the user",
    ),
    "a function response of the model": (
        conversation(turn("user", "a"), {**ANSWER, "role": "model"}),
        "dataset_part",
        "function response of the model",
    ),
    "a function call without a name": (
        conversation(turn("user", "a"), {"role": "model", "parts": [{"functionCall": {"args": {}}}]}),
        "dataset_shape",
        "has no `name`",
    ),
    "a misspelt instruction": (
        supervised(systemInstructions={"parts": [{"text": "a"}]}),
        "dataset_unknown_field",
        "`systemInstruction`",
    ),
    "a misspelt part": (
        conversation({"role": "user", "parts": [{"txt": "a"}]}, turn("model", "b")),
        "dataset_unknown_field",
        "`text`",
    ),
    "tools that are an object": (supervised(tools={}), "dataset_shape", "`tools` should be a list"),
    "a chat row of another service": (
        {"messages": [{"role": "user", "content": "a"}]},
        "dataset_shape",
        "another service",
    ),
    "a row of another service": ({"prompt": "a", "completion": "b"}, "dataset_shape", "another service"),
    "a PaLM row": ({"input_text": "a", "output_text": "b"}, "dataset_shape", "`format: inputOutput`"),
    "a Gemini API row": ({"text_input": "a", "output": "b"}, "dataset_shape", "`format: textPairs`"),
}


@pytest.mark.parametrize(("row", "code", "says"), BAD.values(), ids=BAD.keys())
def test_a_bad_row_is_found_with_its_line_and_what_to_do(
    folder: Folder, row: dict[str, Any], code: str, says: str
) -> None:
    found = folder.inspect([supervised(), supervised(), row, supervised()], "supervised")
    errors = [d for d in found.diagnostics if d.severity == "error"]
    assert [d.code for d in errors] == [code]
    assert at(errors[0]) == "data.jsonl:3:1"
    assert says in f"{errors[0].message} {errors[0].hint}"
    assert found.stats.rows == 3


@pytest.mark.parametrize("line", [b"[]", b'"text"', b"1", b"null", b"true"])
def test_a_line_that_is_json_but_no_object_is_found(folder: Folder, line: bytes) -> None:
    found = the_only(folder.inspect(line + b"\n", "supervised"))
    assert found.code == "dataset_shape"
    assert "should be an object" in found.message


@pytest.mark.parametrize("line", [b'{"a": NaN}', b"{'a': 1}", b'{"a": 1,}', b'{"a": "\\ud800"}', b'{"a": "\n"}'])
def test_almost_json_is_not_json(folder: Folder, line: bytes) -> None:
    assert folder.inspect(line + b"\n", "supervised").diagnostics[0].code == "dataset_json"


def test_fields_of_ones_own_are_warned_of_once_and_do_not_stop_anything(folder: Folder) -> None:
    found = folder.inspect([supervised(ticket=n) for n in range(5)], "supervised")
    warning = the_only(found)
    assert (warning.severity, warning.code, at(warning)) == ("warning", "dataset_unknown_field", "data.jsonl:1:1")
    assert "4 more" in warning.message
    assert found.is_valid
    assert found.stats.rows == 5


def test_a_row_with_a_field_of_its_own_is_checked_like_any_other(folder: Folder) -> None:
    row = conversation(turn("user", "a"), turn("assistant", "b"), ticket=7)
    assert "dataset_role" in {d.code for d in folder.inspect([row], "supervised").diagnostics}


def test_preference_rows_are_recognised(folder: Folder) -> None:
    found = folder.inspect([preference()], "supervised")
    assert [d.code for d in found.diagnostics if d.severity == "error"] == ["dataset_turns"]
    assert any("`format: preference`" in d.hint for d in found.diagnostics)


def test_an_answer_without_text_is_warned_of(folder: Folder) -> None:
    warning = the_only(folder.inspect([supervised(answer=" ")], "supervised"))
    assert (warning.severity, warning.code) == ("warning", "dataset_empty_text")
    assert "contents[1].parts[0].text" in warning.message


def test_rows_with_files_are_counted_and_leave_the_tokens_unknown(folder: Folder) -> None:
    found = folder.inspect([supervised(), GOOD["an image"]], "supervised")
    assert found.stats.multimodal_rows == 1
    assert found.content is not None
    assert found.content.tokens is None
