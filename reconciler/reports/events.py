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
    if not isinstance(done, int):
        return ""
    loss = event.fields.get("loss")
    measured = f", loss {loss:.4g}" if isinstance(loss, float) else ""
    return (f", {done} of {total} steps" if isinstance(total, int) and total else f", {done} steps") + measured


def next_step_of(event: Event) -> str:
    """What a failed or held event says to do next, or nothing."""
    return visible(str(event.fields.get("next_step") or ""))
