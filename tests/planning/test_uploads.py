"""A dataset is uploaded when a run of this pass would read it, or nothing says otherwise; held models need none."""

from __future__ import annotations

from typing import Any

from reconciler.core.desired import Limits, Policy
from reconciler.core.plan import Plan
from tests.planning.build import content, dataset, desired, model, observed, plan, state, steps, supervised
from tests.planning.services import DATA, Service

LOCAL = supervised("Dataset/d", epochCount=3)
URI = dataset().uri(content().sha256)


def planned(*specs: Any, limits: Limits | None = None, **options: Any) -> Plan:
    """The plan of specs whose runs cost 8.10 USD each, before anything is uploaded."""
    wanted = desired(*specs, dataset(), contents={"d": content()}, limits=limits or Limits(max_concurrent_jobs=9))
    return plan(wanted, state(), observed(gone=[URI]), **options)


def test_the_dataset_of_a_held_model_waits_and_names_it() -> None:
    made = planned(model(body=LOCAL), max_cost=1.0)
    assert steps(made, "m") == [("hold", "cost_limit")]
    assert steps(made, "d") == [("wait", "users_held")]
    (upload,) = (c for c in made.changes if c.address == dataset().address)
    assert "TunedModel/m" in upload.reasons[0].message


def test_the_data_of_a_service_that_takes_no_new_tunes_stays_at_home() -> None:
    palm = Service("palm")
    wanted = palm.want(palm.spec())
    gone = observed(gone=[DATA["palm"].uri(wanted.contents[DATA["palm"].address].sha256)])
    assert steps(plan(wanted, state(), gone, allow_retired=False), "data") == [("wait", "users_held")]
    assert steps(plan(wanted, state(), gone, allow_retired=True), "data") == [("create", "not_uploaded")]


def test_it_is_uploaded_in_the_pass_in_which_one_of_its_models_may_start() -> None:
    made = planned(model("a", LOCAL), model("b", LOCAL), max_cost=10.0)
    assert steps(made) == [("create", "not_uploaded"), ("create", "new"), ("hold", "cost_limit")]


def test_the_dataset_of_a_queued_model_is_uploaded() -> None:
    made = planned(model(body=LOCAL), limits=Limits(max_concurrent_jobs=0))
    assert steps(made) == [("create", "not_uploaded"), ("queue", "queue_full")]


def test_a_dataset_that_nothing_uses_is_uploaded_as_declared() -> None:
    assert steps(planned()) == [("create", "not_uploaded")]


def test_what_waits_for_a_held_parent_needs_no_data_either() -> None:
    child = model("child", {"preTunedModel": {"tunedModelName": "TunedModel/parent"}, **LOCAL})
    parent = model("parent", supervised(epochCount=3))
    made = planned(child, parent, max_cost=0.0)
    assert steps(made, "parent")[0][0] == "hold"
    assert steps(made, "child") == [("wait", "dependency")]
    assert steps(made, "d") == [("wait", "users_held")]


def test_a_dataset_that_is_asked_for_by_itself_is_uploaded() -> None:
    made = planned(model(body=LOCAL), max_cost=0.0, targets=(dataset().address,))
    assert steps(made) == [("create", "not_uploaded")]


def test_what_is_held_for_its_own_sake_stays_held() -> None:
    policy = Policy(dataset_buckets=("acme-sets",))
    wanted = desired(model(body=LOCAL), dataset(), contents={"d": content()}, policy=policy)
    assert steps(plan(wanted, state(), observed(gone=[URI])), "d") == [("hold", "policy_bucket")]
