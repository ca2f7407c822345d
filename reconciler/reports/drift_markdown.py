"""An audit as a ticket or a step summary: the verdict, a table, values folded away. Never longer than may be."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.core.drift import DriftItem, DriftReport, Verdict
from reconciler.reports.drift_words import (
    TITLES,
    WORDS,
    acceptance,
    coverage_in_words,
    elsewhere_in_words,
    subject,
    summary_sentence,
)
from reconciler.reports.escape import markdown_cell, markdown_code, markdown_fence, markdown_text, visible
from reconciler.reports.layout import clip
from reconciler.reports.markdown_parts import MOST_BYTES, MOST_LETTERS, MOST_NAME, Budget, findings, marker
from reconciler.reports.values import shortened, shown

_ALERTS = {Verdict.DRIFT: "WARNING", Verdict.INCOMPLETE: "CAUTION", Verdict.ERROR: "CAUTION"}


def drift_markdown(report: DriftReport, tool_version: str, *, most_bytes: int = MOST_BYTES) -> str:
    """The report, at most `most_bytes` of UTF-8; what does not fit is left out from the bottom up, and counted."""
    name = clip(report.project, MOST_NAME)
    title, _ = TITLES[report.verdict]
    facts = {"v": 1, "project": name, "audit": report.verdict, "valid_at": report.created_at}
    head = [
        marker(facts),
        f"## tuneform drift{f' · {markdown_code(visible(name))}' if name else ''}: {title.lower()}",
        _verdict(report),
    ]
    foot = _footer(report, tool_version)
    budget = Budget(most_bytes - sum(len(text.encode()) + 2 for text in (*head, foot)) - 900)
    body = [
        *_failures(report),
        *_table(report, budget),
        *findings(report.diagnostics, budget),
        *_values(report, budget),
        *_pending(report, budget),
        *_ignored(report, budget),
    ]
    return "\n\n".join((*head, *body, foot)) + "\n"


def _verdict(report: DriftReport) -> str:
    sentence = markdown_text(clip(summary_sentence(report), 2 * MOST_LETTERS))
    alert = _ALERTS.get(report.verdict)
    return f"> [!{alert}]\n> **{sentence}**" if alert else sentence


def _failures(report: DriftReport) -> Iterator[str]:
    for failure in report.failures:
        where = f"{markdown_code(clip(visible(failure.where), MOST_LETTERS))} " if failure.where else ""
        yield f"{where}{markdown_text(clip(visible(failure.next_step), 2 * MOST_LETTERS))}"


def _table(report: DriftReport, budget: Budget) -> Iterator[str]:
    if not report.open:
        return
    rows, missing = budget.take(map(_row, report.open))
    if rows:
        yield "\n".join(("| | What | Resource | Why |", "|-|-|-|-|", *rows))
    if missing:
        yield f"_{missing:,} more findings do not fit here._"


def _row(item: DriftItem) -> str:
    words = WORDS[item.kind]
    why = markdown_text(clip(visible(item.message), MOST_LETTERS))
    if item.fields:
        paths = ", ".join(field.path for field in item.fields)
        why += f": {markdown_cell(clip(visible(paths), MOST_LETTERS))}"
    if item.source:
        why += f" {markdown_cell(clip(f'{visible(item.source.file)}:{item.source.line}', MOST_LETTERS))}"
    name = markdown_cell(clip(subject(item), MOST_LETTERS))
    return f"| {words.icon} | **{words.counted}** | {name} | {why} |"


def _values(report: DriftReport, budget: Budget) -> Iterator[str]:
    blocks, missing = budget.take("\n".join(_block(item)) for item in report.open if item.fields)
    if blocks:
        fence = markdown_fence(blocks)
        text = "\n".join(blocks)
        title = "What was written (-) and what is live (+)"
        yield f"<details><summary>{title}</summary>\n\n{fence}diff\n{text}\n{fence}\n\n</details>"
    if missing:
        yield f"_The values of {missing:,} findings do not fit here._"


def _block(item: DriftItem) -> Iterator[str]:
    yield f"! {clip(subject(item), MOST_LETTERS)} {clip(visible(item.resource), MOST_LETTERS)}"
    for field in item.fields:
        path = clip(visible(field.path), MOST_LETTERS)
        yield f"-   {path}: {shortened(shown(field.before), MOST_LETTERS)}"
        yield f"+   {path}: {shortened(shown(field.after), MOST_LETTERS)}"


def _pending(report: DriftReport, budget: Budget) -> Iterator[str]:
    lines = (
        f"- {markdown_code(str(p.address))} **{p.action}**: {markdown_text(clip(visible(p.message), MOST_LETTERS))}"
        for p in report.pending
    )
    yield from _folded(f"Not applied yet, and no drift ({len(report.pending):,})", lines, budget)


def _ignored(report: DriftReport, budget: Budget) -> Iterator[str]:
    lines = (
        f"- {markdown_code(clip(subject(item), MOST_LETTERS))} **{WORDS[item.kind].counted}**: "
        f"{markdown_text(clip(acceptance(item), MOST_LETTERS))}"
        for item in report.ignored
    )
    yield from _folded(f"Ignored ({len(report.ignored):,})", lines, budget)


def _folded(title: str, lines: Iterator[str], budget: Budget) -> Iterator[str]:
    taken, missing = budget.take(lines)
    rest = [f"- _and {missing:,} more_"] if missing else []
    if taken or rest:
        listed = "\n".join((*taken, *rest))
        yield f"<details><summary>{title}</summary>\n\n{listed}\n\n</details>"


def _footer(report: DriftReport, tool_version: str) -> str:
    facts = [
        coverage_in_words(report),
        markdown_text(clip(elsewhere_in_words(report), MOST_LETTERS)),
        "complete view" if report.complete else "incomplete view",
        f"state serial {report.state.serial}" if report.state else "",
        f"tuneform {markdown_code(tool_version)}",
        f"made {markdown_code(clip(visible(report.created_at), 40))}",
    ]
    return f"<sub>{' · '.join(fact for fact in facts if fact)}</sub>"
