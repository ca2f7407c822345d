"""Where output goes: results to stdout, errors to stderr, colours only to a terminal that wants them."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping
from typing import TextIO

from reconciler.errors import TuneformError
from reconciler.reports.palette import COLOURED, PLAIN, Palette

NARROW = 80


class Console:
    """Two streams and how to write to them. A reader that went away is not an error: the work goes on unseen."""

    def __init__(
        self, out: TextIO | None, err: TextIO | None, environ: Mapping[str, str], *, colour: bool, quiet: bool
    ) -> None:
        self._out = out
        self._err = err
        self._environ = environ
        self._colour = colour and not environ.get("NO_COLOR") and environ.get("TERM") != "dumb"
        self.quiet = quiet

    @property
    def is_terminal(self) -> bool:
        """Whether a person watches stdout."""
        return _is_terminal(self._out)

    @property
    def palette(self) -> Palette:
        """The colours of stdout."""
        return COLOURED if self._colour and _is_terminal(self._out) else PLAIN

    @property
    def error_palette(self) -> Palette:
        """The colours of stderr."""
        return COLOURED if self._colour and _is_terminal(self._err) else PLAIN

    @property
    def out(self) -> TextIO | None:
        """stdout itself, for what draws on a terminal."""
        return self._out

    @property
    def shows_unicode(self) -> bool:
        """Whether stdout can show more than ASCII, such as the lines of a chart."""
        return (getattr(self._out, "encoding", None) or "").lower().replace("-", "") == "utf8"

    @property
    def width(self) -> int:
        """The columns of the terminal, or of `COLUMNS`; 80 in a log."""
        said = self._environ.get("COLUMNS", "")
        if said.isascii() and said.isdigit() and int(said) > 0:
            return int(said)
        try:
            return os.get_terminal_size(self._out.fileno()).columns or NARROW if self._out else NARROW
        except (OSError, ValueError):
            return NARROW

    def print(self, text: str = "") -> None:
        """A result: one or more lines to stdout, at once, so that a log shows them as they come."""
        self._out = _write(self._out, f"{text}\n")

    def lines(self, lines: Iterable[str]) -> None:
        """A long result to stdout."""
        chunk: list[str] = []
        for line in lines:
            chunk.append(line)
            if len(chunk) == 1000:
                self.print("\n".join(chunk))
                chunk.clear()
        if chunk:
            self.print("\n".join(chunk))

    def hint(self, text: str = "") -> None:
        """What helps and may be left out: nothing with `--quiet`."""
        if not self.quiet:
            self.print(text)

    def error(self, text: str) -> None:
        """Trouble: to stderr."""
        self._err = _write(self._err, f"{text}\n")

    def bytes(self, data: bytes) -> None:
        """A result that is not ours to change, to stdout."""
        buffer = getattr(self._out, "buffer", None)
        if self._out is None or buffer is None:
            self.print(data.decode("utf-8", "backslashreplace").removesuffix("\n"))
            return
        try:
            self._out.flush()
            buffer.write(data)
            buffer.flush()
        except OSError as error:
            self._out = _gone(self._out, error)


def _is_terminal(stream: TextIO | None) -> bool:
    try:
        return stream is not None and stream.isatty()
    except ValueError:
        return False


def _write(stream: TextIO | None, text: str) -> TextIO | None:
    """Write and flush; the stream to use from now on, None when nobody reads it any more."""
    if stream is None:
        return None
    try:
        stream.write(text)
        stream.flush()
    except OSError as error:
        return _gone(stream, error)
    return stream


def _gone(stream: TextIO, error: OSError) -> TextIO | None:
    """Let go of a stream that cannot be written: None. A full disk is told; a reader that left is not."""
    # Python flushes the stream once more at the end and would complain; what is left goes nowhere.
    if stream in (sys.stdout, sys.stderr):
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, stream.fileno())
        os.close(null)
    if not isinstance(error, BrokenPipeError):
        raise TuneformError(
            f"the output cannot be written: {error.strerror}", next_step="What was done is recorded; run it again."
        ) from error
    return None
