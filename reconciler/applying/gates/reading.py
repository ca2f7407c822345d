"""Reading the prompt files that gates name, with the datasets: what is broken is told before anything is sent."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from reconciler.core.desired import Desired, TunedModel
from reconciler.core.diagnostics import Diagnostic
from reconciler.core.prompts import PromptFile
from reconciler.datasets.prompts import read_prompts

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
            known = {**gate, "digest": f"sha256:{file.sha256}"}
            models[address] = replace(model, gates={**model.gates, "prompts": known})
    return replace(desired, models=models), tuple(findings)


def _told(model: TunedModel, found: Diagnostic) -> Diagnostic:
    """A finding about a spec's prompt file; one about the path is shown where the spec names it."""
    source = model.sources.at("gates.prompts.file") if found.code in _ABOUT_THE_PATH else found.source
    return replace(found, address=str(model.address), source=source)
