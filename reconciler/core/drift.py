"""What an audit found: where live resources are not what was last written, and what it could not see."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from reconciler.core.address import Address
from reconciler.core.canonical import digest
from reconciler.core.diagnostics import Diagnostic, Severity, Source
from reconciler.core.ignoring import IgnoreRule
from reconciler.core.json_values import json_values
from reconciler.core.plan import Action, FieldChange, StateRef


class Verdict(StrEnum):
    """What an audit comes to. What could not be seen outweighs what was: an incomplete audit never says in sync."""

    IN_SYNC = "in_sync"
    DRIFT = "drift"
    INCOMPLETE = "incomplete"
    ERROR = "error"


class DriftKind(StrEnum):
    """What is the matter. The order is the order in which reports tell it."""

    MISSING = "missing"
    CHANGED = "changed"
    DATASET_CHANGED = "dataset_changed"
    UNMANAGED = "unmanaged"
    RETIRING = "retiring"
    UNREADABLE = "unreadable"

    @property
    def is_drift(self) -> bool:
        """Whether it is a difference now; a base model that is going to retire is a forecast, not a difference."""
        return self not in (DriftKind.RETIRING, DriftKind.UNREADABLE)


@dataclass(frozen=True, slots=True)
class DriftItem:
    """One finding.

    `address` is empty where nothing declared or recorded is concerned, `resource` is a resource name, a `gs://` URI or
    what could not be read. `fields` go from what was last written (before) to what is live (after). `related` are
    further resources that are told about with it. `labelled` says of an unmanaged resource whether it carries this
    project's own label, `deadline` is the day (ISO 8601) on which something retires, `ignored` the rule that covers it.
    """

    kind: DriftKind
    message: str
    severity: Severity
    address: str = ""
    resource: str = ""
    fields: tuple[FieldChange, ...] = ()
    related: tuple[str, ...] = ()
    labelled: bool | None = None
    deadline: str = ""
    source: Source | None = None
    hint: str = ""
    ignored: IgnoreRule | None = None

    @property
    def counts(self) -> bool:
        """Whether it makes the verdict drift."""
        return self.kind.is_drift and self.ignored is None

    @property
    def fingerprint(self) -> str:
        """The same for the same finding of every audit, whatever its words and values: for one ticket a finding."""
        return digest(json_values([self.kind, self.address, self.resource, sorted(f.path for f in self.fields)]))


@dataclass(frozen=True, slots=True)
class PendingChange:
    """Something that specs ask for and no apply has done yet. It is no drift."""

    address: Address
    action: Action
    message: str


@dataclass(frozen=True, slots=True)
class Failure:
    """Why there was no audit: what, where, and what to do next."""

    what: str
    where: str = ""
    next_step: str = ""


@dataclass(frozen=True, slots=True)
class DriftReport:
    """One audit. `created_at` is RFC 3339.

    `items` hold what is ignored too. `audited` are the addresses that are recorded, `unseen` those of them, and of the
    declared ones, of which something could not be read. `elsewhere` counts, by project label, live resources that other
    tuneform projects own. With `failures` nothing was audited.
    """

    project: str
    created_at: str
    items: tuple[DriftItem, ...] = ()
    audited: tuple[Address, ...] = ()
    unseen: tuple[Address, ...] = ()
    pending: tuple[PendingChange, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    elsewhere: Mapping[str, int] | None = None
    state: StateRef | None = None
    spec_digest: str = ""
    failures: tuple[Failure, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """What it comes to."""
        if self.failures:
            return Verdict.ERROR
        if not self.complete:
            return Verdict.INCOMPLETE
        return Verdict.DRIFT if any(item.counts for item in self.items) else Verdict.IN_SYNC

    @property
    def complete(self) -> bool:
        """Whether everything could be read."""
        return not self.failures and all(item.kind is not DriftKind.UNREADABLE for item in self.items)

    @property
    def open(self) -> tuple[DriftItem, ...]:
        """The findings that no rule covers."""
        return tuple(item for item in self.items if item.ignored is None)

    @property
    def ignored(self) -> tuple[DriftItem, ...]:
        """The findings that a rule covers."""
        return tuple(item for item in self.items if item.ignored is not None)

    @property
    def counts(self) -> Mapping[DriftKind, int]:
        """How many findings of each kind are open."""
        counted = Counter(item.kind for item in self.open)
        return {kind: counted[kind] for kind in DriftKind}

    @property
    def unmanaged(self) -> int:
        """How many live resources no record knows, ignored ones among them."""
        return sum(item.kind is DriftKind.UNMANAGED for item in self.items)

    @property
    def coverage(self) -> float | None:
        """Managed resources among all that were found, in percent; None where that cannot be said."""
        total = len(self.audited) + self.unmanaged
        return 100 * len(self.audited) / total if self.complete and total else None
