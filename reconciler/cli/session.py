"""One run of the command line: what was asked for in general, and the collaborators built from it when needed."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from reconciler.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.cli.console import Console
    from reconciler.cli.settings import Settings
    from reconciler.engine import Engine


class Session:
    """Filled by the global options, wherever on the line they stand. `build` makes the engine; tests give their own."""

    def __init__(
        self, *, build: Callable[[Settings], Engine] | None = None, environ: Mapping[str, str] | None = None
    ) -> None:
        self._build = build
        self._console: Console | None = None
        self.environ = os.environ if environ is None else environ
        self.directory = ""
        self.project_file = ""
        self.colour = True
        self.quiet = False
        self.verbose = False

    @property
    def console(self) -> Console:
        """The streams of this run."""
        from reconciler.cli.console import Console

        if self._console is None:
            self._console = Console(sys.stdout, sys.stderr, self.environ, colour=self.colour, quiet=self.quiet)
        return self._console

    @property
    def folder(self) -> Path:
        """Where to work: `-C`, or the current folder. Raises UsageError when it is none."""
        from pathlib import Path

        try:
            folder = Path(self.directory or ".").absolute()
        except FileNotFoundError:
            raise UsageError(
                "the current folder was removed", next_step="Change to one that exists, or name the project's with -C."
            ) from None
        if not folder.is_dir():
            raise UsageError("is not a folder", where=f"-C {self.directory}", next_step="Name the project's folder.")
        return folder

    @property
    def settings(self) -> Settings:
        """What the engine is built from. Raises UsageError when the folder or the project file is not there."""
        from pathlib import Path

        from reconciler.cli.settings import Settings

        directory = self.folder
        project_file = Path(self.project_file) if self.project_file else None
        if project_file is not None and not (directory / project_file).is_file():
            raise UsageError(
                "there is no such file", where=f"-f {self.project_file}", next_step="Name a project file that exists."
            )
        return Settings(directory, project_file, self.environ, self.verbose)

    def engine(self) -> Engine:
        """The use cases of the project that this run is about."""
        if self._build is not None:
            return self._build(self.settings)
        from reconciler.cli.factory import build_engine

        return build_engine(self.settings)

    def check_output(self, text: str, flag: str) -> None:
        """Raise UsageError where a report would be written to one of the project's own files."""
        from reconciler.spec.kept_files import why_kept

        settings = self.settings
        why = why_kept(self.path(text), settings.directory, project_file=settings.project_file, environ=self.environ)
        if why:
            raise UsageError(why, where=f"{flag} {text}", next_step="Nothing was written. Name another file.")

    def path(self, text: str) -> Path:
        """A path of the command line; relative ones are beneath `-C`."""
        return self.folder / text
