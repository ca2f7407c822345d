"""Text in columns: how many cells it takes, padding, cutting, wrapping."""

from __future__ import annotations

import unicodedata

ELLIPSIS = "…"


def cells(text: str) -> int:
    """How many columns of a terminal `text` takes; wide letters take two, combining marks none."""
    if text.isascii():
        return len(text)
    return sum(map(_cell, text))


def _cell(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def pad(text: str, width: int) -> str:
    """`text` with spaces up to `width` cells."""
    return text + " " * (width - cells(text))


def clip(text: str, width: int) -> str:
    """`text` in at most `width` cells; where it was cut stands an ellipsis."""
    if cells(text) <= width:
        return text
    return f"{head(text, max(width - 1, 0))}{ELLIPSIS}"


def clip_middle(text: str, width: int) -> str:
    """`text` in at most `width` cells, cut in its middle, for names whose end tells most."""
    if cells(text) <= width:
        return text
    front = max((width - 1) // 2, 0)
    back = head(text[::-1], max(width - 1 - front, 0))[::-1]
    return f"{head(text, front)}{ELLIPSIS}{back}"


def head(text: str, width: int) -> str:
    """As much of the front of `text` as fits in `width` cells."""
    if text.isascii():
        return text[:width]
    used = 0
    for index, char in enumerate(text):
        used += _cell(char)
        if used > width:
            return text[:index]
    return text


def wrap(text: str, width: int) -> list[str]:
    """`text` broken at spaces into lines of at most `width` cells; a word that is longer is broken where it must."""
    width = max(width, 10)
    lines: list[str] = []
    line = ""
    for word in text.split(" "):
        joined = f"{line} {word}" if line else word
        if cells(joined) <= width:
            line = joined
            continue
        if line:
            lines.append(line)
        while cells(word) > width:
            front = head(word, width)
            lines.append(front)
            word = word[len(front) :]
        line = word
    return [*lines, line] if line or not lines else lines
