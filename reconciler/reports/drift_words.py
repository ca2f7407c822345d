"""How an audit is put into words: what each kind is called, and the verdict in one sentence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from reconciler.core.drift import DriftItem, DriftKind, DriftReport, Verdict
from reconciler.reports.escape import visible
from reconciler.reports.palette import Style


@dataclass(frozen=True, slots=True)
class KindWords:
    """`counted` stands behind a number in a summary, `explained` says what the kind is about."""

    symbol: str
    style: Style
    title: str
    counted: str
    icon: str
    explained: str
    plural: str = ""


WORDS: Mapping[DriftKind, KindWords] = {
    DriftKind.MISSING: KindWords("-", Style.RED, "Missing", "missing", "🗑️", "Recorded, and live no more."),
    DriftKind.CHANGED: KindWords(
        "~", Style.YELLOW, "Changed", "changed", "✏️", "Live otherwise than it was last written."
    ),
    DriftKind.DATASET_CHANGED: KindWords(
        "%",
        Style.YELLOW,
        "Datasets changed",
        "dataset changed",
        "📄",
        "Overwritten or deleted since it was used.",
        "datasets changed",
    ),
    DriftKind.UNMANAGED: KindWords("?", Style.CYAN, "Unmanaged", "unmanaged", "👻", "Live, and in no record."),
    DriftKind.RETIRING: KindWords(
        ">", Style.BLUE, "Retiring", "retiring", "📅", "A forecast, and no drift: what was tuned stops with its base."
    ),
    DriftKind.UNREADABLE: KindWords(
        "!", Style.RED, "Unreadable", "unreadable", "🙈", "Neither in sync nor missing: it could not be seen."
    ),
}

TITLES: Mapping[Verdict, tuple[str, Style]] = {
    Verdict.IN_SYNC: ("In sync", Style.GREEN),
    Verdict.DRIFT: ("Drift", Style.YELLOW),
    Verdict.INCOMPLETE: ("Incomplete", Style.RED),
    Verdict.ERROR: ("Error", Style.RED),
}


def subject(item: DriftItem) -> str:
    """What a finding is about: its address, or else the resource."""
    return visible(item.address or item.resource)


def counts_in_words(report: DriftReport) -> str:
    """`1 missing, 2 changed`; empty where nothing is open."""
    return ", ".join(f"{count:,} {_counted(kind, count)}" for kind, count in report.counts.items() if count)


def _counted(kind: DriftKind, count: int) -> str:
    words = WORDS[kind]
    return words.plural if count > 1 and words.plural else words.counted


def summary_sentence(report: DriftReport) -> str:
    """The verdict, and what it rests on, in one line."""
    title, _ = TITLES[report.verdict]
    if report.verdict is Verdict.ERROR:
        return f"{title}: no audit was made: {visible(report.failures[0].what)}"
    counted = counts_in_words(report)
    if report.verdict is Verdict.IN_SYNC:
        size = len(report.audited)
        was = "1 resource is as it was" if size == 1 else f"{size:,} resources are as they were"
        said = f"{was} last written" if size else "nothing is managed yet"
        parts = [f"{title}: {said}"] + ([counted] if counted else [])
    else:
        parts = [f"{title}: {counted}"]
    if report.unseen:
        about = f"{len(report.unseen):,} resource{'' if len(report.unseen) == 1 else 's'}"
        parts.append(f"nothing certain about {about}")
    if report.ignored:
        parts.append(f"{len(report.ignored):,} ignored")
    if report.pending:
        parts.append(f"{len(report.pending):,} not applied yet")
    return f"{'; '.join(parts)}."


def coverage_in_words(report: DriftReport) -> str:
    """`8 of 10 resources found are managed (80 %)`; empty where it cannot be said."""
    if report.coverage is None:
        return ""
    total = len(report.audited) + report.unmanaged
    return f"{len(report.audited):,} of {total:,} resources found are managed ({report.coverage:.0f} %)"


def elsewhere_in_words(report: DriftReport) -> str:
    """What other tuneform projects own in the same places; empty where there is nothing."""
    owned = report.elsewhere or {}
    if not owned:
        return ""
    names = ", ".join(f"{visible(name)} ({count:,})" for name, count in owned.items())
    return f"Owned by other tuneform projects, and not looked into: {names}."


def acceptance(item: DriftItem) -> str:
    """Why a finding is ignored, by whom and until when."""
    rule = item.ignored
    return f"{visible(rule.reason)} ({visible(rule.owner)}, until {rule.until})" if rule else ""
