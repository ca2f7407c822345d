"""What a folder backend asks of the operating system: no links followed, no half-written files, errors in words.

Folders are passed as open descriptors, so that nothing can be swapped beneath a path between check and use.
"""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING

from reconciler.errors import StateError

if TYPE_CHECKING:
    from pathlib import Path

FILE_MODE = 0o600
FOLDER_MODE = 0o700
MAX_BYTES = 1 << 30
_TEMPORARY_SUFFIX = ".tmp"
_GUARD = ".cas.lock"
_GUARD_TIMEOUT = 30.0
_PROBE_BYTES = 64 * 1024
_FOLDER_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE_FLAGS = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC

_WORDS = {
    errno.ENOSPC: ("the disk is full", "Free some space and run the command again."),
    errno.EDQUOT: ("the disk quota is used up", "Free some space or raise the quota, and run the command again."),
    errno.EFBIG: ("the file would be larger than is allowed here", "Raise the limit (`ulimit -f`) and run it again."),
    errno.EROFS: ("the file system is read-only", "Make it writable, or choose a folder that is."),
    errno.EACCES: ("permission denied", "Give this user the right to read and write it, and run the command again."),
    errno.EPERM: ("permission denied", "Give this user the right to read and write it, and run the command again."),
    errno.EIO: ("the disk reported an error", "Check the disk; then run the command again."),
    errno.ELOOP: ("a part of the path is a symbolic link", "Put a real file or folder there."),
    errno.ENOTDIR: ("a part of the path is not a folder", "Choose a path whose parts are folders."),
    errno.EISDIR: ("is a folder, not a file", "Move it away and run the command again."),
    errno.ENOLCK: ("the file system cannot lock files", "Keep the state on a local disk, or mount with locking."),
    errno.EOPNOTSUPP: ("the file system cannot lock files", "Keep the state on a local disk, or mount with locking."),
    errno.ENOSYS: ("the file system cannot lock files", "Keep the state on a local disk, or mount with locking."),
}


@contextmanager
def os_errors_as_state_errors(where: str) -> Iterator[None]:
    """Turn any OSError into a StateError that says what and what next."""
    try:
        yield
    except OSError as error:
        what, next_step = _WORDS.get(error.errno or 0, (error.strerror or str(error), "Mend that and run it again."))
        raise StateError(what, where=where, next_step=next_step) from error


@contextmanager
def opened_folder(root: Path, parts: Sequence[str], *, create: bool, mode: int = FOLDER_MODE) -> Iterator[int]:
    """A descriptor of `root/parts…`, no part of which may be a link. With `create`, what is missing is made."""
    with ExitStack() as stack:
        folder = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        stack.callback(os.close, folder)
        for part in parts:
            folder = _step_into(folder, part, create=create, mode=mode)
            stack.callback(os.close, folder)
        yield folder


def _step_into(parent: int, name: str, *, create: bool, mode: int) -> int:
    try:
        return os.open(name, _FOLDER_FLAGS, dir_fd=parent)
    except FileNotFoundError:
        if not create:
            raise
        with suppress(FileExistsError):
            os.mkdir(name, mode, dir_fd=parent)
        os.fsync(parent)
        return os.open(name, _FOLDER_FLAGS, dir_fd=parent)
    except NotADirectoryError as error:
        if stat.S_ISLNK(os.stat(name, dir_fd=parent, follow_symlinks=False).st_mode):
            raise OSError(errno.ELOOP, name) from error
        raise


def read_file(folder: int, name: str) -> bytes | None:
    """The whole of a regular file, or None when there is none. What a rename replaces meanwhile stays whole."""
    try:
        file = os.open(name, os.O_RDONLY | _FILE_FLAGS, dir_fd=folder)
    except FileNotFoundError:
        return None
    with os.fdopen(file, "rb") as stream:
        status = os.fstat(file)
        if stat.S_ISDIR(status.st_mode):
            raise OSError(errno.EISDIR, name)
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.EINVAL, "is not a regular file")
        if status.st_size > MAX_BYTES:
            raise OSError(errno.EINVAL, f"has {status.st_size} bytes, more than any state")
        return stream.read()


