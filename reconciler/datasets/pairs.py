"""Rows of one input and one output: PaLM's `inputOutput` and the Gemini API's `textPairs`."""

from __future__ import annotations

import msgspec

from reconciler.datasets.decoding import Row, RowDecoder, one_spelling
from reconciler.datasets.problems import Problem, Warn
from reconciler.datasets.tokens import weigh

# https://ai.google.dev/gemini-api/docs/model-tuning (2025-04 copy), for Gemini 1.5 Flash
MAX_INPUT_CHARACTERS = 40_000
MAX_OUTPUT_CHARACTERS = 5_000


class InputOutput(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """`{"input_text": "…", "output_text": "…"}`."""

    input_text: str
    output_text: str


class TextPair(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """`{"text_input": "…", "output": "…"}`, or `textInput` as the API itself spells it."""

    output: str
    text_input: str | None = None
    text_input_camel: str | None = msgspec.field(name="textInput", default=None)


_decode_input_output = RowDecoder(InputOutput)
_decode_text_pair = RowDecoder(TextPair)


def check_input_output(line: bytes, warn: Warn) -> Row:
    """Checks one row for PaLM. Raises Problem."""
    row = _decode_input_output(line, warn)
    _check_not_empty(row.input_text, "input_text")
    _check_not_empty(row.output_text, "output_text")
    weight = weigh(row.input_text) + weigh(row.output_text)
    return Row(weight, weight)


def read_text_pair(line: bytes, warn: Warn) -> tuple[str, str]:
    """Input and output of one row for the Gemini API. Raises Problem."""
    row = _decode_text_pair(line, warn)
    text_input = one_spelling(row.text_input_camel, row.text_input, "textInput")
    if text_input is None:
        raise Problem("dataset_shape", "the row has no `text_input`")
    _check_not_empty(text_input, "text_input")
    _check_not_empty(row.output, "output")
    _check_length(text_input, MAX_INPUT_CHARACTERS, "text_input", warn)
    _check_length(row.output, MAX_OUTPUT_CHARACTERS, "output", warn)
    return text_input, row.output


def check_text_pair(line: bytes, warn: Warn) -> Row:
    """Checks one row for the Gemini API. Raises Problem."""
    text_input, output = read_text_pair(line, warn)
    weight = weigh(text_input) + weigh(output)
    return Row(weight, weight)


def _check_not_empty(text: str, path: str) -> None:
    if not text.strip():
        raise Problem("dataset_empty_text", "is empty", path=path)


def _check_length(text: str, limit: int, path: str, warn: Warn) -> None:
    if len(text) > limit:
        message = f"has more than {limit} characters, which the Gemini API documents as its limit"
        warn(Problem("dataset_long_text", message, path=path, severity="warning"))
