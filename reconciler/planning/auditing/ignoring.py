"""Which findings the project file passes over. What could not be read is never passed over."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase

from reconciler.core.diagnostics import Diagnostic
from reconciler.core.drift import DriftItem, DriftKind
from reconciler.core.ignoring import IgnoreRule
from reconciler.core.plan import FieldChange
from reconciler.planning.reasons import Code


def ignore(
    items: Iterable[DriftItem], rules: Sequence[IgnoreRule], today: dt.date, *, complete: bool
) -> tuple[tuple[DriftItem, ...], tuple[Diagnostic, ...]]:
    """The findings, those that a rule covers marked with it, and what is to be said about the rules.

    A finding of which rules cover some fields only becomes two. Rules that match nothing are told of in a `complete`
    audit, for what they are about may lie in what could not be read.
    """
    holding = [rule for rule in rules if rule.holds_on(today)]
    used: set[int] = set()
    found = [part for item in items for part in _parts(item, holding, used)]
    expired = [_expired(rule) for rule in rules if not rule.holds_on(today)]
    idle = [_unused(rule) for at, rule in enumerate(holding) if at not in used] if complete else []
    return tuple(found), (*expired, *idle)


def _parts(item: DriftItem, rules: Sequence[IgnoreRule], used: set[int]) -> list[DriftItem]:
    fitting = [(at, rule) for at, rule in enumerate(rules) if _is_about(rule, item)]
    whole = next(((at, rule) for at, rule in fitting if not rule.path), None)
    if whole is not None:
        used.add(whole[0])
        return [replace(item, ignored=whole[1])]
    left: list[FieldChange] = []
    covered: dict[int, list[FieldChange]] = {}
    for field in item.fields:
        at = next((at for at, rule in fitting if fnmatchcase(field.path, rule.path)), None)
        if at is None:
            left.append(field)
        else:
            covered.setdefault(at, []).append(field)
    used.update(covered)
    rest = [item if not covered else replace(item, fields=tuple(left))] if left or not covered else []
    return rest + [replace(item, fields=tuple(fields), ignored=rules[at]) for at, fields in sorted(covered.items())]


def _is_about(rule: IgnoreRule, item: DriftItem) -> bool:
    if item.kind is DriftKind.UNREADABLE:
        return False
    if rule.kind and rule.kind != item.kind:
        return False
    if rule.address and not fnmatchcase(item.address, rule.address):
        return False
    return not rule.resource or fnmatchcase(item.resource, rule.resource)


def _expired(rule: IgnoreRule) -> Diagnostic:
    message = (
        f"the rule to ignore {_words(rule)} ended on {rule.until} and is not followed: {rule.reason} ({rule.owner})"
    )
    hint = "Mend what it was about, or have its owner give it another day."
    return Diagnostic("warning", Code.IGNORE_EXPIRED.value, message, source=rule.source, hint=hint)


def _unused(rule: IgnoreRule) -> Diagnostic:
    message = f"the rule to ignore {_words(rule)} matches nothing"
    hint = "Take it out, so that it does not hide anything one day."
    return Diagnostic("note", Code.IGNORE_UNUSED.value, message, source=rule.source, hint=hint)


def _words(rule: IgnoreRule) -> str:
    parts = (rule.kind, rule.address, rule.resource, rule.path)
    return " ".join(part for part in parts if part)
