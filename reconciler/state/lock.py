"""One apply at a time, so that two of them do not get in each other's way.

A courtesy: no promise rests on it. What two processes must not do twice is settled by compare-and-swap.
"""

from __future__ import annotations

import getpass
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import msgspec

from reconciler import __version__
from reconciler.core.moments import stamp
from reconciler.errors import Locked
from reconciler.state.backend import LOCK, Backend


class Holder(msgspec.Struct, frozen=True):
    """Who holds the lock, for people to read. `created` is RFC 3339."""

    who: str
    host: str
    pid: int
    operation: str
    created: str
    tool_version: str

    def __str__(self) -> str:
        return f"{self.operation} by {self.who} on {self.host} (process {self.pid}) since {self.created}"


class Lock:
    """The lock of one state. Held by whoever changes it; `plan` and `drift` never ask for it."""

    def __init__(self, backend: Backend, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._backend = backend
        self._now = now

    @contextmanager
    def held(self, operation: str) -> Iterator[None]:
        """Hold the lock for a block. The system releases it if the process dies. Raises Locked, naming the holder."""
        holder = Holder(who(), socket.gethostname(), os.getpid(), operation, stamp(self._now()), __version__)
        hold = self._backend.try_hold(LOCK, msgspec.json.encode(holder) + b"\n")
        if hold is None:
            raise self._locked(self.holder())
        try:
            yield
        finally:
            hold.release()

    def holder(self) -> Holder | None:
        """Who wrote their name into the lock, or None when nobody did or it cannot be read. Does not ask for it."""
        blob = self._backend.read(LOCK)
        try:
            return msgspec.json.decode(blob.data, type=Holder) if blob else None
        except msgspec.DecodeError:
            return None

    def unlock(self, *, force: bool = False) -> Holder | None:
        """Clear what a dead process left; with `force` also let the next process in beside a living holder.

        Gives who was named in it. Raises Locked when somebody holds it and `force` is not given.
        """
        named = self.holder()
        hold = self._backend.try_hold(LOCK, b"")
        if hold is not None:
            hold.release()
            return named
        if not force:
            raise self._locked(named)
        self._backend.break_hold(LOCK)
        return named

    def _locked(self, holder: Holder | None) -> Locked:
        return Locked(
            f"the state is locked: {holder or 'another process is changing it'}",
            where=f"{self._backend.describe()}/{LOCK}",
            next_step=(
                "Wait until it is done and run the command again. The lock ends with its process; if that one hangs, "
                "stop it, or let yourself in beside it with `tuneform state unlock`."
            ),
        )


def who() -> str:
    """The name of the person, or of the account, that runs this process."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container without an entry for its user
        return f"user {os.getuid()}"
