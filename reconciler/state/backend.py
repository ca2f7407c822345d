"""Where state is kept: bytes under keys, changed only by compare-and-swap."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from reconciler.errors import StateConflict

STATE = "state.json"
LOCK = "lock.json"
JOURNAL = "journal/"
HISTORY = "history/"


@dataclass(frozen=True, slots=True)
class Blob:
    """What a key holds. `token` stands for exactly this content, for a later compare-and-swap."""

    data: bytes
    token: str


class Hold(Protocol):
    """A lock that is held until it is released or the process ends."""

    def release(self) -> None:
        """Let go; a second call does nothing."""
        ...


class Backend(Protocol):
    """A folder or an object-store prefix.

    Every method raises StateError, saying what and what next, when the place cannot be read or written.
    A backend that repeats a write because its reply was lost may answer StateConflict for a write that succeeded;
    `swap` settles that.
    """

    def read(self, key: str) -> Blob | None:
        """The content and its token, of one moment; None when there is nothing under that key."""
        ...

    def write(self, key: str, data: bytes, *, expected: str | None) -> str:
        """Put `data` there, durably, and give its token.

        `expected` is the token of what must be there now; None means that nothing may be. On a mismatch raises
        StateConflict, and nothing is overwritten.
        """
        ...

    def delete(self, key: str, *, expected: str | None) -> None:
        """Take away what `expected` stands for, else raise StateConflict. With None, take away whatever is there."""
        ...

    def keys(self, prefix: str) -> list[str]:
        """The keys that begin with `prefix` and have no further `/` behind it, sorted."""
        ...

    def describe(self) -> str:
        """The place, as people know it."""
        ...

    def check_writable(self) -> None:
        """Raise StateError now if a write would fail: asked before anything is paid for."""
        ...

    def try_hold(self, key: str, content: bytes) -> Hold | None:
        """Become the one holder of a lock and leave `content` to say who; None when another process holds it."""
        ...

    def break_hold(self, key: str) -> None:
        """Let the next process in, whoever holds the lock now."""
        ...


def swap(backend: Backend, key: str, data: bytes, *, expected: str | None) -> str:
    """`backend.write`, with a reply that was lost told from a race that was lost: by what is there afterwards.

    `data` must be such that nobody else writes the same and means another thing by it: a nonce sees to that.
    """
    try:
        return backend.write(key, data, expected=expected)
    except StateConflict:
        found = backend.read(key)
        if found is None or found.data != data:
            raise
        return found.token
