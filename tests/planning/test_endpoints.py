"""Declared endpoints: which steps lead from what is live to the declared traffic, and what stands in the way."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from reconciler.catalog import BaseModel, Catalog
from reconciler.core.address import Address
from reconciler.core.client_ids import endpoint_id
from reconciler.core.desired import Desired, Endpoint, Lifecycle, TunedModel
from reconciler.core.labels import ADDRESS, PROJECT
from reconciler.core.observed import Deployed, LiveEndpoint, Observed, Unreadable
from reconciler.core.plan import Action, Plan
from reconciler.core.state import Checkpoint, Record, Route, Share, State, VersionStatus
from reconciler.planning.absorb import absorb
from reconciler.planning.plan import PlanOptions, make_plan
from reconciler.spec.fingerprint import evaluation_fingerprint
from tests.planning import build
from tests.planning.build import (
    CATALOG,
    NOW,
    desired,
    live,
    model,
    model_name,
    observed,
    record,
    run_of,
    state,
    steps,
    supervised,
    version,
    warned,
)

M = model("m")
ADDRESS_OF_E = Address("Endpoint", "e")
OTHER = "projects/acme/locations/us/models/elsewhere@1"
GATES = {"metrics": [{"name": "/eval_total_loss", "max": 0.9}]}


def endpoint(
    *entries: Mapping[str, Any], location: str = "us", lifecycle: Lifecycle | None = None, **body: Any
) -> Endpoint:
    traffic = list(entries) or [{"model": "TunedModel/m", "percent": 100}]
    made = build.endpoint("e", *dict.fromkeys(e["model"] for e in traffic), traffic=traffic)
    return replace(
        made, location=location, body={**made.body, **body}, lifecycle=lifecycle or Lifecycle(), labels={"team": "x"}
    )


def canary(*at: int) -> dict[str, Any]:
    return {"strategy": {"type": "canary", "steps": list(at)}}


def name_of(counter: int = 1) -> str:
    return f"projects/acme/locations/us/endpoints/{endpoint_id('proj', ADDRESS_OF_E, counter)}"


def share(number: int, percent: int = 100, checkpoint: str = "") -> Share:
    return Share("TunedModel/m", number, model_name(f"m-{number}"), percent, checkpoint)


def written(*shares: Share, base: tuple[Share, ...] = (), step: int = 0, **fields: Any) -> Record:
    words = {"displayName": "e", "description": None, "labels": {"team": "x"}}
    route = Route(name_of(), 1, shares, base, step)
    made = Record(ADDRESS_OF_E, "vertex", "acme", "us", metadata=words, route=route)
    return replace(made, **fields)


def carrying(*shares: Share, name: str = "", **fields: Any) -> LiveEndpoint:
    """The live endpoint with these versions deployed on it and dividing its traffic."""
    ids = {str(n): s for n, s in enumerate(shares, start=1)}
    made = LiveEndpoint(
        name or name_of(),
        "e",
        labels={"team": "x", PROJECT: "proj", ADDRESS: "endpoint_e"},
        deployed=tuple(Deployed(i, s.model, s.checkpoint) for i, s in ids.items()),
        traffic={i: s.percent for i, s in ids.items() if s.percent},
    )
    return replace(made, **fields)


def world(current: int, *numbers: int, spec: TunedModel = M, **fields: Any) -> tuple[State, Observed]:
    """A model with these finished versions, the current one serving."""
    versions = [
        version(spec, n, VersionStatus.READY if n == current else VersionStatus.SUPERSEDED, **fields)
        for n in numbers or (current,)
    ]
    seen = observed(*(run_of(spec, v) for v in versions), *(live(spec, v) for v in versions))
    return state(record(spec, *versions, current=current)), seen


def plan_of(
    want: Desired,
    known: tuple[State, Observed],
    *more: Record | LiveEndpoint,
    catalog: Catalog = CATALOG,
    **options: Any,
) -> Plan:
    kept, seen = known
    for thing in more:
        if isinstance(thing, Record):
            kept = kept.with_record(thing)
        else:
            seen = seen.merged(observed(thing))
    return make_plan(want, absorb(kept, seen, NOW), seen, catalog, NOW, options=PlanOptions(**options))


def of_endpoint(made: Plan) -> list[tuple[str, str]]:
    return steps(made, "Endpoint/e")


def shares_after(made: Plan, action: Action) -> dict[int, int]:
    """Version -> percent as the endpoint's change of that action leaves it."""
    (change,) = [c for c in made.of(action) if c.address == ADDRESS_OF_E]
    assert change.route is not None
    return {s.version: s.percent for s in change.route.shares}


