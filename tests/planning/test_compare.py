"""Which differences between a spec and what was tuned mean another version, and which mean nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.desired import Desired, TunedModel
from reconciler.core.observed import Observed
from reconciler.core.plan import FieldChange, FieldClass
from reconciler.core.state import State, Version
from reconciler.planning.compare import merged, training_changes
from reconciler.planning.normalise import aligned, equivalent
from reconciler.planning.world import PlanOptions, look
from tests.planning.build import (
    BASE,
    CATALOG,
    NOW,
    TRAIN,
    content,
    dataset,
    desired,
    model,
    model_name,
    observed,
    pin,
    record,
    state,
    stored,
    supervised,
    version,
)


def changes(
    spec: TunedModel,
    made: Version,
    *,
    want: Desired | None = None,
    seen: Observed | None = None,
    known: State | None = None,
) -> dict[str, tuple[Any, Any]]:
    world = look(want or desired(spec), known or state(), seen or Observed(), CATALOG, NOW, PlanOptions(), frozenset())
    return {f.path: (f.before, f.after) for f in training_changes(world, spec, made)}


def tuned_from(body: Mapping[str, Any], **fields: Any) -> Version:
    return version(model(body=body), **fields)


def with_spec(body: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """A block whose tuning spec has more fields."""
    return {**body, "supervisedTuningSpec": {**body["supervisedTuningSpec"], **more}}


HYPER = "vertex.supervisedTuningSpec.hyperParameters"


def test_a_changed_hyper_parameter_is_told_with_both_values_and_its_line() -> None:
    spec = model(body=supervised(epochCount=4))
    world = look(desired(spec), state(), Observed(), CATALOG, NOW, PlanOptions(), frozenset())
    path = f"{HYPER}.epochCount"
    assert training_changes(world, spec, tuned_from(supervised(epochCount=3))) == (
        FieldChange(path, 3, 4, FieldClass.TRAINING, spec.sources.at(path)),
    )


def test_several_changes_come_in_the_order_of_their_paths() -> None:
    spec = model(body=supervised("gs://acme-data/b.jsonl", base="gemini-3.5-flash", epochCount=4))
    assert list(changes(spec, tuned_from(supervised(epochCount=3)))) == [
        "vertex.baseModel",
        f"{HYPER}.epochCount",
        "vertex.supervisedTuningSpec.trainingDatasetUri",
    ]


@pytest.mark.parametrize(
    ("declared", "echoed"),
    [
        ({"epochCount": 3}, {"epochCount": "3"}),
        ({"epochCount": "3"}, {"epochCount": 3}),
        ({"adapterSize": 4}, {"adapterSize": "ADAPTER_SIZE_FOUR"}),
        ({"adapterSize": "4"}, {"adapterSize": "ADAPTER_SIZE_FOUR"}),
        ({"adapterSize": "adapter_size_four"}, {"adapterSize": "ADAPTER_SIZE_FOUR"}),
        ({"learningRateMultiplier": 0.0123456789}, {"learningRateMultiplier": 0.012345679}),
        ({"learningRateMultiplier": 1}, {"learningRateMultiplier": 1.0}),
    ],
)
def test_writing_down_what_the_server_chose_is_no_change(declared: dict[str, Any], echoed: dict[str, Any]) -> None:
    made = tuned_from(supervised(), resolved=supervised(**echoed))
    assert changes(model(body=supervised(**declared)), made) == {}


@pytest.mark.parametrize(
    ("declared", "echoed"),
    [
        ({"epochCount": 4}, {"epochCount": "3"}),
        ({"adapterSize": 8}, {"adapterSize": "ADAPTER_SIZE_FOUR"}),
        ({"learningRateMultiplier": 0.5}, {"learningRateMultiplier": 1}),
    ],
)
def test_writing_down_another_value_than_the_server_chose_is_a_change(
    declared: dict[str, Any], echoed: dict[str, Any]
) -> None:
    made = tuned_from(supervised(), resolved=supervised(**echoed))
    ((path, (before, after)),) = changes(model(body=supervised(**declared)), made).items()
    (name,) = declared
    assert path == f"{HYPER}.{name}"
    assert (before, after) == (echoed[name], declared[name])


def test_what_was_declared_when_it_was_bought_wins_over_the_servers_echo() -> None:
    made = tuned_from(supervised(epochCount=3), resolved=supervised(epochCount="9"))
    assert changes(model(body=supervised(epochCount=3)), made) == {}


def test_a_field_that_is_declared_no_more_is_no_change() -> None:
    made = tuned_from(supervised(epochCount=3, adapterSize="ADAPTER_SIZE_FOUR"))
    assert changes(model(body=supervised(epochCount=3)), made) == {}


def test_a_block_that_is_new_as_a_whole_is_told_field_by_field() -> None:
    made = tuned_from(supervised())
    assert changes(model(body=supervised(epochCount=3, learningRateMultiplier=2.0)), made) == {
        f"{HYPER}.epochCount": (None, 3),
        f"{HYPER}.learningRateMultiplier": (None, 2.0),
    }


KEY = {"encryptionSpec": {"kmsKeyName": "projects/acme/locations/us-central1/keyRings/r/cryptoKeys/k"}}


def test_taking_the_key_away_is_a_change_although_it_is_not_declared() -> None:
    made = tuned_from({**supervised(), **KEY})
    assert changes(model(body=supervised()), made) == {
        "vertex.encryptionSpec.kmsKeyName": (KEY["encryptionSpec"]["kmsKeyName"], None)
    }


def test_a_key_that_the_server_names_by_project_number_is_the_same() -> None:
    by_number = {"encryptionSpec": {"kmsKeyName": KEY["encryptionSpec"]["kmsKeyName"].replace("acme", "123")}}
    made = tuned_from(supervised(), resolved={**supervised(), **by_number})
    assert changes(model(body={**supervised(), **KEY}), replace(made, body={})) == {}


def test_a_key_in_another_project_is_another_key() -> None:
    other = {"encryptionSpec": {"kmsKeyName": KEY["encryptionSpec"]["kmsKeyName"].replace("acme", "other")}}
    assert list(changes(model(body={**supervised(), **KEY}), tuned_from({**supervised(), **other}))) == [
        "vertex.encryptionSpec.kmsKeyName"
    ]


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        (False, True, []),
        (None, True, []),
        (True, True, []),
        (True, False, ["vertex.supervisedTuningSpec.exportLastCheckpointOnly"]),
        (True, None, ["vertex.supervisedTuningSpec.exportLastCheckpointOnly"]),
    ],
)
def test_checkpoints_that_were_never_kept_need_a_new_run_and_too_many_do_not(
    before: bool | None, now: bool | None, expected: list[str]
) -> None:
    def body(value: bool | None) -> dict[str, Any]:
        return supervised() if value is None else with_spec(supervised(), exportLastCheckpointOnly=value)

    assert list(changes(model(body=body(now)), tuned_from(body(before)))) == expected


def test_another_method_is_another_version() -> None:
    preference = {"baseModel": BASE, "preferenceOptimizationSpec": {"trainingDatasetUri": TRAIN}}
    found = changes(model(body=preference), tuned_from(supervised()))
    assert found == {
        "vertex.preferenceOptimizationSpec.trainingDatasetUri": (None, TRAIN),
        "vertex.supervisedTuningSpec": ({"trainingDatasetUri": TRAIN}, None),
    }


def test_another_region_is_another_version() -> None:
    made = version(model(), body={}, resolved=dict(model().body))
    assert changes(model(), made) == {}
    assert changes(model(location="europe-west4"), made) == {"vertex.location": ("us-central1", "europe-west4")}


def continuous(parent: str, **more: str) -> dict[str, Any]:
    tuning = supervised()["supervisedTuningSpec"]
    return {"preTunedModel": {"tunedModelName": parent, **more}, "supervisedTuningSpec": tuning}


def test_leaving_out_the_checkpoint_means_the_default_one() -> None:
    made = tuned_from(continuous(model_name(1), checkpointId="2"))
    assert changes(model(body=continuous(model_name(1))), made) == {"vertex.preTunedModel.checkpointId": ("2", None)}


def test_going_back_from_a_tuned_model_to_a_base_model_is_a_change() -> None:
    found = changes(model(body=supervised()), tuned_from(continuous(model_name(1))))
    assert found == {
        "vertex.baseModel": (None, BASE),
        "vertex.preTunedModel.tunedModelName": (model_name(1), None),
    }


def test_a_parent_by_address_is_the_model_that_the_server_names() -> None:
    parent = model("parent")
    known = state(record(parent, version(parent), current=1))
    echoed = continuous(version(parent).model.replace("projects/acme", "projects/123"))
    adopted = replace(version(model()), body={}, resolved=echoed)
    assert changes(model(body=continuous("TunedModel/parent")), adopted, known=known) == {}
    assert list(changes(model(body=continuous("TunedModel/parent")), adopted)) == [
        "vertex.preTunedModel.tunedModelName"
    ]


class TestData:
    """Datasets are compared by content."""

    LOCAL = supervised("Dataset/d")

    def test_a_local_file_with_other_content_is_a_change(self) -> None:
        old = desired(dataset(), contents={"d": content("a")})
        new = desired(dataset(), contents={"d": content("b")})
        spec = model(body=self.LOCAL)
        found = changes(spec, version(spec, want=old), want=new)
        assert found == {"vertex.supervisedTuningSpec.trainingDatasetUri": (content("a").digest, content("b").digest)}

    def test_a_run_that_was_given_the_uploaded_object_is_the_same(self) -> None:
        want = desired(dataset(), contents={"d": content("a")})
        spec = model(body=self.LOCAL)
        uri = dataset().uri(content("a").sha256)
        adopted = replace(version(spec, want=want), body={}, resolved=supervised(uri))
        assert changes(spec, adopted, want=want) == {}

    def test_naming_the_uploaded_object_by_its_uri_is_no_change(self) -> None:
        want = desired(dataset(), contents={"d": content("a")})
        uri = dataset().uri(content("a").sha256)
        made = version(model(body=self.LOCAL), want=want, datasets=(pin(uri),))
        assert changes(model(body=supervised(uri)), made, want=want) == {}

    def test_a_moved_object_of_the_same_content_is_no_change(self) -> None:
        moved = "gs://acme-data/moved.jsonl"
        made = tuned_from(supervised(), datasets=(pin(),))
        assert changes(model(body=supervised(moved)), made, seen=observed(stored(moved))) == {}

    @pytest.mark.parametrize(
        ("crc32c", "size", "pinned"), [("BBBB", 100, True), ("AAAA", 101, True), ("", 100, True), ("AAAA", 100, False)]
    )
    def test_a_moved_object_is_a_change_unless_its_content_is_known_to_be_the_same(
        self, crc32c: str, size: int, pinned: bool
    ) -> None:
        moved = "gs://acme-data/moved.jsonl"
        made = tuned_from(supervised(), datasets=(pin(),) if pinned else ())
        seen = observed(stored(moved, crc32c, size=size))
        assert changes(model(body=supervised(moved)), made, seen=seen) == {
            "vertex.supervisedTuningSpec.trainingDatasetUri": (TRAIN, moved)
        }

    def test_inline_examples_that_differ_are_a_change(self) -> None:
        def body(*outputs: str) -> dict[str, Any]:
            examples = [{"textInput": "1", "output": output} for output in outputs]
            return {"tuningTask": {"trainingData": {"examples": {"examples": examples}}}}

        made = version(model(body=body("2", "3"), backend="gemini"))
        assert changes(model(body=body("2", "3"), backend="gemini"), made) == {}
        path = "gemini.tuningTask.trainingData.examples.examples"
        assert changes(model(body=body("2", "4"), backend="gemini"), made) == {f"{path}.1.output": ("3", "4")}
        assert changes(model(body=body("2"), backend="gemini"), made) == {
            f"{path}.1": ({"textInput": "1", "output": "3"}, None)
        }


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (True, 1, False),
        (True, True, True),
        ("1", "01", False),
        ("1", "1.0", False),
        (1, "1.0", True),
        (1, "one", False),
        (None, "x", False),
        (None, None, True),
        (1e300, 1e300, True),
        (1e300, "1e300", True),
        (1e300, "1e301", False),
        ("a b", "A B", False),
        ("JOB_X", "job_x", True),
        ("Job_X", "job_x", False),
        ("models/gemini-1.0-pro-001", "gemini-1.0-pro-001", True),
        ("publishers/google/models/gemini-3.5-flash", "gemini-3.5-flash", True),
        ("projects/1/x", "projects/acme/x", True),
        ("projects/1/x", "projects/2/x", False),
        ("projects/acme/x", "projects/other/x", False),
        ("projects/1/x", "projects/acme/y", False),
    ],
)
def test_when_two_spellings_are_the_same_value(one: Any, other: Any, same: bool) -> None:
    assert equivalent(one, other) is same
    assert equivalent(other, one) is same


values = st.recursive(
    st.none() | st.booleans() | st.integers(-1000, 1000) | st.floats(-1e6, 1e6) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)
blocks = st.dictionaries(st.text(max_size=3), values, max_size=4)


@given(values)
def test_a_value_aligned_with_itself_is_itself(value: Any) -> None:
    assert aligned(value, value) == value


@given(blocks, blocks)
def test_only_declared_keys_survive_aligning(before: dict[str, Any], declared: dict[str, Any]) -> None:
    assert aligned(before, declared).keys() == before.keys() & declared.keys()


@given(blocks, blocks)
def test_merging_lets_the_second_win_and_loses_no_key(under: dict[str, Any], over: dict[str, Any]) -> None:
    both = merged(under, over)
    assert both.keys() == under.keys() | over.keys()
    assert merged(both, over) == both
