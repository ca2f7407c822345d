"""The endpoints of intermediate checkpoints: which are cleared away, and when."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.core.desired import Endpoint
from reconciler.core.observed import Deployed, LiveEndpoint, Unreadable
from reconciler.core.plan import Change, Plan
from reconciler.core.state import Checkpoint, Record, Route, Version, VersionStatus
from reconciler.planning.guards import counted_deletes
from tests.planning.build import (
    JUST_NOW,
    desired,
    endpoint,
    endpoint_name,
    live,
    model,
    observed,
    only,
    plan,
    record,
    run_of,
    state,
    steps,
    supervised,
    version,
)

A_DAY = 86_400
M = model(keep_checkpoint_endpoints=A_DAY)
TUNING = {**supervised(epochCount=3)["supervisedTuningSpec"], "exportLastCheckpointOnly": True}
LAST_ONLY = model(body={**supervised(), "supervisedTuningSpec": TUNING})
GONE = (endpoint_name("c1"), endpoint_name("c2"))


def with_checkpoints(number: int = 1, **fields: Any) -> Version:
    """A finished version with three checkpoints, the last of which serves."""
    made = version(M, number, **fields)
    spare = tuple(Checkpoint(str(n), n, n * 10, endpoint_name(f"c{n}")) for n in (1, 2))
    return version(M, number, checkpoints=(*spare, Checkpoint("3", 3, 30, made.endpoint)), **fields)


def planned(*specs: Any, made: Version | None = None, also: tuple[Any, ...] = (), **fields: Any) -> Plan:
    known = made or with_checkpoints()
    owner = next(s for s in specs if not isinstance(s, Endpoint))
    spare = [LiveEndpoint(name, deployed=(Deployed("d", known.model),), traffic={"d": 100}) for name in GONE]
    seen = observed(run_of(owner, known), live(owner, known), *spare, *also)
    return plan(desired(*specs), state(record(owner, known, current=known.number), *fields.get("records", ())), seen)


def of_model(made: Plan) -> Change:
    (change,) = (c for c in made.changes if c.address == M.address)
    return change


def test_they_are_kept_as_long_as_nothing_says_otherwise() -> None:
    assert planned(model()).is_empty


def test_before_their_time_they_are_kept() -> None:
    assert planned(M, made=with_checkpoints(finished_at=JUST_NOW)).is_empty
    assert planned(M, made=with_checkpoints(finished_at="")).is_empty


def test_after_their_time_those_that_nobody_names_go_and_the_model_stays() -> None:
    made = planned(M)
    assert steps(made) == [("delete", "unused_checkpoints")]
    assert only(made).targets == GONE
    assert only(made).version == 1
    assert only(made).source == M.sources.at("lifecycle.keepCheckpointEndpoints")
    assert made.cost_usd == 0


def test_to_ask_for_the_last_one_only_is_that_at_once_and_never_a_retune() -> None:
    made = planned(LAST_ONLY, made=with_checkpoints(finished_at=JUST_NOW))
    assert steps(made) == [("delete", "unused_checkpoints")]
    assert only(made).targets == GONE


def test_they_do_not_count_against_the_limit_of_deletes() -> None:
    assert counted_deletes(planned(M)) == ()


@pytest.mark.parametrize("named", [{}, {"version": 1}], ids=["the current version", "by number"])
def test_one_that_traffic_names_is_kept(named: dict[str, int]) -> None:
    entry = {"model": "TunedModel/m", "percent": 100, "checkpoint": "2", **named}
    made = planned(M, endpoint("e", "TunedModel/m", traffic=[entry]))
    assert of_model(made).targets == (endpoint_name("c1"),)


def test_one_that_traffic_names_of_another_version_is_not_kept() -> None:
    entry = {"model": "TunedModel/m", "percent": 100, "checkpoint": "2", "version": 7}
    made = planned(M, endpoint("e", "TunedModel/m", traffic=[entry]))
    assert of_model(made).targets == GONE


def test_one_that_a_spec_declares_as_its_endpoint_is_kept() -> None:
    owner = endpoint("e", "TunedModel/m")
    kept = Record(owner.address, "vertex", "acme", "us", route=Route(endpoint_name("c1")))
    made = planned(M, owner, records=(kept,))
    assert of_model(made).targets == (endpoint_name("c2"),)


def test_one_that_is_gone_already_is_nothing_to_do() -> None:
    known = with_checkpoints()
    seen = observed(run_of(M, known), live(M, known))
    assert plan(desired(M), state(record(M, known, current=1)), seen).is_empty


def test_where_endpoints_could_not_be_read_nothing_is_decided() -> None:
    known = with_checkpoints()
    seen = observed(run_of(M, known), live(M, known), Unreadable("projects/acme/locations/us/endpoints", "403"))
    assert plan(desired(M), state(record(M, known, current=1)), seen).is_empty


def test_a_version_without_an_endpoint_of_its_own_keeps_them_all() -> None:
    made = planned(M, made=with_checkpoints(endpoint=""))
    assert steps(made) == [("deploy", "endpoint_missing")]


def test_a_version_that_goes_altogether_takes_them_along_in_one_change() -> None:
    spec = model(keep_last=1, keep_checkpoint_endpoints=A_DAY)
    v1, v2 = with_checkpoints(status=VersionStatus.SUPERSEDED), version(spec, 2)
    spare = [LiveEndpoint(name) for name in GONE]
    seen = observed(run_of(spec, v1), run_of(spec, v2), live(spec, v1), live(spec, v2), *spare)
    made = plan(desired(spec), state(record(spec, v1, v2, current=2)), seen)
    assert steps(made) == [("delete", "past_keep_last")]


def test_those_of_a_version_that_is_kept_to_go_back_to_go_too() -> None:
    spec = model(keep_last=2, keep_checkpoint_endpoints=A_DAY)
    v1, v2 = with_checkpoints(status=VersionStatus.SUPERSEDED), version(spec, 2)
    spare = [LiveEndpoint(name) for name in GONE]
    seen = observed(run_of(spec, v1), run_of(spec, v2), live(spec, v1), live(spec, v2), *spare)
    made = plan(desired(spec), state(record(spec, v1, v2, current=2)), seen)
    assert [(c.version, c.targets) for c in made.changes] == [(1, GONE)]
