"""What was last written, put as a spec, so that the comparison that a plan makes can be made with it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from reconciler.core.desired import Backend, Endpoint, Lifecycle, Sources, TunedModel
from reconciler.core.diagnostics import Severity, Source
from reconciler.core.drift import DriftItem, DriftKind
from reconciler.core.plan import FieldChange
from reconciler.core.state import Record, Version

_NO_PLACE = Source("", 0, 0)


@dataclass(frozen=True, slots=True)
class _Nowhere:
    """The places of a spec that is declared no more."""

    def at(self, path: str) -> Source:  # noqa: ARG002 - the signature of Sources
        return _NO_PLACE


def written_model(record: Record, backend: Backend, spec: TunedModel | None) -> TunedModel:
    """A tuned model as it was last written: names, labels and settings of the record, places of the spec.

    What a state without such a memory does not tell is taken from the spec.
    """
    kept = record.metadata
    if not kept and spec is not None:
        return spec
    return TunedModel(
        address=record.address,
        backend=backend,
        project=record.project,
        location=record.location,
        body=dict(kept.get("settings") or {}),
        display_name=str(kept.get("displayName") or ""),
        description=kept.get("description"),
        labels=dict(kept.get("labels") or {}),
        lifecycle=spec.lifecycle if spec else Lifecycle(),
        sources=_sources(spec),
    )


def as_tuned(written: TunedModel, version: Version) -> TunedModel:
    """A tuned model with the body that a version was tuned from."""
    return replace(written, body=version.body or version.resolved)


def written_endpoint(record: Record, spec: Endpoint | None) -> Endpoint:
    """An endpoint as it was last written: names and labels of the record, places of the spec."""
    kept = record.metadata
    if not kept and spec is not None:
        return spec
    description = kept.get("description")
    body: dict[str, Any] = {} if description is None else {"description": description}
    return Endpoint(
        address=record.address,
        project=record.project,
        location=record.location,
        body=body,
        display_name=str(kept.get("displayName") or ""),
        labels=dict(kept.get("labels") or {}),
        sources=_sources(spec),
    )


def turned(fields: Iterable[FieldChange]) -> tuple[FieldChange, ...]:
    """Differences as an audit tells them: from what was written to what is live, where a spec stands that says so."""
    return tuple(replace(f, before=f.after, after=f.before, source=known_place(f.source)) for f in fields)


def known_place(source: Source | None) -> Source | None:
    """A place in a spec, or None where there is no spec."""
    return None if source == _NO_PLACE else source


def finding(
    written: TunedModel | Endpoint,
    kind: DriftKind,
    message: str,
    severity: Severity,
    resource: str,
    fields: tuple[FieldChange, ...] = (),
) -> DriftItem:
    """A finding about what was written, at the place of the first field that has one, else where it is declared."""
    source = next((f.source for f in fields if f.source), None) or known_place(written.sources.at("metadata.name"))
    return DriftItem(kind, message, severity, str(written.address), resource, fields, source=source)


def _sources(spec: TunedModel | Endpoint | None) -> Sources:
    return spec.sources if spec is not None else _Nowhere()
