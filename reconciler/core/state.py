"""What tuneform recorded: which remote objects belong to which address, under a lineage and a rising serial."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from reconciler.core.address import Address
from reconciler.core.desired import Backend
from reconciler.core.resource_names import model_key
from reconciler.core.runs import RunState


class VersionStatus(StrEnum):
    """Where a version stands with us; what its job says is `Version.run_state`."""

    ACTIVE = "active"
    CANCELLING = "cancelling"
    CANDIDATE = "candidate"
    READY = "ready"
    SUPERSEDED = "superseded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class RunError:
    """Why a run ended badly: a google.rpc.Code and Google's words, cut to a sane length."""

    code: int
    message: str


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """One saved point of a run. Each may have an endpoint of its own."""

    id: str
    epoch: int | None = None
    step: int | None = None
    endpoint: str = ""


@dataclass(frozen=True, slots=True)
class DatasetPin:
    """Which content a run was given: a `gs://` URI and what the object was then."""

    uri: str
    generation: str = ""
    crc32c: str = ""
    size: int | None = None

    def is_overwritten_by(self, crc32c: str) -> bool:
        """Whether an object with that checksum is known to hold other content."""
        return bool(self.crc32c and crc32c) and crc32c != self.crc32c


@dataclass(frozen=True, slots=True)
class Version:
    """One tuning run of a TunedModel and what came of it.

    `body` is what was declared when it was bought, with dataset addresses replaced by content digests;
    `resolved` is the server's echo of the same resource, defaults filled in. Times are RFC 3339.
    """

    number: int
    status: VersionStatus
    fingerprint: str
    body: Mapping[str, Any]
    attempt: str
    attempts: int = 1
    run: str = ""
    run_state: RunState = RunState.UNKNOWN
    resolved: Mapping[str, Any] = field(default_factory=dict)
    datasets: tuple[DatasetPin, ...] = ()
    model: str = ""
    endpoint: str = ""
    checkpoints: tuple[Checkpoint, ...] = ()
    experiment: str = ""
    error: RunError | None = None
    created_at: str = ""
    finished_at: str = ""
    billed_tokens: int | None = None
    estimated_usd: float | None = None
    evidence: Mapping[str, Any] = field(default_factory=dict)
    adopted: bool = False
    tainted: str = ""

    @property
    def resources(self) -> tuple[str, ...]:
        """What its run left, in the order of teardown: endpoints, checkpoints' too, then the model."""
        return tuple(n for n in (self.endpoint, *(c.endpoint for c in self.checkpoints), self.model) if n)

    @property
    def is_live(self) -> bool:
        """Whether its run is still on its way as far as we know."""
        return self.status in (VersionStatus.ACTIVE, VersionStatus.CANCELLING)


@dataclass(frozen=True, slots=True)
class Share:
    """A part of an endpoint's traffic: which version of which tuned model, and how many percent.

    `spec` is the model's address, `model` its resource name with the version Google gave it; without `checkpoint` the
    default one serves.
    """

    spec: str
    version: int
    model: str
    percent: int
    checkpoint: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """What is deployed, whatever its share."""
        return model_key(self.model), self.checkpoint

    @property
    def words(self) -> str:
        """Which version it is, for people."""
        return f"{self.spec} v{self.version}{f' checkpoint {self.checkpoint}' if self.checkpoint else ''}"


@dataclass(frozen=True, slots=True)
class Route:
    """A declared endpoint as it was last written.

    `counter` says how many endpoints the address has had. While a canary is on its way, `base` are the shares it
    started from and `step` is the percentage it has reached; otherwise `base` is empty and `step` 0.
    """

    name: str
    counter: int = 1
    shares: tuple[Share, ...] = ()
    base: tuple[Share, ...] = ()
    step: int = 0


@dataclass(frozen=True, slots=True)
class Record:
    """All that belongs to one address.

    `current` is the number of the version that serves, or None; `since` is when it began to (RFC 3339).
    `prevent_destroy` and `on_remove` are kept here so that deleting a spec does not delete its protection. `metadata`
    is what was last written to the live model and endpoint (`displayName`, `description`, `labels`), so that a label
    taken out of a spec is known to be ours. `objects` are the `gs://` URIs a Dataset was uploaded to, `route` is what
    an Endpoint carries.
    """

    address: Address
    backend: Backend | str
    project: str
    location: str
    versions: tuple[Version, ...] = ()
    current: int | None = None
    since: str = ""
    prevent_destroy: bool = False
    on_remove: str = "delete"
    metadata: Mapping[str, Any] = field(default_factory=dict)
    objects: tuple[str, ...] = ()
    route: Route | None = None

    def version(self, number: int | None) -> Version | None:
        """The version of that number, or None."""
        return next((v for v in self.versions if v.number == number), None)

    @property
    def serving(self) -> Version | None:
        """The version that serves now."""
        return self.version(self.current)

    @property
    def newest(self) -> Version | None:
        """The version that was bought last."""
        return self.versions[-1] if self.versions else None

    def with_version(self, version: Version) -> Record:
        """This record with `version` added, or put in place of the one of the same number."""
        if self.version(version.number) is None:
            return replace(self, versions=(*self.versions, version))
        return replace(self, versions=tuple(version if v.number == version.number else v for v in self.versions))


class IntentStatus(StrEnum):
    """How far one paid create has come. Only the last four are the end of it."""

    PREPARED = "prepared"
    SENDING = "sending"
    COMMITTED = "committed"
    REFUSED = "refused"
    ABSENT = "absent"
    ABANDONED = "abandoned"


@dataclass(frozen=True, slots=True)
class Intent:
    """The durable record that one paid create is about to be sent, and how it ended.

    `id` is `<address label>.v<version>.a<attempts>`, so that two processes that decide the same create collide on one
    journal entry. `attempt` is the random id that the run carries as a label. `decide_at` is when absence may first
    be concluded (RFC 3339; set with SENDING). `operation` is what Google answered with where a create begins as a
    long-running operation. `how` tells a plain reply from a recovery.
    """

    id: str
    address: Address
    backend: Backend
    project: str
    location: str
    version: int
    attempts: int
    attempt: str
    fingerprint: str
    body_digest: str
    body: Mapping[str, Any]
    status: IntentStatus = IntentStatus.PREPARED
    datasets: tuple[DatasetPin, ...] = ()
    estimated_usd: float | None = None
    prepared_at: str = ""
    sent_at: str = ""
    decide_at: str = ""
    operation: str = ""
    run: str = ""
    how: str = ""
    reason: str = ""

    @property
    def is_open(self) -> bool:
        """Whether its outcome still has to be found out."""
        return self.status in (IntentStatus.PREPARED, IntentStatus.SENDING)


@dataclass(frozen=True, slots=True)
class State:
    """A snapshot. `lineage` names the state for ever, `serial` rises by one with each write.

    `intents` are the journal's entries that this snapshot does not yet account for; they live in files of their own.
    """

    lineage: str
    serial: int = 0
    resources: Mapping[Address, Record] = field(default_factory=dict)
    intents: tuple[Intent, ...] = ()

    def with_record(self, record: Record) -> State:
        """This state with one record added or replaced; the serial is the store's business."""
        return replace(self, resources={**self.resources, record.address: record})

    def intent_for(self, address: Address) -> Intent | None:
        """The unfinished create of an address, or None."""
        return next((i for i in self.intents if i.address == address and i.is_open), None)

    def without(self, address: Address) -> State:
        """This state without one record."""
        return replace(self, resources={a: r for a, r in self.resources.items() if a != address})
