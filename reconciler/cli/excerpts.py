"""The line of a spec that a finding is about. Only ever specs: no other file's content may reach an output."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from reconciler.core.diagnostics import Source

LARGEST_FILE = 1024 * 1024
SUFFIXES = (".yaml", ".yml")


class Excerpts:
    """Lines of the YAML files beneath `root`, each file read once."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._files: dict[str, list[str]] = {}

    def line(self, place: Source) -> str | None:
        """The line, or None where it cannot or should not be shown."""
        if place.file not in self._files:
            self._files[place.file] = self._read(place.file)
        lines = self._files[place.file]
        return lines[place.line - 1] if 0 < place.line <= len(lines) else None

    def _read(self, file: str) -> list[str]:
        if not file.endswith(SUFFIXES) or ".." in Path(file).parts or Path(file).is_absolute():
            return []
        try:
            handle = os.open(self._root / file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        except (OSError, ValueError):
            return []
        about = os.fstat(handle)
        if not stat.S_ISREG(about.st_mode) or about.st_size > LARGEST_FILE:
            os.close(handle)
            return []
        with open(handle, "rb") as stream:  # noqa: PTH123 - a file descriptor has no path
            return stream.read(LARGEST_FILE).decode("utf-8", "replace").splitlines()
