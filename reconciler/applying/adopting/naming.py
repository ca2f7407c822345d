"""Names of specs from display names: readable, unique, and the same on every run."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

LONGEST = 63


def name_from(display_name: str, fallback: str) -> str:
    """A display name as the name of a spec: lowercase letters, digits and hyphens; `fallback` where none is left."""
    plain = unicodedata.normalize("NFKD", display_name[:1000]).encode("ascii", "ignore").decode().lower()
    name = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    if name and not name[0].isalpha():
        name = f"model-{name}"
    return name[:LONGEST].rstrip("-") or fallback


def name_of_resource(resource: str, prefix: str) -> str:
    """A name for what has no display name: its own id if that is a word, else the end of it behind `prefix`."""
    ident = resource.rpartition("/")[2]
    return f"{prefix}-{ident[-12:]}" if ident.isdecimal() else name_from(ident, prefix)


def unique_name(name: str, resource: str, is_taken: Callable[[str], bool]) -> str:
    """The name, with the end of the resource's own id behind it if it is taken: that id never changes."""
    if not is_taken(name):
        return name
    tail = re.sub(r"[^a-z0-9]", "", resource.rpartition("/")[2].lower()) or "x"
    for length in range(min(6, len(tail)), len(tail) + 1):
        candidate = _with_suffix(name, tail[-length:])
        if not is_taken(candidate):
            return candidate
    count = 2
    while is_taken(candidate := _with_suffix(name, f"{tail}-{count}")):
        count += 1
    return candidate


def _with_suffix(name: str, suffix: str) -> str:
    suffix = suffix[-40:]
    return f"{name[: LONGEST - len(suffix) - 1].rstrip('-')}-{suffix}"