class TestFirst:
    def test_a_new_endpoint_is_created_under_an_id_of_ours(self) -> None:
        made = plan_of(desired(M, endpoint()), world(1))
        assert of_endpoint(made) == [("create", "new")]
        assert made.changes[0].targets == (name_of(1),)
        assert made.changes[0].cost is None
        assert shares_after(made, Action.CREATE) == {1: 100}

    def test_an_id_of_ones_own_is_used(self) -> None:
        made = plan_of(desired(M, endpoint(endpointId="support-eu")), world(1))
        assert made.changes[0].targets[0].endswith("/endpoints/support-eu")

    def test_it_waits_for_a_model_that_has_no_version_yet(self) -> None:
        made = plan_of(desired(M, endpoint()), (state(), observed()))
        assert of_endpoint(made) == [("wait", "dependency")]
        (wait,) = made.of(Action.WAIT)
        assert wait.source == endpoint().sources.at("traffic[0].model")

    def test_nothing_to_do_is_nothing(self) -> None:
        assert plan_of(desired(M, endpoint()), world(1), written(share(1)), carrying(share(1))).is_empty

    def test_one_that_was_made_and_not_recorded_is_taken_over(self) -> None:
        made = plan_of(desired(M, endpoint()), world(1), carrying(name=name_of(1)))
        assert of_endpoint(made) == [("create", "endpoint_found")]

    def test_one_whose_first_deployment_failed_is_gone_on_with(self) -> None:
        made = plan_of(desired(M, endpoint()), world(1), written(), carrying())
        assert of_endpoint(made) == [("deploy", "deploy_beside")]

    def test_after_losing_the_state_the_last_one_is_found_again(self) -> None:
        made = plan_of(desired(M, endpoint()), world(1), carrying(name=name_of(3)))
        assert made.changes[0].targets == (name_of(3),)

    def test_an_endpoint_of_somebody_else_under_that_id_is_left_alone(self) -> None:
        made = plan_of(desired(M, endpoint()), world(1), carrying(name=name_of(1), labels={}))
        assert of_endpoint(made) == [("hold", "endpoint_foreign")]

    def test_an_unreadable_location_decides_nothing(self) -> None:
        kept, seen = world(1)
        seen = replace(seen, unreadable=(Unreadable("projects/acme/locations/us/endpoints", "403"),))
        made = plan_of(desired(M, endpoint()), (kept, seen), written(share(1)))
        assert of_endpoint(made) == []
        assert "unreadable" in warned(made)


