"""Random histories of a project: whatever happens, plans come to rest, and never do what must not be done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from hypothesis import given, note, settings
from hypothesis import strategies as st

from reconciler.core.address import Address
from reconciler.core.desired import DatasetContent, Desired, Limits, TunedModel
from reconciler.core.observed import Observed
from reconciler.core.plan import Action, Plan
from reconciler.core.runs import RunState
from reconciler.core.state import State
from reconciler.planning.absorb import absorb
from reconciler.planning.liveness import leftovers
from reconciler.planning.plan import make_plan
from tests.planning.build import CATALOG, TRAIN, dataset, desired, model, stored, supervised
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
NEEDS_A_PERSON = {"ambiguous", "failed_data", "exhausted", "cancelled_elsewhere", "tainted", "still_referenced"}

specs = st.fixed_dictionaries(
    {
        "epochs": st.integers(1, 3),
        "label": st.sampled_from(["x", "y", ""]),
        "data": st.sampled_from([TRAIN, "Dataset/d"]),
        "keep_last": st.integers(1, 3),
        "while_running": st.sampled_from(["wait", "cancelAndReplace"]),
        "on_dataset_change": st.sampled_from(["warn", "retune"]),
        "priority": st.integers(0, 2),
        "parent": st.booleans(),
    }
)
Spec = Mapping[str, Any]


# One thing that happens; in between a pass is run and an hour goes by.
events = st.one_of(
    st.tuples(st.just("epochs"), st.integers(1, 3)),
    st.tuples(st.just("epochs"), st.integers(1, 3)),
    st.tuples(st.just("label"), st.sampled_from(["x", "y", ""])),
    st.tuples(st.just("edit"), specs),
    st.tuples(st.just("remove"), st.none()),
    st.tuples(st.just("runs end"), st.sampled_from(sorted(ENDS))),
    st.tuples(st.just("lose endpoint"), st.none()),
    st.tuples(st.just("relabel by hand"), st.none()),
    st.tuples(st.just("new content"), st.sampled_from(["a", "b"])),
    st.tuples(st.just("overwrite"), st.sampled_from(["AAAA", "BBBB"])),
    st.tuples(st.just("lose record"), st.none()),
    st.tuples(st.just("nothing"), st.none()),
)
# (to which model, what, whether a pass is run afterwards, whether time goes by after that)
histories = st.lists(st.tuples(st.sampled_from(NAMES), events, st.booleans(), st.booleans()), max_size=20)
Happened = list[tuple[str, tuple[str, Any], bool, bool]]


def declared(written: Mapping[str, Spec], text: str, limit: int) -> Desired:
    """The specs as they stand; every model but the first may go on from the one before it."""
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
                keep_last=spec["keep_last"],
                while_running=spec["while_running"],
                on_dataset_change=spec["on_dataset_change"],
                priority=spec["priority"],
            )
        )
    contents = {"d": DatasetContent(text * 64, 100, 10, 1000)}
    return desired(*found, dataset(), contents=contents, limits=Limits(max_concurrent_jobs=limit))


class History:
    """One project over time; checks after every pass what must always hold."""

    def __init__(self, written: Mapping[str, Spec], limit: int) -> None:
        self.written = dict(written)
        self.text = "a"
        self.limit = limit
        self.sim = Sim(declared(self.written, self.text, limit))
        self.sim.objects[TRAIN] = stored()

    def live_through(self, happened: Happened, *, without: tuple[str, ...] = ()) -> None:
        for name, (kind, what), runs_pass, goes_by in happened:
            if kind not in without:
                note(f"{name}: {kind} {what}")
                self.happen(name, kind, what)
            if runs_pass:
                self.run_pass()
            if goes_by:
                self.sim.tick()

    def happen(self, name: str, kind: str, what: Any) -> None:
        address = Address("TunedModel", name)
        if kind == "edit":
            self.written[name] = what
        elif kind == "remove":
            self.written.pop(name, None)
        elif kind in ("epochs", "label") and name in self.written:
            self.written[name] = {**self.written[name], kind: what}
        elif kind == "new content":
            self.text = what
        elif kind == "overwrite":
            self.sim.objects[TRAIN] = stored(crc32c=what, generation="2")
        elif kind == "runs end":
            self.sim.tick(lambda run: ENDS[what])
        elif kind == "lose record":
            self.sim.state = self.sim.state.without(address)
        elif kind in ("lose endpoint", "relabel by hand"):
            self._by_hand(kind, address)
        self.sim.want = declared(self.written, self.text, self.limit)

    def _by_hand(self, kind: str, address: Address) -> None:
        record = self.sim.state.resources.get(address)
        live = self.sim.observe().endpoint(record.serving.endpoint) if record and record.serving else None
        if live is None:
            return
        key = next(k for k, v in self.sim.endpoints.items() if v is live)
        if kind == "lose endpoint":
            del self.sim.endpoints[key]
        else:
            self.sim.endpoints[key] = replace(live, labels={**live.labels, "team": "by-hand"})

    def run_pass(self) -> Plan:
        before = self.serving_names()
        active = self.sim.active
        served = {a for a in self.sim.want.models if (r := self.sim.state.resources.get(a)) and r.serving}
        made = self.sim.run_pass()
        lost = {a for a in served if self.sim.state.resources[a].serving is None}
        assert not lost, f"{lost} served before and no longer do"
        note(f"{[(str(c.address), str(c.action), c.version, c.reasons[0].code) for c in made.changes]}")
        self.check(made, before, active)
        return made

    def serving_names(self) -> set[str]:
        """Every resource that serves a declared model now."""
        records = [self.sim.state.resources.get(a) for a in self.sim.want.models]
        return {name for r in records if r and r.serving for name in leftovers(r.serving)}

    def check(self, made: Plan, serving: set[str], active: int) -> None:
        for change in made.of(Action.DELETE):
            assert serving.isdisjoint(change.targets), f"{change} would delete what serves"
        assert self.sim.active <= max(self.limit, active), "more runs than allowed"
        keys = [c.key for c in made.changes if c.action.mutates]
        assert len(keys) == len(set(keys)), "two changes of one plan cannot be told apart"
        assert self.sim.state is absorb(self.sim.state, self.sim.observe(), self.sim.now)
        self.check_order_does_not_matter()

    def check_order_does_not_matter(self) -> None:
        seen = self.sim.observe()
        one = make_plan(self.sim.want, self.sim.state, seen, CATALOG, self.sim.now)
        want, state, observed = shuffled(self.sim.want, self.sim.state, seen)
        assert make_plan(want, state, observed, CATALOG, self.sim.now) == one

    def come_to_rest(self) -> Plan:
        for _ in range(PASSES_TO_REST):
            made = self.run_pass()
            if all(c.action is Action.HOLD or c.reasons[0].code == "dependency" for c in made.changes):
                return made
            self.sim.tick()
        raise AssertionError(f"no rest after {PASSES_TO_REST} passes: {made.changes}")


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


@settings(max_examples=80, deadline=None)
@given(written_specs, st.integers(1, 3), histories)
def test_any_history_comes_to_rest(written: Mapping[str, Spec], limit: int, happened: Happened) -> None:
    history = History(written, limit)
    history.live_through(happened)
    final = history.come_to_rest()
    assert {c.reasons[0].code for c in final.of(Action.HOLD)} <= NEEDS_A_PERSON
    assert final.is_empty or final.of(Action.HOLD), "what waits, waits for something that is held"
    assert history.run_pass().changes == final.changes


@settings(max_examples=40, deadline=None)
@given(written_specs, st.integers(1, 3))
def test_applying_until_quiet_leads_to_an_empty_plan_with_every_model_serving(
    written: Mapping[str, Spec], limit: int
) -> None:
    history = History(written, limit)
    assert history.come_to_rest().is_empty
    for address in history.sim.want.models:
        assert history.sim.state.resources[address].serving is not None
    assert history.sim.made == len(history.sim.want.models), "every model was bought exactly once"


@settings(max_examples=60, deadline=None)
@given(written_specs, histories)
def test_destroying_leaves_nothing_behind(written: Mapping[str, Spec], happened: Happened) -> None:
    history = History(written, 2)
    history.live_through(happened, without=("lose record",))
    for _ in range(PASSES_TO_REST):
        made = history.sim.run_pass(destroy=True)
        if made.is_empty:
            break
        history.sim.tick()
    assert history.sim.state.resources == {}
    assert history.sim.active == 0
    assert history.sim.endpoints.keys() == set()
