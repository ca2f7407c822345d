"""What the command line and the environment say about a run, before any file is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Settings:
    """`directory` is absolute (`-C`, or the current one); `project_file` as given with `-f`, beneath it; None is
    `tuneform.yaml` if there is one.
    """

    directory: Path
    project_file: Path | None
    environ: Mapping[str, str]
    verbose: bool

    @property
    def root(self) -> Path:
        """The folder that the project's paths are relative to: the project file's own."""
        return self.directory if self.project_file is None else (self.directory / self.project_file).parent
