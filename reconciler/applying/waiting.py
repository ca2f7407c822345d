"""Waiting for runs between passes: looks at the live ones only, tells what changed, ends when a pass has work again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass

from reconciler.applying.clock import Clock
from reconciler.applying.interrupt import Interrupt
from reconciler.applying.outcomes import ReadsUntil
from reconciler.core.address import Address
from reconciler.core.desired import Backend
from reconciler.core.events import Event, EventSink
from reconciler.core.moments import parse_moment
from reconciler.core.observed import Run
from reconciler.core.state import State, Version
from reconciler.errors import CloudError, NotFound
from reconciler.providers.protocol import TuningReader, driver_of

FIRST_PAUSE = 1.0
LONGEST_PAUSE = 30.0
GROWTH = 1.5


@dataclass(frozen=True, slots=True)
class Live:
    """One version that is still on its way."""

    address: Address
    backend: str
    version: Version


class Waiting:
    """Polls from every second to every thirty. `timeout` bounds the whole wait, in seconds; None is no bound.

    `ends` is when it is over, on the clock's `monotonic`.
    """

    def __init__(
        self,
        readers: Mapping[Backend, TuningReader],
        clock: Clock,
        interrupt: Interrupt,
        emit: EventSink,
        *,
        timeout: float | None,
        reads_until: ReadsUntil = nullcontext,
    ) -> None:
        self._readers = readers
        self._clock = clock
        self._interrupt = interrupt
        self._emit = emit
        self._reads_until = reads_until
        self.ends = None if timeout is None else clock.monotonic() + timeout
        self._told: dict[str, tuple[object, ...]] = {}
        self._trouble: dict[str, str] = {}
        self._idle = FIRST_PAUSE
        self.timed_out = False

    def worth_it(self, pending: Sequence[str], doubts: Sequence[Exception]) -> bool:
        """Whether there is anything to wait for, and leave to do so."""
        return bool(pending or doubts) and not self._interrupt.requested and not self.timed_out

    def until_news(self, state: State, *, queued: bool = False) -> bool:
        """Return True when another pass has something to do, False when the wait is over.

        With `queued` a place may become free without any run of ours having ended, so a pass looks every thirty
        seconds; where none of ours runs at all, that is all there is to wait for.
        """
        live = [
            Live(r.address, r.backend, v) for r in state.resources.values() for v in r.versions if v.is_live and v.run
        ]
        started = self._clock.monotonic()
        pause = FIRST_PAUSE if live else self._idle
        self._idle = FIRST_PAUSE if live else min(self._idle * GROWTH, LONGEST_PAUSE)
        while self._pause(pause):
            pause = min(pause * GROWTH, LONGEST_PAUSE)
            if not live or self._doubt_is_ripe(state):
                return True
            if queued and self._clock.monotonic() - started >= LONGEST_PAUSE:
                return True
            for item in live:
                run = self._ask(item)
                if run is None or run.state.is_final:
                    return True
                if self._tell(item, run):
                    pause = FIRST_PAUSE
        return False

    def _ask(self, item: Live) -> Run | None:
        """The run as it is now; None when it is gone, which the next pass must look into."""
        reader = driver_of(self._readers, item.backend)
        if reader is None:
            return None
        try:
            with self._reads_until(self.ends):
                run = reader.run(item.version.run)
        except NotFound:
            return None
        except CloudError as error:
            self._warn(item, f"cannot be looked at just now: {error.what}")
            return Run(item.version.run, reader.backend, item.version.run_state)
        self._trouble.pop(item.version.run, None)
        return run

    def _warn(self, item: Live, message: str) -> None:
        """Tell a trouble once, however long it lasts."""
        if self._trouble.get(item.version.run) != message:
            self._emit(Event("warning", message, address=str(item.address)))
        self._trouble[item.version.run] = message

    def _tell(self, item: Live, run: Run) -> bool:
        seen = (run.state, run.doing, run.completed_steps, run.total_steps)
        news = self._told.get(run.name) != seen
        self._told[run.name] = seen
        created = parse_moment(run.created_at)
        elapsed = (self._clock.now() - created).total_seconds() if created else None
        loss = {} if run.loss is None else {"loss": run.loss}
        self._emit(
            Event(
                "progress",
                f"v{item.version.number} {run.state.lower()}{f' ({run.doing})' if run.doing else ''}",
                address=str(item.address),
                fields={
                    "version": item.version.number,
                    "state": str(run.state),
                    "completed_steps": run.completed_steps,
                    "total_steps": run.total_steps,
                    "elapsed_seconds": elapsed,
                    "run": run.name,
                    "news": news,
                    **loss,
                    **({"doing": run.doing} if run.doing else {}),
                },
            )
        )
        return news

    def _pause(self, seconds: float) -> bool:
        if self.ends is not None:
            left = self.ends - self._clock.monotonic()
            if left <= 0:
                self.timed_out = True
                return False
            seconds = min(seconds, left)
        return not self._interrupt.wait(seconds)

    def _doubt_is_ripe(self, state: State) -> bool:
        now = self._clock.now()
        ripe = (parse_moment(i.decide_at) for i in state.intents if i.is_open)
        return any(moment is not None and moment <= now for moment in ripe)
