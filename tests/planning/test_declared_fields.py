"""What a reviewer of a plan sees of something new: every field that the spec declares."""

from dataclasses import replace
from typing import Any

from reconciler.core.desired import Limits, TunedModel
from reconciler.core.plan import Change, FieldClass
from tests.planning.build import (
    BASE,
    LOCATION,
    content,
    dataset,
    desired,
    endpoint,
    failed,
    model,
    observed,
    only,
    plan,
    record,
    run_of,
    serving,
    state,
    stored,
    supervised,
)

HYPER = "vertex.supervisedTuningSpec.hyperParameters"


def created(spec: TunedModel, *others: Any, limits: Limits | None = None) -> Change:
    made = plan(desired(spec, *others, limits=limits), state(), observed(stored(dataset().uri(content().sha256))))
    return next(change for change in made.changes if change.address == spec.address)


def values(change: Change) -> dict[str, Any]:
    assert all(field.before is None for field in change.fields)
    return {field.path: field.after for field in change.fields}


class TestAModel:
    def test_a_new_run_tells_everything_that_decides_what_is_bought(self) -> None:
        body = supervised("Dataset/d", epochCount=3, adapterSize="ADAPTER_SIZE_FOUR")
        spec = model(body={**body, "encryptionSpec": {"kmsKeyName": "projects/p/k"}}, labels={"team": "support"})
        change = created(spec, dataset())
        assert values(change) == {
            "vertex.baseModel": BASE,
            "vertex.location": LOCATION,
            "vertex.encryptionSpec.kmsKeyName": "projects/p/k",
            "vertex.supervisedTuningSpec.trainingDatasetUri": content().digest,
            f"{HYPER}.adapterSize": "ADAPTER_SIZE_FOUR",
            f"{HYPER}.epochCount": 3,
            "metadata.labels.team": "support",
        }
        assert {f.path for f in change.fields if f.field_class is not FieldClass.TRAINING} == {"metadata.labels.team"}

    def test_every_field_names_its_line_and_the_change_the_beginning_of_its_spec(self) -> None:
        spec = model()
        change = created(spec)
        assert [field.source for field in change.fields] == [spec.sources.at(field.path) for field in change.fields]
        assert change.source == spec.sources.at("metadata.name")

    def test_what_does_not_decide_about_training_has_its_own_class(self) -> None:
        body = {**supervised(), "description": "routes tickets", "serviceAccount": "tuner@x"}
        body["supervisedTuningSpec"]["validationDatasetUri"] = "gs://acme-data/val.jsonl"
        classes = {field.path: field.field_class for field in created(model(body=body)).fields}
        assert classes["vertex.description"] is FieldClass.METADATA
        assert classes["vertex.serviceAccount"] is FieldClass.RUNTIME
        assert classes["vertex.supervisedTuningSpec.validationDatasetUri"] is FieldClass.EVALUATION

    def test_examples_in_the_spec_are_counted_and_told_apart(self) -> None:
        def examples(*outputs: str) -> str:
            rows = [{"textInput": "1", "output": output} for output in outputs]
            data = {"examples": {"examples": rows}}
            spec = model(
                body={"baseModel": "models/x", "tuningTask": {"trainingData": data}}, backend="gemini", location=""
            )
            return str(values(created(spec))["gemini.tuningTask.trainingData.examples.examples"])

        assert examples("2", "3").startswith("2 examples (sha256:")
        assert examples("2", "3") != examples("2", "4")

    def test_a_run_that_has_to_wait_for_its_turn_is_told_too(self) -> None:
        change = created(model(), limits=Limits(max_concurrent_jobs=0))
        assert change.action == "queue"
        assert values(change)[f"{HYPER}.epochCount"] == 3

    def test_after_a_first_run_that_came_to_nothing_what_was_changed_stands_with_both_values(self) -> None:
        was, now = model(), model(body=supervised(epochCount=4))
        ended = failed(was, 3)
        change = only(plan(desired(now), state(record(was, ended)), observed(run_of(was, ended), stored())))
        assert change.action == "create"
        told = {field.path: (field.before, field.after) for field in change.fields}
        assert told == {
            "vertex.baseModel": (None, BASE),
            "vertex.location": (None, LOCATION),
            "vertex.supervisedTuningSpec.trainingDatasetUri": (None, "gs://acme-data/train.jsonl"),
            f"{HYPER}.epochCount": (3, 4),
        }

    def test_a_retune_tells_only_what_differs(self) -> None:
        known, seen = serving(model())
        change = only(plan(desired(model(body=supervised(epochCount=4))), known, seen))
        assert [field.path for field in change.fields] == [f"{HYPER}.epochCount"]


def test_an_upload_names_its_file() -> None:
    made = plan(desired(dataset()), state(), observed())
    assert values(only(made)) == {"file": "d.jsonl"}


class TestAnEndpoint:
    def planned(self, **fields: Any) -> Change:
        spec = model()
        carrying = replace(endpoint("e", "TunedModel/m"), location="us", **fields)
        return only(plan(desired(spec, carrying), *serving(spec)))

    def test_a_new_endpoint_tells_its_traffic(self) -> None:
        change = self.planned(labels={"team": "support"})
        assert change.action == "create"
        assert values(change) == {
            "traffic[0].model": "TunedModel/m",
            "traffic[0].percent": 100,
            "location": "us",
            "metadata.labels.team": "support",
        }

    def test_its_traffic_is_serving_and_the_rest_metadata(self) -> None:
        classes = {field.path.partition("[")[0]: field.field_class for field in self.planned().fields}
        assert classes == {"traffic": FieldClass.SERVING, "location": FieldClass.METADATA}
