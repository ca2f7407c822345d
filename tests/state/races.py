"""Eight processes that do the same thing at the same moment, round after round.

    python -m tests.state.races FOLDER RACE ROUNDS

Prints, as JSON, how many came through in each round.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

from reconciler.core.address import Address
from reconciler.errors import Locked, StateConflict
from reconciler.state.local import LocalBackend
from reconciler.state.lock import Lock
from tests.state.builders import add_model, intent, record, retag, store_in
from tests.state.one_pass import void

RACERS = 8
WON, LOST, BROKE = b"w", b"l", b"b"
Wait = Callable[[], None]


def create(project: Path, me: int, start: Wait, finish: Wait) -> None:
    """Make the same file."""
    backend = LocalBackend(Path("state"), project)
    start()
    backend.write("state.json", f"{me}".encode(), expected=None)


def swap(project: Path, me: int, start: Wait, finish: Wait) -> None:
    """Replace the same content."""
    backend = LocalBackend(Path("state"), project)
    blob = backend.read("history/1.json")
    assert blob is not None
    start()
    backend.write("history/1.json", blob.data + f"{me}".encode(), expected=blob.token)


def write(project: Path, me: int, start: Wait, finish: Wait) -> None:
    """Write the next state."""
    store = store_in(project)
    base = store.read()
    start()
    store.write(base.with_record(retag(record(Address("TunedModel", "m")), f"{me} at {base.serial}")), base)


def prepare(project: Path, me: int, start: Wait, finish: Wait) -> None:
    """Decide the same create."""
    journal = store_in(project).journal
    start()
    journal.prepare(intent(attempt=f"attempt{me}"))


def send(project: Path, me: int, start: Wait, finish: Wait) -> None:
    """Send the same prepared create."""
    journal = store_in(project).journal
    (prepared,) = journal.entries()
    start()
    journal.sending(prepared, "2026-11-21T13:00:00Z", "2026-11-21T12:00:00Z")


def lock(project: Path, me: int, start: Wait, finish: Wait) -> None:
    """Take the lock, and keep it until all have tried."""
    held = Lock(LocalBackend(Path("state"), project))
    start()
    with held.held(f"apply {me}"):
        os.write(int(os.environ["RESULT"]), WON)
        finish()
        os._exit(0)


RACES = {race.__name__: race for race in (create, swap, write, prepare, send, lock)}


def one_round(project: Path, race: Callable[[Path, int, Wait, Wait], None]) -> int:
    """Start all racers, let them go at once, and count who came through."""
    gate_in, gate_out = os.pipe()
    end_in, end_out = os.pipe()
    results_in, results_out = os.pipe()
    ready_in, ready_out = os.pipe()
    children = []
    for me in range(RACERS):
        child = os.fork()
        if child == 0:
            os.close(gate_out)
            os.close(end_out)
            os.environ["RESULT"] = str(results_out)
            result = WON
            try:
                race(project, me, Gate(ready_out, gate_in), lambda: void(os.read(end_in, 1)))
            except (StateConflict, Locked):
                result = LOST
            except BaseException:
                traceback.print_exc()
                result = BROKE
            os.write(results_out, result)
            os._exit(0)
        children.append(child)
    read_exactly(ready_in, RACERS)
    os.close(gate_out)
    results = read_exactly(results_in, RACERS)
    os.close(end_out)
    for child in children:
        os.waitpid(child, 0)
    for fd in (gate_in, end_in, results_in, results_out, ready_in, ready_out):
        os.close(fd)
    assert BROKE not in results
    return results.count(WON)


class Gate:
    """Says that its process is there, and waits until all are let go."""

    def __init__(self, ready: int, gate: int) -> None:
        self._ready, self._gate = ready, gate

    def __call__(self) -> None:
        os.write(self._ready, b"r")
        os.read(self._gate, 1)


def read_exactly(fd: int, count: int) -> bytes:
    found = b""
    while len(found) < count:
        found += os.read(fd, count - len(found))
    return found


def prepare_ground(project: Path, name: str) -> None:
    store = store_in(project)
    if name == "swap":
        store.backend.write("history/1.json", b"", expected=None)
    if name == "write":
        add_model(store, "m")
    if name == "send":
        store.journal.prepare(intent())


def main() -> None:
    folder, name, rounds = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    winners = []
    fresh_ground = name in ("create", "prepare", "send")
    for number in range(rounds):
        project = folder / (str(number) if fresh_ground else "0")
        if not project.exists():
            project.mkdir()
            prepare_ground(project, name)
        winners.append(one_round(project, RACES[name]))
    sys.stdout.write(json.dumps(winners))


if __name__ == "__main__":
    main()
