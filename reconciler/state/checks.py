"""What must hold between a state, its history and its journal before it is believed.

Each check raises StateDamaged or StateError with the command that helps; none changes anything.
"""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.core.state import State
from reconciler.errors import StateDamaged, StateError
from reconciler.state.codec import Entry
from reconciler.state.history import History


def restore_hint(history: History) -> str:
    """What to do about a state that cannot be believed: the newest copy that can be, and the command."""
    good = history.newest_good()
    if good is None:
        return (
            "No copy in history/ can be restored. Put the file back from a backup of your own; without one, move the "
            "state folder away and bring what is live under management again with `tuneform import`."
        )
    return (
        f"The newest good copy is serial {good.state.serial}, written at {good.written_at}. To take it: "
        f"tuneform state restore {good.state.serial}"
    )


def check_never_written(serials: Sequence[int], entries: Sequence[Entry], *, where: str, history: History) -> None:
    """An absent state is a new one only if nothing was ever recorded beside it.

    Entries of the very first pass stand there before there is a state; they name serial 0.
    """
    if serials or any(entry.serial for entry in entries):
        raise StateDamaged(
            "is missing, although its history or journal is there", where=where, next_step=restore_hint(history)
        )


def check_newest(
    serial: int, serials: Sequence[int], entries: Sequence[Entry], *, where: str, history: History
) -> None:
    """A state older than what is known of it was put back by somebody, and knows less than was paid for."""
    known = max([0, *serials, *(entry.serial for entry in entries)])
    if serial < known:
        raise StateDamaged(
            f"is serial {serial}, but serial {known} was written: an older state was put back",
            where=where,
            next_step=f"{restore_hint(history)}. To go on from the older one all the same: "
            f"tuneform state push --force {where}",
        )


def check_not_forked(serial: int, data: bytes, *, where: str, history: History) -> None:
    """Two states with one serial: each may know of something paid for that the other does not."""
    copy = history.read(serial)
    if copy is not None and copy != data and history.is_good(serial):
        raise StateDamaged(
            f"differs from the copy that was kept of serial {serial}",
            where=where,
            next_step=f"Compare the two. To take the copy: tuneform state restore {serial}. To take this one: "
            f"tuneform state push --force {where}",
        )


def check_same_lineage(lineage: str, entries: Sequence[Entry], *, where: str) -> None:
    """A journal belongs to one state; entries written before there was one belong to any."""
    for entry in entries:
        if entry.lineage not in ("", lineage):
            raise StateError(
                f"the journal entry {entry.intent.id} belongs to another state, of lineage {entry.lineage}",
                where=where,
                next_step="Put the state that it belongs to back, or move the entry out of the journal once you know "
                "what became of its run.",
            )


def check_follows(pushed: State, current: State, *, where: str) -> None:
    """What is pushed must be a later state of the same lineage."""
    force = "To take it all the same, under a new serial: tuneform state push --force"
    if pushed.lineage != current.lineage:
        raise StateError(
            f"the pushed state is of lineage {pushed.lineage}, this one of {current.lineage}",
            where=where,
            next_step=force,
        )
    if pushed.serial <= current.serial:
        raise StateError(
            f"the pushed state is serial {pushed.serial}, this one is serial {current.serial}",
            where=where,
            next_step=force,
        )
