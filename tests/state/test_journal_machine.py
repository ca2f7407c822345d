"""Three processes and one create, in whatever order they come: it is sent at most once at a time."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from reconciler.core.state import Intent, IntentStatus, State
from reconciler.errors import StateConflict, StateError
from reconciler.state.store import StateStore
from tests.state.builders import intent, record, store_in, version

PROCESSES = st.integers(0, 2)
CLOSING = st.sampled_from([IntentStatus.REFUSED, IntentStatus.ABSENT, IntentStatus.ABANDONED])
# Attempts that are sent and not settled, or came to a run: at most one may be so at any time.
ALIVE = (IntentStatus.SENDING, IntentStatus.COMMITTED)


class JournalMachine(RuleBasedStateMachine):
    """Each process keeps what it last saw, however stale, and acts on it."""

    @initialize()
    def begin(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.stores: list[StateStore] = [store_in(Path(self.folder.name)) for _ in range(3)]
        self.seen: list[Intent | None] = [None, None, None]
        self.states: list[State] = [store.read() for store in self.stores]
        self.sent: list[str] = []
        self.settled_without_run: set[str] = set()
        self.committed: set[str] = set()
        self.recorded: set[str] = set()
        self.attempts = 0

    def teardown(self) -> None:
        if hasattr(self, "folder"):
            self.folder.cleanup()

    @rule(who=PROCESSES)
    def prepare(self, who: int) -> None:
        self.attempts += 1
        attempt = f"attempt{self.attempts}"
        try:
            self.seen[who] = self.stores[who].journal.prepare(intent(attempt=attempt))
        except StateConflict:
            return

    @rule(who=PROCESSES)
    def look(self, who: int) -> None:
        found = self.stores[who].journal.entries()
        self.seen[who] = found[0] if found else None
        self.states[who] = self.stores[who].read()

    @precondition(lambda self: any(self.seen))
    @rule(who=PROCESSES)
    def send(self, who: int) -> None:
        mine = self.seen[who]
        if mine is None:
            return
        try:
            self.seen[who] = self.stores[who].journal.sending(mine, "2026-11-21T13:00:00Z", "2026-11-21T12:00:00Z")
        except StateError:
            return
        assert mine.attempt not in self.sent, "one attempt is sent once"
        self.sent.append(mine.attempt)

    @precondition(lambda self: any(self.seen))
    @rule(who=PROCESSES)
    def commit(self, who: int) -> None:
        mine = self.seen[who]
        if mine is None:
            return
        try:
            self.seen[who] = self.stores[who].journal.commit(mine, f"run-of-{mine.attempt}", "reply")
        except StateError:
            return
        assert mine.attempt in self.sent
        self.committed.add(mine.attempt)

    @precondition(lambda self: any(self.seen))
    @rule(who=PROCESSES, status=CLOSING)
    def close(self, who: int, status: IntentStatus) -> None:
        mine = self.seen[who]
        if mine is None:
            return
        try:
            self.seen[who] = self.stores[who].journal.close(mine, status, "")
        except StateError:
            return
        self.settled_without_run.add(mine.attempt)

    @rule(who=PROCESSES)
    def record_and_forget(self, who: int) -> None:
        state = self.states[who]
        runs = [i for i in state.intents if i.status is IntentStatus.COMMITTED]
        changed = state
        for found in runs:
            changed = changed.with_record(record(found.address, version(attempt=found.attempt)))
        try:
            self.states[who] = self.stores[who].write(changed, state)
        except StateConflict:
            return
        self.stores[who].journal.forget([i for i in state.intents if not i.is_open])

    @invariant()
    def no_committed_run_is_lost(self) -> None:
        if not hasattr(self, "folder"):
            return
        state = store_in(Path(self.folder.name)).read()
        self.recorded |= {v.attempt for r in state.resources.values() for v in r.versions}
        assert self.committed <= self.recorded | {i.attempt for i in state.intents}

    @invariant()
    def one_attempt_is_alive(self) -> None:
        if not hasattr(self, "folder"):
            return
        alive = [a for a in self.sent if a not in self.settled_without_run]
        assert len([a for a in alive if a not in self.recorded]) <= 1


TestJournalMachine = JournalMachine.TestCase
TestJournalMachine.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)
