"""One project over time: what can happen to it, and what must hold after every pass, by what really stands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from hypothesis import note
from hypothesis import strategies as st

from reconciler.core.address import Address
from reconciler.core.desired import DatasetContent, Desired, Limits, TunedModel
from reconciler.core.labels import ADDRESS
from reconciler.core.observed import LiveEndpoint, Observed
from reconciler.core.plan import Action, Change, Plan
from reconciler.core.resource_names import key_of
from reconciler.core.runs import RunState
from reconciler.core.state import Record, State
from reconciler.planning.absorb import absorb
from reconciler.planning.liveness import leftovers
from reconciler.planning.plan import PlanOptions, make_plan
from tests.planning.build import CATALOG, TRAIN, dataset, desired, endpoint, model, stored, supervised
from tests.planning.carry_out import loss_of, run_pass
from tests.planning.simulate import SUCCEEDED, Sim

NAMES = ("a", "b", "c")
PASSES_TO_REST = 40
ENDS = {
    "succeeds": SUCCEEDED,
    "transient": (RunState.FAILED, 13),
    "quota": (RunState.FAILED, 8),
    "data": (RunState.FAILED, 3),
    "expired": (RunState.EXPIRED, 0),
    "cancelled": (RunState.CANCELLED, 1),
}
# What a person has to settle; everything else must come to rest by itself.
NEEDS_A_PERSON = {
    "ambiguous",
    "cancelled_elsewhere",
    "cost_limit",
    "exhausted",
    "failed_data",
    "gate_failed",
    "model_gone",
    "price_unknown",
    "still_referenced",
    "tainted",
}
# What waits for something that is held.
WAITS_FOR_THAT = {"dependency", "users_held"}
EPOCHS = st.integers(1, 3)
LABELS = st.sampled_from(["x", "y", ""])
# The most that the loss may be; None is no gate.
GATES = st.sampled_from([None, None, 0.3, 0.9])
STEPS = st.sampled_from([None, (), (10, 50, 100), (33, 100)])

specs = st.fixed_dictionaries(
    {
        "epochs": EPOCHS,
        "label": LABELS,
        "gate": GATES,
        "data": st.sampled_from([TRAIN, "Dataset/d", "Dataset/d"]),
        "keep_last": st.integers(1, 3),
        "while_running": st.sampled_from(["wait", "cancelAndReplace"]),
        "on_dataset_change": st.sampled_from(["warn", "retune"]),
        "priority": st.integers(0, 2),
        "parent": st.booleans(),
    }
)
Spec = Mapping[str, Any]
# The content of the dataset is 1000 tokens, at 3 USD a million.
limits = st.builds(
    Limits,
    max_concurrent_jobs=st.integers(1, 3),
    max_cost_usd=st.sampled_from([None, None, 0.007, 0.0125]),
    max_deletes=st.sampled_from([0, 1, 20]),
)

# One thing that happens; in between a pass is run and an hour goes by.
events = st.one_of(
    st.tuples(st.just("epochs"), EPOCHS),
    st.tuples(st.just("epochs"), EPOCHS),
    st.tuples(st.just("label"), LABELS),
    st.tuples(st.just("gate"), GATES),
    st.tuples(st.just("edit"), specs),
    st.tuples(st.just("remove"), st.none()),
    st.tuples(st.just("runs end"), st.sampled_from(sorted(ENDS))),
    st.tuples(st.just("lose endpoint"), st.none()),
    st.tuples(st.just("relabel by hand"), st.none()),
    st.tuples(st.just("new content"), st.sampled_from(["a", "b"])),
    st.tuples(st.just("overwrite"), st.sampled_from(["AAAA", "BBBB"])),
    st.tuples(st.just("lose record"), st.none()),
    st.tuples(st.just("declare endpoint"), STEPS),
    st.tuples(st.just("lose declared endpoint"), st.none()),
    st.tuples(st.just("empty declared endpoint"), st.none()),
    st.tuples(st.just("traffic by hand"), st.integers(0, 100)),
    st.tuples(st.just("nothing"), st.none()),
)
# What comes after an event: no pass, a whole one, or one that dies after so many effects.
passes = st.sampled_from(["none", "whole", "whole", "whole", 0, 1, 2, 3, 4, 6])
goes_by = st.sampled_from([True, True, False])
# (to which model, what, the pass afterwards, whether time goes by after that)
histories = st.lists(st.tuples(st.sampled_from(NAMES), events, passes, goes_by), max_size=25)
Happened = list[tuple[str, tuple[str, Any], str | int, bool]]
UNKNOWN = ("lose record",)


def declared(written: Mapping[str, Spec], text: str, limit: Limits, steps: tuple[int, ...] | None) -> Desired:
    """The specs as they stand; every model but the first may go on from the one before it.

    With `steps` an endpoint follows the first model: by a canary, or at once where they are empty.
    """
    found: list[TunedModel] = []
    for name, spec in sorted(written.items()):
        body = supervised(spec["data"], epochCount=spec["epochs"])
        if spec["parent"] and found:
            del body["baseModel"]
            body["preTunedModel"] = {"tunedModelName": str(found[-1].address)}
        found.append(
            model(
                name,
                body,
                labels={"team": spec["label"]} if spec["label"] else {},
                gates={"metrics": [{"name": "/eval_total_loss", "max": spec["gate"]}]} if spec["gate"] else {},
                keep_last=spec["keep_last"],
                while_running=spec["while_running"],
                on_dataset_change=spec["on_dataset_change"],
                priority=spec["priority"],
            )
        )
    followers = []
    if steps is not None and found:
        follower = endpoint("e", str(found[0].address))
        strategy = {"strategy": {"type": "canary", "steps": list(steps)}} if steps else {}
        followers.append(replace(follower, location="us", body={**follower.body, **strategy}))
    contents = {"d": DatasetContent(text * 64, 100, 10, 1000)}
    return desired(*found, dataset(), *followers, contents=contents, limits=limit)


class History:
    """One project over time; checks after every pass what must always hold."""

    def __init__(self, written: Mapping[str, Spec], limit: Limits, steps: tuple[int, ...] | None = None) -> None:
        self.written = dict(written)
        self.text = "a"
        self.limit = limit
        self.steps = steps
        self.outcome = "succeeds"
        self.sim = Sim(declared(self.written, self.text, limit, self.steps))
        self.sim.objects[TRAIN] = stored()

    def live_through(self, happened: Happened, *, without: tuple[str, ...] = ()) -> None:
        for name, (kind, what), runs_pass, goes_by in happened:
            if kind not in without:
                note(f"{name}: {kind} {what}")
                self.happen(name, kind, what)
            if runs_pass != "none":
                self.run_pass(dies_in=None if runs_pass == "whole" else int(runs_pass))
            if goes_by:
                self.sim.tick(lambda run: ENDS[self.outcome])

    def happen(self, name: str, kind: str, what: Any) -> None:
        address = Address("TunedModel", name)
        if kind == "edit":
            self.written[name] = what
        elif kind == "remove":
            self.written.pop(name, None)
        elif kind in ("epochs", "label", "gate") and name in self.written:
            self.written[name] = {**self.written[name], kind: what}
        elif kind == "declare endpoint":
            self.steps = what
        elif kind == "new content":
            self.text = what
        elif kind == "overwrite":
            self.sim.objects[TRAIN] = stored(crc32c=what, generation="2")
        elif kind == "runs end":
            self.outcome = what
        elif kind == "lose record":
            self.sim.state = self.sim.state.without(address)
        elif kind in ("lose endpoint", "relabel by hand"):
            self._by_hand(kind, address)
        else:
            self._to_the_declared_endpoint(kind, what)
        self.declare()

    def declare(self) -> None:
        self.sim.want = declared(self.written, self.text, self.limit, self.steps)

    def _by_hand(self, kind: str, address: Address) -> None:
        record = self.sim.state.resources.get(address)
        live = self.sim.observe().endpoint(record.serving.endpoint) if record and record.serving else None
        if live is None:
            return
        if kind == "lose endpoint":
            del self.sim.endpoints[key_of(live.name)]
        else:
            self.sim.endpoints[key_of(live.name)] = replace(live, labels={**live.labels, "team": "by-hand"})

    def _to_the_declared_endpoint(self, kind: str, what: Any) -> None:
        for live in self.declared_endpoints():
            if kind == "lose declared endpoint":
                del self.sim.endpoints[key_of(live.name)]
            elif kind == "empty declared endpoint":
                self.sim.endpoints[key_of(live.name)] = replace(live, deployed=(), traffic={})
            elif kind == "traffic by hand" and len(live.deployed) > 1:
                first, second, *_ = live.deployed
                split = {k: v for k, v in ((first.id, what), (second.id, 100 - what)) if v}
                self.sim.endpoints[key_of(live.name)] = replace(live, traffic=split)

    def declared_endpoints(self) -> list[LiveEndpoint]:
        return [e for e in self.sim.endpoints.values() if e.labels.get(ADDRESS) == "endpoint_e"]

    def run_pass(self, *, dies_in: int | None = None) -> Plan | None:
        before, active = self.sim.state, self.sim.active
        standing, carrying = self.standing(before), self.carrying()
        made = run_pass(self.sim, dies_in=dies_in)
        if made is None:
            note(f"a pass died after {dies_in} effects")
        else:
            note(f"{[(str(c.address), str(c.action), c.version, c.reasons[0].code) for c in made.changes]}")
        lost = standing - self.standing(self.sim.state)
        assert not lost, f"{lost} stood before and served; now it does not"
        assert carrying <= self.carrying(), "an endpoint carried traffic and does not any more"
        self.check_limits(active)
        self.check_gates(before)
        self.check_steps(before)
        for change in (c for c in self.sim.bought if c.reasons[0].code == "retry"):
            record = before.resources.get(change.address)
            failed = record.version(change.version) if record else None
            assert failed is None or failed.attempts < 2, "tried oftener than maxAttempts"
        if made is not None:
            self.check(made, before)
        return made

    def standing(self, known: State) -> set[Address]:
        """The declared models that serve by a model and an endpoint that are really there."""
        found = set()
        for address in self.sim.want.models:
            record = known.resources.get(address)
            serving = record.serving if record else None
            live = self.sim.endpoints.get(key_of(serving.endpoint)) if serving else None
            if serving is None or live is None or key_of(serving.model) not in self.sim.models:
                continue
            if any(d.model == serving.model for d in live.deployed):
                found.add(address)
        return found

    def carrying(self) -> set[str]:
        """Declared endpoints that send all of their traffic to models that are really there."""
        if not self.sim.want.endpoints:
            return set()
        found = set()
        for live in self.declared_endpoints():
            there = {d.id for d in live.deployed if key_of(d.model) in self.sim.models}
            if sum(p for i, p in live.traffic.items() if i in there) == 100:
                found.add(live.name)
        return found

    def check_limits(self, active: int) -> None:
        assert self.sim.active <= max(self.limit.max_concurrent_jobs, active), "more runs than allowed"
        assert len(self.sim.taken_away) <= self.limit.max_deletes, "more deletes than allowed"
        if self.limit.max_cost_usd is not None:
            costs = [c.cost.usd if c.cost else None for c in self.sim.bought]
            assert None not in costs, "something without a price was bought under a limit"
            assert sum(filter(None, costs)) <= self.limit.max_cost_usd, "more was spent than allowed"
        busy = Counter(r.labels[ADDRESS] for r in self.sim.runs.values() if r.state.is_active)
        assert all(n == 1 for n in busy.values()), f"the same was bought twice: {busy}"

    def check_gates(self, before: State) -> None:
        """What has begun to serve has passed the gates that were declared."""
        for address, spec in self.sim.want.models.items():
            record, earlier = self.sim.state.resources.get(address), before.resources.get(address)
            if record and record.serving and spec.gates and record.current != (earlier.current if earlier else None):
                bound = spec.gates["metrics"][0]["max"]
                assert loss_of(record.serving) <= bound, f"{address} serves and did not pass its gates"

    def check_steps(self, before: State) -> None:
        """What gets more of an endpoint's traffic than it had has passed the gates that were declared."""
        for address in self.sim.want.endpoints:
            was, now = (s.resources.get(address) for s in (before, self.sim.state))
            if was is None or was.route is None or now is None or now.route is None:
                continue
            settled = {share.key for share in (was.route.base or was.route.shares)}
            had = {share.key: share.percent for share in was.route.shares}
            for share in now.route.shares:
                spec = self.sim.want.models.get(Address.parse(share.spec))
                if spec is None or not spec.gates or share.key in settled or share.percent <= had.get(share.key, 0):
                    continue
                version = self.sim.state.resources[spec.address].version(share.version)
                assert version is not None
                assert loss_of(version) <= spec.gates["metrics"][0]["max"], f"{share.words} did not pass its gates"

    def check(self, made: Plan, before: State) -> None:
        serving = {n for a in self.sim.want.models for n in _serving_names(before.resources.get(a))}
        for change in made.of(Action.DELETE):
            assert serving.isdisjoint(change.targets), f"{change} would delete what serves"
        keys = [c.key for c in made.changes if c.action.mutates]
        assert len(keys) == len(set(keys)), "two changes of one plan cannot be told apart"
        assert self.sim.state is absorb(self.sim.state, self.sim.observe(), self.sim.now)
        self.check_order_does_not_matter()

    def check_order_does_not_matter(self) -> None:
        seen, options = self.sim.observe(), PlanOptions(evaluates=True)
        one = make_plan(self.sim.want, self.sim.state, seen, CATALOG, self.sim.now, options=options)
        want, state, observed = shuffled(self.sim.want, self.sim.state, seen)
        assert make_plan(want, state, observed, CATALOG, self.sim.now, options=options) == one

    def come_to_rest(self) -> Plan:
        for _ in range(PASSES_TO_REST):
            made = self.run_pass()
            assert made is not None
            if all(self.is_stuck(c) for c in made.changes):
                return made
            self.sim.tick()
        raise AssertionError(f"no rest after {PASSES_TO_REST} passes")

    def is_stuck(self, change: Change) -> bool:
        """Whether only a person can bring it further."""
        code = change.reasons[0].code
        is_held = change.action is Action.HOLD and code in NEEDS_A_PERSON
        return is_held or code in WAITS_FOR_THAT or change.key in self.sim.held

    def delete_by_hand(self) -> None:
        """An endpoint that a dead pass made and that nobody declares any more is deleted by a person, as the plan says:
        labels alone, which can be forged, are no reason to delete.
        """
        if not self.sim.want.endpoints and self.sim.state.resources.get(Address("Endpoint", "e")) is None:
            for live in self.declared_endpoints():
                del self.sim.endpoints[key_of(live.name)]

    def mend(self) -> None:
        """What people do in the end: no gates, room for everything, and other training where that is called for."""
        self.written = {n: {**s, "gate": None} for n, s in self.written.items()}
        self.limit = replace(self.limit, max_cost_usd=None, max_deletes=20)
        self.declare()
        self.delete_by_hand()
        stuck = {c.address.name for c in self.come_to_rest().of(Action.HOLD)}
        self.written = {n: {**s, "epochs": 7} if n in stuck else s for n, s in self.written.items()}
        self.declare()


def _serving_names(record: Record | None) -> tuple[str, ...]:
    return leftovers(record.serving) if record and record.serving else ()


def shuffled(want: Desired, state: State, seen: Observed) -> tuple[Desired, State, Observed]:
    """The same, with every mapping filled the other way round."""

    def turned(mapping: Mapping[Any, Any]) -> dict[Any, Any]:
        return dict(reversed(list(mapping.items())))

    return (
        replace(want, models=turned(want.models), datasets=turned(want.datasets), contents=turned(want.contents)),
        replace(state, resources=turned(state.resources)),
        Observed(turned(seen.runs), turned(seen.models), turned(seen.endpoints), turned(seen.objects)),
    )


written_specs = st.dictionaries(st.sampled_from(NAMES), specs, min_size=1, max_size=3)
