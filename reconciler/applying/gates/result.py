"""What judging one gate came to."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class GateResult:
    """One gate: whether it was passed, the value it went by, its bound, and both in a sentence.

    `detail` never quotes a prompt or an answer: it ends up in the state, in logs and in pull requests.
    """

    gate: str
    passed: bool
    detail: str
    value: float | None = None
    bound: float | None = None

    def as_evidence(self) -> dict[str, Any]:
        """What the state keeps of it; JSON has no number for what is not finite."""
        value = self.value if self.value is not None and math.isfinite(self.value) else None
        return {"gate": self.gate, "passed": self.passed, "detail": self.detail, "value": value, "bound": self.bound}


def number(value: float) -> str:
    """A value as people read it."""
    return f"{value:.6g}"
