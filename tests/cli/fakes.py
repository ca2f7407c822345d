"""An engine that answers what a test wants, for what only the command line decides: parsing, printing, exit codes."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from reconciler.applying.interrupt import Interrupt
from reconciler.applying.outcomes import ApplyOptions, ApplyResult, PlanOptions, Standing, Validation
from reconciler.cli.session import Session
from reconciler.cli.settings import Settings
from reconciler.core.address import Address
from reconciler.core.drift import DriftReport
from reconciler.core.events import Event, EventSink
from reconciler.core.plan import Plan
from reconciler.core.state import Record, State
from tests.reports import audits, plans

if TYPE_CHECKING:
    from reconciler.engine import Engine

ENDPOINT = "projects/acme-ml/locations/us-central1/endpoints/8841"
TRIAGE = Address("TunedModel", "support-triage")


@dataclass
class FakeEngine:
    """Set what it is to answer; `raises` is raised by every use case. `asked` notes what it was asked for."""

    made: Plan = plans.EVERYTHING
    result: Callable[[Plan], ApplyResult] = ApplyResult
    events: Sequence[Event] = ()
    raises: BaseException | None = None
    validation: Validation = field(default_factory=lambda: Validation((), {"TunedModel": 2, "Dataset": 1}))
    standings: tuple[Standing, ...] = ()
    while_applying: Callable[["FakeEngine"], None] = lambda _: None
    asked: dict[str, Any] = field(default_factory=dict)
    settings: Settings | None = None
    interrupt: Interrupt = field(default_factory=Interrupt)
    audited: DriftReport = audits.DRIFT

    def _note(self, **asked: Any) -> None:
        self.asked.update(asked)
        if self.raises is not None:
            raise self.raises

    def validate(self, paths: Sequence[Path] = ()) -> Validation:
        self._note(paths=list(paths))
        return self.validation

    def plan(self, options: PlanOptions) -> Plan:
        self._note(options=options)
        return self.made

    def drift(self) -> DriftReport:
        self._note()
        return self.audited

    def apply(self, options: ApplyOptions, approve: Callable[[Plan], bool], emit: EventSink) -> ApplyResult:
        self._note(options=options)
        emit(Event("planned", "what apply is about to do", fields={"plan": self.made}))
        needs_yes = any(change.action.mutates for change in self.made.changes)
        if options.saved is None and not options.auto_approve and needs_yes and not approve(self.made):
            return ApplyResult(self.made, approved=False)
        for event in self.events:
            emit(event)
        self.while_applying(self)
        return self.result(self.made)

    def status(self, *, refresh_first: bool = True) -> tuple[Standing, ...]:
        self._note(refresh_first=refresh_first)
        return self.standings

    def outputs(self, address: Address | None = None) -> Mapping[str, Mapping[str, Any]]:
        self._note(address=address)
        return {str(address or TRIAGE): {"version": 1, "endpoint": ENDPOINT}}

    def state_list(self) -> tuple[Address, ...]:
        self._note()
        return (Address("Dataset", "triage-train"), TRIAGE)

    def state_show(self, address: Address) -> Record:
        self._note(address=address)
        return Record(address, "vertex", "acme-ml", "us-central1")

    def state_remove(self, address: Address) -> None:
        self.asked.setdefault("removed", []).append(address)

    def state_move(self, old: Address, new: Address) -> None:
        self._note(moved=(old, new))

    def state_pull(self) -> bytes:
        return b'{"serial":3}'

    def state_push(self, data: bytes, *, force: bool = False) -> State:
        self._note(pushed=data, force=force)
        return State("lineage", 4)

    def state_history(self) -> list[Any]:
        return []

    def state_restore(self, serial: int) -> State:
        self._note(restored=serial)
        return State("lineage", 9)

    def state_unlock(self, *, force: bool = False) -> None:
        self._note(force=force)


def session_with(engine: FakeEngine, environ: Mapping[str, str] | None = None) -> Session:
    """A session whose engine is the fake."""

    def build(settings: Settings) -> "Engine":
        engine.settings = settings
        return cast("Engine", engine)

    return Session(build=build, environ=environ or {})
