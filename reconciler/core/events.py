"""What happens during an apply, told as it happens; the command line prints it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened. `type` is stable: planned, intent, submitted, recovered, progress, finished, failed,
    updated, cancelled, deleting, deleted, promoted, uploaded, held, pending, published, warning, summary.
    """

    type: str
    message: str
    address: str = ""
    fields: Mapping[str, Any] = field(default_factory=dict)


EventSink = Callable[[Event], None]
