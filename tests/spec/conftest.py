"""A project in a temporary folder, and shortcuts to what loading it says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from reconciler.core.address import Address
from reconciler.core.desired import TunedModel
from reconciler.core.diagnostics import Diagnostic
from reconciler.errors import SpecError
from reconciler.spec.codes import CODES
from reconciler.spec.load import Loaded, load

MODEL = """\
apiVersion: tuneform/v1
kind: TunedModel
metadata: {name: triage}
spec:
  vertex:
    baseModel: gemini-3.1-flash-lite
    supervisedTuningSpec:
      trainingDatasetUri: gs://acme/train.jsonl
"""


@dataclass
class Workspace:
    """A project's folder."""

    root: Path
    environ: dict[str, str] = field(default_factory=dict)

    def write(self, path: str, content: str | bytes) -> Path:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        return file

    def spec(self, *documents: str) -> None:
        """Write specs/a.yaml with these documents."""
        self.write("specs/a.yaml", "---\n".join(documents))

    def load(self, **options: Any) -> Loaded:
        return load(self.root, environ=self.environ, **options)

    def findings(self, **options: Any) -> tuple[Diagnostic, ...]:
        """Everything found, whether or not the project can be used."""
        try:
            found = self.load(**options).diagnostics
        except SpecError as error:
            found = error.diagnostics
        assert {d.code for d in found} <= CODES.keys()
        return found

    def finding(self, code: str, **options: Any) -> Diagnostic:
        """The one finding of that code."""
        found = [d for d in self.findings(**options) if d.code == code]
        assert len(found) == 1, self.findings(**options)
        return found[0]

    def codes(self, **options: Any) -> list[str]:
        return [d.code for d in self.findings(**options)]

    def model(self, name: str = "triage", **options: Any) -> TunedModel:
        return self.load(**options).desired.models[Address("TunedModel", name)]


@pytest.fixture
def work(tmp_path: Path) -> Workspace:
    (tmp_path / "specs").mkdir()
    return Workspace(tmp_path)


def place(finding: Diagnostic) -> str:
    return str(finding.source)


def vertex(block: str, *, name: str = "triage", around: str = "") -> str:
    """A TunedModel whose vertex block is `block`, given as flow mapping entries."""
    return (
        f"apiVersion: tuneform/v1\nkind: TunedModel\nmetadata: {{name: {name}}}\nspec:\n  vertex: {{{block}}}\n{around}"
    )


SUPERVISED = "baseModel: g, supervisedTuningSpec: {trainingDatasetUri: gs://acme/train.jsonl%s}"
PREFERENCE = "baseModel: g, preferenceOptimizationSpec: {trainingDatasetUri: gs://acme/train.jsonl%s}"


def dataset(name: str, *, form: str = "supervised", file: str = "data/x.jsonl") -> str:
    return (
        f"apiVersion: tuneform/v1\nkind: Dataset\nmetadata: {{name: {name}}}\n"
        f"spec: {{file: {file}, format: {form}, bucket: gs://acme/datasets}}\n"
    )


def endpoint(spec: str, *, name: str = "support") -> str:
    return f"apiVersion: tuneform/v1\nkind: Endpoint\nmetadata: {{name: {name}}}\nspec: {{{spec}}}\n"


def project(spec: str = "", *, name: str = "acme") -> str:
    return f"apiVersion: tuneform/v1\nkind: Project\nmetadata: {{name: {name}}}\nspec:\n{spec or '  specs: [specs/]'}\n"


def settled(mapping: Mapping[str, Any], path: str) -> Any:
    """The value at a dotted path of a body."""
    value: Any = mapping
    for part in path.split("."):
        value = value[part]
    return value
