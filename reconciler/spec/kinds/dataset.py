"""The Dataset kind: a local JSONL file, uploaded once per content."""

from __future__ import annotations

from typing import Literal

from reconciler.spec.kinds.base import Block
from reconciler.spec.kinds.values import ProjectPath, UploadFolder


class DatasetSpec(Block):
    """A local JSONL file, uploaded once per content; text pairs may also be CSV or a JSON array."""

    file: ProjectPath
    """The JSONL file, relative to the project's folder."""
    format: Literal["supervised", "preference", "inputOutput", "textPairs"]
    """supervised and preference (Vertex AI), inputOutput (PaLM input_text/output_text), textPairs (Gemini API)."""
    bucket: UploadFolder | None = None
    """gs://bucket/folder; the file lands at <bucket>/<name>/<digest>.jsonl and is never overwritten. Needed but for
    textPairs, which travel inside the request.
    """
