"""What the use cases are asked for and what they answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from reconciler.applying.first_run import Preparer
from reconciler.applying.operations import Pace
from reconciler.applying.recovery import Patience
from reconciler.core.address import Address
from reconciler.core.desired import Backend, Desired
from reconciler.core.diagnostics import Diagnostic
from reconciler.core.events import Event
from reconciler.core.observed import Observed
from reconciler.core.plan import Plan, Reason
from reconciler.core.state import State
from reconciler.errors import InDoubt
from reconciler.providers.protocol import ObjectStore, TuningProvider

ReadsUntil = Callable[[float | None], AbstractContextManager[object]]


@dataclass(frozen=True, slots=True)
class PlanOptions:
    """What a plan is asked for; empty targets are everything. `spent` is what earlier passes of an apply have spent."""

    targets: tuple[Address, ...] = ()
    destroy: bool = False
    refresh: bool = True
    allow_retired: bool = False
    max_cost: float | None = None
    spent: float = 0.0


@dataclass(frozen=True, slots=True)
class ApplyOptions:
    """How a plan is carried out. `timeout` is in seconds; `saved` is a saved plan's JSON."""

    plan: PlanOptions = field(default_factory=PlanOptions)
    wait: bool = False
    timeout: float | None = None
    allow_deletes: int | None = None
    auto_approve: bool = False
    saved: Mapping[str, Any] | None = None
    first_run_fix: bool = False


@dataclass(frozen=True, slots=True)
class Validation:
    """What `validate` found; `counts` are resources by kind."""

    diagnostics: tuple[Diagnostic, ...]
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class HeldItem:
    """Something that was not done, and why."""

    address: Address
    reason: Reason


@dataclass(frozen=True, slots=True)
class ApplyResult:
    """What an apply came to. `pending` names the runs that are still on their way, and what waits for its turn.

    `queued` says that something does. `refused` are addresses of which Google refused the create. `moved` says that the
    last pass did something, after which another may find more to do. `unpublished` is set when the last pass could not
    write the manifest. `spent` is in US dollars, as estimated.
    """

    plan: Plan
    counts: Mapping[str, int] = field(default_factory=dict)
    held: tuple[HeldItem, ...] = ()
    pending: tuple[str, ...] = ()
    failed: tuple[Event, ...] = ()
    doubts: tuple[InDoubt, ...] = ()
    approved: bool = True
    interrupted: bool = False
    timed_out: bool = False
    moved: bool = False
    unpublished: Event | None = None
    spent: float = 0.0
    queued: bool = False
    refused: frozenset[Address] = frozenset()

    @property
    def failures(self) -> tuple[Event, ...]:
        """Everything that went wrong and still does."""
        return (*self.failed, *((self.unpublished,) if self.unpublished else ()))

    def then(self, later: ApplyResult) -> ApplyResult:
        """Both passes as one: the first plan, everything done, and where the later one stands.

        What went wrong in both of them in the same way went wrong once.
        """
        return replace(
            later,
            plan=self.plan,
            counts=dict(Counter(self.counts) + Counter(later.counts)),
            failed=(*self.failed, *(event for event in later.failed if event not in self.failed)),
            spent=self.spent + later.spent,
            refused=self.refused | later.refused,
        )


@dataclass(frozen=True, slots=True)
class Cloud:
    """The collaborators that talk to Google.

    `window` says from when absence of a create sent at that moment may be concluded, `judge` by which time.
    `first_run` is for `first_run_fix`, after which Google gets `settle` seconds. Within `reads_until(moment)` no read
    is sent again after a pause that would end past that moment of the clock's `monotonic`; None is no bound.
    """

    providers: Mapping[Backend, TuningProvider]
    objects: ObjectStore
    window: Callable[[datetime], datetime]
    judge: Callable[[], datetime]
    patience: Patience
    pace: Pace
    first_run: Preparer | None = None
    settle: float = 300.0
    reads_until: ReadsUntil = nullcontext


@dataclass(frozen=True, slots=True)
class View:
    """Everything a decision rests on: what is wanted, what was recorded, what is there."""

    desired: Desired
    recorded: State
    state: State
    observed: Observed
    diagnostics: tuple[Diagnostic, ...]
    doubts: tuple[InDoubt, ...] = ()


@dataclass(frozen=True, slots=True)
class Standing:
    """One address for `status`: which version serves, what runs, where. `details` are further lines about it."""

    address: Address
    serving: int | None
    version: int | None
    status: str
    run_state: str
    run: str
    model: str
    endpoint: str
    location: str
    since: str
    completed_steps: int | None = None
    total_steps: int | None = None
    error: str = ""
    details: tuple[str, ...] = ()
    loss: float | None = None
