"""What happens during an apply, as one plain line an event."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.core.events import Event
from reconciler.reports.escape import visible
from reconciler.reports.palette import Palette, Style

# What leads to a message that does not say by itself what kind of event it is.
_LEADS = {"uploaded": "uploaded ", "held": "held: ", "failed": "failed: ", "warning": "warning: "}
_STYLES: Mapping[str, Style] = {
    "submitted": Style.GREEN,
    "recovered": Style.CYAN,
    "progress": Style.BLUE,
    "finished": Style.GREEN,
    "promoted": Style.GREEN,
    "evaluated": Style.CYAN,
    "uploaded": Style.GREEN,
    "updated": Style.YELLOW,
    "held": Style.YELLOW,
    "warning": Style.YELLOW,
    "pending": Style.BLUE,
    "cancelled": Style.RED,
    "deleting": Style.RED,
    "deleted": Style.RED,
    "failed": Style.RED,
}


def event_line(event: Event, palette: Palette) -> str:
    """`TunedModel/support-triage: v2: tuning as projects/…/tuningJobs/1`."""
    message = f"{_LEADS.get(event.type, '')}{visible(event.message)}{_steps(event)}"
    style = _STYLES.get(event.type)
    painted = palette.paint(message, style) if style else message
    return f"{palette.paint(visible(event.address), Style.BOLD)}: {painted}" if event.address else painted


def _steps(event: Event) -> str:
    done, total = event.fields.get("completed_steps"), event.fields.get("total_steps")
    loss = event.fields.get("loss")
    if not isinstance(done, int):
        return ""
    known = total if isinstance(total, int) else None
    return f", {steps_in_words(done, known, loss if isinstance(loss, float) else None)}"


def steps_in_words(done: int, total: int | None, loss: float | None) -> str:
    """`5 of 20 steps (25 %), loss 1.5`; what is not known is left out."""
    steps = f"{done} of {total} steps ({100 * done // total} %)" if total else f"{done} steps"
    return steps if loss is None else f"{steps}, loss {loss:.4g}"


def next_step_of(event: Event) -> str:
    """What a failed or held event says to do next, or nothing."""
    return visible(str(event.fields.get("next_step") or ""))
