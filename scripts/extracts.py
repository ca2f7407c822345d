"""The emulator's extracts of what Google publishes: written, or only compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

TARGET = Path(__file__).parent.parent / "reconciler" / "emulator" / "schemas"


def write_or_check(rendered: Mapping[str, str], arguments: Sequence[str]) -> int:
    """Write the texts, by file name, that differ from what is there; with `--check` only say so. The exit code."""
    only_checked = "--check" in arguments
    stale = [n for n, text in rendered.items() if not (TARGET / n).exists() or (TARGET / n).read_text() != text]
    if not only_checked:
        for name in stale:
            (TARGET / name).write_text(rendered[name])
    print(f"{'stale' if only_checked else 'written'}: {', '.join(stale) or 'nothing'}")
    return 1 if stale and only_checked else 0
