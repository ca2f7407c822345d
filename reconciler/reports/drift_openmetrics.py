"""An audit as metrics, for a textfile collector or a push gateway.

Only gauges without timestamps, which OpenMetrics 1.0 and the older text format of Prometheus both read; node_exporter
refuses a file with timestamps. Format: https://prometheus.io/docs/specs/om/open_metrics_spec/.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Mapping

from reconciler.core.drift import DriftKind, DriftReport, Verdict
from reconciler.core.moments import parse_moment
from reconciler.reports.escape import visible

Sample = tuple[Mapping[str, str], float]


def drift_openmetrics(report: DriftReport) -> str:
    """The exposition, with `# EOF` as its last line."""
    lines = [line for name, meaning, samples in _families(report) for line in _family(report, name, meaning, samples)]
    return "\n".join((*lines, "# EOF"))


def _families(report: DriftReport) -> Iterator[tuple[str, str, list[Sample]]]:
    moment = parse_moment(report.created_at)
    at = moment.timestamp() if moment else 0.0
    verdicts = [({"verdict": str(verdict)}, float(report.verdict is verdict)) for verdict in Verdict]
    yield "tuneform_audit_timestamp_seconds", "When the audit was made, in Unix time.", [({}, at)]
    yield "tuneform_audit_verdict", "1 for the verdict of the audit, 0 for the others.", list(verdicts)
    yield "tuneform_audit_complete", "Whether everything could be read.", [({}, float(report.complete))]
    if report.failures:
        return
    if report.complete:
        yield "tuneform_audit_last_success_timestamp_seconds", "When everything could last be read.", [({}, at)]
    kinds = [({"kind": str(kind)}, float(count)) for kind, count in report.counts.items()]
    yield "tuneform_drift_findings", "Findings that no rule covers, by kind.", list(kinds)
    yield "tuneform_drift", "Findings that no rule covers, by address and kind.", _by_address(report)
    yield "tuneform_drift_ignored", "Findings that a rule covers.", [({}, float(len(report.ignored)))]
    rules = Counter(found.code for found in report.diagnostics)
    yield (
        "tuneform_drift_expired_rules",
        "Rules to ignore drift that have ended.",
        [({}, float(rules["ignore_expired"]))],
    )
    yield "tuneform_managed_resources", "Addresses that are recorded.", [({}, float(len(report.audited)))]
    yield "tuneform_unmanaged_resources", "Live resources that no record knows.", [({}, float(report.unmanaged))]
    yield "tuneform_unseen_resources", "Addresses of which a part could not be read.", [({}, float(len(report.unseen)))]
    yield "tuneform_pending_changes", "Addresses with changes not applied yet.", [({}, float(len(report.pending)))]
    yield "tuneform_base_retirement_days", "Days until a base model retires; below 0 it has.", _retiring(report)


def _by_address(report: DriftReport) -> list[Sample]:
    counted = Counter((item.address, str(item.kind)) for item in report.open if item.counts and item.address)
    return [({"address": address, "kind": kind}, float(count)) for (address, kind), count in sorted(counted.items())]


def _retiring(report: DriftReport) -> list[Sample]:
    moment = parse_moment(report.created_at)
    if moment is None:
        return []
    today = moment.date()
    return [
        (
            {"address": item.address, "base_model": item.resource},
            float((dt.date.fromisoformat(item.deadline) - today).days),
        )
        for item in report.items
        if item.kind is DriftKind.RETIRING and item.deadline
    ]


def _family(report: DriftReport, name: str, meaning: str, samples: list[Sample]) -> Iterator[str]:
    yield f"# HELP {name} {meaning}"
    yield f"# TYPE {name} gauge"
    for labels, value in samples:
        told = ",".join(f'{key}="{_escaped(text)}"' for key, text in {"project": report.project, **labels}.items())
        yield f"{name}{{{told}}} {value:.3f}" if value % 1 else f"{name}{{{told}}} {int(value)}"


def _escaped(text: str) -> str:
    """A label's value; `visible` has left no line end in it."""
    return visible(text).replace("\\", "\\\\").replace('"', '\\"')