class TestBlueGreen:
    WANT = desired(M, endpoint())

    def test_a_new_version_is_deployed_beside_and_gets_everything(self) -> None:
        made = plan_of(self.WANT, world(2, 1, 2), written(share(1)), carrying(share(1)))
        assert of_endpoint(made) == [("deploy", "deploy_beside"), ("promote", "traffic_follows")]
        assert shares_after(made, Action.PROMOTE) == {2: 100}
        assert all(c.cost is None for c in made.changes)

    def test_the_old_version_is_taken_off_afterwards(self) -> None:
        made = plan_of(self.WANT, world(2, 1, 2), written(share(2)), carrying(share(1, 0), share(2)))
        assert of_endpoint(made) == [("update", "out_of_traffic")]
        assert made.changes[0].targets == (model_name("m-1"),)

    def test_a_model_of_somebody_else_stays(self) -> None:
        live_one = carrying(share(1), Share("", 0, OTHER, 0))
        assert plan_of(self.WANT, world(1), written(share(1)), live_one).is_empty

    def test_traffic_of_somebody_elses_model_is_counted(self) -> None:
        live_one = carrying(share(1, 70), Share("", 0, OTHER, 30))
        assert plan_of(self.WANT, world(1), written(share(1)), live_one).is_empty

    def test_somebody_elses_model_with_all_the_traffic_is_held(self) -> None:
        live_one = carrying(share(1, 0), Share("", 0, OTHER, 100))
        made = plan_of(self.WANT, world(1), written(share(1)), live_one)
        assert of_endpoint(made) == [("hold", "endpoint_shared")]
        assert OTHER in made.changes[0].reasons[0].message

    def test_changed_percentages_name_their_line(self) -> None:
        want = endpoint(
            {"model": "TunedModel/m", "version": 1, "percent": 30},
            {"model": "TunedModel/m", "version": 2, "percent": 70},
        )
        before = (share(1, 50), share(2, 50))
        made = plan_of(desired(M, want), world(2, 1, 2), written(*before), carrying(*before))
        (change,) = made.changes
        assert of_endpoint(made) == [("promote", "traffic_changed")]
        assert [(f.path, f.before, f.after) for f in change.fields] == [
            ("traffic[0].percent", 50, 30),
            ("traffic[1].percent", 50, 70),
        ]
        assert change.source == want.sources.at("traffic[0].percent")

    def test_the_current_version_named_twice_is_one_share(self) -> None:
        want = endpoint(
            {"model": "TunedModel/m", "percent": 40}, {"model": "TunedModel/m", "version": 1, "percent": 60}
        )
        assert plan_of(desired(M, want), world(1), written(share(1)), carrying(share(1))).is_empty


class TestCanary:
    WANT = desired(M, endpoint(**canary(10, 50, 100)))

    @pytest.mark.parametrize(
        ("step", "before", "after"),
        [
            (0, (share(1),), {1: 90, 2: 10}),
            (10, (share(1, 90), share(2, 10)), {1: 50, 2: 50}),
            (50, (share(1, 50), share(2, 50)), {2: 100}),
        ],
    )
    def test_one_step_a_pass(self, step: int, before: tuple[Share, ...], after: dict[int, int]) -> None:
        base = (share(1),) if step else ()
        made = plan_of(self.WANT, world(2, 1, 2), written(*before, base=base, step=step), carrying(*before))
        assert shares_after(made, Action.PROMOTE) == after

    def test_a_canary_changed_by_hand_is_put_back_before_it_goes_on(self) -> None:
        record_of = written(share(1, 90), share(2, 10), base=(share(1),), step=10)
        made = plan_of(self.WANT, world(2, 1, 2), record_of, carrying(share(1, 20), share(2, 80)))
        assert of_endpoint(made) == [("promote", "traffic_drift")]
        assert shares_after(made, Action.PROMOTE) == {1: 90, 2: 10}

    def test_a_failing_gate_holds_and_leaves_the_traffic_where_it_is(self) -> None:
        spec = model("m", gates=GATES)
        evidence = {"gates": {"digest": evaluation_fingerprint(spec, {}), "passed": False, "results": []}}
        known = world(2, 1, 2, spec=spec, evidence=evidence)
        before = (share(1, 90), share(2, 10))
        want = desired(spec, endpoint(**canary(10, 50, 100)))
        made = plan_of(want, known, written(*before, base=(share(1),), step=10), carrying(*before))
        assert of_endpoint(made) == [("hold", "gate_failed")]

    def test_gates_that_are_not_judged_are_waited_for(self) -> None:
        spec = model("m", gates=GATES)
        want = desired(spec, endpoint(**canary(10, 100)))
        made = plan_of(want, world(2, 1, 2, spec=spec), written(share(1)), carrying(share(1)), evaluates=True)
        assert of_endpoint(made) == [("wait", "gate_pending")]

    def test_going_back_is_done_at_once(self) -> None:
        before = (share(1, 50), share(2, 50))
        made = plan_of(self.WANT, world(1, 1, 2), written(*before, base=(share(1),), step=50), carrying(*before))
        assert shares_after(made, Action.ROLLBACK) == {1: 100}

    def test_a_third_version_in_the_middle_starts_its_own_canary(self) -> None:
        before = (share(1, 50), share(2, 50))
        record_of = written(*before, base=(share(1),), step=50)
        made = plan_of(self.WANT, world(3, 1, 2, 3), record_of, carrying(*before))
        assert shares_after(made, Action.PROMOTE) == {1: 45, 2: 45, 3: 10}

    def test_the_first_version_gets_everything(self) -> None:
        assert shares_after(plan_of(self.WANT, world(1)), Action.CREATE) == {1: 100}


