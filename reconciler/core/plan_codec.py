"""A plan as JSON, and back: the saved plan, and what scripts read.

The keys are the contract's. Reading is strict: a document that is not exactly a plan, or whose digest does not match
what it says, is refused. A saved plan is only ever compared with a fresh one, never carried out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from reconciler.core.address import Address
from reconciler.core.canonical import digest
from reconciler.core.diagnostics import Diagnostic, Severity, Source
from reconciler.core.json_values import json_values
from reconciler.core.plan import Action, Change, Cost, FieldChange, FieldClass, Plan, Reason, StateRef
from reconciler.errors import PlanFileError, UsageError

FORMAT_VERSION: Literal["1"] = "1"
UNDIGESTED = ("created_at", "tool_version", "digest")


class _Document(msgspec.Struct, forbid_unknown_fields=True):
    """What every object of the JSON shares: no key is ignored."""


class SourceDocument(_Document):
    """A place in a spec."""

    file: str
    line: int
    column: int


class ReasonDocument(_Document):
    """Why."""

    code: str
    message: str


class FieldDocument(_Document):
    """One field change."""

    path: str
    before: Any
    after: Any
    field_class: FieldClass = msgspec.field(name="class")
    source: SourceDocument | None = None


class CostDocument(_Document):
    """A one-off cost; `low` and `high` stand only where an estimate has a band."""

    usd: float | None
    basis: str
    estimate: bool
    low: float | msgspec.UnsetType = msgspec.UNSET
    high: float | msgspec.UnsetType = msgspec.UNSET


class ChangeDocument(_Document):
    """One change."""

    address: str
    kind: str
    action: Action
    reasons: list[ReasonDocument]
    fields: list[FieldDocument]
    cost: CostDocument | None
    version: int | None = None
    serving: int | None = None
    targets: list[str] = []
    source: SourceDocument | None = None


class StateDocument(_Document):
    """The state a plan was made from."""

    lineage: str
    serial: int


class TotalCostDocument(_Document):
    """The sum of every known cost, and how many are not known."""

    usd: float
    unknown: int


class DiagnosticDocument(_Document):
    """One finding; place and hint are null where there is none."""

    severity: Severity
    code: str
    message: str
    address: str
    file: str | None
    line: int | None
    column: int | None
    hint: str | None = None


class PlanDocument(_Document):
    """The whole plan. `unreadable` stands only where the view was not complete."""

    format_version: Literal["1"]
    tool_version: str
    created_at: str
    project: str
    state: StateDocument
    spec_digest: str
    digest: str
    complete: bool
    changes: list[ChangeDocument]
    summary: dict[Action, int]
    cost: TotalCostDocument
    diagnostics: list[DiagnosticDocument]
    unreadable: list[str] | msgspec.UnsetType = msgspec.UNSET


def plan_to_dict(plan: Plan, tool_version: str) -> dict[str, Any]:
    """The plan as JSON values. `digest` covers everything but `created_at`, `tool_version` and itself."""
    values: dict[str, Any] = msgspec.to_builtins(_plan_document(plan, tool_version))
    # One by one: ten thousand of them need not stand in memory in two shapes at a time.
    values["changes"] = [msgspec.to_builtins(_change_document(change)) for change in plan.changes]
    values = json_values(values)
    values["digest"] = plan_digest(values)
    return values


def _plan_document(plan: Plan, tool_version: str) -> PlanDocument:
    """The plan without its changes and its digest."""
    return PlanDocument(
        format_version=FORMAT_VERSION,
        tool_version=tool_version,
        created_at=plan.created_at,
        project=plan.project,
        state=StateDocument(plan.state.lineage, plan.state.serial),
        spec_digest=plan.spec_digest,
        digest="",
        complete=plan.complete,
        changes=[],
        summary={action: plan.summary.get(action, 0) for action in Action},
        cost=TotalCostDocument(round(plan.cost_usd, 6), plan.unknown_costs),
        diagnostics=[_diagnostic_document(d) for d in plan.diagnostics],
        unreadable=msgspec.UNSET if plan.complete else list(plan.unreadable),
    )


def plan_digest(document: Mapping[str, Any]) -> str:
    """The digest that a plan's JSON should carry."""
    return digest({key: value for key, value in document.items() if key not in UNDIGESTED})


