"""`apply --first-run-fix`: an empty dataset in every region where the pass is about to tune, and time to settle."""

from __future__ import annotations

from typing import Protocol

from reconciler.applying.interrupt import Interrupt
from reconciler.cloud.operations import OperationStatus
from reconciler.core.desired import Desired
from reconciler.core.events import Event, EventSink
from reconciler.core.plan import Plan

# Gemini API models are not tuned in a project's region.
_REGIONAL = frozenset({"vertex", "palm"})


class Preparer(Protocol):
    """Makes an empty dataset in a region unless it is there already."""

    def prepare(self, project: str, location: str) -> OperationStatus | None:
        """The operation that makes it, or None. Raises CloudError."""
        ...


def prepare_first_run(
    plan: Plan, desired: Desired, preparer: Preparer, interrupt: Interrupt, emit: EventSink, *, settle: float
) -> None:
    """Prepare every region of the plan's creates and wait `settle` seconds if anything was made. Raises CloudError."""
    buying = {change.address for change in plan.changes if change.is_paid}
    models = [m for a, m in desired.models.items() if a in buying and m.backend in _REGIONAL]
    made = False
    for project, location in sorted({(m.project, m.location) for m in models}):
        operation = preparer.prepare(project, location)
        if operation is None:
            continue
        if operation.error is not None:
            raise operation.error
        made = True
        emit(Event("warning", f"made an empty dataset in {location}; waiting {settle:.0f} s for Google to set it up"))
    if made:
        interrupt.wait(settle)