class TestRows:
    """The rows of the state table, as far as they concern declared endpoints."""

    WANT = desired(M, endpoint())

    def test_row_33_a_deleted_endpoint_is_made_again_under_the_next_id_and_nothing_is_tuned(self) -> None:
        made = plan_of(self.WANT, world(1), written(share(1)))
        assert steps(made) == [("create", "endpoint_gone")]
        assert made.changes[0].targets == (name_of(2),)
        assert made.changes[0].route == Route(name_of(2), 2, (share(1),))

    def test_row_34_an_emptied_endpoint_is_deployed_again(self) -> None:
        made = plan_of(self.WANT, world(1), written(share(1)), carrying())
        assert steps(made) == [("deploy", "endpoint_empty")]

    def test_row_37_another_checkpoint_is_deployed_and_then_gets_the_traffic(self) -> None:
        points = (Checkpoint("1", 1, 10), Checkpoint("2", 2, 20))
        known = world(1, checkpoints=points)
        want = desired(M, endpoint({"model": "TunedModel/m", "percent": 100, "checkpoint": "1"}))
        made = plan_of(want, known, written(share(1, checkpoint="2")), carrying(share(1, checkpoint="2")))
        assert of_endpoint(made) == [("deploy", "deploy_beside"), ("promote", "traffic_follows")]

    def test_row_38_traffic_sent_elsewhere_by_hand_is_sent_back(self) -> None:
        made = plan_of(self.WANT, world(2, 1, 2), written(share(2)), carrying(share(1), share(2, 0)))
        assert of_endpoint(made) == [("promote", "traffic_drift")]
        assert shares_after(made, Action.PROMOTE) == {2: 100}

    def test_row_39_names_and_labels_are_put_right(self) -> None:
        edited = carrying(share(1), display_name="mine", labels={"team": "y", "owner": "bob"})
        made = plan_of(self.WANT, world(1), written(share(1)), edited)
        assert of_endpoint(made) == [("update", "metadata_drift")]
        assert [f.path for f in made.changes[0].fields] == ["displayName", "metadata.labels.team"]

    def test_row_40_traffic_drift_is_restored(self) -> None:
        want = endpoint(
            {"model": "TunedModel/m", "version": 1, "percent": 50},
            {"model": "TunedModel/m", "version": 2, "percent": 50},
        )
        kept = (share(1, 50), share(2, 50))
        made = plan_of(desired(M, want), world(2, 1, 2), written(*kept), carrying(share(1, 99), share(2, 1)))
        assert of_endpoint(made) == [("promote", "traffic_drift")]
        assert shares_after(made, Action.PROMOTE) == {1: 50, 2: 50}

    def test_row_46_with_its_base_retired_a_lost_endpoint_is_told_and_tried_and_nothing_is_tuned(self) -> None:
        spec = model("m", supervised(base="gemini-old"))
        made = plan_of(desired(spec, endpoint()), world(1, spec=spec), written(share(1)))
        assert "base_model_retired" in warned(made)
        assert steps(made) == [("create", "endpoint_gone")]

    def test_row_48_a_rollback_deploys_the_earlier_version_and_sends_the_traffic_back(self) -> None:
        made = plan_of(self.WANT, world(1, 1, 2), written(share(2)), carrying(share(2)))
        assert of_endpoint(made) == [("deploy", "deploy_beside"), ("rollback", "traffic_follows")]
        assert shares_after(made, Action.ROLLBACK) == {1: 100}

    def test_row_51_a_removed_model_that_an_endpoint_carries_is_held(self) -> None:
        made = plan_of(desired(), world(1), written(share(1), prevent_destroy=True), carrying(share(1)))
        assert steps(made, "TunedModel/m") == [("hold", "still_referenced")]

    def test_row_52_a_version_that_an_endpoint_carries_is_not_retired(self) -> None:
        spec = model("m", keep_last=1)
        known = world(2, 1, 2, spec=spec)
        carried = plan_of(desired(spec, endpoint()), known, written(share(1)), carrying(share(1)))
        assert steps(carried, "TunedModel/m") == []
        free = plan_of(desired(spec, endpoint()), known, written(share(2)), carrying(share(2)))
        assert steps(free, "TunedModel/m") == [("delete", "past_keep_last")]

    @pytest.mark.parametrize("left", [(), (carrying(),)], ids=["deleted", "emptied"])
    def test_row_52_a_version_that_a_lost_endpoint_is_to_carry_again_is_not_retired_meanwhile(
        self, left: tuple[LiveEndpoint, ...]
    ) -> None:
        spec = model("m", keep_last=1)
        known = world(2, 1, 2, spec=spec)
        made = plan_of(desired(spec, endpoint(**canary(10, 100))), known, written(share(1)), *left)
        assert steps(made, "TunedModel/m") == []


