"""Reading and writing the state, and refusing what is not well.

A state that is empty, damaged, gone or older than what the history and the journal know is never taken for a new one.
What to do about it is always said; nothing is mended silently.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from reconciler.core.address import Address
from reconciler.core.state import Intent, Record, State
from reconciler.errors import StateConflict, StateDamaged, StateError
from reconciler.state.backend import STATE, Backend, Blob, swap
from reconciler.state.checks import (
    check_follows,
    check_never_written,
    check_newest,
    check_not_forked,
    check_same_lineage,
    restore_hint,
)
from reconciler.state.codec import Snapshot, decode_head, decode_state, encode_state
from reconciler.state.history import Copy, History
from reconciler.state.journal import Journal, is_recorded


@dataclass(frozen=True, slots=True)
class _Seen:
    """What was last read or written here; a write goes on from nothing else."""

    token: str | None
    lineage: str
    serial: int
    checksum: str


class StateStore:
    """The state of one project. A state that was never written has the serial 0 and no lineage yet."""

    def __init__(
        self,
        backend: Backend,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        new_lineage: Callable[[], str] = lambda: str(uuid.uuid4()),
    ) -> None:
        self.backend = backend
        self.journal = Journal(backend)
        self._history = History(backend)
        self._now = now
        self._new_lineage = new_lineage
        self._seen: _Seen | None = None
        self._leftovers: tuple[Intent, ...] = ()
        self._where = f"{backend.describe()}/{STATE}"

    def read(self) -> State:
        """The snapshot, with the journal's entries that it does not account for. Changes nothing.

        Raises StateDamaged, StateTooNew or StateError; each says what to do.
        """
        # The marks first: an apply that writes meanwhile can only move the snapshot ahead of them, never behind.
        serials = self._history.serials()
        entries = self.journal.load()
        blob = self.backend.read(STATE)
        if blob is None:
            check_never_written(serials, entries, where=self._where, history=self._history)
            self._seen, state = _Seen(None, "", 0, ""), State(lineage="")
        else:
            snapshot = self._decode(blob)
            state = snapshot.state
            check_same_lineage(state.lineage, entries, where=self._where)
            check_newest(state.serial, serials, entries, where=self._where, history=self._history)
            check_not_forked(state.serial, blob.data, where=self._where, history=self._history)
            self._seen = _Seen(blob.token, state.lineage, state.serial, snapshot.checksum)
        self.journal.snapshot = state
        intents = [entry.intent for entry in entries]
        self._leftovers = tuple(i for i in intents if is_recorded(state, i))
        return replace(state, intents=tuple(i for i in intents if not is_recorded(state, i)))

    def head(self) -> tuple[str, int]:
        """Lineage and serial as they are now; cheap, and without the checks of `read`."""
        blob = self.backend.read(STATE)
        if blob is None:
            return "", 0
        head = decode_head(blob.data, where=self._where)
        return head.lineage, head.serial

    def write(self, state: State, base: State) -> State:
        """Record `state`, which was made from `base`; gives it with its new serial. Writes nothing if they are equal.

        Raises StateConflict when somebody else wrote since `base` was read; nothing is overwritten then. Raises
        StateError when it cannot be written: the creates of this run are in the journal, and the next run takes them
        from there.
        """
        seen = self._seen
        if seen is None or (base.lineage, base.serial) != (seen.lineage, seen.serial):
            raise self._conflict()
        # Entries that `base` accounts for go first, while it still does: a record may be moved or removed now.
        self.journal.forget(self._leftovers)
        self._leftovers = ()
        if state.resources == base.resources:
            return replace(state, lineage=base.lineage, serial=base.serial)
        self._check_readable({a: r for a, r in state.resources.items() if base.resources.get(a) is not r})
        self._keep_copy_of(seen)
        return self._put(state, seen, lineage=base.lineage or self._new_lineage(), serial=base.serial + 1)

    def history(self) -> list[Copy]:
        """The kept copies, newest first, each verified."""
        return self._history.copies()

    def restore(self, serial: int) -> State:
        """Make a kept copy the state again, under a new serial. What it replaces is set aside, not lost."""
        try:
            copy = self._history.load(serial)
        except StateDamaged as error:
            error.next_step = restore_hint(self._history)
            raise
        return self._replace(copy.state, self.backend.read(STATE))

    def pull(self) -> bytes:
        """The snapshot's bytes, verified; empty when nothing was written yet."""
        self.read()
        blob = self.backend.read(STATE)
        return blob.data if blob else b""

    def push(self, data: bytes, *, force: bool = False) -> State:
        """Make a pulled snapshot the state. Raises StateError for another lineage, or a serial that is not newer.

        With `force` it is taken all the same, under a serial above all known ones.
        """
        try:
            pushed = decode_state(data, where="the pushed state").state
        except StateDamaged as error:
            error.next_step = "Nothing was changed. Push the bytes that `tuneform state pull` gave, unaltered."
            raise
        blob = self.backend.read(STATE)
        if blob is not None and not force:
            current = self._decode(blob).state
            if pushed == current:
                return self.read()
            check_follows(pushed, current, where=self._where)
        return self._replace(pushed, blob)

    def _replace(self, state: State, blob: Blob | None) -> State:
        """Put `state` in the place of whatever is there, above every serial that is known."""
        entries = self.journal.load()
        check_same_lineage(state.lineage, entries, where=self._where)
        serials = self._history.serials()
        newest = self._history.newest_good()
        highest = max([_serial_of(blob), *serials, *(e.serial for e in entries)])
        serial = max(state.serial, highest + 1)
        if blob is not None and not any(self._history.read(s) == blob.data for s in reversed(serials)):
            self._set_aside(f"replaced-{serial}.json", blob.data)
        seen = _Seen(blob.token if blob else None, state.lineage, highest, newest.checksum if newest else "")
        self._leftovers = ()
        self._put(state, seen, lineage=state.lineage, serial=serial)
        return self.read()

    def _put(self, state: State, seen: _Seen, *, lineage: str, serial: int) -> State:
        written = replace(state, lineage=lineage, serial=serial)
        data = encode_state(written, previous=seen.checksum, written_at=self._now(), where=self._where)
        try:
            token = swap(self.backend, STATE, data, expected=seen.token)
        except StateConflict:
            raise self._conflict() from None
        except StateError as error:
            raise self._unwritable(error, serial, data) from error
        self._seen = _Seen(token, lineage, serial, decode_head(data, where=self._where).checksum)
        self.journal.snapshot = written
        try:
            self._history.keep(serial, data)
        except StateError as error:
            error.what = f"the state was saved as serial {serial}, but not its copy: {error.what}"
            raise
        return replace(written, intents=tuple(i for i in state.intents if not is_recorded(written, i)))

    def _check_readable(self, changed: dict[Address, Record]) -> None:
        """Whoever writes what cannot be read again loses it. Raises StateError, with nothing written."""
        trial = encode_state(State("trial", 1, changed), previous="", written_at=self._now(), where=self._where)
        try:
            decode_state(trial, where=self._where)
        except StateDamaged as error:
            raise StateError(
                f"would not be readable again: {error.what.removeprefix('is damaged: ')}",
                where=self._where,
                next_step="Nothing was written. What this run created is in the journal. Please report this.",
            ) from error

    def _keep_copy_of(self, seen: _Seen) -> None:
        """Make up for a copy that a killed process or a full disk kept from being made, before anything is replaced."""
        if seen.serial == 0 or seen.serial in self._history.serials():
            return
        blob = self.backend.read(STATE)
        if blob is None or blob.token != seen.token:
            raise self._conflict()
        self._history.keep(seen.serial, blob.data)

    def _decode(self, blob: Blob) -> Snapshot:
        try:
            return decode_state(blob.data, where=self._where)
        except StateDamaged as error:
            error.next_step = restore_hint(self._history)
            raise

    def _conflict(self) -> StateConflict:
        return StateConflict(
            "somebody else wrote the state since it was read; nothing was overwritten",
            where=self._where,
            next_step="Run the command again: it goes on from the state as it is now.",
        )

    def _unwritable(self, error: StateError, serial: int, data: bytes) -> StateError:
        aside = f"errored-{serial}.json"
        said = "What this run created is in the journal, and the next run takes it from there."
        with suppress(StateError):  # the place that just refused a write may well refuse this one
            self._set_aside(aside, data)
            said = f"{said} What it would have recorded is in {self.backend.describe()}/{aside}."
        return StateError(
            f"the state could not be written: {error.what}",
            where=error.where,
            next_step=f"{error.next_step} {said}".strip(),
        )

    def _set_aside(self, key: str, data: bytes) -> None:
        there = self.backend.read(key)
        swap(self.backend, key, data, expected=there.token if there else None)


def _serial_of(blob: Blob | None) -> int:
    """The serial that a snapshot claims, or 0 where it cannot be made out."""
    if blob is None:
        return 0
    try:
        return decode_head(blob.data, where="").serial
    except StateDamaged:
        return 0
