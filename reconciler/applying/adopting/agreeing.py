"""Making sure, before anything is written, that the specs load, say what the runs were given, and plan to nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from reconciler.applying.adopting.declared import declared_endpoints
from reconciler.applying.adopting.endpoints import EndpointCandidate, sort_endpoints
from reconciler.applying.adopting.entries import Drafter, EndpointEntry, ModelEntry, texts_of
from reconciler.applying.adopting.outcomes import Left
from reconciler.applying.adopting.recording import differences, endpoint_record, in_words, record_of, shares_of
from reconciler.applying.clock import Clock
from reconciler.catalog import Catalog
from reconciler.core.address import Address
from reconciler.core.desired import Desired
from reconciler.core.observed import Observed
from reconciler.core.plan import Action
from reconciler.core.state import State
from reconciler.errors import SpecError, UsageError
from reconciler.planning.plan import PlanOptions, make_plan
from reconciler.planning.world import World, look

Prepare = Callable[[Mapping[str, str]], Desired]
"""Everything declared, with drafts by path as if they were written, and every dataset read. Raises SpecError."""
Entry = ModelEntry | EndpointEntry


@dataclass(slots=True)
class Agreement:
    """Entries that agree with what is live, by leaving out those that do not.

    Each round reads the specs anew, for what one entry says may depend on another that is left out. `left` says why;
    `wants` says which endpoints are asked for, `endpoint_address` how the only one is to be called; `unfit` are those
    that cannot be adopted beside these models.
    """

    prepare: Prepare
    drafter: Drafter
    observed: Observed
    catalog: Catalog
    clock: Clock
    models: list[ModelEntry] = field(default_factory=list)
    wants: Callable[[EndpointCandidate], bool] = lambda _: True
    endpoint_address: Address | None = None
    endpoints: list[EndpointEntry] = field(default_factory=list)
    left: dict[str, Left] = field(default_factory=dict)
    unfit: tuple[Left, ...] = ()

    def reach(self) -> None:
        """Settle which entries are adopted; each then has its record. Raises SpecError for faults of other specs."""
        while not self._round():
            pass

    @property
    def entries(self) -> list[Entry]:
        """All that are adopted."""
        return [*self.models, *self.endpoints]

    def _round(self) -> bool:
        adopting = [(entry.address, entry.candidate) for entry in self.models]
        found = sort_endpoints(self.observed, self.drafter.base, self.drafter.desired, adopting)
        wanted = [c for c in found.candidates if c.live.name not in self.left and self.wants(c)]
        self.endpoints = self.drafter.endpoints(wanted, self._addresses(wanted))
        self.unfit = found.left
        if not self.entries:
            return True
        try:
            desired = self.prepare(texts_of(self.entries))
        except SpecError as error:
            self._leave_the_invalid(error)
            return False
        if self._keep_more(desired) or not self._match(desired):
            return False
        return self._plan_to_nothing(desired)

    def _addresses(self, candidates: Sequence[EndpointCandidate]) -> Mapping[str, Address]:
        if self.endpoint_address is not None:
            return {candidate.live.name: self.endpoint_address for candidate in candidates}
        return declared_endpoints(self._world(self.drafter.desired, self.drafter.base), candidates)

    def _leave_the_invalid(self, error: SpecError) -> None:
        found = {d.source.file if d.source else "": d for d in reversed(error.diagnostics) if d.severity == "error"}
        unread = next((d for d in found.values() if d.code == "outside_specs"), None)
        if unread is not None:
            where = f"--out {self.drafter.folder}"
            raise UsageError("would not be read as specs", where=where, next_step=unread.hint) from error
        if found.keys() - {e.path for e in self.entries}:
            raise error
        for entry in self.entries:
            if entry.path in found:
                self._leave(entry, f"no spec can say it: {found[entry.path].message}")

    def _keep_more(self, desired: Desired) -> bool:
        """Where the project's own defaults keep less than there is, the spec has to say so itself."""
        redrafted = False
        for entry in self.models:
            count = len(entry.candidate.runs)
            if entry.path and entry.keep_last is None and desired.models[entry.address].lifecycle.keep_last < count:
                entry.keep_last = count
                self.drafter.write(entry, self.observed)
                redrafted = True
        return redrafted

    def _match(self, desired: Desired) -> bool:
        """Whether the project's defaults and overrides leave every model and endpoint what it is."""
        settled = True
        world = self._world(desired, self.drafter.base)
        for entry in list(self.models):
            model = desired.models[entry.address]
            if differing := differences(world, model, entry.candidate):
                settled = False
                reason = f"the project's defaults and overrides make it another: {in_words(differing)}"
                self._say_more_or_leave(entry, reason)
            entry.record = record_of(model, entry.candidate, desired, self.observed)
        state = _with_records(self.drafter.base, self.models)
        for place in self.endpoints:
            shares = shares_of(place.candidate, state)
            place.record = endpoint_record(
                desired.endpoints[place.address], place.candidate.live, shares, self.clock.now()
            )
        return settled

    def _plan_to_nothing(self, desired: Desired) -> bool:
        state = _with_records(self.drafter.base, self.entries)
        plan = make_plan(desired, state, self.observed, self.catalog, self.clock.now())
        planned = {c.address: c for c in plan.changes if c.action is not Action.WAIT}
        going = [entry for entry in self.entries if entry.address in planned]
        for entry in going:
            change = planned[entry.address]
            self._say_more_or_leave(entry, f"the plan would still {change.action}: {change.reasons[0].message}")
        return not going

    def _world(self, desired: Desired, state: State) -> World:
        return look(desired, state, self.observed, self.catalog, self.clock.now(), PlanOptions(), frozenset())

    def _say_more_or_leave(self, entry: Entry, reason: str) -> None:
        """A spec may differ only for what it does not say, where the project has defaults of its own."""
        if isinstance(entry, ModelEntry) and entry.path and not entry.explicit:
            entry.explicit = True
            self.drafter.write(entry, self.observed)
        else:
            self._leave(entry, reason)

    def _leave(self, entry: Entry, reason: str) -> None:
        if isinstance(entry, ModelEntry):
            run = entry.candidate.current
            self.left[run.name] = Left(run.name, reason, entry.candidate.display_name, str(run.state))
            self.models.remove(entry)
        else:
            live = entry.candidate.live
            self.left[live.name] = Left(live.name, reason, live.display_name)
            self.endpoints.remove(entry)


def _with_records(state: State, entries: Sequence[Entry]) -> State:
    for entry in entries:
        if entry.record is not None:
            state = state.with_record(entry.record)
    return state
