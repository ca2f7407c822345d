"""`drift.ignore` in the project file: what may be passed over needs a reason, an owner and a last day."""

from __future__ import annotations

import datetime as dt

import pytest

from reconciler.core.ignoring import IgnoreRule
from tests.spec.conftest import MODEL, Workspace, place, project

WHO = "reason: billing relabels, owner: finops@acme.example"


def ignoring(work: Workspace, *rules: str) -> None:
    listed = "".join(f"      - {{{rule}}}\n" for rule in rules)
    work.write("tuneform.yaml", project(f"  drift:\n    ignore:\n{listed}"))
    work.spec(MODEL)


def test_a_rule_is_read_with_its_place(work: Workspace) -> None:
    ignoring(work, f"kind: changed, path: metadata.labels.*, {WHO}, until: 2027-03-31")
    (rule,) = work.load().desired.project.ignores
    assert rule == IgnoreRule(
        "billing relabels",
        "finops@acme.example",
        dt.date(2027, 3, 31),
        kind="changed",
        path="metadata.labels.*",
        source=rule.source,
    )
    assert str(rule.source) == "tuneform.yaml:7:9"


def test_without_rules_nothing_is_ignored(work: Workspace) -> None:
    work.spec(MODEL)
    assert work.load().desired.project.ignores == ()


@pytest.mark.parametrize(
    ("rule", "code", "told"),
    [
        ("kind: changed, owner: a, until: 2027-03-31", "missing_field", "needs reason"),
        ("kind: changed, reason: a, until: 2027-03-31", "missing_field", "needs owner"),
        (f"kind: changed, {WHO}", "missing_field", "needs until"),
        (f"{WHO}, until: 2027-03-31", "missing_field", "needs address, resource or kind"),
        (f"path: '*', {WHO}, until: 2027-03-31", "missing_field", "needs address, resource or kind"),
        (f"kind: changed, {WHO}, until: never", "invalid_format", "must be a day"),
        (f"kind: changed, {WHO}, until: 2027-02-30", "invalid_format", "must be a day of the calendar"),
        (f"kind: changed, {WHO}, until: 2027-3-1", "invalid_format", "must be a day"),
        (f"kind: unreadable, {WHO}, until: 2027-03-31", "invalid_choice", "must be one of"),
        (f"kind: changed, {WHO}, untill: 2027-03-31, until: 2027-03-31", "unknown_field", "untill"),
        ("kind: changed, reason: '', owner: a, until: 2027-03-31", "out_of_range", "must not be empty"),
    ],
)
def test_what_is_wrong_with_a_rule_is_told_at_its_line(work: Workspace, rule: str, code: str, told: str) -> None:
    ignoring(work, f"kind: missing, {WHO}, until: 2027-03-31", rule)
    found = work.finding(code)
    assert told in found.message
    assert place(found).startswith("tuneform.yaml:8:")
