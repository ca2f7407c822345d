"""Colours for a terminal, or none: a palette that is off gives back what it was given."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Style(StrEnum):
    """A way of printing, by its SGR number."""

    BOLD = "1"
    DIM = "2"
    RED = "31"
    GREEN = "32"
    YELLOW = "33"
    BLUE = "34"
    MAGENTA = "35"
    CYAN = "36"


@dataclass(frozen=True, slots=True)
class Palette:
    """Paints, if `on`. What is painted must have been made visible before."""

    on: bool

    def paint(self, text: str, *styles: Style) -> str:
        """`text` in these styles."""
        if not self.on or not text or not styles:
            return text
        return f"\x1b[{';'.join(styles)}m{text}\x1b[0m"


PLAIN = Palette(on=False)
COLOURED = Palette(on=True)
