"""One pass: settle doubts, look, absorb, plan, ask, carry out, record. Whoever runs the next one goes on from there."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

from reconciler.applying.approval import ChangeKey, check_saved, held_changes
from reconciler.applying.bills import in_words
from reconciler.applying.clock import Clock
from reconciler.applying.creating import Creator
from reconciler.applying.executor import Executor, Tools
from reconciler.applying.first_run import prepare_first_run
from reconciler.applying.interrupt import Interrupt
from reconciler.applying.ledger import Ledger
from reconciler.applying.outcomes import ApplyOptions, ApplyResult, Cloud, HeldItem, PlanOptions, View
from reconciler.applying.publishing import publish
from reconciler.applying.recovery import Recovery
from reconciler.applying.refreshing import refresh
from reconciler.applying.spending import spent_between
from reconciler.catalog import Catalog
from reconciler.core.address import Address
from reconciler.core.desired import Desired
from reconciler.core.diagnostics import Diagnostic
from reconciler.core.events import Event, EventSink
from reconciler.core.plan import Action, Plan, Reason
from reconciler.core.state import State, Version
from reconciler.errors import IncompleteView, TuneformError
from reconciler.planning.absorb import absorb
from reconciler.planning.bill import Bill, bill
from reconciler.planning.plan import PlanOptions as PlanningOptions
from reconciler.planning.plan import make_plan
from reconciler.planning.reasons import Code
from reconciler.state.lock import Lock
from reconciler.state.store import StateStore

Approve = Callable[[Plan], bool]


def decide(view: View, options: PlanOptions, catalog: Catalog, clock: Clock) -> Plan:
    """The plan for a view, with what loading found put in front of what planning found."""
    planning = PlanningOptions(
        targets=options.targets,
        destroy=options.destroy,
        allow_retired=options.allow_retired,
        max_cost=options.max_cost,
        spent=options.spent,
        evaluates=True,
    )
    plan = make_plan(view.desired, view.state, view.observed, catalog, clock.now(), options=planning)
    return replace(plan, diagnostics=(*view.diagnostics, *plan.diagnostics))


@dataclass(frozen=True, slots=True)
class PassRunner:
    """Runs passes for one set of resolved specs."""

    desired: Desired
    diagnostics: tuple[Diagnostic, ...]
    store: StateStore
    lock: Lock
    cloud: Cloud
    catalog: Catalog
    clock: Clock
    interrupt: Interrupt
    emit: EventSink

    def first(self, options: ApplyOptions, approve: Approve) -> ApplyResult:
        """The pass that shows its plan and asks. Raises Locked, Held, IncompleteView, StateError."""
        with self.lock.held("apply"):
            view, plan = self._prepare(options, "Nothing was changed.")
            self.emit(Event("planned", "what apply is about to do", fields={"plan": plan}))
            if options.saved is not None:
                check_saved(plan, options.saved)
            elif not options.auto_approve and plan_needs_yes(plan) and not approve(plan):
                unpublished = self._record(view, view.state)
                return ApplyResult(plan, approved=False, doubts=view.doubts, unpublished=unpublished)
            return self._carry_out(view, plan, options)

    def following(self, options: ApplyOptions, earlier: ApplyResult, *, ends: float | None = None) -> ApplyResult:
        """A later pass of the same apply: what was approved is the specs, and those have not changed.

        Reads are not waited for past `ends`, on the clock's `monotonic`. Raises Locked, IncompleteView, StateError.
        """
        so_far = replace(options, plan=replace(options.plan, spent=earlier.spent))
        standing = "What the passes before this one did is recorded; this one changed nothing."
        with self.lock.held("apply"):
            with self.cloud.reads_until(ends):
                view, plan = self._prepare(so_far, standing if earlier.counts else "Nothing was changed.")
            return self._carry_out(view, plan, so_far, earlier.refused)

    def _prepare(self, options: ApplyOptions, standing: str) -> tuple[View, Plan]:
        """What this pass sees and would do; `standing` says what has been done where not everything can be read."""
        self.store.backend.check_writable()
        view = self._view()
        plan = decide(view, options.plan, self.catalog, self.clock)
        if not plan.complete:
            raise IncompleteView(
                f"not everything could be read: {'; '.join(plan.unreadable)}",
                next_step=f"{standing} Mend the access and apply again.",
            )
        return view, plan

    def _view(self) -> View:
        recorded = self.store.read()
        recovery = Recovery(
            self.store.journal,
            self.cloud.providers,
            clock=self.clock,
            judge=self.cloud.judge,
            patience=self.cloud.patience,
            emit=self.emit,
        )
        settled, doubts = recovery.settle_all(recorded)
        observed = refresh(self.desired, settled, self.cloud.providers, self.cloud.objects)
        absorbed = absorb(settled, observed, self.clock.now())
        self._tell_finished(recorded, absorbed)
        return View(self.desired, recorded, absorbed, observed, self.diagnostics, doubts)

    def _tell_finished(self, before: State, after: State) -> None:
        for address, record in after.resources.items():
            earlier = before.resources.get(address)
            for version in record.versions:
                known = earlier.version(version.number) if earlier else None
                if known is not None and known.is_live and not version.is_live:
                    self.emit(finished(address, version, bill(version, self.catalog)))

    def _carry_out(
        self, view: View, plan: Plan, options: ApplyOptions, refused: Collection[Address] = ()
    ) -> ApplyResult:
        held = held_changes(
            plan,
            max_deletes=self.desired.project.limits.max_deletes,
            allow_deletes=options.allow_deletes,
            auto_approve=options.auto_approve,
            saved=options.saved is not None,
        )
        if options.first_run_fix and self.cloud.first_run is not None:
            prepare_first_run(
                plan,
                self.desired,
                self.cloud.first_run,
                self.interrupt,
                self.emit,
                settle=self.cloud.settle,
                judge=self.cloud.judge,
            )
        ledger = self._executor(view).run(plan, view.state, view.observed, held, refused)
        state = absorb(ledger.state, ledger.observed, self.clock.now())
        unpublished = self._record(view, state)
        result = self._result(plan, view, ledger, state, held)
        return replace(result, unpublished=unpublished, spent=spent_between(view.recorded, state))

    def _executor(self, view: View) -> Executor:
        tools = Tools(
            providers=self.cloud.providers,
            objects=self.cloud.objects,
            creator=Creator(self.store.journal, head=self.store.head, window=self.cloud.window, clock=self.clock),
            clock=self.clock,
            interrupt=self.interrupt,
            pace=self.cloud.pace,
            emit=self.emit,
        )
        return Executor(tools, self.desired, (view.recorded.lineage, view.recorded.serial))

    def _record(self, view: View, state: State) -> Event | None:
        """Write the state if it changed; only then let go of the journal entries that it accounts for.

        Then publish. The state stands whatever comes of that: the failure, if any, is the answer.
        """
        self.store.write(state, view.recorded)
        self.store.journal.forget([i for i in state.intents if not i.is_open])
        place = self.desired.project.publish
        try:
            written = publish(self.desired.project, state, self.cloud.objects)
        except TuneformError as error:
            event = not_published(place, error)
            self.emit(event)
            return event
        if written:
            self.emit(Event("published", f"what serves is written to {place}", fields={"place": place}))
        return None

    def _result(
        self, plan: Plan, view: View, ledger: Ledger, state: State, held: Mapping[ChangeKey, Reason]
    ) -> ApplyResult:
        planned = [HeldItem(c.address, c.reasons[0]) for c in plan.of(Action.HOLD)]
        doubts = {str(d): d for d in (*view.doubts, *ledger.doubts)}
        waiting = [
            *(f"{address} (queued)" for address in (*(c.address for c in plan.of(Action.QUEUE)), *ledger.queued)),
            *(f"{c.address} (tried again later)" for c in plan.of(Action.WAIT) if c.reasons[0].code == Code.BACKOFF),
        ]
        return ApplyResult(
            plan=plan,
            counts=dict(ledger.done),
            held=(
                *planned,
                *(HeldItem(key[0], reason) for key, reason in held.items()),
                *(HeldItem(address, reason) for address, reason in ledger.held),
            ),
            pending=(*running(state), *waiting),
            queued=bool(waiting),
            refused=frozenset(ledger.refused),
            failed=tuple(ledger.failed),
            doubts=tuple(doubts.values()),
            interrupted=self.interrupt.requested,
            moved=bool(ledger.done) and not self.interrupt.requested,
        )


def finished(address: Address, version: Version, billed: Bill | None) -> Event:
    """That a run has ended: how, and what it came to beside what was estimated."""
    words = f"v{version.number} {version.run_state.lower().replace('_', ' ')}"
    if version.error:
        words = f"{words}: {version.error.message}"
    fields: dict[str, Any] = {"version": version.number, "state": str(version.run_state), "run": version.run}
    if billed is not None:
        words = f"{words}; {in_words(billed)}"
        fields.update(billed_usd=round(billed.usd, 4), estimated_usd=billed.estimated)
    return Event("finished", words, address=str(address), fields=fields)


def not_published(place: str, error: TuneformError) -> Event:
    """That the manifest could not be written, which the next pass tries again."""
    again = "The state is recorded; the next `tuneform apply` publishes it."
    fields = {"place": place, "where": error.where, "next_step": f"{error.next_step} {again}".lstrip()}
    return Event("failed", f"what serves could not be written to {place}: {error.what}", fields=fields)


def plan_needs_yes(plan: Plan) -> bool:
    """Whether a person has anything to approve."""
    return any(change.action.mutates for change in plan.changes)


def running(state: State) -> tuple[str, ...]:
    """What is still on its way, as `TunedModel/x v2 (projects/…/tuningJobs/1)`."""
    return tuple(
        f"{record.address} v{version.number} ({version.run})"
        for record in state.resources.values()
        for version in record.versions
        if version.is_live
    )