def replace_file(folder: int, name: str, data: bytes, *, mode: int = FILE_MODE) -> None:
    """Put a whole file under `name`, durably: after a crash there is the old content or the new, never a part.

    The caller holds the guard, so that a temporary file seen here is what a killed process left.
    """
    sweep_temporaries(folder)
    temporary = f".{name}{_TEMPORARY_SUFFIX}"
    try:
        write_new_file(folder, temporary, data, mode=mode)
        os.rename(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary, dir_fd=folder)
        raise
    os.fsync(folder)


def write_new_file(folder: int, name: str, data: bytes, *, mode: int = FILE_MODE) -> None:
    """Make a file that was not there, wait until the disk has it, and read it back."""
    file = os.open(name, os.O_RDWR | os.O_CREAT | os.O_EXCL | _FILE_FLAGS, mode, dir_fd=folder)
    with os.fdopen(file, "r+b", buffering=0) as stream:
        write_all(file, data)
        os.fsync(file)
        stream.seek(0)
        if stream.read() != data:
            raise OSError(errno.EIO, "what was written reads back differently")


def write_all(file: int, data: bytes) -> None:
    """Write every byte, however few the system takes at a time."""
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(file, rest) :]


def remove_file(folder: int, name: str) -> None:
    """Take a file away, durably; nothing to do when there is none."""
    with suppress(FileNotFoundError):
        os.unlink(name, dir_fd=folder)
    os.fsync(folder)


def sweep_temporaries(folder: int) -> None:
    """Take away what killed processes left half-written."""
    for name in os.listdir(folder):
        if name.startswith(".") and name.endswith(_TEMPORARY_SUFFIX):
            os.unlink(name, dir_fd=folder)


def check_room(folder: int, size: int) -> None:
    """Raise OSError unless a small file can be written here and `size` more bytes would fit."""
    sweep_temporaries(folder)
    probe = f".probe{_TEMPORARY_SUFFIX}"
    try:
        write_new_file(folder, probe, bytes(_PROBE_BYTES))
    finally:
        with suppress(FileNotFoundError):
            os.unlink(probe, dir_fd=folder)
    disk = os.fstatvfs(folder)
    # Some network file systems report no size at all; the probe is all there is to go by then.
    if disk.f_blocks and disk.f_bavail * disk.f_frsize < size:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@contextmanager
def guarded(folder: int) -> Iterator[None]:
    """Be the only process that changes the folder; makes compare and swap one step.

    The guard is a file of its own that is never renamed: a lock on a file that is replaced guards nothing.
    """
    file = open_lock_file(folder, _GUARD)
    with os.fdopen(file, "rb"):
        deadline = time.monotonic() + _GUARD_TIMEOUT
        while not try_flock(file):
            if time.monotonic() > deadline:
                raise OSError(errno.ETIMEDOUT, f"another process has been writing for {_GUARD_TIMEOUT:.0f} seconds")
            time.sleep(0.005)
        _check_that_locks_exclude(folder)
        yield


def open_lock_file(folder: int, name: str) -> int:
    """A descriptor to lock; the file is made when missing and never renamed."""
    return os.open(name, os.O_RDWR | os.O_CREAT | _FILE_FLAGS, FILE_MODE, dir_fd=folder)


def try_flock(file: int) -> bool:
    """Take the lock if it is free; the kernel releases it when the process dies, however it dies."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _check_that_locks_exclude(folder: int) -> None:
    """Some network mounts grant every lock. The guard is held now, so that a second one must be refused."""
    with os.fdopen(open_lock_file(folder, _GUARD), "rb") as second:
        if try_flock(second.fileno()):
            raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))
