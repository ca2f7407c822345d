"""The spec of a live model or endpoint, as a person would have written it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reconciler.applying.adopting.candidates import Candidate
from reconciler.applying.adopting.endpoints import EndpointCandidate, Portion
from reconciler.core.address import Address
from reconciler.core.labels import KEY_PATTERN, OWN_PREFIX, VALUE_PATTERN, user_labels
from reconciler.core.observed import LiveEndpoint
from reconciler.core.resource_names import location_of
from reconciler.core.runs import RunState
from reconciler.planning.blocks import METHODS, PALM_PARAMETERS, value_at
from reconciler.planning.compare import EXPORT_LAST
from reconciler.spec.kinds.endpoint import EndpointSpec
from reconciler.spec.pasted import BLOCKS, DISPLAY_NAME
from reconciler.spec.shape import shape_of
from reconciler.spec.writing import can_be_said, is_valid, known_fields, settled, spec_text

# Who may use a Gemini API model; what is empty is not said.
_SHARING = ("readerProjectNumbers", "readers", "writers")
# A multiplier of 1 multiplies nothing. Source: the hyper-parameters of aiplatform v1, generativelanguage v1beta and of
# the template tune-large-model, which all default to it.
_MULTIPLIERS = frozenset({"learningRateMultiplier", "learning_rate_multiplier"})


@dataclass(frozen=True, slots=True)
class Draft:
    """A spec that is not written yet; `notes` say what could not be carried over or is not known."""

    text: str
    notes: tuple[str, ...]


def draft(
    candidate: Candidate,
    address: Address,
    *,
    project: str,
    keep_last: int | None,
    unknown: Sequence[str],
    explicit: bool = False,
) -> Draft:
    """The spec of a candidate in a Google project.

    `unknown` says of which data it is not known what it held. With `explicit`, Google's own defaults are written too.
    """
    kind = BLOCKS[candidate.backend]
    block, left_out = known_fields(shape_of(kind), candidate.current.body)
    labels, foreign = _labels(candidate)
    notes = (
        *(f"{path} is left out: specs have no such field" for path in left_out),
        *(f"label {key} is left out: {why}" for key, why in foreign.items()),
        *_unspeakable(candidate),
        *unknown,
    )
    named = _named(candidate, address, settled(kind, _told(block) if explicit else block), project)
    spec: dict[str, Any] = {candidate.backend: _filled(named, explicit=explicit)}
    if keep_last is not None:
        spec["lifecycle"] = {"keepLast": keep_last}
    comments = [*_origin(candidate), *notes]
    if keep_last is not None:
        comments.append(f"keepLast: {keep_last} keeps every version there is; with less, the oldest are deleted.")
    return Draft(spec_text(address, labels, spec, comments=comments), notes)


def draft_endpoint(candidate: EndpointCandidate, address: Address) -> Draft:
    """The spec of a live endpoint that carries managed models."""
    live = candidate.live
    labels, refused = _acceptable(user_labels(live.labels))
    notes = tuple(f"label {key} is left out: {why}" for key, why in refused.items())
    fields = {
        "location": location_of(live.name),
        "displayName": live.display_name if live.display_name != address.name else "",
        "description": live.description if can_be_said(live.description) else "",
        "endpointId": _chosen_id(live),
        "encryptionSpec": {"kmsKeyName": live.encryption} if live.encryption else {},
    }
    spec: dict[str, Any] = {key: value for key, value in fields.items() if value}
    spec["traffic"] = [_share(portion) for portion in candidate.portions]
    return Draft(spec_text(address, labels, spec, comments=[f"Adopted from {live.name}.", *notes]), notes)


def _share(portion: Portion) -> dict[str, Any]:
    share: dict[str, Any] = {"model": str(portion.model), "percent": portion.percent}
    if portion.version is not None:
        share["version"] = portion.version
    return share if portion.checkpoint is None else {**share, "checkpoint": portion.checkpoint}


def _chosen_id(live: LiveEndpoint) -> str:
    """The id, where somebody chose it: those that Google gives out are long numbers."""
    ident = live.name.rpartition("/")[2]
    fields = {"endpointId": ident, "traffic": [{"model": "TunedModel/x", "percent": 100}]}
    return ident if not ident.isdecimal() and is_valid(EndpointSpec, fields) else ""


def _origin(candidate: Candidate) -> list[str]:
    run = candidate.current
    when = run.ended_at or run.created_at
    word = "partly succeeded" if run.state is RunState.PARTIALLY_SUCCEEDED else "finished"
    lines = [f"Adopted from {run.name}, {word} {when[:10]}."]
    if len(candidate.runs) > 1:
        lines.append(f"It made version {len(candidate.runs)} of {run.model.partition('@')[0]}; this is how.")
    return lines


def _named(candidate: Candidate, address: Address, block: Mapping[str, Any], project: str) -> dict[str, Any]:
    """The block with the model's name and description as they are now, where it is tuned and who may use it."""
    field = DISPLAY_NAME[candidate.backend]
    named = {key: value for key, value in block.items() if key not in (field, "description")}
    if candidate.location:
        named["location"] = candidate.location
    if candidate.display_name not in ("", address.name) and can_be_said(candidate.display_name):
        named[field] = candidate.display_name
    if candidate.description and candidate.backend != "palm" and can_be_said(candidate.description):
        named["description"] = candidate.description
    if candidate.backend == "gemini" and candidate.model is not None:
        settings = candidate.model.settings or {}
        named.update({name: settings[name] for name in _SHARING if settings.get(name)})
    return _without_the_filled_in(candidate, named, project) if candidate.backend == "palm" else named


