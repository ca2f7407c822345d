"""What a decision yields: changes and diagnostics, and short ways to say them."""

from __future__ import annotations

from dataclasses import replace

from reconciler.core.desired import Endpoint, TunedModel
from reconciler.core.diagnostics import Diagnostic, Severity
from reconciler.core.plan import Action, Change, FieldChange
from reconciler.core.state import Version
from reconciler.planning.reasons import Code, because

Finding = Change | Diagnostic


def change(
    spec: TunedModel | Endpoint,
    action: Action,
    code: Code,
    message: str,
    *,
    version: Version | int | None = None,
    targets: tuple[str, ...] = (),
    fields: tuple[FieldChange, ...] = (),
    at: str = "metadata.name",
) -> Change:
    """One change of a declared resource, pointing at the field of its spec that matters most."""
    number = version.number if isinstance(version, Version) else version
    source = fields[0].source if fields and fields[0].source else spec.sources.at(at)
    return Change(
        spec.address, action, (because(code, message),), fields, version=number, targets=targets, source=source
    )


def instead(change: Change, action: Action, code: str, message: str) -> Change:
    """The same change as another action, with the reason for that in front of its own."""
    return replace(change, action=action, reasons=(because(code, message), *change.reasons))


def diagnose(
    spec: TunedModel | Endpoint,
    code: Code,
    message: str,
    *,
    severity: Severity = "warning",
    at: str = "metadata.name",
    hint: str = "",
) -> Diagnostic:
    """A finding about a declared resource that changes nothing."""
    return Diagnostic(severity, code.value, message, str(spec.address), spec.sources.at(at), hint)
