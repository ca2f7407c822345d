"""The spec of a live model, as a person would have written it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reconciler.applying.adopting.candidates import Candidate
from reconciler.core.address import Address
from reconciler.core.labels import KEY_PATTERN, VALUE_PATTERN, user_labels
from reconciler.core.runs import RunState
from reconciler.spec.pasted import BLOCKS, DISPLAY_NAME
from reconciler.spec.shape import shape_of
from reconciler.spec.writing import can_be_said, known_fields, spec_text

_OWN_PREFIX = "tuneform-"


@dataclass(frozen=True, slots=True)
class Draft:
    """A spec that is not written yet; `notes` say what could not be carried over."""

    text: str
    notes: tuple[str, ...]


def draft(candidate: Candidate, address: Address, *, keep_last: int | None, unknown: Sequence[str]) -> Draft:
    """The spec of a candidate. `unknown` says of which data it is not known what it was trained from."""
    block, left_out = known_fields(shape_of(BLOCKS[candidate.backend]), candidate.current.body)
    labels, foreign = _labels(candidate)
    notes = (
        *(f"{path} is left out: specs have no such field" for path in left_out),
        *(f"label {key} is left out: {why}" for key, why in foreign.items()),
        *_unspeakable(candidate),
        *unknown,
    )
    spec: dict[str, Any] = {candidate.backend: _without_defaults(_named(candidate, address, block))}
    if keep_last is not None:
        spec["lifecycle"] = {"keepLast": keep_last}
    comments = [*_origin(candidate), *notes]
    if keep_last is not None:
        comments.append(f"keepLast: {keep_last} keeps every version there is; with less, the oldest are deleted.")
    return Draft(spec_text(address, labels, spec, comments=comments), notes)


def _origin(candidate: Candidate) -> list[str]:
    run = candidate.current
    when = run.ended_at or run.created_at
    word = "partly succeeded" if run.state is RunState.PARTIALLY_SUCCEEDED else "finished"
    lines = [f"Adopted from {run.name}, {word} {when[:10]}."]
    if len(candidate.runs) > 1:
        lines.append(f"It made version {len(candidate.runs)} of {run.model.partition('@')[0]}; this is how.")
    return lines


def _named(candidate: Candidate, address: Address, block: Mapping[str, Any]) -> dict[str, Any]:
    """The block with the model's name and description as they are now, and where it is tuned."""
    field = DISPLAY_NAME[candidate.backend]
    named = {key: value for key, value in block.items() if key not in (field, "description")}
    if candidate.location:
        named["location"] = candidate.location
    if candidate.display_name not in ("", address.name) and can_be_said(candidate.display_name):
        named[field] = candidate.display_name
    if candidate.description and candidate.backend != "palm" and can_be_said(candidate.description):
        named["description"] = candidate.description
    return named


def _unspeakable(candidate: Candidate) -> Iterator[str]:
    for what, text in (("display name", candidate.display_name), ("description", candidate.description)):
        if not can_be_said(text):
            yield f"the {what} is left as it is: it holds characters that specs do not take"


def _without_defaults(value: Mapping[str, Any]) -> dict[str, Any]:
    """Without what says nothing. exportLastCheckpointOnly: "Default is false" (discovery document aiplatform v1)."""
    kept = {key: _without_defaults(item) if isinstance(item, Mapping) else item for key, item in value.items()}
    return {
        key: item
        for key, item in kept.items()
        if item not in ("", {}, []) and not (key == "exportLastCheckpointOnly" and item is False)
    }


def _labels(candidate: Candidate) -> tuple[dict[str, str], dict[str, str]]:
    """The labels that model and endpoint share, and why each of the others is left out."""
    if candidate.backend == "gemini":
        return {}, {}
    kept: dict[str, str] = {}
    left: dict[str, str] = {}
    for key, value in sorted(user_labels(candidate.labels).items()):
        if key.startswith(_OWN_PREFIX) or not KEY_PATTERN.fullmatch(key) or not VALUE_PATTERN.fullmatch(value):
            left[key] = "specs take up to 63 lowercase letters, digits, underscores and hyphens"
        elif candidate.endpoint is not None and candidate.endpoint.labels.get(key) != value:
            left[key] = "the endpoint does not have it, or has another value"
        else:
            kept[key] = value
    return kept, left
