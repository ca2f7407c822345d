"""What every tuning service offers the rest of tuneform.

`TuningReader` can only look; `drift` and `plan` hold nothing else. `TuningProvider` adds the writes. No method waits:
a long-running operation comes back as its name and is asked about again with `operation`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol, TypeVar, runtime_checkable

from reconciler.core.desired import Backend, TunedModel
from reconciler.core.metrics import RunMetrics
from reconciler.core.observed import LiveEndpoint, LiveModel, Observed, Run, StoredObject
from reconciler.core.state import Record, Version

Driver = TypeVar("Driver")


def driver_of(drivers: Mapping[Backend, Driver], backend: str) -> Driver | None:
    """What drives a service by the name that a record has of it; None where this version does not drive it."""
    return next((driver for name, driver in drivers.items() if name == backend), None)


class Outcome(StrEnum):
    """How a paid create ended, by evidence; doubt is the default (see docs/what-if-it-dies-here.md)."""

    COMMITTED = "committed"
    REFUSED = "refused"
    NOT_SENT = "not_sent"
    IN_DOUBT = "in_doubt"


@dataclass(frozen=True, slots=True)
class CreateRequest:
    """One paid create, ready to send: where, and the body with its labels. `digest` covers path and body."""

    path: str
    location: str
    body: Mapping[str, Any]
    digest: str
    params: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Submission:
    """What one POST came to. `run` is set when COMMITTED; `error` carries the reason otherwise.

    `operation` is set where the answer was a long-running operation that will name the run; until then it is in doubt.
    """

    outcome: Outcome
    run: Run | None = None
    error: Exception | None = None
    operation: Operation | None = None


@dataclass(frozen=True, slots=True)
class Operation:
    """A long-running operation: its name, and once done its response or error."""

    name: str
    done: bool
    error: Exception | None = None
    response: Mapping[str, Any] = field(default_factory=dict)


class TuningReader(Protocol):
    """Looks; sends nothing but GETs."""

    @property
    def backend(self) -> Backend:
        """Which provider block it serves."""
        ...

    def observe(self, models: Sequence[TunedModel], records: Sequence[Record]) -> Observed:
        """Everything these specs and records concern, by listing pages; what cannot be read goes to `unreadable`."""
        ...

    def run(self, name: str) -> Run:
        """One run, asked for by name. Raises NotFound."""
        ...

    def runs_in(self, project: str, location: str) -> Sequence[Run]:
        """Every run of one location, all pages. Raises rather than give a part."""
        ...

    def model(self, name: str) -> LiveModel:
        """One model. Raises NotFound."""
        ...

    def metrics(self, version: Version) -> RunMetrics:
        """What the run of a version measured so far; empty when it measured nothing, or that is gone."""
        ...


class TuningProvider(TuningReader, Protocol):
    """Looks and writes."""

    def create_request(
        self, model: TunedModel, *, body: Mapping[str, Any], labels: Mapping[str, str], attempt: str
    ) -> CreateRequest:
        """The request that would tune `model`, `body` being its block with every reference resolved."""
        ...

    def submit(self, request: CreateRequest) -> Submission:
        """Send it, once: no retry, no redirect, on a fresh connection. Never raises for what the server does."""
        ...

    def cancel(self, run: str) -> None:
        """Ask a run to stop; best effort on Google's side."""
        ...

    def update_model(self, name: str, changes: Mapping[str, Any]) -> LiveModel:
        """Patch `displayName`, `description`, `labels` of a model."""
        ...

    def update_endpoint(self, name: str, changes: Mapping[str, Any]) -> LiveEndpoint:
        """Patch `displayName`, `description`, `labels`, `trafficSplit`; with `etag` only if nobody changed it since."""
        ...

    def endpoint(self, name: str) -> LiveEndpoint:
        """One endpoint. Raises NotFound."""
        ...

    def create_endpoint(self, project: str, location: str, endpoint_id: str, body: Mapping[str, Any]) -> Operation:
        """Make an endpoint under a client-chosen id."""
        ...

    def deploy(
        self, endpoint: str, model: str, *, display_name: str, checkpoint: str, traffic: Mapping[str, int]
    ) -> Operation:
        """Put a model on an endpoint; in `traffic` the key "0" stands for it."""
        ...

    def undeploy(self, endpoint: str, deployed_model_id: str, traffic: Mapping[str, int]) -> Operation:
        """Take one model off an endpoint; `traffic` is what the others carry then, empty when none is left."""
        ...

    def delete_endpoint(self, name: str) -> Operation:
        """Delete an endpoint that carries nothing."""
        ...

    def delete_model(self, name: str) -> Operation:
        """Delete a model and all its versions, or the one version that `name` carries behind `@`."""
        ...

    def operation(self, name: str) -> Operation:
        """Ask after a long-running operation."""
        ...

    def generate(
        self, version: Version, contents: Sequence[Mapping[str, Any]], settings: Mapping[str, Any] | None = None
    ) -> Mapping[str, Any]:
        """What a version answers, in the shape of generateContent's answer.

        `settings` are further fields of that request, such as `systemInstruction` and `generationConfig`. Raises
        Problem, with the field, for a prompt that the service has no words for.
        """
        ...


@runtime_checkable
class Rebaser(Protocol):
    """A service that can tune again, on another base model, what it has tuned before."""

    def rebase_request(
        self, model: TunedModel, *, body: Mapping[str, Any], labels: Mapping[str, str], attempt: str, source: str
    ) -> CreateRequest:
        """The request that would make `model` from `source`, the run or the model of an earlier version."""
        ...


class ObjectReader(Protocol):
    """Cloud Storage as far as looking at datasets needs it; sends nothing but GETs."""

    def look_up(self, uris: Sequence[str]) -> Observed:
        """The objects behind `gs://` URIs; requests grow with listing pages, not with URIs."""
        ...


class ObjectStore(ObjectReader, Protocol):
    """Cloud Storage, as far as datasets and the manifest need it."""

    def upload(self, path: str, uri: str, *, sha256: str) -> StoredObject:
        """Put a local file at `uri` unless an object is there already; the object that is there then.

        Reads through one file descriptor and refuses content whose digest is not `sha256`.
        """
        ...

    def replace(self, uri: str, content: bytes, *, create: bool) -> bool:
        """Make `content` what the object at `uri` holds; whether anything was written.

        Without `create` an object that is not there stays so. Nothing that was written meanwhile is overwritten unseen.
        """
        ...
