"""The plan as a whole: scope, order, counts, what could not be seen."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import pytest

from reconciler.core.address import Address
from reconciler.core.desired import Limits
from reconciler.core.observed import Unreadable
from reconciler.core.plan import Action, Reason
from reconciler.core.runs import RunState
from reconciler.core.state import Record, VersionStatus
from reconciler.errors import SpecError
from reconciler.planning.reasons import Code, because
from tests.planning.build import (
    LOCATION,
    NOW,
    TRAIN,
    content,
    dataset,
    desired,
    endpoint,
    endpoint_name,
    job,
    live,
    model,
    model_name,
    observed,
    only,
    plan,
    record,
    run,
    run_of,
    serving,
    state,
    steps,
    stored,
    supervised,
    version,
    warned,
)

M = model()


def address(text: str) -> Address:
    return Address.parse(text)


def test_a_plan_says_from_what_it_was_made() -> None:
    made = plan(desired(M), state(), observed())
    assert (made.project, made.spec_digest, made.complete) == ("proj", "sha256:0", True)
    assert (made.state.lineage, made.state.serial) == ("lineage-1", 3)
    assert made.created_at == NOW.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def test_the_summary_counts_every_action_by_address() -> None:
    known, seen = serving(M)
    other = model("other", keep_last=1)
    versions = [
        version(model("other", supervised(epochCount=n)), n, VersionStatus.SUPERSEDED, run_id=n) for n in (1, 2)
    ]
    versions.append(version(other, 3))
    known = state(*known.resources.values(), record(other, *versions, current=3))
    seen = seen.merged(observed(*(run_of(other, v) for v in versions), *(live(other, v) for v in versions)))
    made = plan(desired(M, other, model("new")), known, seen)
    assert {a: n for a, n in made.summary.items() if n} == {Action.CREATE: 1, Action.DELETE: 1, Action.NONE: 1}
    assert list(made.summary) == list(Action)


def test_changes_come_in_the_order_of_dependencies_and_then_by_address() -> None:
    want = desired(
        model("a", {"preTunedModel": {"tunedModelName": "TunedModel/z"}, **supervised("Dataset/late")}),
        model("z", supervised("Dataset/late")),
        model("b"),
        dataset("late"),
        dataset("early"),
        contents={"late": content("a"), "early": content("b")},
        limits=Limits(max_concurrent_jobs=9),
    )
    made = plan(want, state(), observed())
    assert [str(c.address) for c in made.changes] == [
        "Dataset/early",
        "Dataset/late",
        "TunedModel/b",
        "TunedModel/z",
        "TunedModel/a",
    ]


def test_specs_that_refer_to_one_another_are_an_error() -> None:
    one = model("one", {"preTunedModel": {"tunedModelName": "TunedModel/two"}})
    two = model("two", {"preTunedModel": {"tunedModelName": "TunedModel/one"}})
    with pytest.raises(SpecError) as caught:
        plan(desired(one, two), state(), observed())
    (found,) = caught.value.diagnostics
    assert found.code == "reference_cycle"
    assert "TunedModel/one" in found.message
    assert found.source is not None


class TestTargets:
    """--target narrows a plan to some addresses and what they need."""

    WANT = desired(
        model("a", {"preTunedModel": {"tunedModelName": "TunedModel/b"}, **supervised("Dataset/d")}),
        model("b"),
        model("c"),
        dataset(),
        endpoint("e", "TunedModel/c"),
    )

    def test_what_a_target_needs_comes_with_it(self) -> None:
        made = plan(self.WANT, state(), observed(), targets=(address("TunedModel/a"),))
        assert {str(c.address) for c in made.changes} == {"TunedModel/a", "TunedModel/b", "Dataset/d"}
        assert sum(made.summary.values()) == 3

    def test_an_endpoint_brings_its_models(self) -> None:
        made = plan(self.WANT, state(), observed(), targets=(address("Endpoint/e"),))
        assert {str(c.address) for c in made.changes} == {"Endpoint/e", "TunedModel/c"}

    def test_a_target_that_matches_nothing_is_warned_about(self) -> None:
        made = plan(self.WANT, state(), observed(), targets=(address("TunedModel/typo"),))
        assert made.is_empty
        assert warned(made) == ["target_unknown"]

    def test_a_removed_address_can_be_a_target(self) -> None:
        known, seen = serving(M)
        made = plan(self.WANT, known, seen, targets=(M.address,))
        assert steps(made) == [("delete", "removed")]

    def test_strangers_are_not_reported_then(self) -> None:
        made = plan(self.WANT, state(), observed(run(job("x"))), targets=(address("TunedModel/b"),))
        assert "unmanaged" not in warned(made)


class TestRemoval:
    """What no spec declares any more goes, the children first."""

    def test_what_was_tuned_from_another_goes_before_it(self) -> None:
        parent, child = model("a"), model("b", {"preTunedModel": {"tunedModelName": "TunedModel/a"}, **supervised()})
        p1, c1 = version(parent), version(child)
        other = model("c")
        o1 = version(other, resolved={"preTunedModel": {"tunedModelName": p1.model}})
        known = state(record(parent, p1, current=1), record(child, c1, current=1), record(other, o1, current=1))
        seen = observed(run_of(parent, p1), run_of(child, c1), run_of(other, o1))
        made = plan(desired(), known, seen)
        assert [c.address.name for c in made.changes] == ["b", "c", "a"]

    def test_models_tuned_from_one_another_go_by_address(self) -> None:
        a, b = model("a"), model("b")
        v1, v2 = version(a), version(b)
        v1 = replace(v1, resolved={"preTunedModel": {"tunedModelName": v2.model}})
        v2 = replace(v2, resolved={"preTunedModel": {"tunedModelName": v1.model}})
        known = state(record(b, v2, current=1), record(a, v1, current=1))
        made = plan(desired(), known, observed(run_of(a, v1), run_of(b, v2)))
        assert [c.address.name for c in made.changes] == ["a", "b"]

    def test_a_model_tuned_from_its_own_earlier_version_is_no_circle(self) -> None:
        v1 = version(M, 1, VersionStatus.SUPERSEDED)
        v2 = version(M, 2, resolved={"preTunedModel": {"tunedModelName": v1.model}})
        made = plan(desired(), state(record(M, v1, v2, current=2)), observed(run_of(M, v1), run_of(M, v2)))
        assert steps(made) == [("delete", "removed")]

    def test_what_is_deleted_already_is_not_deleted_again(self) -> None:
        gone = replace(version(M), status=VersionStatus.DELETED)
        v2 = version(M, 2)
        made = plan(desired(), state(record(M, gone, v2, current=2)), observed(run_of(M, v2)))
        assert only(made).targets == (v2.endpoint, v2.model)

    def test_a_protected_record_of_which_nothing_is_left_is_forgotten(self) -> None:
        gone = replace(version(M), status=VersionStatus.DELETED)
        made = plan(desired(), state(record(M, gone, prevent_destroy=True)), observed())
        assert steps(made) == [("forget", "nothing_left")]

    def test_a_run_that_somebody_else_cancels_is_waited_for(self) -> None:
        v1 = version(M, 1, VersionStatus.ACTIVE)
        made = plan(desired(), state(record(M, v1)), observed(run_of(M, v1, RunState.CANCELLING)))
        assert steps(made) == [("wait", "cancelling")]

    def test_a_serving_version_goes_only_after_the_run_of_its_successor_has_stopped(self) -> None:
        v1, v2 = version(M), version(M, 2, VersionStatus.ACTIVE)
        made = plan(desired(), state(record(M, v1, v2, current=1)), observed(run_of(M, v1), live(M, v1), run_of(M, v2)))
        assert steps(made) == [("cancel", "removed")]
        assert only(made).serving == 1


class TestDestroy:
    """Destroying takes everything away that is recorded, in the reverse order of dependencies."""

    PARENT = model("a")
    CHILD = model("b", {"preTunedModel": {"tunedModelName": "TunedModel/a"}, **supervised("Dataset/d")})
    WANT = desired(PARENT, CHILD, dataset(), model("never-tuned"), contents={"d": content()})
    P1, C1 = version(PARENT), version(CHILD, want=WANT)
    KNOWN = state(
        record(PARENT, P1, current=1),
        record(CHILD, C1, current=1),
        Record(dataset().address, "storage", "", "", objects=("gs://x/y",)),
    )
    SEEN = observed(run_of(PARENT, P1), live(PARENT, P1), run_of(CHILD, C1), live(CHILD, C1))

    def test_everything_goes_children_first(self) -> None:
        made = plan(self.WANT, self.KNOWN, self.SEEN, destroy=True)
        assert [(str(c.address), str(c.action)) for c in made.changes] == [
            ("Dataset/d", "forget"),
            ("TunedModel/b", "delete"),
            ("TunedModel/a", "delete"),
        ]
        assert made.of(Action.DELETE)[0].source is not None
        assert made.summary[Action.NONE] == 1

    def test_only_the_targets_go_and_what_others_refer_to_stays(self) -> None:
        made = plan(self.WANT, self.KNOWN, self.SEEN, destroy=True, targets=(self.PARENT.address,))
        assert steps(made) == [("hold", "still_referenced")]
        assert "TunedModel/b" in only(made).reasons[0].message
        child = plan(self.WANT, self.KNOWN, self.SEEN, destroy=True, targets=(self.CHILD.address,))
        assert steps(child) == [("delete", "destroyed")]

    def test_protection_in_the_spec_wins(self) -> None:
        spec = replace(self.PARENT, lifecycle=replace(self.PARENT.lifecycle, prevent_destroy=True))
        made = plan(desired(spec), self.KNOWN, self.SEEN, destroy=True, targets=(spec.address,))
        assert steps(made) == [("hold", "prevent_destroy")]

    def test_what_is_to_be_retained_is_forgotten(self) -> None:
        spec = replace(self.PARENT, lifecycle=replace(self.PARENT.lifecycle, on_remove="retain"))
        made = plan(desired(spec), self.KNOWN, self.SEEN, destroy=True, targets=(spec.address,))
        assert steps(made) == [("forget", "retained")]


def blind(what: str) -> Unreadable:
    return Unreadable(what, "403 PERMISSION_DENIED")


PARENT_PATH = f"projects/acme/locations/{LOCATION}"


class TestBlindness:
    """What could not be read is never called missing, and a plan without it is not complete."""

    @pytest.mark.parametrize(
        "what", [f"{PARENT_PATH}/tuningJobs", PARENT_PATH, "projects/123/locations/us-central1", "vertex", "a network"]
    )
    def test_nothing_is_decided_where_the_runs_could_not_be_listed(self, what: str) -> None:
        known, _ = serving(M)
        for want, recorded in ((desired(M), state()), (desired(M), known), (desired(), known)):
            made = plan(want, recorded, observed(blind(what)))
            assert made.is_empty
            assert not made.complete
            assert made.unreadable == (f"{what}: 403 PERMISSION_DENIED",)
            assert warned(made) == ["unreadable", "unreadable"]
            assert made.summary[Action.NONE] == 0

    def test_a_run_that_could_not_be_read_by_name_is_not_gone(self) -> None:
        v1 = version(M, 1, VersionStatus.ACTIVE)
        known = state(record(M, v1))
        assert plan(desired(M), known, observed(blind(v1.run))).is_empty
        assert plan(desired(), known, observed(blind(v1.run))).is_empty

    @pytest.mark.parametrize(
        "what",
        ["projects/acme/locations/us/endpoints", "projects/acme/locations/us", endpoint_name("m-1")],
    )
    def test_an_endpoint_that_could_not_be_listed_is_not_gone(self, what: str) -> None:
        known, seen = serving(M)
        made = plan(desired(M), known, replace(seen, endpoints={}, unreadable=(blind(what),)))
        assert made.is_empty
        assert not made.complete

    @pytest.mark.parametrize("what", ["projects/acme/locations/us/models", model_name("m-1")])
    def test_a_model_that_could_not_be_listed_is_not_gone(self, what: str) -> None:
        known, seen = serving(M)
        made = plan(desired(M), known, replace(seen, models={}, unreadable=(blind(what),)))
        assert made.is_empty

    def test_another_locations_silence_hides_nothing_here(self) -> None:
        known, seen = serving(M)
        lost = replace(seen, endpoints={}, unreadable=(blind("projects/acme/locations/eu/endpoints"),))
        assert steps(plan(desired(M), known, lost)) == [("deploy", "endpoint_gone")]

    @pytest.mark.parametrize("what", ["tunedModels", "gemini", "tunedModels/m"])
    def test_the_gemini_api_has_no_locations(self, what: str) -> None:
        spec = model(body={"tuningTask": {}}, backend="gemini", location="")
        v1 = version(spec, run="tunedModels/m", model="tunedModels/m", endpoint="")
        made = plan(desired(spec), state(record(spec, v1, current=1)), observed(blind(what)))
        assert made.is_empty

    @pytest.mark.parametrize("what", ["gs://acme-data/", "storage", "anything else"])
    def test_an_object_that_could_not_be_looked_up_is_not_missing(self, what: str) -> None:
        want = desired(dataset(), contents={"d": content()})
        made = plan(want, state(), observed(blind(what)))
        assert made.is_empty
        assert made.summary[Action.NONE] == 0

    def test_training_data_that_could_not_be_looked_up_is_not_missing(self) -> None:
        seen = observed(blind("gs://acme-data/"), gone=[TRAIN])
        assert steps(plan(desired(M), state(), seen)) == [("create", "new")]

    def test_another_bucket_hides_nothing_here(self) -> None:
        uri = dataset().uri(content().sha256)
        want = desired(dataset(), contents={"d": content()})
        made = plan(want, state(), observed(blind("gs://elsewhere/"), stored(uri)))
        assert made.is_empty
        assert warned(made) == ["unreadable"]


def test_planning_does_not_load_what_it_seldom_needs() -> None:
    script = "import sys, reconciler.planning.plan; print(*{'deepdiff', 'httpx', 'rich'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


class TestCodes:
    """Scripts rely on reason codes."""

    def test_every_code_says_in_one_sentence_what_it_means(self) -> None:
        for code in Code:
            assert code.meaning.endswith(".")
            assert code.meaning[0].isupper()
            assert code.value == code.value.lower().replace(" ", "_")

    def test_no_two_codes_are_the_same(self) -> None:
        assert len({code.value for code in Code}) == len(Code.__members__)

    def test_a_reason_carries_the_plain_code(self) -> None:
        assert because(Code.NEW, "is new") == Reason("new", "is new")
        assert type(because(Code.NEW, "").code) is str
