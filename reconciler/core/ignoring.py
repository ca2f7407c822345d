"""Differences that a team accepts until a day: what an audit may pass over, and who answers for it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from reconciler.core.diagnostics import Source


@dataclass(frozen=True, slots=True)
class IgnoreRule:
    """One entry of `drift.ignore`. The first four are shell globs, and what is empty fits everything.

    `path` is about single fields: only those that fit are passed over. The rule holds through the day `until` (UTC).
    """

    reason: str
    owner: str
    until: dt.date
    address: str = ""
    resource: str = ""
    kind: str = ""
    path: str = ""
    source: Source | None = None

    def holds_on(self, today: dt.date) -> bool:
        """Whether its last day is not past."""
        return today <= self.until
