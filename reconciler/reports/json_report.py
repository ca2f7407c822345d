"""What scripts read: plans, findings and tables as JSON, and one event a line.

The values are exact. Only their spelling takes care of terminals: a character that a terminal would act on or hide
stands as its JSON escape, which every reader of JSON undoes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from reconciler.core.diagnostics import Diagnostic
from reconciler.core.events import Event
from reconciler.core.json_values import json_values
from reconciler.core.plan import Plan
from reconciler.core.plan_codec import FORMAT_VERSION, diagnostic_to_dict, plan_to_dict
from reconciler.reports.escape import visible

# Changes; indentation is more than half of a large plan.
MOST_SET_OUT = 1_000
_BEYOND_ASCII = re.compile(r"[^\x00-\x7e]")


def json_text(value: Any, *, indent: bool = True) -> str:
    """JSON without a line end. Keys keep their order."""
    return _spelt(json_values(value), indent=indent)


def _spelt(values: Any, *, indent: bool) -> str:
    text = orjson.dumps(values, option=orjson.OPT_INDENT_2 if indent else 0).decode()
    return text if text.isascii() and "\x7f" not in text else _BEYOND_ASCII.sub(_safe, text)


def _safe(match: re.Match[str]) -> str:
    char = match[0]
    if visible(char) == char:
        return char
    units = char.encode("utf-16-be").hex()
    return "".join(f"\\u{units[start : start + 4]}" for start in range(0, len(units), 4))


def plan_json(plan: Plan, tool_version: str) -> str:
    """The plan as the contract spells it; what `--out` saves and `--format json` prints.

    Set out in lines for people, unless it has more than a person would read.
    """
    return _spelt(plan_to_dict(plan, tool_version), indent=len(plan.changes) <= MOST_SET_OUT)


def validation_json(found: Sequence[Diagnostic], counts: Mapping[str, int]) -> str:
    """Whether the specs are valid, and every finding."""
    errors = sum(d.severity == "error" for d in found)
    return json_text(
        {
            "format_version": FORMAT_VERSION,
            "valid": not errors,
            "error_count": errors,
            "warning_count": sum(d.severity == "warning" for d in found),
            "counts": dict(counts),
            "diagnostics": [diagnostic_to_dict(d) for d in found],
        }
    )


def event_json(event: Event, *, at: str, tool_version: str) -> str:
    """One event as one line. `at` is when it happened, RFC 3339; a plan among its fields is spelt as plans are."""
    fields = {
        key: plan_to_dict(value, tool_version) if isinstance(value, Plan) else value
        for key, value in event.fields.items()
    }
    line = {"type": event.type, "at": at, "address": event.address, "message": event.message, "fields": fields}
    return json_text(line, indent=False)
