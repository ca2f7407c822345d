"""What comments on pull requests and tickets share: the marker that bots find them by, the room there is, findings."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reconciler.core.diagnostics import Diagnostic
from reconciler.reports.escape import markdown_code, markdown_text, visible
from reconciler.reports.layout import clip

MOST_BYTES = 60_000
MOST_LETTERS = 300
MOST_NAME = 80


@dataclass(slots=True)
class Budget:
    """How many bytes are left."""

    left: int

    def take(self, blocks: Iterable[str]) -> tuple[list[str], int]:
        """As many blocks from the front as fit, and how many did not."""
        taken: list[str] = []
        rest = 0
        for block in blocks:
            size = len(block.encode()) + 1
            if rest or size > self.left:
                rest += 1
                continue
            self.left -= size
            taken.append(block)
        return taken, rest


def marker(facts: Mapping[str, Any]) -> str:
    """By which a bot finds the comment it wrote; an HTML comment, so nothing in it may end one."""
    text = json.dumps(facts)
    for risky in ("<", ">", "&", "--"):
        text = text.replace(risky, f"{risky[:-1]}\\u{ord(risky[-1]):04x}")
    return f"<!-- tuneform {text} -->"


def findings(found: Sequence[Diagnostic], budget: Budget) -> Iterator[str]:
    """Diagnostics as one list, as many as fit."""
    lines, missing = budget.take(_finding(d) for d in found)
    if lines:
        yield "\n".join(lines)
    if missing:
        yield f"_{missing:,} more findings do not fit here._"


def _finding(found: Diagnostic) -> str:
    icon = {"error": "❌", "warning": "⚠️", "note": "ℹ️"}[found.severity]  # noqa: RUF001
    place = f" {markdown_code(clip(visible(str(found.source)), MOST_LETTERS))}" if found.source else ""
    text = f"{found.message.removesuffix('.')}. {found.hint}" if found.hint else found.message
    return f"- {icon}{place} {markdown_text(clip(visible(text), 2 * MOST_LETTERS))}"
