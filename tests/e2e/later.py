"""`tuneform` in a process whose clock is ahead, for what happens only after a minute or a month.

The code under test is not changed, only its clock. The emulator's own time stays what it is.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial

from reconciler.applying.clock import SystemClock
from tests.e2e.workshop import Workshop


def later(workshop: Workshop, seconds: float, *arguments: str, expect: int = 0) -> str:
    """One command so many seconds from now; what it printed."""
    return workshop.run(*arguments, expect=expect, prepare=partial(set_ahead, seconds)).stdout


def set_ahead(seconds: float) -> None:
    """Let this process's clock go ahead by so much."""
    ahead = timedelta(seconds=seconds)

    def then(_: SystemClock) -> datetime:
        return datetime.now(UTC) + ahead

    setattr(SystemClock, "now", then)  # noqa: B010 - a plain assignment to a method is no valid type
