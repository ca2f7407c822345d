"""Cuts a file into rows with their line numbers: JSONL, and for `textPairs` also CSV and a JSON array.

Whatever the file was, a row comes out as the bytes of one JSON object, so that a format is checked in one place.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from reconciler.core.amounts import counted
from reconciler.core.desired import DatasetFormat
from reconciler.datasets.decoding import malformed, not_utf8
from reconciler.datasets.files import LineReader
from reconciler.datasets.problems import Problem, Warn

# The Gemini API takes its examples inline; its client library documents 4 MB as the largest file.
MAX_ARRAY = 4_000_000

_BOM = b"\xef\xbb\xbf"
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


class Record(NamedTuple):
    """One row as a JSON object, and the line it begins on."""

    line: int
    data: bytes


def records_of(lines: LineReader, fmt: DatasetFormat, name: str, warn: Warn) -> Iterator[Record]:
    """The rows of a file. `name` ends in `.csv` for a table. Raises Problem where the rest cannot be read."""
    if lines.head.startswith(_UTF_16):
        raise Problem("dataset_encoding", "the file is UTF-16", hint="Save the file as UTF-8.", line=1)
    if fmt == "textPairs" and name.lower().endswith(".csv"):
        return _table(lines, warn)
    if lines.head.startswith(_BOM):
        hint = "Save the file as UTF-8 without a byte order mark."
        raise Problem("dataset_encoding", "the file begins with a byte order mark", hint=hint, line=1)
    if fmt == "textPairs" and lines.head.lstrip().startswith(b"["):
        return _array(lines)
    return _jsonl(lines, warn)


def _jsonl(lines: LineReader, warn: Warn) -> Iterator[Record]:
    for number, line in enumerate(lines, 1):
        if line and not line.isspace():
            yield Record(number, line)
        else:
            warn(Problem("dataset_blank_line", "the line is blank", line=number, severity="warning"))


def _table(lines: LineReader, warn: Warn) -> Iterator[Record]:
    texts = _texts(lines)
    reader = csv.reader(texts, strict=True)
    begins = 1
    try:
        header = next(reader, [])
        columns = [name.strip() for name in header]
        wanted = _pair_columns(columns)
        if len(columns) > len(wanted):
            message = f"the columns besides {' and '.join(columns[i] for i in wanted)} are left out"
            warn(Problem("dataset_unknown_field", message, line=1, severity="warning"))
        while True:
            begins = reader.line_num + 1
            row = next(reader, None)
            if row is None:
                return
            if not row:
                continue
            if len(row) != len(columns):
                raise Problem(
                    "dataset_table",
                    f"the row has {counted(len(row), 'column')} instead of {len(columns)}",
                    hint="Put text with commas or line breaks in double quotes.",
                    line=begins,
                )
            yield Record(begins, msgspec.json.encode({columns[i]: row[i] for i in wanted}))
    except csv.Error as error:
        if "field limit" in str(error):
            message = f"a text is longer than {csv.field_size_limit()} characters"
            raise Problem("dataset_table", message, hint="Shorten it.", line=begins) from None
        hint = "Put text with commas or line breaks in double quotes, and double the quotes in it."
        raise Problem("dataset_table", "the quoting is broken", hint=hint, line=begins) from None


def _pair_columns(columns: list[str]) -> list[int]:
    """Where input and output stand. Raises Problem for a header that does not have each of them once."""
    wanted = [place for place, name in enumerate(columns) if name in ("text_input", "textInput", "output")]
    if len(wanted) != 2 or sum(columns[place] == "output" for place in wanted) != 1:
        raise Problem(
            "dataset_table",
            "the first line is not the header `text_input,output`",
            hint="A CSV file of text pairs has these two columns, separated by commas, in any order.",
            line=1,
        )
    return wanted


def _texts(lines: LineReader) -> Iterator[str]:
    for number, line in enumerate(lines, 1):
        data = line.removeprefix(_BOM) if number == 1 else line
        if problem := not_utf8(data):
            raise problem.on_line(number)
        yield data.decode() + "\n"


def _array(lines: LineReader) -> Iterator[Record]:
    pieces: list[bytes] = []
    for line in lines:
        pieces.append(line)
        if lines.size > MAX_ARRAY:
            raise Problem(
                "dataset_too_large",
                f"a JSON array of more than {MAX_ARRAY} bytes is not read",
                hint="The Gemini API takes no more inline. Write one row a line for a larger file.",
            )
    data = b"\n".join(pieces)
    if problem := not_utf8(data):
        raise problem
    try:
        elements = msgspec.json.decode(data, type=list[msgspec.Raw])
    except (msgspec.DecodeError, RecursionError) as error:
        raise malformed(data, error) from None
    position, number = data.index(b"[") + 1, 1 + data.count(b"\n", 0, data.index(b"["))
    for element in elements:
        start = position + len(_between_elements(data, position))
        number += data.count(b"\n", position, start)
        row = bytes(element)
        yield Record(number, row)
        number += row.count(b"\n")
        position = start + len(row)


def _between_elements(data: bytes, position: int) -> bytes:
    found = _SEPARATOR.match(data, position)
    return found[0] if found else b""


_SEPARATOR = re.compile(rb"[\s,]*")