class TestBarred:
    """What makes a split impossible is said at plan time, with the line of the spec."""

    def held(self, known: tuple[State, Observed], want: Endpoint, **options: Any) -> tuple[str, str]:
        made = plan_of(desired(M, want), known, **options)
        (change,) = [c for c in made.changes if c.address == ADDRESS_OF_E]
        assert change.action is Action.HOLD
        return change.reasons[0].code, change.reasons[0].message

    def test_an_unknown_version_names_the_known_ones(self) -> None:
        want = endpoint({"model": "TunedModel/m", "version": 7, "percent": 100})
        code, words = self.held(world(2, 1, 2), want)
        assert code == "unknown_version"
        assert "no v7" in words
        assert "v1, v2" in words

    @pytest.mark.parametrize("status", [VersionStatus.FAILED, VersionStatus.DELETED])
    def test_a_version_that_left_nothing(self, status: VersionStatus) -> None:
        bad = version(M, 2, status, model="", endpoint="")
        good = version(M, 1)
        known = state(record(M, good, bad, current=1)), observed(run_of(M, good), live(M, good), run_of(M, bad))
        code, _ = self.held(known, endpoint({"model": "TunedModel/m", "version": 2, "percent": 100}))
        assert code == "unknown_version"

    def test_an_unknown_checkpoint_names_the_known_ones(self) -> None:
        want = endpoint({"model": "TunedModel/m", "checkpoint": "9", "percent": 100})
        code, words = self.held(world(1, checkpoints=(Checkpoint("1"), Checkpoint("2"))), want)
        assert code == "unknown_checkpoint"
        assert "1, 2" in words

    def test_another_location_than_the_models_says_which(self) -> None:
        code, words = self.held(world(1), endpoint(location="us-central1"))
        assert code == "endpoint_location"
        assert "location: us`" in words

    def test_another_location_is_known_before_anything_is_tuned(self) -> None:
        base = BaseModel(build.BASE, price_per_million_tokens=3.0, serving={"us-central1": "us"})
        catalog = Catalog(date=dt.date(2026, 11, 1), models={build.BASE: base})
        code, _ = self.held((state(), observed()), endpoint(location="us-central1"), catalog=catalog)
        assert code == "endpoint_location"

    def test_a_version_under_way_is_waited_for(self) -> None:
        running = version(M, 2, VersionStatus.ACTIVE)
        first = version(M, 1)
        known = (
            state(record(M, first, running, current=1)),
            observed(run_of(M, first), live(M, first), run_of(M, running)),
        )
        made = plan_of(desired(M, endpoint({"model": "TunedModel/m", "version": 2, "percent": 100})), known)
        assert of_endpoint(made) == [("wait", "dependency")]

    def test_an_endpoint_cannot_move(self) -> None:
        made = plan_of(desired(M, endpoint(location="eu")), world(1), written(share(1)), carrying(share(1)))
        assert of_endpoint(made) == [("hold", "endpoint_moved")]

    def test_what_is_in_the_way_does_not_keep_drift_from_being_restored(self) -> None:
        want = endpoint({"model": "TunedModel/m", "version": 7, "percent": 100})
        made = plan_of(desired(M, want), world(2, 1, 2), written(share(2)), carrying(share(1), share(2, 0)))
        assert of_endpoint(made) == [("hold", "unknown_version"), ("promote", "traffic_drift")]


