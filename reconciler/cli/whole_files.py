"""Files that a command leaves behind: there as a whole or not at all."""

from __future__ import annotations

import os
import uuid
from contextlib import suppress
from pathlib import Path

PRIVATE = 0o600
PUBLIC = 0o666  # but for what the umask takes away


def write_whole(path: Path, data: bytes, *, mode: int = PRIVATE) -> None:
    """Write a file in one step; what was there before stays until then. Raises OSError.

    `mode` is what a new file may be at most; whoever reads a report need not be who made it.
    """
    if path.exists() and not path.is_file():
        # A device or a pipe, such as /dev/stdout, is written to: putting a file in its place would break it.
        path.write_bytes(data)
    else:
        _replace(Path(os.path.realpath(path)), data, mode)


def _replace(path: Path, data: bytes, mode: int) -> None:
    temporary = path.parent / f".{path.name[:200]}.{uuid.uuid4().hex}"
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise
