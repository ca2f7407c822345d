"""A folder as a backend."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from reconciler.errors import StateConflict, StateError
from reconciler.state import files
from reconciler.state.backend import HISTORY, JOURNAL, Blob

_KEY = re.compile(r"([A-Za-z0-9_-][A-Za-z0-9_.-]*/)?[A-Za-z0-9_-][A-Za-z0-9_.-]*")
# What a pass may write beside the snapshot and its copy: journal entries, the lock.
_SMALL_CHANGE = 1 << 20


class LocalBackend:
    """State in a folder beneath `root`, for processes of one machine, or of several with working file locks.

    A token is the digest of the content. Every change is made under one lock, so that compare and swap are one step;
    reads need none, for files are only ever replaced whole.
    """

    def __init__(self, folder: Path, root: Path) -> None:
        self._root = Path(os.path.abspath(root))  # noqa: PTH100 (links are refused beneath the root, not above it)
        inside = Path(os.path.normpath(self._root / folder))
        if not inside.is_relative_to(self._root):
            raise StateError(
                "the state folder lies outside the project",
                where=str(folder),
                next_step="Point `state` to a folder beneath the project file's folder.",
            )
        self._parts = inside.relative_to(self._root).parts

    def describe(self) -> str:
        """The folder, relative to the project."""
        return "/".join(self._parts) or "."

    def read(self, key: str) -> Blob | None:
        """See Backend.read."""
        inner, name = _split(key)
        with files.os_errors_as_state_errors(self._where(key)):
            try:
                with self._opened(inner) as folder:
                    data = files.read_file(folder, name)
            except FileNotFoundError:
                return None
        return None if data is None else Blob(data, _token(data))

    def write(self, key: str, data: bytes, *, expected: str | None) -> str:
        """See Backend.write."""
        inner, name = _split(key)
        with (
            files.os_errors_as_state_errors(self._where(key)),
            self._guarded(),
            self._opened(inner, create=True) as folder,
        ):
            self._compare(key, files.read_file(folder, name), expected)
            files.replace_file(folder, name, data)
        return _token(data)

    def delete(self, key: str, *, expected: str | None) -> None:
        """See Backend.delete."""
        inner, name = _split(key)
        with (
            files.os_errors_as_state_errors(self._where(key)),
            self._guarded(),
            self._opened(inner, create=True) as folder,
        ):
            if expected is not None:
                self._compare(key, files.read_file(folder, name), expected)
            files.remove_file(folder, name)

    def keys(self, prefix: str) -> list[str]:
        """See Backend.keys. Hidden files are not keys."""
        inner, slash, start = prefix.rpartition("/")
        with files.os_errors_as_state_errors(self._where(prefix)):
            try:
                with self._opened(inner) as folder, os.scandir(folder) as found:
                    names = [e.name for e in found if not e.is_dir(follow_symlinks=False)]
            except FileNotFoundError:
                return []
        return sorted(f"{inner}{slash}{n}" for n in names if n.startswith(start) and not n.startswith("."))

    def check_writable(self) -> None:
        """See Backend.check_writable. Makes the folder when it is missing."""
        with files.os_errors_as_state_errors(self.describe()), self._guarded(), self._opened("") as top:
            with os.scandir(top) as found:
                sizes = [e.stat(follow_symlinks=False).st_size for e in found]
            files.check_room(top, 2 * max(sizes) + _SMALL_CHANGE)
            for inner in (JOURNAL, HISTORY):
                with self._opened(inner.rstrip("/"), create=True) as folder:
                    files.check_room(folder, 0)

    def try_hold(self, key: str, content: bytes) -> FileHold | None:
        """See Backend.try_hold. The lock file is written in place: a renamed file would be another lock."""
        inner, name = _split(key)
        with (
            files.os_errors_as_state_errors(self._where(key)),
            self._guarded(),
            self._opened(inner, create=True) as folder,
        ):
            stream = os.fdopen(files.open_lock_file(folder, name), "r+b", buffering=0)
            try:
                if not files.try_flock(stream.fileno()):
                    stream.close()
                    return None
                stream.truncate(0)
                files.write_all(stream.fileno(), content)
            except BaseException:
                stream.close()
                raise
        return FileHold(stream)

    def break_hold(self, key: str) -> None:
        """See Backend.break_hold. The old holder keeps a lock on a file that has no name any more."""
        self.delete(key, expected=None)

    def _compare(self, key: str, found: bytes | None, expected: str | None) -> None:
        if (None if found is None else _token(found)) == expected:
            return
        what = "exists already" if expected is None else "was changed by another process"
        raise StateConflict(
            f"{what}; nothing was overwritten", where=self._where(key), next_step="Run the command again."
        )

    def _where(self, key: str) -> str:
        return "/".join((*self._parts, key)) or "."

    @contextmanager
    def _opened(self, inner: str, *, create: bool = False) -> Iterator[int]:
        parts = (*self._parts, inner) if inner else self._parts
        with files.opened_folder(self._root, parts, create=create) as folder:
            yield folder

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        with self._opened("", create=True) as top, files.guarded(top):
            yield


class FileHold:
    """An open, locked file."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def release(self) -> None:
        """See Hold.release. Empties the file, so that nobody reads an old holder's name in it."""
        if not self._stream.closed:
            with self._stream:
                self._stream.truncate(0)


def _split(key: str) -> tuple[str, str]:
    if not _KEY.fullmatch(key):
        raise StateError(f"{key!r} cannot be the name of a state file")
    inner, _, name = key.rpartition("/")
    return inner, name


def _token(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
