"""Events of an apply as lines: in words for people and logs, as JSON for scripts."""

from __future__ import annotations

from datetime import UTC, datetime

from reconciler import __version__
from reconciler.cli.plan_text import print_plan
from reconciler.cli.session import Session
from reconciler.core.events import Event
from reconciler.core.moments import stamp
from reconciler.core.plan import Plan
from reconciler.reports.events import event_line, next_step_of
from reconciler.reports.json_report import event_json

DETAILS = frozenset({"intent", "deleting"})


class JsonSink:
    """One event a line, as it happens. The summary is left to the end of the command."""

    def __init__(self, session: Session) -> None:
        self._console = session.console

    def __call__(self, event: Event) -> None:
        """Print the event."""
        if event.type != "summary":
            self._console.print(event_json(event, at=stamp(datetime.now(UTC)), tool_version=__version__))


class PlainSink:
    """The plan, then one line an event; progress only at another state of a run, or another tenth of its steps."""

    def __init__(self, session: Session, *, destroying: bool = False) -> None:
        self._session = session
        self._destroying = destroying
        self._console = session.console
        self._told: dict[str, tuple[object, ...]] = {}
        self._plan_shown = False

    def __call__(self, event: Event) -> None:
        """Print the event, if it says anything new."""
        plan = event.fields.get("plan")
        if isinstance(plan, Plan):
            print_plan(self._session, plan, destroying=self._destroying)
            self._plan_shown = True
            return
        for line in self.lines(event):
            self._console.print(line)

    def lines(self, event: Event) -> list[str]:
        """The event in words; empty if it says nothing new, or nothing that was asked for."""
        if event.type == "summary" or (event.type in DETAILS and not self._session.verbose):
            return []
        if event.type == "progress" and (self._session.quiet or not self.is_news(event)):
            return []
        if event.type == "pending" and not self._is_new(event.address, ("pending", event.message)):
            return []
        line = event_line(event, self._console.palette)
        step = next_step_of(event)
        gap = [""] if self._plan_shown else []
        self._plan_shown = False
        return [*gap, line, f"  {step}"] if step else [*gap, line]

    def is_news(self, event: Event) -> bool:
        """Whether a run is in another state than when it was last told, or further by a tenth of its steps."""
        told = tuple(event.fields.get(name) for name in ("version", "state", "doing"))
        return self._is_new(event.address, (*told, _tenths(event)))

    def _is_new(self, address: str, now: tuple[object, ...]) -> bool:
        before = self._told.get(address)
        self._told[address] = now
        return before != now


def _tenths(event: Event) -> int:
    done, total = event.fields.get("completed_steps"), event.fields.get("total_steps")
    return 10 * done // total if isinstance(done, int) and isinstance(total, int) and total > 0 else 0
