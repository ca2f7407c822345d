"""What specs ask of their base models, held against the catalog. Its facts move, so this warns; Google decides."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from reconciler.catalog import BaseModel, Catalog
from reconciler.core.desired import Desired, TunedModel
from reconciler.core.diagnostics import Diagnostic
from reconciler.planning.blocks import METHODS, base_model
from reconciler.planning.reasons import Code
from reconciler.planning.transitions.findings import diagnose

_METHOD_NAMES = {"supervisedTuningSpec": "supervised", "preferenceOptimizationSpec": "preference"}
_SIZES = {"ONE": 1, "TWO": 2, "FOUR": 4, "EIGHT": 8, "SIXTEEN": 16, "THIRTY_TWO": 32}


def misfits(desired: Desired, catalog: Catalog) -> Iterator[Diagnostic]:
    """Warnings for methods, locations, adapter sizes and keys that a base model is documented not to take.

    And for entries of a project's own catalog file that name a model nobody knows and no spec uses: most are misspelt.
    """
    for model in desired.models.values():
        name = base_model(model.body)
        known = catalog.find(name) if name else None
        if known is not None and model.backend == "vertex":
            yield from _misfits(model, known, catalog)
    yield from _unused(desired, catalog)


def _misfits(model: TunedModel, known: BaseModel, catalog: Catalog) -> Iterator[Diagnostic]:
    method = next((name for name in METHODS if name in model.body), "")
    says = f"(catalog {catalog.date}); Google's answer decides."
    if method and known.methods and _METHOD_NAMES[method] not in known.methods:
        words = f"{known.id} is not documented to take {_METHOD_NAMES[method]} tuning"
        hint = f"Methods it takes: {', '.join(known.methods)} {says}"
        yield diagnose(model, Code.BASE_MODEL_METHOD, words, at=f"vertex.{method}", hint=hint)
    if known.tuning_regions and model.location not in known.tuning_regions:
        words = f"{known.id} is not documented to be tuned in {model.location}"
        hint = f"Locations: {', '.join(known.tuning_regions)} {says}"
        yield diagnose(model, Code.BASE_MODEL_LOCATION, words, at="vertex.location", hint=hint)
    if known.cmek is False and model.body.get("encryptionSpec"):
        words = f"{known.id} is not documented to take a customer-managed encryption key"
        yield diagnose(model, Code.BASE_MODEL_CMEK, words, at="vertex.encryptionSpec", hint=f"See {known.id} {says}")
    size = _adapter_size(model.body.get(method))
    if size is not None and known.adapter_sizes and size not in known.adapter_sizes:
        words = f"{known.id} is not documented to take the adapter size {size}"
        hint = f"Sizes it takes: {', '.join(str(s) for s in known.adapter_sizes)} {says}"
        at = f"vertex.{method}.hyperParameters.adapterSize"
        yield diagnose(model, Code.BASE_MODEL_ADAPTER, words, at=at, hint=hint)


def _unused(desired: Desired, catalog: Catalog) -> Iterator[Diagnostic]:
    used = {found.id for m in desired.models.values() if (found := catalog.find(base_model(m.body)))}
    ours = [name for name in catalog.models if name not in catalog.added]
    for name, source in catalog.added.items():
        if name in used:
            continue
        near = get_close_matches(name, ours, n=1)
        hint = f"Did you mean {near[0]}?" if near else "Correct the id, or leave the entry out."
        yield Diagnostic("warning", Code.CATALOG_UNUSED.value, f"no spec uses {name}", source=source, hint=hint)


def _adapter_size(method: object) -> int | None:
    parameters: Any = method.get("hyperParameters") if isinstance(method, Mapping) else None
    name = parameters.get("adapterSize") if isinstance(parameters, Mapping) else None
    return _SIZES.get(str(name).removeprefix("ADAPTER_SIZE_"))