def _without_the_filled_in(candidate: Candidate, block: Mapping[str, Any], project: str) -> dict[str, Any]:
    """A pipeline's block without the parameters that tuneform gives it anyway."""
    parameters: Mapping[str, Any] = value_at(block, PALM_PARAMETERS) or {}
    anyway = {"project": project, "location": candidate.location}
    kept = {k: v for k, v in parameters.items() if k != "model_display_name" and anyway.get(k) != v}
    return {**block, "runtimeConfig": {**block["runtimeConfig"], "parameterValues": kept}}


def _unspeakable(candidate: Candidate) -> Iterator[str]:
    for what, text in (("display name", candidate.display_name), ("description", candidate.description)):
        if not can_be_said(text):
            yield f"the {what} is left as it is: it holds characters that specs do not take"


def _told(block: Mapping[str, Any]) -> dict[str, Any]:
    """The block with the default that servers leave out in their answers."""
    return {k: {EXPORT_LAST: False, **v} if k in METHODS and isinstance(v, Mapping) else v for k, v in block.items()}


def _filled(value: Mapping[str, Any], *, explicit: bool) -> dict[str, Any]:
    """Without what is empty and, unless `explicit`, without what says no more than Google's defaults."""
    kept = {k: _filled(item, explicit=explicit) if isinstance(item, Mapping) else item for k, item in value.items()}
    return {k: item for k, item in kept.items() if item not in ("", {}, []) and (explicit or not _is_default(k, item))}


def _is_default(key: str, item: Any) -> bool:
    """exportLastCheckpointOnly: "Default is false" (discovery document aiplatform v1)."""
    return (key == EXPORT_LAST and item is False) or (key in _MULTIPLIERS and item == 1)


def _labels(candidate: Candidate) -> tuple[dict[str, str], dict[str, str]]:
    """The labels that model and endpoint share, and why each of the others is left out."""
    if candidate.backend == "gemini":
        return {}, {}
    kept, left = _acceptable(user_labels(candidate.labels))
    for key, value in user_labels(candidate.labels).items():
        if key in kept and candidate.endpoint is not None and candidate.endpoint.labels.get(key) != value:
            del kept[key]
            left[key] = "the endpoint does not have it, or has another value"
    for key in user_labels(candidate.current.labels).keys() - candidate.labels.keys():
        left[key] = "its run has it and the model does not"
    return kept, dict(sorted(left.items()))


def _acceptable(labels: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """Labels that specs take, and why they do not take the others."""
    kept: dict[str, str] = {}
    left: dict[str, str] = {}
    for key, value in sorted(labels.items()):
        if key.startswith(OWN_PREFIX) or not KEY_PATTERN.fullmatch(key) or not VALUE_PATTERN.fullmatch(value):
            left[key] = "specs take up to 63 lowercase letters, digits, underscores and hyphens"
        else:
            kept[key] = value
    return kept, left
