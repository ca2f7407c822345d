"""Defaults under, overrides over: what a spec comes to in one environment."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

from reconciler.spec.kinds.tuned_model import BACKENDS
from reconciler.spec.shape import Shape


def merge(shape: Shape, under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Both in one, field by field; lists are taken whole.

    Where fields exclude each other, any of them in `over` displaces the others in `under`.
    """
    displaced = {
        name for group in shape.model.one_of if any(n in over for n in group.fields) for name in group.fields
    } - over.keys()
    merged = {name: value for name, value in under.items() if name not in displaced}
    for name, value in over.items():
        below = merged.get(name)
        if isinstance(below, dict) and isinstance(value, dict) and name in shape.children:
            merged[name] = merge(shape.children[name], below, value)
        else:
            merged[name] = value
    return merged


def fitting(fields: Mapping[str, Any], spec: Mapping[str, Any]) -> dict[str, Any]:
    """Without the provider blocks that the spec does not have."""
    return {name: value for name, value in fields.items() if name not in BACKENDS or name in spec}


def matches(match: Mapping[str, Any], kind: str, name: str, labels: Mapping[str, Any]) -> bool:
    """Whether an override concerns a spec: every condition that is given holds."""
    if match.get("kind", kind) != kind:
        return False
    patterns = match.get("name", name)
    if not any(fnmatchcase(name, pattern) for pattern in ([patterns] if isinstance(patterns, str) else patterns)):
        return False
    wanted = match.get("labels", {})
    return all(fnmatchcase(str(labels.get(key, "")), pattern) and key in labels for key, pattern in wanted.items())
