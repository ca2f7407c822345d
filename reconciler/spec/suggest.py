"""Did you mean …?"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

# Longer words are no misspelt names, and comparing them costs time that hostile input would like to spend.
LONGEST_NAME = 64


def fold(word: str) -> str:
    """A word without what people mix up: case, underscores, hyphens."""
    return word.lower().replace("_", "").replace("-", "")


def closest(word: str, candidates: Iterable[str]) -> str:
    """The candidate that `word` was probably meant to be, or an empty string."""
    if len(word) > LONGEST_NAME:
        return ""
    folded = {fold(candidate): candidate for candidate in candidates}
    target = fold(word)
    if target in folded:
        return folded[target]
    near = difflib.get_close_matches(target, folded, n=1, cutoff=0.6)
    return folded[near[0]] if near else ""


def did_you_mean(word: str, candidates: Iterable[str]) -> str:
    """A hint naming the closest candidate; without a close one, all of them when they are few."""
    choices = list(candidates)
    found = closest(word, choices)
    if found:
        return f"Did you mean {found}?"
    return f"Known here: {', '.join(sorted(choices))}." if 0 < len(choices) <= 24 else ""


def clipped(value: object) -> str:
    """A text of the author's as a message repeats it: short, on one line."""
    text = " ".join(str(value)[:80].split())
    return f"{text[:57]}…" if len(text) > 60 else text


def shown(value: object) -> str:
    """The same in quotes."""
    return f'"{clipped(value)}"'
