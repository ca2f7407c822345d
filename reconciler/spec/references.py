"""What specs refer to: that it is declared, of a fitting kind and format, and that nothing depends on itself."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.core.address import Address, is_address
from reconciler.spec.documents import Spec
from reconciler.spec.findings import Findings
from reconciler.spec.places import VALUE
from reconciler.spec.suggest import did_you_mean
from reconciler.spec.yaml_reader import FieldPath


@dataclass(frozen=True, slots=True)
class Reference:
    """One spec's mention of another. `format` is what a dataset must be to be used so."""

    path: FieldPath
    target: Address
    format: str = ""


@dataclass(frozen=True, slots=True)
class Site:
    """A field that may hold an address."""

    path: FieldPath
    format: str = ""


_SITES: Mapping[str, tuple[Site, ...]] = {
    "vertex": (
        Site(("supervisedTuningSpec", "trainingDatasetUri"), "supervised"),
        Site(("supervisedTuningSpec", "validationDatasetUri"), "supervised"),
        Site(("preferenceOptimizationSpec", "trainingDatasetUri"), "preference"),
        Site(("preferenceOptimizationSpec", "validationDatasetUri"), "preference"),
        Site(("preTunedModel", "tunedModelName")),
    ),
    "gemini": (
        Site(("tuningTask", "trainingData"), "textPairs"),
        Site(("tunedModelSource", "tunedModel")),
    ),
    "palm": (
        Site(("runtimeConfig", "parameterValues", "dataset_uri"), "inputOutput"),
        Site(("runtimeConfig", "parameterValues", "evaluation_data_uri"), "inputOutput"),
    ),
}


def references_of(spec: Spec) -> tuple[Reference, ...]:
    """Every address that a spec mentions in a field made for it."""
    return tuple(_references(spec))


def _references(spec: Spec) -> Iterator[Reference]:
    for backend, sites in _SITES.items():
        if spec.address.kind == "TunedModel" and backend in spec.body:
            for site in sites:
                value = _at(spec.body[backend], site.path)
                if is_address(value):
                    yield Reference(("spec", backend, *site.path), Address.parse(value), site.format)
    if spec.address.kind == "Endpoint":
        for index, share in enumerate(spec.body["traffic"]):
            yield Reference(("spec", "traffic", str(index), "model"), Address.parse(share["model"]))


def _at(value: Any, path: FieldPath) -> Any:
    for part in path:
        value = value.get(part) if isinstance(value, dict) else None
    return value


def check_references(
    specs: Mapping[Address, Spec],
    declared: Collection[Address],
    references: Mapping[Address, tuple[Reference, ...]],
    findings: Findings,
) -> None:
    """Report references to nothing, to what does not fit, and circles of them.

    `declared` are all addresses, those of faulty specs too, so that one mistake is not reported twice.
    """
    for address, spec in specs.items():
        for reference in references[address]:
            if reference.target in specs:
                _check_fit(spec, reference, specs[reference.target])
            elif reference.target not in declared and not findings.incomplete:
                _report_unknown(spec, reference, declared)
    _check_circles(specs, references)


def _report_unknown(spec: Spec, reference: Reference, declared: Collection[Address]) -> None:
    target = reference.target
    names = [a.name for a in declared if a.kind == target.kind]
    found = did_you_mean(target.name, names)
    hint = found.replace("mean ", f"mean {target.kind}/", 1) if found.startswith("Did") else ""
    hint = hint or f"No spec declares {target}: add one of kind {target.kind}."
    spec.report.error("unknown_reference", f"{target} is not declared", reference.path, hint=hint, which=VALUE)


def _check_fit(spec: Spec, reference: Reference, target: Spec) -> None:
    if reference.format and target.body["format"] != reference.format:
        message = f"{target.address} is of format {target.body['format']}; here it must be {reference.format}"
        spec.report.error("dataset_format", message, reference.path, which=VALUE)
    if target.address.kind != "TunedModel":
        return
    if spec.address.kind == "Endpoint":
        if "gemini" in target.body:
            message = f"{target.address} is a Gemini API model, which no Vertex AI endpoint can serve"
            spec.report.error("wrong_reference", message, reference.path, which=VALUE)
    elif reference.path[1] not in target.body:
        message = f"{target.address} is not a {reference.path[1]} model, so this one cannot go on from it"
        spec.report.error("wrong_reference", message, reference.path, which=VALUE)


def _check_circles(specs: Mapping[Address, Spec], references: Mapping[Address, tuple[Reference, ...]]) -> None:
    """A tuned model goes on from at most one other, so following those links finds every circle."""
    links = {
        address: reference
        for address in specs
        if address.kind == "TunedModel"
        for reference in references[address]
        if reference.target.kind == "TunedModel" and reference.target in specs
    }
    done: set[Address] = set()
    for start in links:
        trail: dict[Address, None] = {}
        at = start
        while at in links and at not in done and at not in trail:
            trail[at] = None
            at = links[at].target
        if at in trail:
            _report_circle(specs, links, at)
        done.update(trail)


def _report_circle(specs: Mapping[Address, Spec], links: Mapping[Address, Reference], start: Address) -> None:
    circle = [start]
    while links[circle[-1]].target != start:
        circle.append(links[circle[-1]].target)
    least = circle.index(min(circle))
    ordered = [*circle[least:], *circle[:least]]
    shown = [*map(str, ordered[:8]), *(["…"] if len(ordered) > 8 else []), str(ordered[0])]
    first = ordered[0]
    specs[first].report.error(
        "dependency_cycle",
        f"models go on from each other in a circle: {' -> '.join(shown)}",
        links[first].path,
        hint="One of them needs a baseModel.",
        which=VALUE,
    )
