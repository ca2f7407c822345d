"""The last twenty snapshots, each under its serial.

A copy is kept right behind every write, so the newest one is also the high-water mark: a state with a lower serial is
an older one that somebody put back.
"""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.errors import StateDamaged, StateError
from reconciler.state.backend import HISTORY, Backend, swap
from reconciler.state.codec import Snapshot, decode_state

KEEP = 20
_SUFFIX = ".json"


@dataclass(frozen=True, slots=True)
class Copy:
    """One kept snapshot, for people. `problem` says why it cannot be restored, and is empty when it can.

    `follows` is whether it was made from the copy before it, by the checksum it carries; False for a copy that somebody
    put there.
    """

    serial: int
    written_at: str = ""
    tool_version: str = ""
    resources: int = 0
    problem: str = ""
    follows: bool = True


class History:
    """Reads and keeps copies."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    def serials(self) -> list[int]:
        """The serials that copies are named after, rising; nothing is read."""
        names = (k.removeprefix(HISTORY).removesuffix(_SUFFIX) for k in self._backend.keys(HISTORY))
        return sorted(int(name) for name in names if name.isascii() and name.isdecimal())

    def read(self, serial: int) -> bytes | None:
        """A copy's bytes as they are, or None."""
        blob = self._backend.read(_key(serial))
        return None if blob is None else blob.data

    def load(self, serial: int) -> Snapshot:
        """A copy, verified. Raises StateError when there is none, StateDamaged when it cannot be trusted."""
        data = self.read(serial)
        where = f"{self._backend.describe()}/{_key(serial)}"
        if data is None:
            raise StateError("there is no such copy", where=where, next_step="`tuneform state history` lists them.")
        snapshot = decode_state(data, where=where)
        if snapshot.state.serial != serial:
            raise StateDamaged(f"is a copy of serial {snapshot.state.serial}", where=where)
        return snapshot

    def newest_good(self) -> Snapshot | None:
        """The newest copy that can be trusted."""
        for serial in reversed(self.serials()):
            try:
                return self.load(serial)
            except StateError:
                continue
        return None

    def copies(self) -> list[Copy]:
        """Every copy, newest first, each verified."""
        found: list[Copy] = []
        before = ""
        for serial in self.serials():
            try:
                snapshot = self.load(serial)
            except StateError as error:
                found.append(Copy(serial, problem=error.what))
                before = ""
                continue
            follows = before in ("", snapshot.previous)
            count = len(snapshot.state.resources)
            found.append(Copy(serial, snapshot.written_at, snapshot.tool_version, count, follows=follows))
            before = snapshot.checksum
        return found[::-1]

    def keep(self, serial: int, data: bytes) -> None:
        """Keep `data` as the copy of a serial, see that it reads back, and let the oldest beyond twenty go.

        A damaged copy is replaced. Raises StateError when it cannot be kept, or when another state has that serial.
        """
        key = _key(serial)
        found = self._backend.read(key)
        if found is None or found.data != data:
            if found is not None and self.is_good(serial):
                raise StateError(
                    f"two different states have the serial {serial}",
                    where=f"{self._backend.describe()}/{key}",
                    next_step=f"Compare the two; `tuneform state restore {serial}` takes the copy.",
                )
            swap(self._backend, key, data, expected=found.token if found else None)
            if self.read(serial) != data:
                raise StateDamaged(
                    "reads back differently from what was written",
                    where=f"{self._backend.describe()}/{key}",
                    next_step="Check the disk; then run the command again.",
                )
        for old in self.serials()[:-KEEP]:
            self._backend.delete(_key(old), expected=None)

    def is_good(self, serial: int) -> bool:
        """Whether a copy can be restored."""
        try:
            self.load(serial)
        except StateError:
            return False
        return True


def _key(serial: int) -> str:
    return f"{HISTORY}{serial}{_SUFFIX}"
