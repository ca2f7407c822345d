"""An audit as JSON, for scripts. The keys stand also where there was no audit: then `verdict` is `error`."""

from __future__ import annotations

from typing import Any

from reconciler.core.diagnostics import Source
from reconciler.core.drift import DriftItem, DriftReport
from reconciler.core.ignoring import IgnoreRule
from reconciler.core.plan_codec import FORMAT_VERSION, diagnostic_to_dict, field_to_dict
from reconciler.reports.json_report import json_text


def drift_json(report: DriftReport, tool_version: str) -> str:
    """The report; `coverage.percent` is null where it cannot be said."""
    return json_text(
        {
            "format_version": FORMAT_VERSION,
            "tool_version": tool_version,
            "created_at": report.created_at,
            "project": report.project,
            "state": {"lineage": report.state.lineage, "serial": report.state.serial} if report.state else None,
            "spec_digest": report.spec_digest,
            "verdict": report.verdict,
            "complete": report.complete,
            "items": [_item(item) for item in report.open],
            "ignored": [_item(item) for item in report.ignored],
            "pending": [{"address": str(p.address), "action": p.action, "message": p.message} for p in report.pending],
            "summary": {
                **report.counts,
                "ignored": len(report.ignored),
                "pending": len(report.pending),
            },
            "coverage": {
                "managed": len(report.audited),
                "unmanaged": report.unmanaged,
                "unseen": len(report.unseen),
                "elsewhere": report.elsewhere or {},
                "percent": None if report.coverage is None else round(report.coverage, 1),
            },
            "audited": [str(address) for address in report.audited],
            "unseen": [str(address) for address in report.unseen],
            "diagnostics": [diagnostic_to_dict(found) for found in report.diagnostics],
            "errors": [{"what": f.what, "where": f.where, "next_step": f.next_step} for f in report.failures],
        }
    )


def _item(item: DriftItem) -> dict[str, Any]:
    return {
        "kind": item.kind,
        "severity": item.severity,
        "address": item.address,
        "resource": item.resource,
        "message": item.message,
        "fields": [field_to_dict(field) for field in item.fields],
        "related": item.related,
        "labelled": item.labelled,
        "deadline": item.deadline or None,
        "hint": item.hint or None,
        "fingerprint": item.fingerprint,
        "ignored_by": _rule(item.ignored),
        **_place(item.source),
    }


def _rule(rule: IgnoreRule | None) -> dict[str, Any] | None:
    if rule is None:
        return None
    return {"reason": rule.reason, "owner": rule.owner, "until": rule.until.isoformat(), **_place(rule.source)}


def _place(source: Source | None) -> dict[str, Any]:
    return {
        "file": source.file if source else None,
        "line": source.line if source else None,
        "column": source.column if source else None,
    }
