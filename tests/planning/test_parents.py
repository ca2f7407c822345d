"""What goes on from another model is tuned once that one has come to rest."""

from __future__ import annotations

from dataclasses import replace

from reconciler.core.desired import Limits
from reconciler.core.observed import Observed
from reconciler.core.runs import RunState
from reconciler.core.state import State, VersionStatus
from tests.planning.build import (
    desired,
    model,
    observed,
    plan,
    record,
    run_of,
    serving,
    state,
    steps,
    supervised,
    version,
)

PARENT = model("parent")
RETUNED = model("parent", supervised(epochCount=9))
CHILD = model(
    "child",
    {
        "preTunedModel": {"tunedModelName": "TunedModel/parent"},
        "supervisedTuningSpec": PARENT.body["supervisedTuningSpec"],
    },
    depends_on=["TunedModel/parent"],
)
GRANDCHILD = model(
    "grandchild",
    {
        "preTunedModel": {"tunedModelName": "TunedModel/child"},
        "supervisedTuningSpec": PARENT.body["supervisedTuningSpec"],
    },
    depends_on=["TunedModel/child"],
)
ROOM = Limits(max_concurrent_jobs=5)


def served() -> tuple[State, Observed]:
    return serving(PARENT)


def test_a_child_waits_for_the_retune_of_its_parent_in_the_same_commit() -> None:
    made = plan(desired(RETUNED, CHILD, limits=ROOM), *served())
    assert steps(made, "parent") == [("retune", "training_changed")]
    assert steps(made, "child") == [("wait", "dependency")]
    (waits,) = (c for c in made.changes if c.address == CHILD.address)
    assert waits.reasons[0].message == "waits for TunedModel/parent to come to rest with v2, to go on from that"
    assert waits.cost is None


def test_a_child_waits_while_its_parent_is_tuned_anew() -> None:
    known, seen = served()
    coming = version(RETUNED, 2, VersionStatus.ACTIVE)
    kept = known.resources[PARENT.address]
    both = state(replace(kept, versions=(*kept.versions, coming)))
    seen = seen.merged(observed(run_of(RETUNED, coming, RunState.RUNNING)))
    assert steps(plan(desired(RETUNED, CHILD, limits=ROOM), both, seen), "child") == [("wait", "dependency")]


def test_a_child_goes_on_from_what_serves_where_its_parent_is_held() -> None:
    known, seen = served()
    failed = version(RETUNED, 2, VersionStatus.FAILED)
    kept = known.resources[PARENT.address]
    held = state(replace(kept, versions=(*kept.versions, replace(failed, run_state=RunState.CANCELLED))))
    made = plan(desired(RETUNED, CHILD, limits=ROOM), held, seen)
    assert steps(made, "parent") == [("hold", "cancelled_elsewhere")]
    assert steps(made, "child") == [("create", "new")]


def test_what_a_parent_is_judged_by_keeps_nobody_waiting() -> None:
    gated = model("parent", gates={"metrics": [{"name": "/eval_total_loss", "max": 1}]})
    made = plan(desired(gated, CHILD, limits=ROOM), *served(), evaluates=True)
    assert steps(made, "parent") == [("evaluate", "gates_changed")]
    assert steps(made, "child") == [("create", "new")]


def test_only_a_parent_that_gets_another_version_keeps_its_child_waiting() -> None:
    known, seen = served()
    young = record(CHILD, version(CHILD, 1, VersionStatus.READY), current=1)
    made = plan(desired(RETUNED, CHILD, GRANDCHILD, limits=ROOM), state(*known.resources.values(), young), seen)
    assert steps(made, "grandchild") == [("create", "new")], "the child is not tuned anew by its parent's new version"
