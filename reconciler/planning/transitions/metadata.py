"""Labels, display name and description: patched on the serving model and endpoint, never a reason to tune."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.core.desired import TunedModel
from reconciler.core.observed import LiveEndpoint, LiveModel
from reconciler.core.plan import Action, FieldChange, FieldClass
from reconciler.core.state import Record, Version
from reconciler.planning.blocks import declared_settings
from reconciler.planning.normalise import aligned, grantee
from reconciler.planning.reasons import Code
from reconciler.planning.transitions.findings import Finding, change
from reconciler.planning.world import World

DISPLAY_NAME_FIELD = {"vertex": "tunedModelDisplayName", "gemini": "displayName", "palm": "displayName"}


def metadata(world: World, model: TunedModel, record: Record, version: Version) -> Iterator[Finding]:
    """One patch when the serving model or its endpoint does not say what the spec says."""
    fields: dict[str, FieldChange] = {}
    targets = []
    live_model = world.observed.model(version.model) if version.model else None
    live_endpoint = world.observed.endpoint(version.endpoint) if version.endpoint else None
    for live in (live_model, live_endpoint):
        if live is not None and (found := differences(model, record, live)):
            targets.append(live.name)
            fields = {**{f.path: f for f in found}, **fields}
    if not targets:
        return
    by_spec = record.metadata != {} and _recorded(record) != _declared(model)
    code = Code.METADATA_CHANGED if by_spec else Code.METADATA_DRIFT
    words = "changed in the spec" if by_spec else "changed outside of tuneform"
    names = ", ".join(sorted(fields))
    yield change(
        model,
        Action.UPDATE,
        code,
        f"v{version.number}: {names} {words}",
        version=version,
        targets=tuple(targets),
        fields=tuple(fields[path] for path in sorted(fields)),
    )


def metadata_fields(
    model: TunedModel, record: Record, display_name: str, description: str | None, live: Mapping[str, str]
) -> tuple[FieldChange, ...]:
    """What the live words differ in from the declared ones; None as description is not compared."""
    found: list[tuple[str, str | None, str | None]] = []
    if display_name != model.display_name:
        path = f"{model.backend}.{DISPLAY_NAME_FIELD[model.backend]}"
        found.append((path, display_name, model.display_name))
    if description is not None and model.description is not None and description != model.description:
        found.append((f"{model.backend}.description", description, model.description))
    if model.backend != "gemini":
        found.extend(_labels(model, record, live))
    return tuple(
        FieldChange(path, before, after, FieldClass.METADATA, model.sources.at(path)) for path, before, after in found
    )


def differences(model: TunedModel, record: Record, live: LiveModel | LiveEndpoint) -> tuple[FieldChange, ...]:
    """What a live model or endpoint says otherwise (before) than a spec (after)."""
    # A name that was found at adoption and that no spec says stays until somebody changes it.
    left_alone = live.display_name in (record.metadata.get("namesLeftAlone") or ())
    name = model.display_name if left_alone else live.display_name
    # A job's description reaches its model only; what people write on an endpoint is theirs.
    if isinstance(live, LiveEndpoint):
        return metadata_fields(model, record, name, None, live.labels)
    words = metadata_fields(model, record, name, live.description, live.labels)
    return (*words, *_settings(model, live))


def _settings(model: TunedModel, live: LiveModel) -> Iterator[FieldChange]:
    """Declared sampling defaults, reader projects and permissions that the live model does not have."""
    for name, declared in declared_settings(model).items():
        before = (live.settings or {}).get(name)
        if before is not None and aligned(_unordered(before), _unordered(declared)) != _unordered(declared):
            path = f"{model.backend}.{name}"
            yield FieldChange(path, before, declared, FieldClass.METADATA, model.sources.at(path))


def _unordered(value: Any) -> Any:
    """Lists of readers, writers and projects are sets."""
    return sorted({grantee(str(item)) for item in value}) if isinstance(value, list | tuple) else value


def _labels(model: TunedModel, record: Record, live: Mapping[str, str]) -> Iterator[tuple[str, str | None, str | None]]:
    """Declared labels that differ, and labels of ours that are declared no more; everybody else's are left alone."""
    for key, value in model.labels.items():
        if live.get(key) != value:
            yield f"metadata.labels.{key}", live.get(key), value
    for key in record.metadata.get("labels") or ():
        if key not in model.labels and key in live:
            yield f"metadata.labels.{key}", live[key], None


def _declared(model: TunedModel) -> tuple[object, ...]:
    return model.display_name, model.description, dict(model.labels), declared_settings(model)


def _recorded(record: Record) -> tuple[object, ...]:
    kept = record.metadata
    names = kept.get("displayName"), kept.get("description"), dict(kept.get("labels") or {})
    return *names, dict(kept.get("settings") or {})
