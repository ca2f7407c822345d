"""Opens one dataset safely and reads it as lines, taking its digest on the way.

A dataset is uploaded to a bucket, so its path must not reach anything outside the project, and what is checked must be
what is read: each component is opened beneath the one before without following links, and only a regular file is read.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from reconciler.datasets.problems import Problem

BLOCK = 256 << 10
# The longest example any model takes is 131,072 tokens; escaped as \uXXXX, four characters each, that is 3 MiB.
MAX_LINE = 4 << 20
# The largest limit Google has documented is 10 GB.
MAX_BYTES = 16 << 30

_OPEN_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_OPEN_FOLDER = os.O_RDONLY | os.O_NOFOLLOW | os.O_DIRECTORY | os.O_CLOEXEC


@contextmanager
def open_beneath(root: str, path: str) -> Iterator[int]:
    """A descriptor of a regular file beneath `root`, closed afterwards. A relative path starts at `root`.

    Links that stay beneath `root` are followed. Raises Problem.
    """
    try:
        base = os.path.realpath(root, strict=True)
        target = Path(os.path.realpath(Path(base, path)))
    except (OSError, ValueError) as error:
        raise _unreadable(error) from error
    if not target.is_relative_to(base):
        raise Problem(
            "dataset_outside_project",
            "the path leaves the project's folder",
            hint="Datasets stand beneath the folder of the project file; copy the file there.",
        )
    try:
        fd = _open_component_by_component(base, target.relative_to(base).parts)
    except OSError as error:
        raise _unreadable(error) from error
    try:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            raise Problem("dataset_not_a_file", "this is not a regular file", hint="Name a file with one row a line.")
        yield fd
    finally:
        os.close(fd)


def _open_component_by_component(base: str, parts: tuple[str, ...]) -> int:
    fd = os.open(base, _OPEN_FOLDER)
    for index, part in enumerate(parts):
        flags = _OPEN_FILE if index == len(parts) - 1 else _OPEN_FOLDER
        try:
            inner = os.open(part, flags, dir_fd=fd)
        finally:
            os.close(fd)
        fd = inner
    return fd


def _unreadable(error: OSError | ValueError) -> Problem:
    reason = error.strerror if isinstance(error, OSError) and error.strerror else "the path is not valid"
    return Problem("dataset_unreadable", f"the file cannot be read: {reason}", hint="Correct `spec.file`.")


class LineReader:
    """The lines of an open file, once, without their line feeds; memory stays below a few MAX_LINE.

    `size` and `sha256` (hex) cover what was read so far, so the whole file once the lines are used up.
    """

    def __init__(self, fd: int) -> None:
        before = os.fstat(fd)
        if before.st_size > MAX_BYTES:
            raise Problem(
                "dataset_too_large",
                f"the file has {before.st_size} bytes; more than {MAX_BYTES} are never read",
                hint="No Gemini model takes a training file over 1 GB; split or sample it.",
            )
        self._fd = fd
        self._before = before
        self._hash = hashlib.sha256()
        self.size = 0
        self.head = self._read()

    @property
    def sha256(self) -> str:
        """The digest of what was read so far."""
        return self._hash.hexdigest()

    def __iter__(self) -> Iterator[bytes]:
        number = 0
        rest = b""
        block = self.head
        while block:
            pieces = (rest + block).split(b"\n")
            rest = pieces.pop()
            yield from pieces
            number += len(pieces)
            if len(rest) > MAX_LINE:
                raise Problem(
                    "dataset_line_too_long",
                    f"the line is longer than {MAX_LINE >> 20} MiB, which no example may be; the rest was not read",
                    hint="Each row stands on one line of its own, ended by a line feed.",
                    line=number + 1,
                )
            block = self._read()
        if rest:
            yield rest
        self._check_unchanged()

    def _read(self) -> bytes:
        try:
            block = os.read(self._fd, BLOCK)
        except OSError as error:
            raise _unreadable(error) from error
        self.size += len(block)
        if self.size > MAX_BYTES:
            raise _changed()
        self._hash.update(block)
        return block

    def _check_unchanged(self) -> None:
        after = os.fstat(self._fd)
        if (after.st_size, after.st_mtime_ns) != (self._before.st_size, self._before.st_mtime_ns):
            raise _changed()


def _changed() -> Problem:
    return Problem("dataset_changed", "the file was written to while it was read", hint="Run the command again.")
