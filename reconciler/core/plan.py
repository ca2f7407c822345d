"""A plan: what would be done, why, at what cost, caused by which line of which spec."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from reconciler.core.address import Address
from reconciler.core.diagnostics import Diagnostic, Source
from reconciler.core.state import Route


class Action(StrEnum):
    """What a change does. The order is the order in which a summary counts them."""

    CREATE = "create"
    RETUNE = "retune"
    UPDATE = "update"
    DEPLOY = "deploy"
    PROMOTE = "promote"
    ROLLBACK = "rollback"
    EVALUATE = "evaluate"
    ADOPT = "adopt"
    WAIT = "wait"
    QUEUE = "queue"
    HOLD = "hold"
    CANCEL = "cancel"
    DELETE = "delete"
    FORGET = "forget"
    NONE = "none"

    @property
    def is_paid(self) -> bool:
        """Whether carrying it out starts a billed job."""
        return self in (Action.CREATE, Action.RETUNE)

    @property
    def mutates(self) -> bool:
        """Whether carrying it out writes anything, remote or in state."""
        return self not in (Action.WAIT, Action.QUEUE, Action.HOLD, Action.NONE)


class FieldClass(StrEnum):
    """What a change of a field means; see the contract's section on plans."""

    TRAINING = "training"
    SERVING = "serving"
    METADATA = "metadata"
    EVALUATION = "evaluation"
    RUNTIME = "run-time"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why, as a stable code for scripts and a sentence for people."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field: its dotted path, both values, its class and the spec line that caused it."""

    path: str
    before: Any
    after: Any
    field_class: FieldClass
    source: Source | None = None


@dataclass(frozen=True, slots=True)
class Cost:
    """One-off US dollars; None is unknown. `basis` says how it came about; `low` and `high` band an estimate."""

    usd: float | None
    basis: str
    estimate: bool = True
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """One thing to do for one address.

    `version` is the version it is about, `serving` the one that serves until it is done; `targets` are the resource
    names it touches (deletes, cancels, patches). `route` is what an endpoint carries once it is carried out.
    """

    address: Address
    action: Action
    reasons: tuple[Reason, ...]
    fields: tuple[FieldChange, ...] = ()
    cost: Cost | None = None
    version: int | None = None
    targets: tuple[str, ...] = ()
    source: Source | None = None
    serving: int | None = None
    route: Route | None = None

    @property
    def key(self) -> tuple[Address, Action, int | None]:
        """What tells the changes of one plan apart."""
        return self.address, self.action, self.version

    @property
    def is_paid(self) -> bool:
        """Whether carrying it out starts a billed job; uploads and endpoints are created too, but only models cost."""
        return self.action.is_paid and self.address.kind == "TunedModel"


@dataclass(frozen=True, slots=True)
class StateRef:
    """The state a plan was made from."""

    lineage: str
    serial: int


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that would be done now. `changes` leaves out `none`; `summary` counts every action by address."""

    project: str
    created_at: str
    state: StateRef
    spec_digest: str
    changes: tuple[Change, ...]
    summary: Mapping[Action, int]
    complete: bool
    diagnostics: tuple[Diagnostic, ...] = ()
    unreadable: tuple[str, ...] = field(default_factory=tuple)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to do and nothing under way."""
        return not self.changes

    @property
    def cost_usd(self) -> float:
        """The sum of every known one-off cost."""
        return sum(c.cost.usd for c in self.changes if c.cost is not None and c.cost.usd is not None)

    @property
    def unknown_costs(self) -> int:
        """How many paid changes have no known price."""
        return sum(1 for c in self.changes if c.is_paid and (c.cost is None or c.cost.usd is None))

    def of(self, *actions: Action) -> tuple[Change, ...]:
        """The changes of these actions, in plan order."""
        return tuple(c for c in self.changes if c.action in actions)
