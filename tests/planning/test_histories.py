"""Random histories of a project: whatever happens, plans come to rest, and never do what must not be done.

Specs are edited, runs fail, endpoints are lost, data is overwritten, traffic is moved by hand, gates are not passed,
and passes die anywhere. After every pass it is looked at what really stands, not at what the plan said.
"""

from __future__ import annotations

from collections.abc import Mapping

from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.core.desired import Limits
from tests.planning.carry_out import run_pass
from tests.planning.history import (
    PASSES_TO_REST,
    STEPS,
    UNKNOWN,
    Happened,
    History,
    Spec,
    histories,
    limits,
    written_specs,
)


@settings(max_examples=300, deadline=None)
@given(written_specs, limits, STEPS, histories)
def test_any_history_comes_to_rest(
    written: Mapping[str, Spec], limit: Limits, steps: tuple[int, ...] | None, happened: Happened
) -> None:
    history = History(written, limit, steps)
    history.live_through(happened)
    final = history.come_to_rest()
    again = history.run_pass()
    assert again is not None
    assert again.changes == final.changes


@settings(max_examples=300, deadline=None)
@given(written_specs, limits, STEPS, histories)
def test_once_trouble_stops_every_declared_model_serves_and_nothing_is_left_to_do(
    written: Mapping[str, Spec], limit: Limits, steps: tuple[int, ...] | None, happened: Happened
) -> None:
    history = History(written, limit, steps)
    history.come_to_rest()
    history.live_through(happened, without=UNKNOWN)
    history.mend()
    assert history.come_to_rest().is_empty
    assert history.standing(history.sim.state) == set(history.sim.want.models)
    assert len(history.carrying()) == len(history.sim.want.endpoints)


@settings(max_examples=40, deadline=None)
@given(written_specs, st.integers(1, 3))
def test_applying_until_quiet_leads_to_an_empty_plan_with_every_model_bought_once(
    written: Mapping[str, Spec], limit: int
) -> None:
    history = History({n: {**s, "gate": None} for n, s in written.items()}, Limits(max_concurrent_jobs=limit))
    assert history.come_to_rest().is_empty
    assert history.standing(history.sim.state) == set(history.sim.want.models)
    assert len(history.sim.runs) == len(history.sim.want.models)


@settings(max_examples=100, deadline=None)
@given(written_specs, STEPS, histories)
def test_destroying_leaves_nothing_behind(
    written: Mapping[str, Spec], steps: tuple[int, ...] | None, happened: Happened
) -> None:
    history = History(written, Limits(max_concurrent_jobs=2, max_deletes=20), steps)
    history.live_through(happened, without=UNKNOWN)
    history.delete_by_hand()
    for _ in range(PASSES_TO_REST):
        made = run_pass(history.sim, destroy=True)
        if made is not None and made.is_empty:
            break
        history.sim.tick()
    assert history.sim.state.resources == {}
    assert history.sim.active == 0
    assert history.sim.endpoints.keys() == set()
