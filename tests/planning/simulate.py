"""A pure model of the APIs, of the journal and of passes that can die anywhere: enough to let plans run until nothing
is left to do.

What a pass changes in the state is written once, at its end. A pass that dies leaves the state as it was before, the
journal as far as it got, and whatever it has done to the remote side.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from reconciler.core.address import Address
from reconciler.core.desired import Desired
from reconciler.core.labels import ATTEMPT
from reconciler.core.moments import parse_moment, stamp
from reconciler.core.observed import Deployed, LiveEndpoint, LiveModel, Observed, Run, StoredObject
from reconciler.core.plan import Change, Plan
from reconciler.core.resource_names import key_of
from reconciler.core.runs import RunState
from reconciler.core.state import Intent, IntentStatus, RunError, State
from reconciler.planning.absorb import absorb
from reconciler.planning.content import training_uri
from reconciler.planning.guards import ChangeKey
from reconciler.planning.plan import PlanOptions, make_plan
from tests.planning.build import CATALOG, NOW, endpoint_name, model_name

SUCCEEDED = (RunState.SUCCEEDED, 0)


class Died(Exception):
    """The process that ran a pass is gone."""


@dataclass
class Sim:
    """What Google holds, what is durable on our side, and the time.

    `dies_in` is how many more effects a pass may have before it dies; None lets it finish. `made` counts what was ever
    made; `bought` and `taken_away` are what the last pass did, `held` what it was not allowed to. `unlisted` are runs
    that lists do not show yet.
    """

    want: Desired
    state: State = field(default_factory=lambda: State("lineage-1", 1))
    journal: dict[str, Intent] = field(default_factory=dict)
    runs: dict[str, Run] = field(default_factory=dict)
    models: dict[str, LiveModel] = field(default_factory=dict)
    endpoints: dict[str, LiveEndpoint] = field(default_factory=dict)
    objects: dict[str, StoredObject] = field(default_factory=dict)
    now: dt.datetime = NOW
    made: int = 0
    dies_in: int | None = None
    bought: list[Change] = field(default_factory=list)
    taken_away: list[Address] = field(default_factory=list)
    held: frozenset[ChangeKey] = frozenset()
    unlisted: set[str] = field(default_factory=set)

    def observe(self) -> Observed:
        """A refresh that sees everything, and looks for every object that is declared."""
        uris = {training_uri(m, self.want) for m in self.want.models.values()} - {""}
        uris.update(d.uri(self.want.contents[a].sha256) for a, d in self.want.datasets.items())
        objects = {uri: self.objects.get(uri) for uri in sorted(uris | set(self.objects))}
        listed = {key: run for key, run in self.runs.items() if key not in self.unlisted}
        return Observed(listed, dict(self.models), dict(self.endpoints), objects)

    def plan(self, *, destroy: bool = False) -> Plan:
        """The plan of now; remembers what the journal and the refresh taught."""
        self._settle()
        seen = self.observe()
        self.state = absorb(replace(self.state, intents=tuple(self.journal.values())), seen, self.now)
        options = PlanOptions(destroy=destroy, evaluates=True)
        return make_plan(self.want, self.state, seen, CATALOG, self.now, options=options)

    def effect(self) -> None:
        """Something outside of this process is about to change; here is where a pass dies."""
        if self.dies_in is not None:
            if self.dies_in == 0:
                raise Died
            self.dies_in -= 1

    @property
    def active(self) -> int:
        """How many runs hold a slot."""
        return sum(r.state.is_active for r in self.runs.values())

    def tick(self, outcome: Callable[[Run], tuple[RunState, int]] = lambda run: SUCCEEDED) -> None:
        """An hour goes by and every run takes its next step; `outcome` decides how running ones end."""
        self.now += dt.timedelta(hours=1)
        self.unlisted.clear()
        for key, run in sorted(self.runs.items()):
            if run.state is RunState.PENDING:
                self.runs[key] = replace(run, state=RunState.RUNNING, started_at=stamp(self.now))
            elif run.state is RunState.RUNNING:
                self._end(key, run, *outcome(run))
            elif run.state is RunState.CANCELLING:
                self._end(key, run, RunState.CANCELLED, 1)

    def _settle(self) -> None:
        """What recovery does: a create whose run is there is committed, one that is not is dropped after the window."""
        for intent in [i for i in self.journal.values() if i.status is IntentStatus.SENDING]:
            found = [r.name for r in self.observe().runs.values() if r.labels.get(ATTEMPT) == intent.attempt]
            decide_at = parse_moment(intent.decide_at)
            assert decide_at is not None
            if found:
                self.journal[intent.id] = replace(intent, status=IntentStatus.COMMITTED, run=found[0])
            elif self.now >= decide_at:
                del self.journal[intent.id]

    def _end(self, key: str, run: Run, end: RunState, code: int) -> None:
        error = RunError(code, "it went wrong") if code else None
        run = replace(run, state=end, error=error, ended_at=stamp(self.now))
        if end is RunState.SUCCEEDED:
            number = run.name.rpartition("/")[2]
            run = replace(run, model=model_name(number), endpoint=endpoint_name(number), billed_tokens=1000)
            labels = dict(run.labels)
            self.models[key_of(run.model)] = LiveModel(
                run.model, run.display_name, labels=labels, deployments=((run.endpoint, "d1"),)
            )
            self.endpoints[key_of(run.endpoint)] = LiveEndpoint(
                run.endpoint,
                run.display_name,
                labels=labels,
                deployed=(Deployed("d1", run.model),),
                traffic={"d1": 100},
            )
        self.runs[key] = run
