"""An audit as JUnit XML, which every CI shows: one test case for each address, and for what has none.

Drift is a failure, what could not be read an error, what is ignored skipped. There is no standard; the elements and
attributes are those that the schema of Apache Ant (https://github.com/windyroad/JUnit-Schema) asks for and the one of
Jenkins' xUnit plugin (junit-10.xsd) knows. Both let a test case have one outcome.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from xml.etree import ElementTree as ET

from reconciler.core.drift import DriftItem, DriftKind, DriftReport
from reconciler.reports.drift_words import WORDS, acceptance, summary_sentence
from reconciler.reports.escape import visible
from reconciler.reports.values import shown

_OUTCOMES = ("error", "failure", "skipped")


@dataclass(frozen=True, slots=True)
class _Case:
    """One test case; without an outcome it passed. `kind` is the outcome's type."""

    group: str
    name: str
    outcome: str = ""
    kind: str = ""
    message: str = ""
    text: str = ""


def drift_junit(report: DriftReport) -> str:
    """The document, with an XML declaration."""
    cases = list(_cases(report))
    counts = {outcome: sum(case.outcome == outcome for case in cases) for outcome in _OUTCOMES}
    suites = ET.Element("testsuites")
    suite = ET.SubElement(
        suites,
        "testsuite",
        {
            "id": "0",
            "package": "tuneform",
            "name": f"tuneform drift {_text(report.project)}".rstrip(),
            "hostname": "localhost",
            # Ant's schema has no place for fractions or zones; the time is in UTC.
            "timestamp": report.created_at[:19],
            "time": "0",
            "tests": str(len(cases)),
            "failures": str(counts["failure"]),
            "errors": str(counts["error"]),
            "skipped": str(counts["skipped"]),
        },
    )
    properties = ET.SubElement(suite, "properties")
    for name, value in _properties(report):
        ET.SubElement(properties, "property", {"name": name, "value": value})
    for case in cases:
        _add(suite, case)
    ET.SubElement(suite, "system-out").text = "\n".join(_remarks(report))
    ET.SubElement(suite, "system-err").text = ""
    ET.indent(suites)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(suites, encoding="unicode")}'


def _properties(report: DriftReport) -> Iterator[tuple[str, str]]:
    yield "verdict", str(report.verdict)
    yield "complete", str(report.complete).lower()
    yield "not applied yet", str(len(report.pending))


def _cases(report: DriftReport) -> Iterator[_Case]:
    for failure in report.failures:
        text = "\n".join(_text(part) for part in (failure.where, failure.next_step) if part)
        yield _Case("audit", "audit", "error", "error", _text(failure.what), text)
    by_address: dict[str, list[DriftItem]] = {str(a): [] for a in (*report.audited, *report.unseen)}
    for item in report.items:
        if item.address:
            by_address.setdefault(item.address, []).append(item)
    unseen = {str(address) for address in report.unseen}
    for address, items in sorted(by_address.items()):
        yield _of_address(address, items, unseen=address in unseen)
    for item in report.items:
        if not item.address:
            yield _outcome(item.kind, _text(item.resource), [item])


def _of_address(address: str, items: Sequence[DriftItem], *, unseen: bool) -> _Case:
    kind, _, _name = address.partition("/")
    case = _outcome(kind, _text(address), items)
    if not unseen:
        return case
    message = "a part of it could not be read"
    return _Case(kind, case.name, "error", DriftKind.UNREADABLE, message, case.text)


def _outcome(group: str, name: str, items: Sequence[DriftItem]) -> _Case:
    """One outcome for everything that was found: what counts wins over what is ignored."""
    blind = [item for item in items if item.kind is DriftKind.UNREADABLE]
    counting = [item for item in items if item.counts]
    ignored = [item for item in items if item.ignored is not None]
    for outcome, found in (("error", blind), ("failure", counting), ("skipped", ignored)):
        if found:
            message = _text(found[0].message) if outcome != "skipped" else acceptance(found[0])
            more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
            text = "\n".join(line for item in found for line in _lines(item))
            return _Case(group, name, outcome, found[0].kind, f"{message}{more}", text)
    return _Case(group, name)


def _lines(item: DriftItem) -> Iterator[str]:
    yield f"{WORDS[item.kind].counted}: {_text(item.message)}"
    if item.resource:
        yield f"  {_text(item.resource)}"
    for field in item.fields:
        yield f"  {_text(field.path)}: {shown(field.before)} -> {shown(field.after)}"
    if item.source:
        yield f"  {_text(item.source.file)}:{item.source.line}"
    if item.ignored is not None:
        yield f"  ignored: {acceptance(item)}"
    elif item.hint:
        yield f"  {_text(item.hint)}"


def _add(suite: ET.Element, case: _Case) -> None:
    # Viewers split class names at dots into packages.
    element = ET.SubElement(suite, "testcase", {"classname": f"tuneform.{case.group}", "name": case.name, "time": "0"})
    if case.outcome == "skipped":
        ET.SubElement(element, "skipped", {"message": case.message})
    elif case.outcome:
        outcome = ET.SubElement(element, case.outcome, {"type": str(case.kind), "message": case.message})
        outcome.text = case.text


def _remarks(report: DriftReport) -> Iterator[str]:
    yield summary_sentence(report)
    for item in report.open:
        if item.kind is DriftKind.RETIRING:
            yield f"{_text(item.address)}: {_text(item.message)}"
    for change in report.pending:
        yield f"not applied yet: {change.address} {change.action}: {_text(change.message)}"
    for found in report.diagnostics:
        yield f"{found.severity}: {_text(found.message)}"


def _text(text: str) -> str:
    """XML has no way to carry control characters, so they are shown by their escapes."""
    return visible(text)