class TestRemoved:
    def test_a_removed_endpoint_is_deleted_and_counted(self) -> None:
        made = plan_of(desired(M), world(1), written(share(1)), carrying(share(1)))
        assert of_endpoint(made) == [("delete", "removed")]

    def test_destroying_takes_the_endpoint_before_the_models_on_it(self) -> None:
        want = desired(M, endpoint())
        made = plan_of(want, world(1), written(share(1)), carrying(share(1)), destroy=True)
        assert [(str(c.address), str(c.action)) for c in made.changes] == [
            ("Endpoint/e", "delete"),
            ("TunedModel/m", "delete"),
        ]

    def test_destroying_takes_an_endpoint_that_was_made_and_never_recorded_too(self) -> None:
        made = plan_of(desired(M, endpoint()), world(1), carrying(share(1)), destroy=True)
        assert [(str(c.address), str(c.action), c.targets[0]) for c in made.changes] == [
            ("Endpoint/e", "delete", name_of()),
            ("TunedModel/m", "delete", share(1).model.replace("models", "endpoints").removesuffix("@1")),
        ]

    def test_destroying_leaves_an_endpoint_of_somebody_else_under_that_id_alone(self) -> None:
        made = plan_of(desired(M, endpoint()), world(1), carrying(labels={}), destroy=True)
        assert of_endpoint(made) == []

    def test_prevent_destroy_outlives_the_spec(self) -> None:
        made = plan_of(desired(M), world(1), written(share(1), prevent_destroy=True), carrying(share(1)))
        assert of_endpoint(made) == [("hold", "prevent_destroy")]

    def test_retain_forgets_it(self) -> None:
        made = plan_of(desired(M), world(1), written(share(1), on_remove="retain"), carrying(share(1)))
        assert of_endpoint(made) == [("forget", "retained")]

    def test_one_that_carries_somebody_elses_model_is_held(self) -> None:
        live_one = carrying(share(1), Share("", 0, OTHER, 0))
        made = plan_of(desired(M), world(1), written(share(1)), live_one)
        assert of_endpoint(made) == [("hold", "endpoint_shared")]

    def test_one_that_is_gone_is_forgotten(self) -> None:
        made = plan_of(desired(M), world(1), written(share(1)))
        assert of_endpoint(made) == [("forget", "nothing_left")]


def test_an_endpoint_of_ours_that_nothing_accounts_for_is_told() -> None:
    made = plan_of(desired(M), world(1), carrying(share(1)))
    assert warned(made) == ["unrecorded_endpoint"]
    both = plan_of(desired(M, endpoint()), world(1), written(share(1)), carrying(share(1)), carrying(name=name_of(2)))
    assert warned(both) == ["unrecorded_endpoint"]


def test_nobody_is_told_to_delete_an_endpoint_that_its_spec_takes_over_again() -> None:
    made = plan_of(desired(M, endpoint()), world(1), carrying(share(1)), carrying(name=name_of(2)))
    hints = [d.hint for d in made.diagnostics if d.code == "unrecorded_endpoint"]
    assert all(hint.startswith("Its spec takes it over again") for hint in hints)
    assert hints


def test_a_declared_endpoint_is_never_taken_for_the_one_the_job_made() -> None:
    made = version(M, endpoint="")
    spare = carrying(share(1))
    seen = observed(run_of(M, made, endpoint=""), live(M, made), spare)
    (on_it,) = seen.models.values()
    seen = replace(seen, models={k: replace(on_it, deployments=((spare.name, "1"),)) for k in seen.models})
    kept = state(record(M, made, current=1), written(share(1)))
    assert absorb(kept, seen, NOW).resources[M.address].versions[0].endpoint == ""
