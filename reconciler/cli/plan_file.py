"""Saved plans as files: written whole or not at all, read with suspicion."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from reconciler.cli.whole_files import write_whole
from reconciler.core.plan import Plan
from reconciler.core.plan_codec import plan_from_dict
from reconciler.errors import PlanFileError, TuneformError
from reconciler.reports.json_report import plan_json

LARGEST_FILE = 256 * 1024 * 1024


def write_plan_file(path: Path, plan: Plan, tool_version: str, *, shown_as: str) -> None:
    """Save a plan. Raises TuneformError when the file cannot be written; what was there before then stays."""
    data = plan_json(plan, tool_version).encode() + b"\n"
    try:
        write_whole(path, data)
    except OSError as error:
        raise TuneformError(
            f"the plan cannot be saved: {error.strerror or error}",
            where=shown_as,
            next_step="Name a file in a folder that can be written, with space left.",
        ) from error


def read_plan_file(path: Path, *, shown_as: str) -> Mapping[str, Any]:
    """A saved plan's JSON, checked to be one. Raises PlanFileError."""
    try:
        document = orjson.loads(_read(path))
        plan_from_dict(document)
    except PlanFileError as error:
        error.where = shown_as
        raise
    except OSError as error:
        raise PlanFileError(
            f"the saved plan cannot be read: {error.strerror or error}",
            where=shown_as,
            next_step="Save a plan first: tuneform plan --out FILE",
        ) from error
    except ValueError as error:
        raise PlanFileError(
            "this is not a saved plan: it is not JSON",
            where=shown_as,
            next_step="Make one with: tuneform plan --out FILE",
        ) from error
    checked: Mapping[str, Any] = document
    return checked


def _read(path: Path) -> bytes:
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    with os.fdopen(handle, "rb") as stream:
        about = os.fstat(handle)
        if not stat.S_ISREG(about.st_mode):
            raise PlanFileError("this is not a file", next_step="Make one with: tuneform plan --out FILE")
        if about.st_size > LARGEST_FILE:
            raise PlanFileError("the file is too large for a plan", next_step="Name a file that plan --out wrote.")
        return stream.read()
