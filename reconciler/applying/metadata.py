"""Names, descriptions and labels of what is live: what a spec says of them, and the patch that makes it so."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.core.desired import TunedModel
from reconciler.core.labels import is_reserved
from reconciler.planning.blocks import declared_settings


def declared_metadata(model: TunedModel, *, without: frozenset[str] = frozenset()) -> dict[str, Any]:
    """What a spec says of display name, description, labels and settings, as `Record.metadata` keeps it."""
    words = {"displayName": model.display_name, "description": model.description, "labels": dict(model.labels)}
    settings = {name: value for name, value in declared_settings(model).items() if name not in without}
    return {**words, "settings": settings} if settings else words


def patch(model: TunedModel, before: Mapping[str, Any], live: Mapping[str, str]) -> dict[str, Any]:
    """A patch of a model's or its endpoint's words. `before` is the record's metadata, `live` the labels there now."""
    changes: dict[str, Any] = {"displayName": model.display_name, "labels": patched_labels(model.labels, before, live)}
    if model.description is not None:
        changes["description"] = model.description
    return changes


def patched_labels(declared: Mapping[str, str], before: Mapping[str, Any], live: Mapping[str, str]) -> dict[str, str]:
    """Labels that leave everybody else's alone and take away those that were ours and are not declared."""
    ours_before = set(before.get("labels") or ())
    kept = {k: v for k, v in live.items() if k not in ours_before or is_reserved(k)}
    return {**kept, **declared}
