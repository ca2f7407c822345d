"""Waiting for long-running operations, within reason."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from reconciler.applying.clock import Clock
from reconciler.applying.interrupt import Interrupt
from reconciler.errors import CloudError, FailedPrecondition, NotFound, TuneformError
from reconciler.providers.protocol import Operation, TuningProvider


@dataclass(frozen=True, slots=True)
class Pace:
    """How often to ask and for how long, in seconds."""

    first: float = 0.2
    longest: float = 10.0
    deadline: float = 600.0


class OperationWaiter:
    """Follows operations to their end."""

    def __init__(self, provider: TuningProvider, clock: Clock, interrupt: Interrupt, pace: Pace) -> None:
        self._provider = provider
        self._clock = clock
        self._interrupt = interrupt
        self._pace = pace

    def finish(self, operation: Operation, what: str) -> Operation:
        """The operation when it is done. Raises its error, or TuneformError when it takes too long."""
        operation = self.until_done(operation, what)
        if operation.error is not None:
            raise operation.error
        return operation

    def until_done(self, operation: Operation, what: str) -> Operation:
        """The operation when it is done, well or badly. Raises TuneformError when it takes too long."""
        pause, limit = self._pace.first, self._clock.monotonic() + self._pace.deadline
        while not operation.done:
            self._pause(pause, limit, what)
            pause = min(pause * 2, self._pace.longest)
            operation = self._provider.operation(operation.name)
        return operation

    def until_accepted(self, start: Callable[[], Operation], what: str) -> Operation:
        """Start and finish an operation, again while Google still says that something is deployed.

        An undeploy becomes visible late (over a minute was seen), and until then a delete is refused with
        FAILED_PRECONDITION. Source: googleapis/python-aiplatform#2807.
        """
        pause, limit = max(self._pace.first, 0.5), self._clock.monotonic() + self._pace.deadline
        while True:
            try:
                return self.finish(start(), what)
            except FailedPrecondition as refused:
                if "deployed" not in refused.what:
                    raise
                self._pause(pause, limit, what)
                pause = min(pause * 2, self._pace.longest)

    def gone(self, start: Callable[[], Operation], what: str) -> None:
        """Delete something; that it is not there is as good."""
        try:
            self.until_accepted(start, what)
        except NotFound:
            return

    def _pause(self, seconds: float, limit: float, what: str) -> None:
        if self._clock.monotonic() >= limit:
            raise CloudError(f"{what} takes longer than {self._pace.deadline:.0f} s", next_step="Run apply again.")
        if self._interrupt.requested:
            raise TuneformError(f"{what} was left under way", next_step="Run apply again to finish it.")
        self._clock.sleep(seconds)
