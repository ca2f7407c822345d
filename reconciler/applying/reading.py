"""Reading what specs name: every local dataset once, for its validity, its content and its model's limits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from reconciler.catalog import BaseModel, Catalog
from reconciler.catalog.palm import BATCH_SIZES, palm_family
from reconciler.core.address import Address, is_address
from reconciler.core.desired import DatasetContent, Desired, TunedModel
from reconciler.core.diagnostics import Diagnostic
from reconciler.core.palm_templates import is_chat_template
from reconciler.datasets.inline import MAX_INLINE_BYTES
from reconciler.datasets.inspect import Inspection, inspect_dataset
from reconciler.datasets.limits import check_limits
from reconciler.planning.blocks import METHODS, PALM_PARAMETERS, value_at


def read_datasets(desired: Desired, catalog: Catalog) -> tuple[Desired, tuple[Diagnostic, ...]]:
    """The specs with the content of every dataset that could be read, and what reading found."""
    read = {
        address: inspect_dataset(dataset.path, dataset.format, root=desired.project.root, label=dataset.file)
        for address, dataset in desired.datasets.items()
    }
    contents = {address: found.content for address, found in read.items() if found.content is not None}
    findings = [
        replace(d, address=d.address or str(address)) for address, found in read.items() for d in found.diagnostics
    ]
    for model in desired.models.values():
        findings.extend(_steps_not_known(model))
        findings.extend(_template_of_others(model))
        findings.extend(_too_large_to_send(model, contents))
        base = catalog.find(str(model.body.get("baseModel", "")))
        if base is not None:
            findings.extend(_beyond_limits(model, base, read))
    return replace(desired, contents=contents), tuple(findings)


def _too_large_to_send(model: TunedModel, contents: Mapping[Address, DatasetContent]) -> Iterator[Diagnostic]:
    """An error for training data that the Gemini API would not take inside a request."""
    source = model.body.get("tuningTask", {}).get("trainingData")
    content = contents.get(Address.parse(source)) if is_address(source) else None
    if model.backend == "gemini" and content is not None and content.size > MAX_INLINE_BYTES:
        why = f"{source} has {content.size} bytes, and the Gemini API takes {MAX_INLINE_BYTES} inside a request"
        at = model.sources.at("gemini.tuningTask.trainingData")
        yield Diagnostic("error", "dataset_too_large", why, str(model.address), at, "Sample it.")


def _steps_not_known(model: TunedModel) -> Iterator[Diagnostic]:
    """An error for `train_steps: auto` where the rows cannot be counted or the region's batch size is not known."""
    parameters: Mapping[str, Any] = value_at(model.body, PALM_PARAMETERS) or {}
    if model.backend != "palm" or parameters.get("train_steps") != "auto":
        return
    if not is_address(parameters.get("dataset_uri")):
        why = "train_steps: auto counts the rows of a Dataset; a gs:// object is not read"
    elif model.location not in BATCH_SIZES:
        why = f"train_steps: auto needs the batch size, which is known for {' and '.join(sorted(BATCH_SIZES))} only"
    else:
        return
    source = model.sources.at("palm.runtimeConfig.parameterValues.train_steps")
    yield Diagnostic("error", "train_steps", why, str(model.address), source, "Give train_steps as a number.")


def _template_of_others(model: TunedModel) -> Iterator[Diagnostic]:
    """Chat models have a template of their own, with data of its own: a warning and an error.

    Source: _SHORT_MODEL_ID_TO_TUNING_PIPELINE_MAP of google-cloud-aiplatform.
    """
    parameters: Mapping[str, Any] = value_at(model.body, PALM_PARAMETERS) or {}
    if model.backend != "palm":
        return
    chats, base = is_chat_template(model.body["templateUri"]), parameters["large_model_reference"]
    family = palm_family(base)
    if family is not None and family.is_chat is not chats:
        why = f"Google's SDK tunes {base} by the template tune-large-{'chat-' if family.is_chat else ''}model"
        at = model.sources.at("palm.templateUri")
        yield Diagnostic("warning", "other_template", why, str(model.address), at, "Correct templateUri or the model.")
    if chats and is_address(data := parameters.get("dataset_uri")):
        why = f"chat models are tuned from chats, and {data} holds pairs of texts"
        at = model.sources.at("palm.runtimeConfig.parameterValues.dataset_uri")
        yield Diagnostic("error", "other_template", why, str(model.address), at, "Name a gs:// file of chats.")


def _beyond_limits(model: TunedModel, base: BaseModel, read: Mapping[Address, Inspection]) -> Iterator[Diagnostic]:
    """Warnings for data that the base model is documented not to take."""
    method: Mapping[str, Any] = next((model.body[m] for m in METHODS if m in model.body), {})
    training = _inspection(method.get("trainingDatasetUri"), read)
    if training is not None:
        yield from _about(model, check_limits(training, base, use="training"))
    validation = _inspection(method.get("validationDatasetUri"), read)
    if validation is not None:
        rows = training.stats.rows if training is not None else None
        yield from _about(model, check_limits(validation, base, use="validation", training_rows=rows))


def _about(model: TunedModel, findings: tuple[Diagnostic, ...]) -> Iterator[Diagnostic]:
    for finding in findings:
        yield replace(finding, address=str(model.address))


def _inspection(value: object, read: Mapping[Address, Inspection]) -> Inspection | None:
    return read.get(Address.parse(value)) if isinstance(value, str) and is_address(value) else None
