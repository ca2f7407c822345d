"""What an apply does with the state, as a process of its own that can be killed.

    python -m tests.state.one_pass PROJECT

Prints a line after each step that has returned, which is when the next thing in the world may happen.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

from reconciler.core.address import Address
from reconciler.core.state import IntentStatus, State
from reconciler.state.local import LocalBackend
from reconciler.state.lock import Lock
from tests.state.builders import TRIAGE, intent, record, retag, run_name, store_in, version

ATTEMPT = "attempt-of-this-pass"
STEPS = ("prepared", "sending", "committed", "written", "forgotten")


def one_pass(project: Path, done: Callable[[str], None]) -> None:
    """Take the lock, buy one version, record it."""
    backend = LocalBackend(Path("state"), project)
    with Lock(backend).held("apply"):
        backend.check_writable()
        store = store_in(project)
        base = store.read()
        prepared = store.journal.prepare(intent(attempt=ATTEMPT))
        done("prepared")
        sending = store.journal.sending(prepared, "2026-11-21T13:04:00Z", "2026-11-21T12:00:00Z")
        done("sending")
        committed = store.journal.commit(sending, run_name(1), "reply")
        done("committed")
        store.write(base.with_record(record(TRIAGE, version(attempt=ATTEMPT))), base)
        done("written")
        store.journal.forget([committed])
        done("forgotten")


def begin(project: Path, *, with_state: bool) -> State:
    """A project before the pass: new, or with a state, all twenty copies and something half-written."""
    project.mkdir()
    store = store_in(project)
    if with_state:
        for number in range(21):
            base = store.read()
            store.write(base.with_record(record(Address("TunedModel", f"m{number % 3}"), version(number + 1))), base)
        (project / "state/.state.json.tmp").write_bytes(b"half")
    return store.read()


def check(project: Path, before: State, steps: list[str]) -> None:
    """What must hold after the pass was killed behind `steps`, for a process that knows only the disk."""
    backend = LocalBackend(Path("state"), project)
    with Lock(backend).held("the next apply"):
        store = store_in(project)
        now = store.read()
    others = now.without(TRIAGE)
    assert others.resources == before.resources, "nothing else changed"
    assert now.serial in (before.serial, before.serial + 1), "the old state or the new one"
    runs = {v.attempt: v.run for v in now.resources[TRIAGE].versions} if TRIAGE in now.resources else {}
    statuses = {i.attempt: i.status for i in now.intents}
    if "written" in steps:
        assert now.serial == before.serial + 1
        assert runs == {ATTEMPT: run_name(1)}
    elif "committed" in steps:
        assert runs == {ATTEMPT: run_name(1)} or statuses == {ATTEMPT: IntentStatus.COMMITTED}
    elif "sending" in steps:
        assert statuses[ATTEMPT] in (IntentStatus.SENDING, IntentStatus.COMMITTED)
    elif "prepared" in steps:
        assert statuses[ATTEMPT] in (IntentStatus.PREPARED, IntentStatus.SENDING)
    else:
        assert statuses.get(ATTEMPT, IntentStatus.PREPARED) is IntentStatus.PREPARED
    finish(project)


def finish(project: Path) -> None:
    """The next pass settles what it finds and can write; nothing half-written stays beside the state."""
    store = store_in(project)
    base = store.read()
    for found in base.intents:
        if found.status is IntentStatus.PREPARED:
            store.journal.close(found, IntentStatus.ABANDONED, "found prepared and never sent")
        elif found.status is IntentStatus.SENDING:
            store.journal.commit(found, run_name(1), "recovered")
    base = store.read()
    known = retag(record(TRIAGE, version(attempt=ATTEMPT)), "seen by the next pass")
    written = store.write(base.with_record(known), base)
    store.journal.forget([i for i in base.intents if not i.is_open])
    after = store_in(project).read()
    assert after.resources == written.resources
    assert after.intents == ()
    assert [c.problem for c in store.history()] == [""] * min(after.serial, 20)
    for folder in (project / "state", project / "state/history"):
        assert not [p.name for p in folder.iterdir() if p.name.endswith(".tmp")]


def void(_: object) -> None:
    """For calls whose result nobody wants."""


def main() -> None:
    one_pass(Path(sys.argv[1]), lambda step: void(os.write(1, f"{step}\n".encode())))


if __name__ == "__main__":
    main()
    os._exit(0)
