"""A wish to stop, heeded between steps: launch nothing more, record, release the lock."""

from __future__ import annotations

import threading


class Interrupt:
    """Set by a signal handler, read by whoever is about to start something or is waiting."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def request(self) -> None:
        """Ask for a stop."""
        self._event.set()

    @property
    def requested(self) -> bool:
        """Whether a stop was asked for."""
        return self._event.is_set()

    def wait(self, seconds: float) -> bool:
        """Sleep, but wake at once when a stop is asked for; whether it was."""
        return self._event.wait(seconds)
