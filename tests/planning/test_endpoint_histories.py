"""Random histories of one declared endpoint: it always serves something, never costs a run, and comes to rest."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import given, note, settings
from hypothesis import strategies as st

from reconciler.core.labels import ADDRESS, PROJECT
from reconciler.core.observed import Deployed, LiveEndpoint
from reconciler.core.plan import Action, Change, Plan
from reconciler.core.resource_names import model_key
from reconciler.core.state import Record
from reconciler.planning.traffic import mixed, own_models, split, standing, whole_percents
from tests.planning.build import desired, model, state
from tests.planning.test_endpoints import ADDRESS_OF_E, M, canary, endpoint, plan_of, share, world

VERSIONS = (1, 2, 3)
PASSES_TO_REST = 12

events = st.one_of(
    st.tuples(st.just("current"), st.sampled_from(VERSIONS)),
    st.tuples(st.just("current"), st.sampled_from(VERSIONS)),
    st.tuples(st.just("traffic by hand"), st.integers(0, 100)),
    st.tuples(st.just("empty"), st.none()),
    st.tuples(st.just("delete"), st.none()),
    st.tuples(st.just("lose record"), st.none()),
    st.tuples(st.just("steps"), st.sampled_from([(), (10, 50, 100), (1, 100), (33, 66, 100)])),
    st.tuples(st.just("entries"), st.sampled_from([(), ((1, 50), (2, 50)), ((2, 1), (3, 99))])),
    st.tuples(st.just("nothing"), st.none()),
)
histories = st.lists(st.tuples(events, st.integers(0, 2)), max_size=12)


class Serving:
    """One endpoint as Google holds it and as the state records it; a pass carries out what the plan says."""

    def __init__(self) -> None:
        self.current = 1
        self.steps: tuple[int, ...] = ()
        self.entries: tuple[tuple[int, int], ...] = ()
        self.live: dict[str, LiveEndpoint] = {}
        self.record: Record | None = None
        self.made = 0

    def happen(self, kind: str, what: Any) -> None:
        if kind in ("current", "steps", "entries"):
            setattr(self, kind, what)
        elif kind == "lose record":
            self.record = None
        elif kind == "delete":
            self.live.clear()
        elif self.live:
            name = max(self.live)
            changed = self.live[name]
            if kind == "empty":
                changed = replace(changed, deployed=(), traffic={})
            elif kind == "traffic by hand" and len(changed.deployed) > 1:
                first, second, *_ = changed.deployed
                changed = replace(changed, traffic={k: v for k, v in ((first.id, what), (second.id, 100 - what)) if v})
            self.live[name] = changed

    def plan(self) -> Plan:
        entries = [{"model": "TunedModel/m", "version": v, "percent": p} for v, p in self.entries]
        want = desired(replace(M, lifecycle=model("m", keep_last=3).lifecycle), self.declared(entries))
        known = (self.record,) if self.record else ()
        return plan_of(want, world(self.current, *VERSIONS), *known, *self.live.values())

    def declared(self, entries: list[dict[str, Any]]) -> Any:
        return endpoint(*entries, **(canary(*self.steps) if self.steps else {}))

    def run_pass(self) -> Plan:
        made = self.plan()
        note([(str(c.action), c.reasons[0].code, c.route and c.route.shares) for c in made.changes])
        assert all(not c.is_paid for c in made.changes), "an endpoint never costs a run"
        for change in (c for c in made.changes if c.address == ADDRESS_OF_E):
            self.carry_out(change)
            for one in self.live.values():
                ids = {d.id for d in one.deployed}
                assert set(one.traffic) <= ids, "traffic points at nothing"
                assert sum(one.traffic.values()) == 100, "some of the traffic goes nowhere"
        return made

    def carry_out(self, change: Change) -> None:
        if change.action is Action.UPDATE:
            self.take_off(change)
            return
        route = change.route
        assert route is not None
        one = self.live.get(route.name) or LiveEndpoint(
            route.name, "e", labels={"team": "x", PROJECT: "proj", ADDRESS: "endpoint_e"}
        )
        was_empty = not any(one.traffic.values())
        if change.action in (Action.CREATE, Action.DEPLOY):
            one = self.deployed(one, change)
        if change.action is not Action.DEPLOY or was_empty:
            words = {"displayName": "e", "description": None, "labels": {"team": "x"}}
            self.record = Record(ADDRESS_OF_E, "vertex", "acme", "us", metadata=words, route=route)
            traffic = split(route.shares, one, own_models(state(self.record)) | {share(v).key[0] for v in VERSIONS})
            assert traffic is not None, "traffic was to go to what is not deployed"
            one = replace(one, traffic=traffic)
        self.live[route.name] = one

    def deployed(self, one: LiveEndpoint, change: Change) -> LiveEndpoint:
        assert change.route is not None
        for part in change.route.shares:
            if part.key not in standing(change.route.shares, one):
                self.made += 1
                new = Deployed(str(self.made), part.model)
                one = replace(one, deployed=(*one.deployed, new), traffic=one.traffic or {new.id: 100})
        return one

    def take_off(self, change: Change) -> None:
        (name,) = [n for n in self.live if self.record and self.record.route and n == self.record.route.name]
        one = self.live[name]
        going = {model_key(t) for t in change.targets}
        left = tuple(d for d in one.deployed if model_key(d.model) not in going or one.traffic.get(d.id))
        self.live[name] = replace(one, deployed=left)

    def come_to_rest(self) -> None:
        for _ in range(PASSES_TO_REST):
            if not [c for c in self.run_pass().changes if c.address == ADDRESS_OF_E]:
                return
        raise AssertionError("it does not come to rest")


@settings(max_examples=150, deadline=None)
@given(histories)
def test_an_endpoint_always_serves_and_comes_to_rest_on_what_is_declared(happened: list[Any]) -> None:
    serving = Serving()
    for (kind, what), passes in happened:
        note(f"{kind} {what}")
        serving.happen(kind, what)
        for _ in range(passes):
            serving.run_pass()
    serving.come_to_rest()
    (one,) = [
        e
        for e in serving.live.values()
        if serving.record and serving.record.route and e.name == serving.record.route.name
    ]
    wanted = dict(serving.entries) or {serving.current: 100}
    carried = {d.model: one.traffic[d.id] for d in one.deployed}
    assert carried == {share(v).model: p for v, p in wanted.items()}
    assert len(serving.live) == 1, "an endpoint was left behind"


@given(st.lists(st.floats(0, 100), min_size=1, max_size=20), st.integers(20, 100))
def test_whole_percents_add_up(exact: list[float], total: int) -> None:
    parts = whole_percents(exact, total)
    assert sum(parts) == total
    assert min(parts) >= 0


@given(st.integers(1, 99), st.integers(1, 99), st.integers(1, 99))
def test_a_step_in_between_adds_up_and_gives_everybody_something(before: int, after: int, step: int) -> None:
    base = (share(1, before), share(2, 100 - before))
    target = (share(2, after), share(3, 100 - after))
    parts = mixed(base, target, step)
    assert sum(s.percent for s in parts) == 100
    assert {s.version for s in parts} == {1, 2, 3}
