"""From a document of a file to the canonical form of the spec it declares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from reconciler.core.address import Address, is_address
from reconciler.spec.check import check
from reconciler.spec.findings import Findings
from reconciler.spec.kinds.documents import API_VERSION, DatasetDocument, Document, EndpointDocument, TunedModelDocument
from reconciler.spec.kinds.vertex import Vertex
from reconciler.spec.merge import fitting, merge
from reconciler.spec.places import Places, SpecSources
from reconciler.spec.project_file import ProjectFile
from reconciler.spec.reporter import Reporter
from reconciler.spec.shape import conform, shape_of
from reconciler.spec.suggest import clipped, did_you_mean
from reconciler.spec.yaml_reader import Document as YamlDocument

MODELS: dict[str, type[Document]] = {
    "TunedModel": TunedModelDocument,
    "Dataset": DatasetDocument,
    "Endpoint": EndpointDocument,
}


@dataclass(frozen=True, slots=True)
class Declared:
    """A document that says which resource it is about.

    `name` is as it was written; when that is no name, `address` holds it in lower case. A document that is not
    `usable` was reported on already.
    """

    address: Address
    name: str
    value: dict[str, Any]
    places: Places
    usable: bool


@dataclass(frozen=True, slots=True)
class Spec:
    """A spec in canonical form: declared fields only, defaults merged, types settled. `report` is for later checks."""

    address: Address
    metadata: dict[str, Any]
    body: dict[str, Any]
    report: Reporter


def declare(document: YamlDocument, findings: Findings) -> Declared | None:
    """The resource that a document is about; None, with findings, when that cannot be told."""
    places = Places.of(document)
    value = document.value
    if document.damaged:
        # What is wrong with it was reported by the reader; its address may still be readable.
        return _declared(value, places, usable=False)
    if not isinstance(value, dict):
        findings.error("not_a_spec", "a spec is a mapping with apiVersion, kind, metadata and spec", places.beginning)
        return None
    kind = value.get("kind")
    if kind is None:
        _refuse_kindless(value, places, findings)
        return None
    if not isinstance(kind, str) or kind not in MODELS:
        _refuse_kind(kind, places, findings)
        return None
    declared = _declared(value, places, usable=True)
    if declared is None or not declared.usable:
        # The name is missing or not a name. Checking the document says which, and all else that is wrong with it.
        report = Reporter(findings, SpecSources(places))
        check(MODELS[kind], conform(shape_of(MODELS[kind]), value, (), report), report)
    return declared


def _declared(value: Any, places: Places, *, usable: bool) -> Declared | None:
    if not isinstance(value, dict):
        return None
    kind, metadata = value.get("kind"), value.get("metadata")
    name = metadata.get("name") if isinstance(metadata, dict) else None
    if not isinstance(name, str) or not is_address(f"{kind}/{name.lower()}"):
        return None
    address = Address.parse(f"{kind}/{name.lower()}")
    return Declared(address, name, value, places, usable and address.name == name)


def _refuse_kindless(value: dict[str, Any], places: Places, findings: Findings) -> None:
    hint = f"A spec begins with apiVersion: {API_VERSION} and a kind: {', '.join(MODELS)}."
    if shape_of(Vertex).names.keys() & value.keys():
        hint = "A pasted request body goes under spec.vertex, spec.gemini or spec.palm of a TunedModel."
    findings.error("not_a_spec", "the document has no kind", places.beginning, hint=hint)


def _refuse_kind(kind: Any, places: Places, findings: Findings) -> None:
    place = places.nearest(("kind",), 1)
    if kind == "Project":
        hint = "Name it tuneform.yaml or tuneform.<environment>.yaml, and choose it with -f."
        findings.error("misplaced_field", "a Project stands in a file of its own", place, hint=hint)
        return
    hint = did_you_mean(kind, MODELS) if isinstance(kind, str) else f"Known kinds: {', '.join(MODELS)}."
    findings.error("unknown_kind", f"{clipped(kind)} is not a kind that tuneform knows", place, hint=hint)


def resolve(declared: Declared, project: ProjectFile, findings: Findings) -> Spec | None:
    """The canonical form of a declared spec, the project's defaults and overrides merged; None when it is wrong."""
    kind = declared.address.kind
    model = MODELS[kind]
    report = Reporter(findings, SpecSources(declared.places), str(declared.address))
    value = conform(shape_of(model), declared.value, (), report)
    own = value.get("spec")
    if isinstance(own, dict) and project.has_layers:
        labels = value["metadata"].get("labels")
        over, under = project.layers_for(kind, declared.address.name, labels if isinstance(labels, dict) else {})
        shape = shape_of(model).children["spec"]
        merged = own
        for layer in under:
            merged = merge(shape, fitting(layer.fields, own), merged)
        for layer in reversed(over):
            merged = merge(shape, merged, fitting(layer.fields, own))
        value["spec"] = merged
        report.sources = SpecSources(
            declared.places, tuple(layer.place for layer in over), tuple(layer.place for layer in under)
        )
    before = report.errors
    checked = check(model, value, report)
    if checked is None or before:
        return None
    return Spec(declared.address, checked["metadata"], checked["spec"], report)
