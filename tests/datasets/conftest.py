"""A folder to put datasets into, and rows to start from."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from reconciler.core.desired import DatasetFormat
from reconciler.core.diagnostics import Diagnostic
from reconciler.datasets.inspect import Inspection, inspect_dataset

Rows = Iterable[dict[str, Any]]


def jsonl(rows: Rows) -> bytes:
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


@dataclass
class Folder:
    """A project's folder."""

    path: Path

    def write(self, content: bytes | str | Rows, name: str = "data.jsonl") -> Path:
        if isinstance(content, str):
            content = content.encode()
        elif not isinstance(content, bytes):
            content = jsonl(content)
        file = self.path / name
        file.write_bytes(content)
        return file

    def inspect(
        self, content: bytes | str | Rows, fmt: DatasetFormat, name: str = "data.jsonl", max_errors: int = 20
    ) -> Inspection:
        self.write(content, name)
        return self.look_at(name, fmt, max_errors)

    def look_at(self, name: str, fmt: DatasetFormat = "supervised", max_errors: int = 20) -> Inspection:
        return inspect_dataset(name, fmt, root=str(self.path), label=name, max_errors=max_errors)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def the_only(inspection: Inspection) -> Diagnostic:
    assert len(inspection.diagnostics) == 1, inspection.diagnostics
    return inspection.diagnostics[0]


def at(diagnostic: Diagnostic) -> str:
    return str(diagnostic.source)


def turn(role: str, text: str) -> dict[str, Any]:
    return {"role": role, "parts": [{"text": text}]}


def supervised(question: str = "Where is it?", answer: str = "On its way.", **more: Any) -> dict[str, Any]:
    return {"contents": [turn("user", question), turn("model", answer)], **more}


def preference(
    question: str = "Where is it?", good: str = "On its way.", bad: str = "No idea.", **more: Any
) -> dict[str, Any]:
    completions = [{"score": 1, "completion": turn("model", good)}, {"score": 0, "completion": turn("model", bad)}]
    return {"contents": [turn("user", question)], "completions": completions, **more}
