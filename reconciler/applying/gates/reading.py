"""Reading the prompt files that gates name, with the datasets: what is broken is told before anything is sent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from reconciler.catalog.palm import PalmFamily, palm_family
from reconciler.core.desired import Desired, TunedModel
from reconciler.core.diagnostics import Diagnostic
from reconciler.core.prompts import PromptFile
from reconciler.datasets.palm_prompts import CODE, unaskable
from reconciler.datasets.prompts import read_prompts
from reconciler.planning.blocks import base_model

# What is wrong with the path rather than with what is in the file.
_ABOUT_THE_PATH = frozenset({"prompt_unreadable", "prompt_outside_project", "prompt_not_a_file"})


def read_gates(desired: Desired) -> tuple[Desired, tuple[Diagnostic, ...]]:
    """The specs with the digest of each prompt file beside its name, and what is wrong with the files.

    With its digest, another content of a file is another set of gates, and a version is judged again.
    """
    read: dict[str, PromptFile | None] = {}
    findings: list[Diagnostic] = []
    models = dict(desired.models)
    for address, model in desired.models.items():
        gate: dict[str, Any] | None = model.gates.get("prompts")
        if gate is None:
            continue
        name = gate["file"]
        if name not in read:
            read[name], found = read_prompts(name, root=desired.project.root)
            findings.extend(_told(model, d) for d in found)
        file = read[name]
        if file is not None:
            findings.extend(_not_for_its_service(model, file))
            known = {**gate, "digest": f"sha256:{file.sha256}"}
            models[address] = replace(model, gates={**model.gates, "prompts": known})
    return replace(desired, models=models), tuple(findings)


def _not_for_its_service(model: TunedModel, file: PromptFile) -> Iterator[Diagnostic]:
    """What of a file a model cannot be asked, by what its service takes."""
    if model.backend != "palm":
        return
    base = base_model(model.body)
    family = palm_family(base)
    if family is None:
        message = f"prompts can be sent to models tuned from {', '.join(PalmFamily)}; nothing is known of {base}"
        source = model.sources.at("gates.prompts")
        yield Diagnostic("error", CODE, message, str(model.address), source)
        return
    yield from (_told(model, found) for found in unaskable(family, file))


def _told(model: TunedModel, found: Diagnostic) -> Diagnostic:
    """A finding about a spec's prompt file; one about the path is shown where the spec names it."""
    source = model.sources.at("gates.prompts.file") if found.code in _ABOUT_THE_PATH else found.source
    return replace(found, address=str(model.address), source=source)
