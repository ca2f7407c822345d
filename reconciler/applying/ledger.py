"""The state as one pass changes it, and a count of what was done."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace

from reconciler.core.address import Address
from reconciler.core.desired import Endpoint, TunedModel
from reconciler.core.events import Event
from reconciler.core.observed import Observed, Run
from reconciler.core.plan import Reason
from reconciler.core.resource_names import key_of
from reconciler.core.state import Intent, Record, State, Version, VersionStatus
from reconciler.errors import InDoubt
from reconciler.planning.gates import failure_in_words
from reconciler.planning.reasons import Code, because


@dataclass
class Ledger:
    """Mutable for the length of one pass; `state` and `observed` are what later steps of the pass go by.

    `refused` are addresses of which Google has refused the create for good.
    """

    state: State
    observed: Observed
    done: Counter[str] = field(default_factory=Counter)
    failed: list[Event] = field(default_factory=list)
    doubts: list[InDoubt] = field(default_factory=list)
    queued: list[str] = field(default_factory=list)
    held: list[tuple[Address, Reason]] = field(default_factory=list)
    refused: set[Address] = field(default_factory=set)

    def record(self, address: Address) -> Record:
        """The record of an address; raises KeyError where there is none."""
        return self.state.resources[address]

    def put(self, record: Record) -> None:
        """Add or replace a record."""
        self.state = self.state.with_record(record)

    def put_version(self, address: Address, version: Version) -> None:
        """Add or replace one version of a record."""
        self.put(self.record(address).with_version(version))

    def drop(self, address: Address) -> None:
        """Forget an address."""
        self.state = self.state.without(address)

    def note_run(self, run: Run) -> None:
        """A run that came to be, or was looked at, during this pass."""
        self.observed = replace(self.observed, runs={**self.observed.runs, key_of(run.name): run})

    def note_intent(self, intent: Intent) -> None:
        """An intent of this pass, in place of its earlier self."""
        others = tuple(i for i in self.state.intents if i.id != intent.id)
        self.state = replace(self.state, intents=(*others, intent))

    def serve(self, address: Address, number: int, since: str) -> None:
        """Make one version current from that moment on (RFC 3339); the one that served is superseded."""
        record = self.record(address)
        versions = tuple(_with_part(v, number, record.current) for v in record.versions)
        self.put(replace(record, versions=versions, current=number, since=since))

    def hold(self, address: Address, number: int | None) -> None:
        """A version that did not pass its gates: it stays as it is, and so does what serves."""
        version = self.record(address).version(number)
        if version is not None:
            self.held.append((address, because(Code.GATE_FAILED, failure_in_words(address, version))))

    def protect(self, spec: TunedModel | Endpoint) -> None:
        """Keep a resource's protection in its record, where deleting the spec cannot reach it."""
        record = self.state.resources.get(spec.address)
        if record is None:
            return
        kept = replace(record, prevent_destroy=spec.lifecycle.prevent_destroy, on_remove=spec.lifecycle.on_remove)
        if kept != record:
            self.put(kept)


def _with_part(version: Version, serving: int, before: int | None) -> Version:
    if version.number == serving:
        return replace(version, status=VersionStatus.READY)
    if version.number == before:
        return replace(version, status=VersionStatus.SUPERSEDED)
    return version