def plan_from_dict(document: object) -> Plan:
    """The plan that a JSON document holds. Raises PlanFileError unless it is exactly a plan and unaltered."""
    if isinstance(document, Mapping):
        _check_format(document)
    try:
        read = msgspec.convert(document, PlanDocument, strict=True)
        changes = tuple(_change(change) for change in read.changes)
    except (msgspec.ValidationError, UsageError) as error:
        raise _not_a_plan(str(error).splitlines()[0]) from error
    _check_digest(document, read.digest)
    return Plan(
        project=read.project,
        created_at=read.created_at,
        state=StateRef(read.state.lineage, read.state.serial),
        spec_digest=read.spec_digest,
        changes=changes,
        summary=read.summary,
        complete=read.complete,
        diagnostics=tuple(_diagnostic(d) for d in read.diagnostics),
        unreadable=() if isinstance(read.unreadable, msgspec.UnsetType) else tuple(read.unreadable),
    )


def _not_a_plan(why: str) -> PlanFileError:
    return PlanFileError(f"this is not a saved plan: {why}", next_step="Make one with: tuneform plan --out FILE")


def _check_format(document: Mapping[Any, Any]) -> None:
    version = document.get("format_version")
    if version != FORMAT_VERSION and isinstance(version, str) and version.isascii() and version.isdigit():
        raise PlanFileError(
            f"the saved plan has format {version[:20]}, and this tuneform reads format {FORMAT_VERSION}",
            next_step="Make a new plan with this version: tuneform plan --out FILE",
        )


def _check_digest(document: object, claimed: str) -> None:
    try:
        matches = plan_digest(msgspec.to_builtins(document)) == claimed
    except (TypeError, RecursionError) as error:
        raise _not_a_plan(str(error)) from error
    if not matches:
        raise PlanFileError(
            "the saved plan was altered: its digest does not match its content",
            next_step="Nothing was done. Make a new plan and review it: tuneform plan --out FILE",
        )


def _source_document(source: Source | None) -> SourceDocument | None:
    return None if source is None else SourceDocument(source.file, source.line, source.column)


def _source(source: SourceDocument | None) -> Source | None:
    return None if source is None else Source(source.file, source.line, source.column)


def _change_document(change: Change) -> ChangeDocument:
    return ChangeDocument(
        address=str(change.address),
        kind=change.address.kind,
        action=change.action,
        reasons=[ReasonDocument(reason.code, reason.message) for reason in change.reasons],
        fields=[_field_document(f) for f in change.fields],
        cost=_cost_document(change.cost),
        version=change.version,
        serving=change.serving,
        targets=list(change.targets),
        source=_source_document(change.source),
    )


def _field_document(field: FieldChange) -> FieldDocument:
    return FieldDocument(field.path, field.before, field.after, field.field_class, _source_document(field.source))


def field_to_dict(field: FieldChange) -> dict[str, Any]:
    """One changed field as JSON values, with the keys that a plan gives it."""
    values: dict[str, Any] = json_values(msgspec.to_builtins(_field_document(field)))
    return values


def _change(change: ChangeDocument) -> Change:
    address = Address.parse(change.address)
    if address.kind != change.kind:
        raise UsageError(f"{change.address} is not of kind {change.kind}")
    return Change(
        address=address,
        action=change.action,
        reasons=tuple(Reason(reason.code, reason.message) for reason in change.reasons),
        fields=tuple(FieldChange(f.path, f.before, f.after, f.field_class, _source(f.source)) for f in change.fields),
        cost=_cost(change.cost),
        version=change.version,
        serving=change.serving,
        targets=tuple(change.targets),
        source=_source(change.source),
    )


def _cost_document(cost: Cost | None) -> CostDocument | None:
    if cost is None:
        return None
    return CostDocument(
        cost.usd,
        cost.basis,
        cost.estimate,
        msgspec.UNSET if cost.low is None else cost.low,
        msgspec.UNSET if cost.high is None else cost.high,
    )


def _cost(cost: CostDocument | None) -> Cost | None:
    if cost is None:
        return None
    low, high = (None if isinstance(bound, msgspec.UnsetType) else bound for bound in (cost.low, cost.high))
    return Cost(cost.usd, cost.basis, cost.estimate, low, high)


def _diagnostic_document(found: Diagnostic) -> DiagnosticDocument:
    source = found.source
    return DiagnosticDocument(
        severity=found.severity,
        code=found.code,
        message=found.message,
        address=found.address,
        file=source.file if source else None,
        line=source.line if source else None,
        column=source.column if source else None,
        hint=found.hint or None,
    )


def diagnostic_to_dict(found: Diagnostic) -> dict[str, Any]:
    """One finding as JSON values, with the keys that a plan gives it."""
    values: dict[str, Any] = json_values(msgspec.to_builtins(_diagnostic_document(found)))
    return values


def _diagnostic(found: DiagnosticDocument) -> Diagnostic:
    source = None
    if found.file is not None and found.line is not None and found.column is not None:
        source = Source(found.file, found.line, found.column)
    return Diagnostic(found.severity, found.code, found.message, found.address, source, found.hint or "")
