"""Text pairs as the Gemini API takes them: inside the request."""

from __future__ import annotations

from typing import TypedDict

from reconciler.datasets.files import LineReader, open_beneath
from reconciler.datasets.pairs import read_text_pair
from reconciler.datasets.problems import Problem
from reconciler.datasets.records import MAX_ARRAY, records_of
from reconciler.errors import DatasetError

# What Google's own client takes of a file. https://ai.google.dev/gemini-api/docs/model-tuning (April 2025)
MAX_INLINE_BYTES = MAX_ARRAY


class Example(TypedDict):
    """One TuningExample of the Gemini API (v1beta)."""

    textInput: str
    output: str


def rows_for_gemini(path: str, *, root: str, label: str, sha256: str = "") -> tuple[Example, ...]:
    """The rows of a `textPairs` file (JSONL, CSV or a JSON array) as inline examples, at most 4 MB of them.

    Raises DatasetError at the first row that is wrong; `inspect_dataset` tells them all. With `sha256` (hex) it is
    also raised for a file that holds anything else by now.
    """
    line = 0
    examples: list[Example] = []
    try:
        with open_beneath(root, path) as fd:
            lines = LineReader(fd)
            for record in records_of(lines, "textPairs", path, _ignore):
                if lines.size > MAX_INLINE_BYTES:
                    raise Problem(
                        "dataset_too_large",
                        f"the file has more than {MAX_INLINE_BYTES} bytes, which the Gemini API does not take inline",
                        hint="Sample it.",
                    )
                line = record.line
                text_input, output = read_text_pair(record.data, _ignore)
                examples.append({"textInput": text_input, "output": output})
            if sha256 and lines.sha256 != sha256:
                raise Problem(
                    "dataset_changed", "the file changed since it was planned with", hint="Run the command again."
                )
    except Problem as problem:
        where = f"{label}:{max(problem.line, line, 1)}:{problem.column}"
        raise DatasetError(str(problem), where=where, next_step=problem.hint) from problem
    return tuple(examples)


def _ignore(_: Problem) -> None:
    """Warnings were told by `inspect_dataset`."""
