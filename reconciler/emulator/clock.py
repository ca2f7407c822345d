"""Virtual time: real time, or the moment of the start, plus an offset that only ever grows."""

import time
from datetime import UTC, datetime


class Clock:
    """The emulator's only source of time. Seconds since 1970, as a float. A `stopped` one only moves by `advance`."""

    def __init__(self, offset: float = 0.0, *, stopped: bool = False) -> None:
        self._offset = offset
        self._stopped_at = time.time() if stopped else None

    @property
    def offset(self) -> float:
        """How far virtual time is ahead of real time, in seconds."""
        return self._offset

    def now(self) -> float:
        """Virtual seconds since 1970."""
        return (self._stopped_at or time.time()) + self._offset

    def advance(self, seconds: float) -> None:
        """Let `seconds` pass at once. Raises ValueError for a step back: nothing that happened can be undone."""
        if not 0 <= seconds < 10**10:
            raise ValueError(f"the clock moves forward by 0 or more seconds, not by {seconds}")
        self._offset += seconds

    def restore(self, offset: float) -> None:
        """Set the offset that an earlier run had."""
        self._offset = offset


def timestamp(seconds: float) -> str:
    """RFC 3339 in UTC with microseconds, as Google writes times: `2026-11-21T07:04:05.123456Z`."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
