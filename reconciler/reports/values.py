"""Values of fields as people read them: like YAML, on one line, shortened truthfully."""

from __future__ import annotations

import json
import re
from typing import Any

from reconciler.reports.escape import visible
from reconciler.reports.layout import ELLIPSIS, cells, clip

NOT_SET = "(not set)"
# What YAML would read back as the same string; everything else is quoted.
_BARE = re.compile(r"[A-Za-z/][\w./:@%+*-]*(?: [\w./@%+*(-][\w./:@%+*()-]*)*")
_WORDS = frozenset({"true", "false", "null", "yes", "no", "on", "off"})
_KEPT_PREFIX = 12


def shown(value: Any) -> str:
    """One value on one line; nothing in it can hide or move the cursor."""
    if value is None:
        return NOT_SET
    if isinstance(value, str):
        bare = value.isascii() and _BARE.fullmatch(value) and value.lower() not in _WORDS and value[-1] != ":"
        return value if bare else visible(json.dumps(value, ensure_ascii=False))
    return visible(json.dumps(value, ensure_ascii=False, default=str))


def shortened(text: str, width: int) -> str:
    """`text` in `width` cells; a cut one says how long it is."""
    if cells(text) <= width:
        return text
    size = f" ({len(text):,} characters)"
    return f"{clip(text, max(width - len(size), 8))}{size}"


def shortened_pair(before: str, after: str, width: int) -> tuple[str, str]:
    """Two values in `width` cells each, cut so that where they begin to differ stays in sight."""
    if cells(before) <= width and cells(after) <= width:
        return before, after
    same = next(
        (i for i, (a, b) in enumerate(zip(before, after, strict=False)) if a != b), min(len(before), len(after))
    )
    start = same - _KEPT_PREFIX
    if same < width - 30 or start <= 0:
        return shortened(before, width), shortened(after, width)
    return _from(before, start, width), _from(after, start, width)


def _from(text: str, start: int, width: int) -> str:
    tail = f"{ELLIPSIS}{text[start:]}"
    size = f" ({len(text):,} characters)"
    return f"{clip(tail, max(width - len(size), 8))}{size}"
