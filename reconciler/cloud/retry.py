"""When a read is sent again, and how long to wait before."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from reconciler.errors import ApiError, BadAnswer, CloudError, NotSent, ReplyLost

RETRYABLE = frozenset({408, 429, 500, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class Timing:
    """Time and chance, so that tests can give their own. `random` answers in [0, 1)."""

    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    random: Callable[[], float] = random.random
    now: Callable[[], datetime] = lambda: datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Full-jitter exponential backoff within a budget; all in seconds.

    `unreachable_attempts` is for connections that cannot be made at all: waiting long for those helps nobody.
    """

    attempts: int = 6
    unreachable_attempts: int = 3
    first: float = 0.5
    longest: float = 16.0
    budget: float = 120.0
    longest_retry_after: float = 60.0

    def pause(self, error: CloudError, attempt: int, elapsed: float, chance: float) -> float | None:
        """How long to wait after the `attempt`th failure (from 1); None when it is final.

        A Retry-After is honoured up to `longest_retry_after`; jitter is added, so that a crowd does not come back
        at the same moment.
        """
        allowed = self.unreachable_attempts if isinstance(error, NotSent) else self.attempts
        if attempt >= allowed or not _worth_it(error):
            return None
        jitter = chance * min(self.first * 2.0 ** (attempt - 1), self.longest)
        asked = error.retry_after if isinstance(error, ApiError) else None
        wait = min(asked or 0.0, self.longest_retry_after) + jitter
        return wait if elapsed + wait <= self.budget else None


def _worth_it(error: CloudError) -> bool:
    if isinstance(error, ApiError | BadAnswer):
        return error.status in RETRYABLE
    return isinstance(error, NotSent | ReplyLost)
