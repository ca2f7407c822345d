"""SIGINT and SIGTERM while something is carried out: the first asks for a stop, the second ends the process."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Received:
    """Which signal came, if any."""

    number: int = 0

    @property
    def exit_code(self) -> int:
        """As a shell would report it; 0 if none came."""
        return 128 + self.number if self.number else 0


@contextmanager
def heeding_signals(stop: Callable[[], None], say: Callable[[str], None]) -> Iterator[Received]:
    """While inside, the first signal calls `stop` and the second ends the process at once."""
    received = Received()

    def handle(number: int, _frame: FrameType | None) -> None:
        if received.number:
            # Nothing may run any more, not even what would flush: the journal knows what was sent.
            os._exit(128 + number)
        received.number = number
        stop()
        say("\nStopping: nothing more is started, what was done is recorded. Once more ends at once.")

    before = {number: signal.signal(number, handle) for number in SIGNALS}
    try:
        yield received
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def asking() -> Iterator[None]:
    """While a person is asked, a signal ends the question at once: it raises KeyboardInterrupt."""

    def leave(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, leave) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
