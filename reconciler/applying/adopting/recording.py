"""What the state says of an adopted model: its versions, as if tuneform had bought them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from reconciler.applying.adopting.candidates import Candidate
from reconciler.applying.adopting.endpoints import EndpointCandidate, default_checkpoint
from reconciler.applying.metadata import declared_metadata
from reconciler.applying.pinning import pin_of
from reconciler.applying.references import dataset_uris
from reconciler.core.desired import Desired, Endpoint, TunedModel
from reconciler.core.labels import ATTEMPT
from reconciler.core.moments import parse_moment, stamp
from reconciler.core.observed import LiveEndpoint, Observed, Run
from reconciler.core.plan import FieldChange
from reconciler.core.state import Checkpoint, DatasetPin, Record, Route, Share, State, Version, VersionStatus
from reconciler.planning.blocks import TRAINING_PATHS, first_at
from reconciler.planning.compare import training_changes
from reconciler.planning.content import ADOPTED_WITH, UNKNOWN_DIGEST
from reconciler.planning.transitions.endpoint_words import declared_words
from reconciler.planning.world import World
from reconciler.spec.fields import training_body
from reconciler.spec.fingerprint import training_fingerprint
from reconciler.spec.pasted import DISPLAY_NAME
from reconciler.spec.writing import can_be_said

UNTOLD = (
    "Google does not give back what it was tuned from, so its digest is unknown: "
    "name it as tuningTask.trainingData before it is to be tuned again"
)
_UNKNOWN = "the digest of what was tuned from is unknown"


def bare_version(run: Run, number: int = 1) -> Version:
    """A run as a version of which only the server's own words are known, for comparing."""
    return Version(
        number, VersionStatus.SUPERSEDED, "", {}, "", run=run.name, run_state=run.state, resolved=run.body, adopted=True
    )


def record_of(model: TunedModel, candidate: Candidate, desired: Desired, observed: Observed) -> Record:
    """The record of a model whose spec was found to be that of the candidate's last run."""
    record = Record(
        address=model.address,
        backend=model.backend,
        project=model.project,
        location=model.location,
        prevent_destroy=model.lifecycle.prevent_destroy,
        on_remove=model.lifecycle.on_remove,
        metadata=_metadata(model, candidate),
    )
    for number, run in enumerate(candidate.runs, 1):
        is_current = run is candidate.current
        asked_for = model if is_current else replace(model, body=run.body)
        record = record.with_version(_version(number, run, asked_for, candidate.endpoint_of(run), desired, observed))
    if candidate.current.state.is_active:
        return record
    number = len(candidate.runs)
    served = replace(record.versions[-1], status=VersionStatus.READY)
    return replace(record.with_version(served), current=number, since=served.finished_at or served.created_at)


def _version(number: int, run: Run, model: TunedModel, endpoint: str, desired: Desired, observed: Observed) -> Version:
    pins = pins_of(run, observed)
    return replace(
        bare_version(run, number),
        status=VersionStatus.ACTIVE if run.state.is_active else VersionStatus.SUPERSEDED,
        fingerprint=training_fingerprint(model, desired.contents),
        body=training_body(model, desired.contents),
        attempt=run.labels.get(ATTEMPT, ""),
        datasets=pins,
        model=run.model,
        endpoint=endpoint if observed.endpoint(endpoint) else "",
        checkpoints=tuple(_still_there(c, observed) for c in run.checkpoints),
        experiment=run.experiment,
        created_at=run.created_at,
        finished_at=run.ended_at,
        billed_tokens=run.billed_tokens,
        evidence={ADOPTED_WITH: UNKNOWN_DIGEST} if _is_unknown(pins) else {},
    )


def pins_of(run: Run, observed: Observed) -> tuple[DatasetPin, ...]:
    """Which content a run was given, as far as that can be told by now.

    An object that was written after the run was made says nothing about what the run read; its pin has no digest.
    """
    made = parse_moment(run.started_at) or parse_moment(run.created_at)
    pins = []
    for uri in dataset_uris(run.body):
        stored = observed.objects.get(uri)
        is_later = stored is not None and _written_after(stored.generation, made)
        pins.append(pin_of(uri, None if is_later else stored))
    return tuple(pins)


