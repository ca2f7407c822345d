"""One entry for each paid create, changed only by compare-and-swap.

    (none) --prepare--> PREPARED --sending--> SENDING --commit--> COMMITTED
                           |                     +---close---> REFUSED   Google said no, or nothing was sent
                           |                     +---close---> ABSENT    proved not to exist
                           +---close---> ABANDONED                       never sent

An entry is the promise that a create is sent at most once: it is durable before the request leaves, two processes that
decide the same create meet in one entry, and only the one whose write was taken goes on. Never removes an entry whose
run the state does not know yet.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from reconciler.core.state import Intent, IntentStatus, State
from reconciler.errors import StateConflict, StateDamaged, StateError
from reconciler.state.backend import JOURNAL, Backend, swap
from reconciler.state.codec import Entry, decode_entry, encode_entry

_SUFFIX = ".json"
_NEXT = {
    IntentStatus.PREPARED: {IntentStatus.SENDING, IntentStatus.ABANDONED},
    IntentStatus.SENDING: {IntentStatus.COMMITTED, IntentStatus.REFUSED, IntentStatus.ABSENT},
}
# Ends after which there is no job and never will be: the entry may make room for the next attempt.
_WITHOUT_A_RUN = {IntentStatus.REFUSED, IntentStatus.ABSENT, IntentStatus.ABANDONED}


@dataclass(frozen=True, slots=True)
class _Stored:
    entry: Entry
    token: str


class Journal:
    """The entries of one state. `snapshot` is the newest durable one, as the store read or wrote it."""

    def __init__(self, backend: Backend, *, new_nonce: Callable[[], str] = lambda: secrets.token_hex(16)) -> None:
        self._backend = backend
        self._new_nonce = new_nonce
        self.snapshot: State | None = None

    def prepare(self, intent: Intent) -> Intent:
        """Record, durably, that a create was decided on. Raises StateConflict when another process did so first.

        An entry of the same id that ended without a run makes room; any other one is a conflict.
        """
        if intent.status is not IntentStatus.PREPARED:
            raise self._illegal(intent, "an intent begins as prepared")
        try:
            return self._put(intent, expected=None)
        except StateConflict:
            found = self._load(intent.id)
            if found is None or found.entry.intent.status not in _WITHOUT_A_RUN:
                raise
            return self._put(intent, expected=found.token)

    def sending(self, intent: Intent, decide_at: str, sent_at: str) -> Intent:
        """The point of no return, durable before the request leaves. Times are RFC 3339.

        Raises StateConflict when anybody touched the entry since it was prepared: then nothing may be sent.
        """
        stored = self._ready_for(IntentStatus.SENDING, intent)
        moved = replace(stored.entry.intent, status=IntentStatus.SENDING, decide_at=decide_at, sent_at=sent_at)
        return self._put(moved, expected=stored.token)

    def commit(self, intent: Intent, run: str, how: str) -> Intent:
        """Record the run that came of it. `how` tells a plain reply from a recovery."""
        if not run:
            raise self._illegal(intent, "a commit names its run")
        stored = self._ready_for(IntentStatus.COMMITTED, intent)
        moved = replace(stored.entry.intent, status=IntentStatus.COMMITTED, run=run, how=how, reason="")
        return self._put(moved, expected=stored.token)

    def note(self, intent: Intent, reason: str, operation: str = "") -> Intent:
        """Remember why a create that was sent is in doubt, and the operation it began as.

        Raises StateConflict when another run has taken it over.
        """
        stored = self._load(intent.id)
        kept = stored.entry.intent if stored else None
        if stored is None or kept is None or (kept.attempt, kept.status) != (intent.attempt, IntentStatus.SENDING):
            raise self._illegal(intent, "only a create that was sent can be in doubt")
        return self._put(replace(kept, reason=reason, operation=operation or kept.operation), expected=stored.token)

    def close(self, intent: Intent, status: IntentStatus, reason: str) -> Intent:
        """Record that there is no run: REFUSED or ABSENT when it was sending, ABANDONED when it was only prepared."""
        if status not in _WITHOUT_A_RUN:
            raise self._illegal(intent, f"{status} is no way to close an entry")
        stored = self._ready_for(status, intent)
        return self._put(replace(stored.entry.intent, status=status, reason=reason), expected=stored.token)

    def entries(self) -> list[Intent]:
        """Every intent. Raises StateDamaged naming each file that cannot be trusted; none is ever skipped."""
        return [entry.intent for entry in self.load()]

    def load(self) -> list[Entry]:
        """Every entry, with the lineage and serial of the state it was decided on."""
        found: list[Entry] = []
        problems: list[StateError] = []
        for key in self._backend.keys(JOURNAL):
            try:
                if not key.endswith(_SUFFIX):
                    raise StateDamaged("is not a journal entry", where=self._where(key))
                stored = self._load(key.removeprefix(JOURNAL).removesuffix(_SUFFIX))
            except StateDamaged as error:
                problems.append(error)
                continue
            if stored is not None:
                found.append(stored.entry)
        if problems:
            raise _damaged(problems)
        return found

    def forget(self, intents: Iterable[Intent]) -> None:
        """Remove entries that ended without a run, and committed ones whose run the durable state knows.

        A committed entry that the state does not know stays. Raises StateError for one that is still open.
        """
        for intent in intents:
            stored = self._load(intent.id)
            # An entry of the same id may belong to a later attempt by now.
            if stored is None or stored.entry.intent.attempt != intent.attempt:
                continue
            kept = stored.entry.intent
            if kept.is_open and not self._is_in_snapshot(kept):
                raise self._illegal(kept, "its outcome is not known yet")
            if kept.status in _WITHOUT_A_RUN or self._is_in_snapshot(kept):
                self._backend.delete(_key(kept.id), expected=stored.token)

    def _is_in_snapshot(self, intent: Intent) -> bool:
        return self.snapshot is not None and is_recorded(self.snapshot, intent)

    def _ready_for(self, status: IntentStatus, intent: Intent) -> _Stored:
        """The entry as it is, if it still is where `intent` says and may go on to `status`.

        An attempt is at each status once in its life, so that both being equal means that nobody touched it.
        """
        stored = self._load(intent.id)
        kept = stored.entry.intent if stored else None
        if stored is None or kept is None or (kept.attempt, kept.status) != (intent.attempt, intent.status):
            raise StateConflict(
                "another run has taken this create over; nothing was overwritten",
                where=str(intent.address),
                next_step="Run the command again: it goes on from what the journal says now.",
            )
        if status not in _NEXT.get(kept.status, ()):
            raise self._illegal(kept, f"it cannot become {status}")
        return stored

    def _put(self, intent: Intent, *, expected: str | None) -> Intent:
        lineage, serial = (self.snapshot.lineage, self.snapshot.serial) if self.snapshot else ("", 0)
        entry = Entry(intent, lineage, serial, self._new_nonce())
        key = _key(intent.id)
        data = encode_entry(entry, where=self._where(key))
        decode_entry(data, where=self._where(key))  # what could not be read again must not be relied on
        swap(self._backend, key, data, expected=expected)
        return intent

    def _load(self, intent_id: str) -> _Stored | None:
        key = _key(intent_id)
        blob = self._backend.read(key)
        if blob is None:
            return None
        entry = decode_entry(blob.data, where=self._where(key))
        if entry.intent.id != intent_id:
            raise StateDamaged(f"holds the entry {entry.intent.id}", where=self._where(key))
        return _Stored(entry, blob.token)

    def _illegal(self, intent: Intent, why: str) -> StateError:
        return StateError(
            f"the journal entry is {intent.status}: {why}",
            where=self._where(_key(intent.id)),
            next_step="Nothing was changed. Run the command again.",
        )

    def _where(self, key: str) -> str:
        return f"{self._backend.describe()}/{key}"


def is_recorded(state: State, intent: Intent) -> bool:
    """Whether a snapshot accounts for an intent: one of its versions carries the attempt, and the run if there is one.

    The attempt is 128 random bits, so nothing else can be taken for it.
    """
    record = state.resources.get(intent.address)
    versions = record.versions if record else ()
    ended_without = intent.status in _WITHOUT_A_RUN
    return any(v.attempt == intent.attempt and (v.run or ended_without) for v in versions)


def _key(intent_id: str) -> str:
    return f"{JOURNAL}{intent_id}{_SUFFIX}"


def _damaged(problems: list[StateError]) -> StateDamaged:
    first, *others = problems
    more = f" (and {', '.join(error.where for error in others)})" if others else ""
    return StateDamaged(
        f"{first.what}{more}",
        where=first.where,
        next_step=(
            "It records a create that may have been paid for, so nothing is bought until it reads again. Put the file "
            "back from a backup; or look for a run with the address in its name as the label tuneform-address, and "
            "move the file out of the journal once you know what became of it."
        ),
    )
