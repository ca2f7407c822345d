"""Google fails the very first tuning of some projects with 500 INTERNAL. Its remedy, told and carried out.

`apply --first-run-fix`: an empty dataset in every region where the pass is about to tune, and time for Google to set up
what comes with it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol

from reconciler.applying.creating import INTERNAL
from reconciler.applying.interrupt import Interrupt
from reconciler.core.desired import Desired
from reconciler.core.events import Event, EventSink
from reconciler.core.plan import Plan
from reconciler.core.state import Intent

# Gemini API models are not tuned in a project's region.
_REGIONAL = frozenset({"vertex", "palm"})

REMEDY = (
    "Google answered the create with 500 INTERNAL and made nothing. The first tuning of a project often fails so; "
    "Google's remedy is to create an empty dataset in the region, wait five minutes and tune again: "
    "`tuneform apply --first-run-fix` does that."
)
_IN_DOUBT = (
    " If nothing was ever tuned in this project, add --first-run-fix to it: Google fails such a first tuning, and its "
    "remedy is an empty dataset in the region and five minutes of waiting."
)


class Preparer(Protocol):
    """Makes an empty dataset in a region unless it is there already."""

    def prepare(self, project: str, location: str) -> tuple[bool, datetime]:
        """Whether it was made just now, and the moment from which it is there. Raises CloudError."""
        ...


def may_be_first_run(intent: Intent) -> bool:
    """Whether a create was answered in the way in which Google fails the first tuning of a project."""
    return intent.backend in _REGIONAL and intent.reason.startswith(INTERNAL)


def advice_in_doubt(intent: Intent) -> str:
    """What to add to the next step of a doubt, as long as it is not certain that nothing was made."""
    return _IN_DOUBT if may_be_first_run(intent) else ""


def prepare_first_run(
    plan: Plan,
    desired: Desired,
    preparer: Preparer,
    interrupt: Interrupt,
    emit: EventSink,
    *,
    settle: float,
    judge: Callable[[], datetime],
) -> None:
    """Prepare every region of the plan's creates, and wait until each has been so for `settle` seconds.

    `judge` is Google's time. What was prepared before, by a pass that was interrupted while it waited for instance, is
    waited for as long as is left of it. Raises CloudError.
    """
    buying = {change.address for change in plan.changes if change.is_paid}
    models = [m for a, m in desired.models.items() if a in buying and m.backend in _REGIONAL]
    left, pause = timedelta(), timedelta(seconds=settle)
    for project, location in sorted({(m.project, m.location) for m in models}):
        made, since = preparer.prepare(project, location)
        if made:
            emit(Event("warning", f"made an empty dataset in {location}: Google's remedy for a first tuning"))
        left = max(left, since + pause - judge())
    left = min(left, pause)
    if left > timedelta():
        emit(Event("warning", f"waiting {left.total_seconds():.0f} s for Google to set up what comes with the dataset"))
        interrupt.wait(left.total_seconds())
