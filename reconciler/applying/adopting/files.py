"""The files an import writes: beneath the project's folder, and never over one that is there."""

from __future__ import annotations

import os
from pathlib import Path

from reconciler.errors import TuneformError, UsageError
from reconciler.spec.paths import is_beneath


def folder_in_project(folder: Path, root: str) -> str:
    """A folder relative to the project's. Raises UsageError when it leads out of it, links followed."""
    real = os.path.realpath(folder)
    if not is_beneath(root, real):
        raise UsageError(
            "is not beneath the project's folder", where=f"--out {folder}", next_step="Choose a folder of specs there."
        )
    if os.path.lexists(folder) and not Path(real).is_dir():
        raise UsageError("is not a folder", where=f"--out {folder}", next_step="Choose a folder of specs.")
    return os.path.relpath(real, root)


def create_file(path: Path, text: str, *, shown_as: str) -> None:
    """Write a file that is not there yet. Raises TuneformError when it is, or cannot be written."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as stream:
            stream.write(text)
    except OSError as error:
        raise TuneformError(
            f"cannot be written: {error.strerror or error}",
            where=shown_as,
            next_step="Nothing that was there is changed. Mend this and import again: it goes on where it stopped.",
        ) from error
