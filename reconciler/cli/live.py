"""Runs under way, drawn on a terminal: a spinner, the steps, the time; events scroll by above."""

from __future__ import annotations

import time
from dataclasses import dataclass

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from reconciler.cli.session import Session
from reconciler.cli.sinks import PlainSink
from reconciler.core.events import Event
from reconciler.core.plan import Plan
from reconciler.reports.escape import visible
from reconciler.reports.events import steps_in_words
from reconciler.reports.layout import clip_middle

REFRESHES_PER_SECOND = 8
BAR_WIDTH = 16
MOST_ROWS = 12
# What tells that the run of an address is no longer merely under way.
ENDS = frozenset({"finished", "failed", "cancelled", "promoted", "deleted"})


@dataclass(frozen=True, slots=True)
class Running:
    """One run as it was last seen. `began` is on the monotonic clock."""

    words: str
    began: float | None
    done: int | None
    total: int | None
    loss: float | None


class LiveSink:
    """Draws only while something runs; everything else goes through `plain`."""

    def __init__(self, session: Session, plain: PlainSink) -> None:
        self._plain = plain
        self._runs: dict[str, Running] = {}
        self._spinner = Spinner("dots", style="blue")
        self._live: Live | None = None
        self._console = Console(
            file=session.console.out,
            width=session.console.width,
            no_color=not session.console.palette.on,
            highlight=False,
            markup=False,
            emoji=False,
        )

    def __call__(self, event: Event) -> None:
        """Show the event."""
        if isinstance(event.fields.get("plan"), Plan):
            self._plain(event)
            return
        if event.type == "progress":
            self._runs[event.address] = _running(event, time.monotonic())
            self._draw()
            return
        if event.type in ENDS:
            self._runs.pop(event.address, None)
        for line in self._plain.lines(event):
            self._above(line)
        if not self._runs:
            self.close()

    def close(self) -> None:
        """Take the drawing down; the cursor is as it was."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    def _above(self, line: str) -> None:
        # Not wrapped, so that names can be copied out of it whole.
        self._console.print(Text.from_ansi(line), soft_wrap=True)

    def _draw(self) -> None:
        if self._live is None:
            self._live = Live(
                get_renderable=self._picture,
                console=self._console,
                refresh_per_second=REFRESHES_PER_SECOND,
                transient=True,
                redirect_stdout=False,
                redirect_stderr=False,
            )
            self._live.start()

    def _picture(self) -> RenderableType:
        table = Table.grid(padding=(0, 1))
        now = time.monotonic()
        rows = list(self._runs.items())
        for address, run in rows[:MOST_ROWS]:
            table.add_row(
                self._spinner,
                Text(clip_middle(visible(address), 36), style="bold"),
                Text(visible(run.words), style="blue"),
                _bar(run),
                Text("" if run.began is None else _duration(now - run.began), style="dim"),
            )
        if len(rows) <= MOST_ROWS:
            return table
        return Group(table, Text(f"  and {len(rows) - MOST_ROWS} more under way", style="dim"))


def _running(event: Event, now: float) -> Running:
    fields = event.fields
    loss = fields.get("loss")
    elapsed, done, total = fields.get("elapsed_seconds"), fields.get("completed_steps"), fields.get("total_steps")
    return Running(
        event.message,
        now - elapsed if isinstance(elapsed, int | float) else None,
        done if isinstance(done, int) else None,
        total if isinstance(total, int) and total > 0 else None,
        loss if isinstance(loss, float) else None,
    )


def _bar(run: Running) -> RenderableType:
    if run.done is None:
        return Text("")
    if run.total is None:
        return Text(steps_in_words(run.done, None, run.loss))
    bar = Table.grid(padding=(0, 1))
    bar.add_row(
        ProgressBar(total=run.total, completed=run.done, width=BAR_WIDTH, complete_style="green"),
        Text(f"{run.done}/{run.total}" + ("" if run.loss is None else f", loss {run.loss:.4g}")),
    )
    return bar


def _duration(seconds: float) -> str:
    whole = max(int(seconds), 0)
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"
