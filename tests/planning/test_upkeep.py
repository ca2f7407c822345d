"""What serves is kept as declared: metadata, retention, expiry, and the data it came from."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from reconciler.core.desired import TunedModel
from reconciler.core.observed import LiveEndpoint, LiveModel
from reconciler.core.plan import Action, FieldClass
from reconciler.core.state import Checkpoint, Record, Version, VersionStatus
from tests.planning.build import (
    TRAIN,
    content,
    dataset,
    desired,
    endpoint,
    endpoint_name,
    failed,
    live,
    model,
    model_name,
    observed,
    only,
    pin,
    plan,
    record,
    run_of,
    serving,
    state,
    steps,
    stored,
    supervised,
    version,
    warned,
)

SUPERSEDED = VersionStatus.SUPERSEDED


class TestMetadata:
    """Names and labels are patched on the model and endpoint that serve."""

    SPEC = model(labels={"team": "support"}, description="routes tickets")

    def seen(self, spec: TunedModel, **changes: Any) -> Any:
        made = version(spec)
        return observed(run_of(spec, made), live(spec, made, **changes))

    def test_everybody_elses_labels_are_left_alone(self) -> None:
        known, _ = serving(self.SPEC)
        labels = {"team": "support", "tune-type": "sft", "google-x": "y", "tuneform-attempt": "t", "by-hand": "yes"}
        assert plan(desired(self.SPEC), known, self.seen(self.SPEC, labels=labels)).is_empty

    def test_a_label_that_is_declared_no_more_is_taken_away(self) -> None:
        known, seen = serving(self.SPEC)
        made = plan(desired(replace(self.SPEC, labels={})), known, seen)
        assert steps(made) == [("update", "metadata_changed")]
        assert [(f.path, f.before, f.after) for f in only(made).fields] == [("metadata.labels.team", "support", None)]

    def test_a_label_that_somebody_took_away_already_is_nothing(self) -> None:
        known, _ = serving(self.SPEC)
        assert plan(desired(replace(self.SPEC, labels={})), known, self.seen(self.SPEC, labels={})).is_empty

    def test_a_description_that_is_not_declared_is_not_compared(self) -> None:
        known, _ = serving(model())
        assert plan(desired(model()), known, self.seen(model(), description="written by hand")).is_empty

    def test_a_changed_description_is_patched(self) -> None:
        known, seen = serving(self.SPEC)
        made = plan(desired(replace(self.SPEC, description="routes all tickets")), known, seen)
        (field,) = only(made).fields
        assert (field.path, field.before, field.after) == (
            "vertex.description",
            "routes tickets",
            "routes all tickets",
        )
        assert field.field_class is FieldClass.METADATA

    def test_only_what_differs_is_patched(self) -> None:
        known, seen = serving(self.SPEC)
        v1 = version(self.SPEC)
        by_hand = replace(live(self.SPEC, v1)[1], display_name="renamed")
        made = plan(desired(self.SPEC), known, seen.merged(observed(by_hand)))
        assert steps(made) == [("update", "metadata_drift")]
        assert only(made).targets == (v1.endpoint,)

    def test_without_a_memory_of_what_was_written_a_difference_is_drift(self) -> None:
        known, seen = serving(self.SPEC)
        known = state(replace(known.resources[self.SPEC.address], metadata={}))
        made = plan(desired(replace(self.SPEC, labels={"team": "sales"})), known, seen)
        assert steps(made) == [("update", "metadata_drift")]

    def test_tuned_models_of_the_gemini_api_have_no_labels(self) -> None:
        spec = model(body={"tuningTask": {}}, backend="gemini", labels={"team": "support"})
        v1 = version(spec, run="tunedModels/m", model="tunedModels/m", endpoint="")
        seen = observed(run_of(spec, v1), LiveModel("tunedModels/m", display_name="other"))
        made = plan(desired(spec), state(record(spec, v1, current=1)), seen)
        assert [f.path for f in only(made).fields] == ["gemini.displayName"]

    def test_metadata_waits_until_what_serves_stands_again(self) -> None:
        known, seen = serving(self.SPEC)
        made = plan(desired(replace(self.SPEC, labels={})), known, replace(seen, endpoints={}))
        assert steps(made) == [("deploy", "endpoint_gone")]


def tuned(*epochs: int, **fields: Any) -> list[Version]:
    """Versions 1, 2, …, the last of which serves."""
    made = []
    for number, count in enumerate(epochs, start=1):
        status = VersionStatus.READY if number == len(epochs) else SUPERSEDED
        made.append(version(model(body=supervised(epochCount=count)), number, status, run_id=number, **fields))
    return made


def cleared(spec: TunedModel, versions: list[Version], *more: Any) -> list[int | None]:
    """Which versions a plan clears away."""
    current = next((v.number for v in versions if v.status is VersionStatus.READY), None)
    seen = observed(*(run_of(spec, v) for v in versions), *(live(spec, v) for v in versions))
    made = plan(desired(spec, *more), state(record(spec, *versions, current=current)), seen)
    return [c.version for c in made.of(Action.DELETE)]


class TestRetention:
    """keepLast counts the version that serves; what is referred to stays."""

    @pytest.mark.parametrize(
        ("keep_last", "expected"), [(0, [1, 2, 3]), (1, [1, 2, 3]), (2, [1, 2]), (3, [1]), (4, []), (9, [])]
    )
    def test_the_newest_are_kept(self, keep_last: int, expected: list[int]) -> None:
        spec = model(body=supervised(epochCount=4), keep_last=keep_last)
        assert cleared(spec, tuned(1, 2, 3, 4)) == expected

    def test_what_serves_is_kept_however_old_it_is(self) -> None:
        spec = model(body=supervised(epochCount=1), keep_last=1)
        v1, v2, v3 = tuned(1, 2, 3)
        versions = [replace(v1, status=VersionStatus.READY), v2, replace(v3, status=SUPERSEDED)]
        assert cleared(spec, versions) == [2, 3]

    def test_nothing_is_cleared_away_before_something_serves(self) -> None:
        spec = model(body=supervised(epochCount=2), keep_last=1)
        versions = [replace(v, status=VersionStatus.CANDIDATE) for v in tuned(1, 2)]
        assert cleared(spec, versions) == []

    def test_a_version_that_the_spec_goes_back_to_is_kept(self) -> None:
        spec = model(body=supervised(epochCount=1), keep_last=1)
        assert cleared(spec, tuned(1, 2, 3)) == [2]

    def test_a_version_that_an_endpoint_names_is_kept(self) -> None:
        spec = model(body=supervised(epochCount=3), keep_last=1)
        traffic = [
            {"model": "TunedModel/m", "version": 1, "percent": 10},
            {"model": "TunedModel/m", "percent": 80},
            {"model": "TunedModel/x", "version": 2, "percent": 10},
        ]
        assert cleared(spec, tuned(1, 2, 3), endpoint("e", traffic=traffic)) == [2]

    def test_a_version_that_another_spec_goes_on_from_is_kept(self) -> None:
        spec = model(body=supervised(epochCount=3), keep_last=1)
        child = model("child", {"preTunedModel": {"tunedModelName": model_name(2)}, **supervised()})
        assert cleared(spec, tuned(1, 2, 3), child) == [1]

    def test_a_version_that_a_run_under_way_goes_on_from_is_kept(self) -> None:
        spec = model(body=supervised(epochCount=3), keep_last=1)
        child = model("child")
        going = version(child, 1, VersionStatus.ACTIVE, resolved={"preTunedModel": {"tunedModelName": model_name(2)}})
        versions = tuned(1, 2, 3)
        seen = observed(*(run_of(spec, v) for v in versions), *(live(spec, v) for v in versions), run_of(child, going))
        seen = replace(seen, runs={k: replace(r, body={}) for k, r in seen.runs.items()})
        made = plan(desired(spec, child), state(record(spec, *versions, current=3), record(child, going)), seen)
        assert [c.version for c in made.of(Action.DELETE)] == [1]

    def test_a_version_that_shares_its_endpoint_with_a_kept_one_stays(self) -> None:
        spec = model(body=supervised(epochCount=3), keep_last=1)
        v1, v2, v3 = tuned(1, 2, 3)
        assert cleared(spec, [replace(v1, endpoint=v3.endpoint), v2, v3]) == [2]

    def test_a_version_of_which_nothing_is_left_needs_no_clearing(self) -> None:
        spec = model(body=supervised(epochCount=3), keep_last=1)
        v1, v2, v3 = tuned(1, 2, 3)
        gone = replace(v1, model="", endpoint="")
        assert cleared(spec, [gone, v2, v3]) == [2]

    def test_an_orphan_that_somebody_refers_to_is_kept(self) -> None:
        spec = model(body=supervised(epochCount=3))
        v1 = failed(model(), 3, model=model_name("o"))
        v2 = version(spec, 2)
        child = model("child", {"preTunedModel": {"tunedModelName": model_name("o")}, **supervised()})
        assert cleared(spec, [v1, v2], child) == []
        assert cleared(spec, [v1, v2]) == [1]


class TestExpiry:
    """expireAfter takes everything away once, and never what still serves others."""

    SPEC = model(expire_after=3600, prevent_destroy=False)

    def test_before_its_time_nothing_happens(self) -> None:
        spec = model(expire_after=30 * 86400)
        known, seen = serving(spec)
        assert plan(desired(spec), known, seen).is_empty

    def test_protection_wins(self) -> None:
        spec = replace(self.SPEC, lifecycle=replace(self.SPEC.lifecycle, prevent_destroy=True))
        known, seen = serving(spec)
        assert steps(plan(desired(spec), known, seen)) == [("hold", "prevent_destroy")]

    @pytest.mark.parametrize(
        "user",
        [
            endpoint("e", "TunedModel/m"),
            model("child", {"preTunedModel": {"tunedModelName": model_name("m-1")}, **supervised()}),
        ],
        ids=["an endpoint", "a model"],
    )
    def test_what_a_spec_refers_to_is_kept(self, user: Any) -> None:
        known, seen = serving(self.SPEC)
        made = plan(desired(self.SPEC, user), known, seen)
        assert steps(made, "m") == []
        assert "expired_serving" in warned(made)

    def test_an_endpoint_that_carries_it_without_traffic_does_not_keep_it(self) -> None:
        known, seen = serving(self.SPEC)
        idle = replace(live(self.SPEC, version(self.SPEC))[1], name=endpoint_name("idle"))
        assert isinstance(idle, LiveEndpoint)
        made = plan(desired(self.SPEC), known, seen.merged(observed(replace(idle, traffic={"d1": 0}))))
        assert steps(made) == [("delete", "expired")]

    def test_while_a_run_is_under_way_nothing_expires(self) -> None:
        v1, v2 = version(self.SPEC), version(self.SPEC, 2, VersionStatus.ACTIVE)
        seen = observed(run_of(self.SPEC, v1), live(self.SPEC, v1), run_of(self.SPEC, v2))
        made = plan(desired(self.SPEC), state(record(self.SPEC, v1, v2, current=1)), seen)
        assert not made.of(Action.DELETE)

    def test_a_changed_spec_is_tuned_again(self) -> None:
        known, seen = serving(self.SPEC)
        spec = replace(self.SPEC, body=supervised(epochCount=4))
        assert steps(plan(desired(spec), known, seen)) == [("retune", "training_changed")]

    def test_a_version_without_times_does_not_expire(self) -> None:
        v1 = version(self.SPEC, finished_at="", created_at="")
        made = plan(
            desired(self.SPEC),
            state(record(self.SPEC, v1, current=1)),
            observed(run_of(self.SPEC, v1), live(self.SPEC, v1)),
        )
        assert made.is_empty


class TestDatasets:
    """Content that is not in its bucket is uploaded, which is free."""

    URI = dataset().uri(content().sha256)

    def test_new_content_is_uploaded_before_the_model_is_tuned_from_it(self) -> None:
        want = desired(model("a", supervised("Dataset/d")), dataset(), contents={"d": content()})
        made = plan(want, state(), observed(gone=[self.URI]))
        assert steps(made) == [("create", "not_uploaded"), ("create", "new")]
        assert made.changes[0].targets == (self.URI,)
        assert made.changes[0].cost is None

    def test_content_that_is_there_needs_nothing(self) -> None:
        assert plan(desired(dataset()), state(), observed(stored(self.URI))).is_empty

    def test_content_that_was_uploaded_and_not_looked_for_needs_nothing(self) -> None:
        uploaded = Record(dataset().address, "storage", "", "", objects=(self.URI,))
        assert plan(desired(dataset()), state(uploaded), observed()).is_empty
        assert steps(plan(desired(dataset()), state(uploaded), observed(gone=[self.URI]))) == [
            ("create", "not_uploaded")
        ]

    def test_an_object_of_another_size_in_its_place_is_held(self) -> None:
        made = plan(desired(dataset()), state(), observed(stored(self.URI, size=7)))
        assert steps(made) == [("hold", "object_differs")]

    def test_a_removed_dataset_is_forgotten_and_its_objects_stay(self) -> None:
        uploaded = Record(dataset().address, "storage", "", "", objects=(self.URI,))
        assert steps(plan(desired(), state(uploaded), observed())) == [("forget", "removed")]


def test_overwritten_data_after_a_failure_is_a_reason_to_tune_again_where_retuning_was_asked_for() -> None:
    spec = model(on_dataset_change="retune")
    known = state(record(spec, failed(spec, 3, datasets=(pin(),))))
    assert steps(plan(desired(spec), known, observed(stored()))) == [("hold", "failed_data")]
    mended = plan(desired(spec), known, observed(stored(crc32c="BBBB")))
    assert steps(mended) == [("create", "dataset_changed")]
    assert only(mended).version == 2


def test_a_model_that_waits_for_its_parent_is_tuned_once_that_serves() -> None:
    parent = model("a")
    child = model("b", {"preTunedModel": {"tunedModelName": "TunedModel/a"}, **supervised()})
    assert steps(plan(desired(parent, child), state(), observed())) == [("create", "new"), ("wait", "dependency")]
    known, seen = serving(parent)
    assert steps(plan(desired(parent, child), known, seen)) == [("create", "new")]
    done = version(parent, 1, VersionStatus.CANDIDATE)
    promoting = plan(
        desired(parent, child), state(record(parent, done)), observed(run_of(parent, done), live(parent, done))
    )
    assert steps(promoting) == [("promote", "first_version"), ("wait", "dependency")]


@pytest.mark.parametrize(("has", "told"), [(("1", "2"), "its checkpoints: 1, 2"), ((), "it kept none")])
def test_going_on_from_a_checkpoint_that_the_parent_does_not_have_is_held(has: tuple[str, ...], told: str) -> None:
    source = {"tunedModelName": "TunedModel/m", "checkpointId": "7"}
    child = model("child", body={"preTunedModel": source, "supervisedTuningSpec": supervised()["supervisedTuningSpec"]})
    parent = model()
    known, seen = serving(parent, checkpoints=tuple(Checkpoint(c) for c in has), resolved=supervised())
    made = plan(desired(parent, child), known, seen)
    assert steps(made, "child") == [("hold", "unknown_checkpoint")]
    assert told in only(made).reasons[0].message
    assert only(made).source == child.sources.at("vertex.preTunedModel.checkpointId")


def test_a_parent_that_is_not_declared_is_not_waited_for() -> None:
    child = model("b", {"preTunedModel": {"tunedModelName": "TunedModel/elsewhere"}, **supervised()})
    assert steps(plan(desired(child), state(), observed())) == [("create", "new")]


def test_a_succeeded_run_without_a_model_is_held() -> None:
    v1 = version(model(), 1, VersionStatus.CANDIDATE, model="", endpoint="")
    assert steps(plan(desired(model()), state(record(model(), v1)), observed(run_of(model(), v1)))) == [
        ("hold", "no_model")
    ]


def test_a_tuned_model_of_the_gemini_api_serves_by_itself() -> None:
    spec = model(body={"tuningTask": {}}, backend="gemini")
    v1 = version(spec, 1, VersionStatus.CANDIDATE, run="tunedModels/m", model="", endpoint="")
    known = state(record(spec, v1))
    assert steps(plan(desired(spec), known, observed(run_of(spec, v1)))) == [("promote", "first_version")]
    ready = state(record(spec, replace(v1, status=VersionStatus.READY), current=1))
    assert plan(desired(spec), ready, observed(run_of(spec, v1))).is_empty
    assert steps(plan(desired(spec), ready, observed())) == [("hold", "model_gone")]


def test_a_spec_that_moves_to_another_service_needs_another_name() -> None:
    known, seen = serving(model())
    moved = model(body={"tuningTask": {}}, backend="gemini")
    assert steps(plan(desired(moved), known, seen)) == [("hold", "backend_changed")]


def test_a_deleted_dataset_that_is_uploaded_again_is_not_warned_about() -> None:
    spec = model(body=supervised("Dataset/d"))
    want = desired(spec, dataset(), contents={"d": content()})
    uri = dataset().uri(content().sha256)
    v1 = version(spec, want=want, datasets=(pin(uri),))
    seen = observed(run_of(spec, v1), live(spec, v1), gone=[uri])
    made = plan(want, state(record(spec, v1, current=1)), seen)
    assert steps(made) == [("create", "not_uploaded")]
    assert warned(made) == []


def test_a_pin_of_validation_data_is_not_taken_for_training_data() -> None:
    known, seen = serving(model(), datasets=(pin("gs://acme-data/val.jsonl"),))
    made = plan(
        desired(model()), known, seen.merged(observed(stored("gs://acme-data/val.jsonl", "BBBB"), stored(TRAIN)))
    )
    assert made.is_empty
    assert warned(made) == []