def unknown_data(run: Run, observed: Observed) -> tuple[str, ...]:
    """In words, for each object whose content at the time is not known."""
    if run.backend == "gemini":
        return (UNTOLD,)
    pins = pins_of(run, observed)
    words = [f"{pin.uri} {_why_unknown(pin.uri, observed)}: {_UNKNOWN}" for pin in pins if not pin.crc32c]
    source = first_at(run.body, TRAINING_PATHS[run.backend])
    if isinstance(source, str) and not source.startswith("gs://"):
        words.append(f"{source} may have changed since: {_UNKNOWN}")
    return tuple(words)


def _why_unknown(uri: str, observed: Observed) -> str:
    if uri not in observed.objects:
        return "cannot be read"
    return "was overwritten since" if observed.objects[uri] else "does not exist any more"


def endpoint_record(endpoint: Endpoint, live: LiveEndpoint, shares: tuple[Share, ...], now: datetime) -> Record:
    """The record of an endpoint whose spec was found to be what is live."""
    return Record(
        address=endpoint.address,
        backend="vertex",
        project=endpoint.project,
        location=endpoint.location,
        since=stamp(now),
        prevent_destroy=endpoint.lifecycle.prevent_destroy,
        on_remove=endpoint.lifecycle.on_remove,
        metadata=declared_words(endpoint),
        route=Route(live.name, shares=shares),
    )


def shares_of(candidate: EndpointCandidate, state: State) -> tuple[Share, ...]:
    """What a live endpoint carries, by the recorded versions of the models."""
    shares = []
    for portion in candidate.portions:
        record = state.resources[portion.model]
        version = record.version(portion.version) if portion.version is not None else record.serving
        if version is not None:
            checkpoint = portion.checkpoint or default_checkpoint(version.checkpoints, version.endpoint)
            shares.append(Share(str(portion.model), version.number, version.model, portion.percent, checkpoint))
    return tuple(shares)


def _is_unknown(pins: tuple[DatasetPin, ...]) -> bool:
    return not pins or any(not pin.crc32c for pin in pins)


def _written_after(generation: str, moment: datetime | None) -> bool:
    """Cloud Storage's generations are the microseconds at which an object was written."""
    if moment is None or not generation.isdecimal():
        return False
    return int(generation) > moment.timestamp() * 1_000_000


def _still_there(checkpoint: Checkpoint, observed: Observed) -> Checkpoint:
    return checkpoint if observed.endpoint(checkpoint.endpoint) else replace(checkpoint, endpoint="")


def _metadata(model: TunedModel, candidate: Candidate) -> dict[str, object]:
    """What counts as last written. Names that a spec cannot say, or that only the endpoint has, are left alone."""
    names = set()
    is_unnamed = not candidate.display_name and DISPLAY_NAME[model.backend] not in model.body
    if is_unnamed or not can_be_said(candidate.display_name):
        names.add(candidate.display_name)
    if candidate.endpoint is not None and candidate.endpoint.display_name != candidate.display_name:
        names.add(candidate.endpoint.display_name)
    kept: dict[str, object] = declared_metadata(model)
    return {**kept, "namesLeftAlone": sorted(names)} if names else kept


def differences(world: World, model: TunedModel, candidate: Candidate) -> tuple[FieldChange, ...]:
    """The training fields in which a declared model is another than the candidate's last run.

    Data that the server never tells (Gemini API) cannot differ: the spec is believed.
    """
    untold = (
        {".".join((model.backend, *path)) for path in TRAINING_PATHS["gemini"]} if model.backend == "gemini" else ()
    )
    found = training_changes(world, model, bare_version(candidate.current))
    return tuple(c for c in found if not (c.before is None and c.path.startswith(tuple(untold))))


def in_words(changes: Sequence[FieldChange]) -> str:
    """`path: live 3, declared 4; …`."""
    return "; ".join(f"{c.path}: live {_value(c.before)}, declared {_value(c.after)}" for c in changes)


def _value(value: object) -> str:
    return "nothing" if value is None else str(value)[:200]
