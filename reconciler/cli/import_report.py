"""What an import came to, in words and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from reconciler.applying.adopting.outcomes import ImportResult
from reconciler.core.plan_codec import FORMAT_VERSION
from reconciler.reports.escape import visible
from reconciler.reports.palette import Palette, Style


def import_lines(result: ImportResult, palette: Palette) -> Iterator[str]:
    """What was adopted, what was not and why, and a summary; nothing that was looked at is left out."""
    for item in result.adopted:
        sign = palette.paint("~" if result.dry_run else "+", Style.GREEN)
        yield f"{sign} {item.address}  {visible(item.file) or 'declared already'}"
        versions = f", {item.versions} versions" if item.versions > 1 else ""
        yield f"    {visible(item.run or item.endpoint)}{versions}"
        yield from (f"    {palette.paint('note:', Style.YELLOW)} {visible(note)}" for note in item.notes)
    if result.left:
        yield ""
        yield "Not adopted:"
        for left in result.left:
            name = f" ({visible(left.display_name)})" if left.display_name else ""
            yield f"  {visible(left.name)}{name}"
            yield f"    {visible(left.reason)}"
    for unseen in result.unreadable:
        yield f"{palette.paint('could not be read:', Style.YELLOW)} {visible(unseen.what)}: {visible(unseen.reason)}"
    yield ""
    yield _summary(result)


def import_dict(result: ImportResult) -> dict[str, Any]:
    """The same for scripts."""
    return {
        "format_version": FORMAT_VERSION,
        "dry_run": result.dry_run,
        "complete": not result.unreadable,
        "adopted": [{**asdict(item), "address": str(item.address)} for item in result.adopted],
        "left": [asdict(item) for item in result.left],
        "unreadable": [asdict(item) for item in result.unreadable],
        "summary": {
            "adopted": len(result.adopted),
            "left": len(result.left),
            "managed": result.managed,
            "filtered": result.filtered,
        },
    }


def _summary(result: ImportResult) -> str:
    models = sum(1 for item in result.adopted if item.address.kind == "TunedModel")
    endpoints = len(result.adopted) - models
    verb = "would be adopted" if result.dry_run else "adopted"
    beside = f" and {_counted(endpoints, 'endpoint')}" if endpoints else ""
    parts = [f"{_counted(models, 'tuned model')}{beside} {verb}"]
    if result.left:
        parts.append(f"{len(result.left)} not adopted")
    if result.managed:
        parts.append(f"{result.managed} managed already")
    if result.filtered:
        parts.append(f"{result.filtered} left out by filters")
    return f"Import: {', '.join(parts)}."


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"
