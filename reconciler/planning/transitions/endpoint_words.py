"""Display name, description and labels of an endpoint: patched in place when they are not as declared."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from reconciler.core.desired import Endpoint
from reconciler.core.observed import LiveEndpoint
from reconciler.core.plan import FieldChange, FieldClass
from reconciler.core.state import Record
from reconciler.planning.reasons import Code


@dataclass(frozen=True, slots=True)
class Words:
    """What differs, and whether the spec or somebody else changed it."""

    fields: tuple[FieldChange, ...]
    code: Code
    message: str


def words_of(endpoint: Endpoint, record: Record | None, live: LiveEndpoint) -> Words:
    """What the live endpoint does not say as the spec does; other people's labels are left alone."""
    fields = tuple(
        FieldChange(path, before, after, FieldClass.METADATA, endpoint.sources.at(path))
        for path, before, after in _differences(endpoint, record, live)
    )
    if not fields:
        return Words((), Code.METADATA_DRIFT, "")
    by_spec = record is not None and bool(record.metadata) and dict(record.metadata) != declared_words(endpoint)
    code = Code.METADATA_CHANGED if by_spec else Code.METADATA_DRIFT
    verb = "changed in the spec" if by_spec else "changed outside of tuneform"
    return Words(fields, code, f"{', '.join(f.path for f in fields)} {verb}")


def declared_words(endpoint: Endpoint) -> dict[str, Any]:
    """What a spec says of display name, description and labels, as `Record.metadata` keeps it."""
    return {
        "displayName": endpoint.display_name,
        "description": endpoint.body.get("description"),
        "labels": dict(endpoint.labels),
    }


def _differences(
    endpoint: Endpoint, record: Record | None, live: LiveEndpoint
) -> Iterator[tuple[str, str | None, str | None]]:
    description = endpoint.body.get("description")
    if live.display_name != endpoint.display_name:
        yield "displayName", live.display_name, endpoint.display_name
    if description is not None and live.description != description:
        yield "description", live.description, description
    for key, value in sorted(endpoint.labels.items()):
        if live.labels.get(key) != value:
            yield f"metadata.labels.{key}", live.labels.get(key), value
    for key in sorted((record.metadata.get("labels") or ()) if record is not None else ()):
        if key not in endpoint.labels and key in live.labels:
            yield f"metadata.labels.{key}", live.labels[key], None
