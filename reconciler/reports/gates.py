"""What judging a version found, for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from reconciler.core.address import Address
from reconciler.core.state import Version
from reconciler.reports.escape import visible
from reconciler.reports.layout import wrap
from reconciler.reports.palette import Palette, Style


def evidence_lines(address: Address, version: Version, *, width: int, palette: Palette) -> Iterator[str]:
    """The verdict, one line for each gate, and the override if there is one."""
    yield palette.paint(f"{address} v{version.number}", Style.BOLD)
    evidence = version.evidence.get("gates")
    if isinstance(evidence, Mapping):
        passed = evidence.get("passed") is True
        verdict = palette.paint("passed", Style.GREEN) if passed else palette.paint("did not pass", Style.RED)
        yield f"  {verdict}, judged {visible(str(evidence.get('at', '')))}"
        for result in _results(evidence):
            yield from _result(result, width, palette)
    else:
        yield "  No gate has judged it."
    override = version.evidence.get("override")
    if isinstance(override, Mapping):
        who, when = visible(str(override.get("by", ""))), visible(str(override.get("at", "")))
        yield palette.paint("  overridden", Style.YELLOW) + f" by {who}, {when}"
        yield from (f"    {line}" for line in wrap(visible(str(override.get("reason", ""))), width - 4))


def _results(evidence: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    found = evidence.get("results")
    return [item for item in found if isinstance(item, Mapping)] if isinstance(found, list | tuple) else []


def _result(result: Mapping[str, Any], width: int, palette: Palette) -> Iterator[str]:
    passed = result.get("passed") is True
    mark = palette.paint("pass", Style.GREEN) if passed else palette.paint("FAIL", Style.RED, Style.BOLD)
    first, *others = wrap(visible(str(result.get("detail", ""))), width - 8)
    yield f"  {mark}  {first}"
    yield from (f"        {line}" for line in others)
