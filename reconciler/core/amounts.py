"""Numbers as people read them: counted things and money."""

from __future__ import annotations

SMALLEST_SHOWN = 0.01


def counted(number: int, noun: str) -> str:
    """`1 row`, `2 rows`; for nouns whose plural is an s."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def dollars(usd: float) -> str:
    """US dollars to the cent, without hiding that something costs something."""
    return "under US$0.01" if 0 < usd < SMALLEST_SHOWN else f"US${usd:,.2f}"
