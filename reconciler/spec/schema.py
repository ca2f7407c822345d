"""JSON Schema of the spec language, for editors.

Built from the models that check specs. It accepts whatever the loader accepts: both casings (the stored one is what
editors offer), and specs that leave to the project's defaults what they lack.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Any

from pydantic.json_schema import models_json_schema

from reconciler.core.labels import KEY_PATTERN
from reconciler.spec.kinds.base import Block
from reconciler.spec.kinds.documents import DatasetDocument, EndpointDocument, TunedModelDocument
from reconciler.spec.kinds.project import ProjectDocument
from reconciler.spec.kinds.tuned_model import BACKENDS
from reconciler.spec.shape import Shape, shape_of

DIALECT = "https://json-schema.org/draft/2020-12/schema"
DOCUMENTS: tuple[type[Block], ...] = (TunedModelDocument, DatasetDocument, EndpointDocument, ProjectDocument)
_EXAMPLES: dict[str, Any] = {
    "TunedModelDocument": {
        "apiVersion": "tuneform/v1",
        "kind": "TunedModel",
        "metadata": {"name": "support-triage", "labels": {"team": "support"}},
        "spec": {
            "vertex": {
                "location": "us-central1",
                "baseModel": "gemini-3.1-flash-lite",
                "supervisedTuningSpec": {
                    "trainingDatasetUri": "Dataset/triage-train",
                    "hyperParameters": {"epochCount": 3, "adapterSize": 4},
                },
            }
        },
    },
    "DatasetDocument": {
        "apiVersion": "tuneform/v1",
        "kind": "Dataset",
        "metadata": {"name": "triage-train"},
        "spec": {"file": "data/triage.jsonl", "format": "supervised", "bucket": "gs://acme-tuning/datasets"},
    },
    "EndpointDocument": {
        "apiVersion": "tuneform/v1",
        "kind": "Endpoint",
        "metadata": {"name": "support"},
        "spec": {"traffic": [{"model": "TunedModel/support-triage", "percent": 100}]},
    },
    "ProjectDocument": {
        "apiVersion": "tuneform/v1",
        "kind": "Project",
        "metadata": {"name": "acme-support"},
        "spec": {"google": {"project": "acme-ml", "location": "us-central1"}},
    },
}


def json_schema() -> dict[str, Any]:
    """Draft 2020-12, one branch a kind."""
    _, generated = models_json_schema([(model, "validation") for model in DOCUMENTS], by_alias=True)
    definitions: dict[str, dict[str, Any]] = generated["$defs"]
    mergeable: set[str] = set()
    for model in DOCUMENTS:
        for name in _referred(definitions[model.__name__]["properties"]["spec"]):
            _collect_mergeable(name, definitions, mergeable)
    for name, shape in _shapes().items():
        _complete(definitions[name], shape, may_lack=name in mergeable)
    # Defaults may speak of every provider block, and never bring one in; a spec has exactly one.
    definitions["TunedModelDocument"]["properties"]["spec"]["oneOf"] = [{"required": [block]} for block in BACKENDS]
    for name, example in _EXAMPLES.items():
        definitions[name]["examples"] = [example]
    definitions["Metadata"]["properties"]["labels"]["propertyNames"] = {"pattern": f"^(?:{KEY_PATTERN.pattern})$"}
    return {
        "$schema": DIALECT,
        "title": "tuneform spec",
        "description": "One resource of a tuneform project, or the project itself.",
        "oneOf": [{"$ref": f"#/$defs/{model.__name__}"} for model in DOCUMENTS],
        "$defs": definitions,
    }


def _shapes() -> dict[str, Shape]:
    """The shape behind every definition."""
    found: dict[str, Shape] = {}
    waiting = [shape_of(model) for model in DOCUMENTS]
    while waiting:
        shape = waiting.pop()
        if shape.model.__name__ not in found:
            found[shape.model.__name__] = shape
            waiting.extend(shape.children.values())
    return found


def _referred(schema: dict[str, Any]) -> list[str]:
    """The definitions a field's value may be; those of list items are left out."""
    branches = [schema, *schema.get("anyOf", ()), *schema.get("oneOf", ())]
    return [branch["$ref"].rpartition("/")[2] for branch in branches if "$ref" in branch]


def _collect_mergeable(name: str, definitions: dict[str, dict[str, Any]], found: set[str]) -> None:
    """Every definition whose fields may come from defaults: what is reached without passing through a list."""
    if name in found:
        return
    found.add(name)
    for field in definitions[name].get("properties", {}).values():
        for below in _referred(field):
            _collect_mergeable(below, definitions, found)


def _complete(definition: dict[str, Any], shape: Shape, *, may_lack: bool) -> None:
    """Add other spellings and groups, and take out what only concerns the models."""
    definition.pop("title", None)
    for field in definition.setdefault("properties", {}).values():
        _tidy(field)
    here = f"#/$defs/{shape.model.__name__}/properties"
    others = {spelling: stored for spelling, stored in shape.names.items() if spelling != stored}
    if others:
        definition["patternProperties"] = {f"^{other}$": {"$ref": f"{here}/{name}"} for other, name in others.items()}
    needed = [] if may_lack else [_any_of([name], shape) for name in definition.get("required", ())]
    definition.pop("required", None)
    for group in shape.model.one_of:
        if group.in_one_spec:
            continue
        pairs = combinations((_any_of([name], shape) for name in group.fields), 2)
        needed.extend({"not": {"allOf": list(pair)}} for pair in pairs)
        if group.required and not may_lack:
            needed.append(_any_of(group.fields, shape))
    if needed:
        definition["allOf"] = needed


def _any_of(stored: Sequence[str], shape: Shape) -> dict[str, Any]:
    """That at least one of these fields is there, in any spelling."""
    spellings = [spelling for spelling, name in shape.names.items() if name in stored]
    if len(spellings) == 1:
        return {"required": spellings}
    return {"anyOf": [{"required": [spelling]} for spelling in spellings]}


def _tidy(field: dict[str, Any]) -> None:
    """Leave out null, which is not a value in specs, and titles that only repeat the field's name."""
    field.pop("title", None)
    field.pop("default", None)
    branches = [branch for branch in field.get("anyOf", ()) if branch != {"type": "null"}]
    if len(branches) == 1:
        del field["anyOf"]
        field.update({**branches[0], **field})
    elif branches:
        field["anyOf"] = branches
