"""What is different for the Gemini API and PaLM: ids for labels, runs that are models, steps by region."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from reconciler.core.client_ids import client_id, labels_from, with_client_id
from reconciler.core.desired import Dataset, DatasetContent, Desired, TunedModel
from reconciler.core.observed import LiveModel, Observed, Run
from reconciler.core.plan import Action
from reconciler.core.runs import RunState
from reconciler.core.state import IntentStatus, State, Version, VersionStatus
from reconciler.spec.fingerprint import training_fingerprint
from tests.planning.build import dataset as a_dataset
from tests.planning.build import (
    desired,
    failed,
    intent,
    model,
    observed,
    only,
    plan,
    record,
    run,
    state,
    steps,
    version,
)
from tests.planning.build import live as live_of

BASE = "models/gemini-1.0-pro-001"
METHODS = {BASE: frozenset({"createTunedModel"}), "models/gemini-2.5-flash": frozenset({"generateContent"})}
TASK: dict[str, Any] = {
    "hyperparameters": {"epochCount": 5, "learningRate": 0.0123456789},
    "trainingData": "Dataset/numbers",
}
NUMBERS = replace(a_dataset("numbers", bucket=""), format="textPairs")
CONTENT = {"numbers": DatasetContent("a" * 64, 100, 15)}


def gemini(**body: Any) -> TunedModel:
    return model("n", {"baseModel": BASE, "tuningTask": TASK, **body}, backend="gemini", location="")


def wanted(spec: TunedModel, numbers: Dataset = NUMBERS) -> Desired:
    return desired(spec, numbers, contents=CONTENT)


def name_of(spec: TunedModel, number: int = 1, attempt: int = 1) -> str:
    fingerprint = training_fingerprint(spec, wanted(spec).contents)
    return f"tunedModels/{client_id('proj', spec.address, fingerprint, number, attempt)}"


def tuned(spec: TunedModel, status: RunState = RunState.SUCCEEDED, *, attempt: int = 1, **fields: Any) -> Run:
    """A tuned model as the API gives it back: no training data, four-byte floats."""
    name = name_of(spec, attempt=attempt)
    hyper = {"epochCount": 5, "learningRate": 0.012345679}
    return run(
        name,
        status,
        backend="gemini",
        body={"baseModel": BASE, "tuningTask": {"hyperparameters": hyper}},
        labels=labels_from(name.partition("/")[2], "proj", [spec.address]),
        display_name=spec.display_name,
        model=name if status is RunState.SUCCEEDED else "",
        **fields,
    )


def live(spec: TunedModel, **settings: Any) -> LiveModel:
    known = {"temperature": 0.0, "topP": 0.0, "topK": 0, "readerProjectNumbers": [], **settings}
    return LiveModel(name_of(spec), display_name=spec.display_name, settings=known)


def seen(*things: Run | LiveModel) -> Observed:
    return replace(observed(*things), base_methods=METHODS)


def bought(spec: TunedModel, status: VersionStatus = VersionStatus.READY, **fields: Any) -> Version:
    name = name_of(spec)
    model_of = name if status is VersionStatus.READY else ""
    return version(spec, 1, status, want=wanted(spec), **{"run": name, "model": model_of, "endpoint": "", **fields})


def serving(spec: TunedModel) -> State:
    return state(record(spec, bought(spec), current=1))


def test_a_service_that_takes_no_new_tunes_is_held_and_let_through_when_allowed() -> None:
    spec = gemini()
    assert steps(plan(wanted(spec), state(), seen())) == [("hold", "service_retired")]
    assert steps(plan(wanted(spec), state(), seen(), allow_retired=True)) == [("create", "new")]


@pytest.mark.parametrize("base", ["models/gemini-2.5-flash", "gemini-0.5"], ids=["cannot be tuned", "is not listed"])
def test_a_base_model_that_cannot_be_tuned_is_held_with_what_to_do_instead(base: str) -> None:
    change = only(plan(wanted(gemini(baseModel=base)), state(), seen(), allow_retired=True))
    assert (change.action, change.reasons[0].code) == (Action.HOLD, "base_not_tunable")
    assert "models/gemini-1.0-pro-001" in change.reasons[0].message
    assert "vertex" in change.reasons[0].message


def test_text_pairs_are_not_uploaded() -> None:
    made = plan(wanted(gemini()), state(), seen(), allow_retired=True)
    assert [str(c.address) for c in made.changes] == ["TunedModel/n"]


def test_a_model_of_ours_that_no_record_knows_is_proposed_by_its_id() -> None:
    spec = gemini()
    change = only(plan(wanted(spec), state(), seen(tuned(spec), live(spec))))
    assert (change.action, change.reasons[0].code) == (Action.ADOPT, "labelled_run_found")
    assert change.targets == (name_of(spec),)


def test_a_create_whose_answer_was_lost_is_found_by_its_id() -> None:
    spec = gemini()
    attempt = with_client_id(name_of(spec).partition("/")[2], "random")
    open_one = replace(intent(model("n"), IntentStatus.SENDING), backend="gemini", location="", attempt=attempt)
    change = only(plan(wanted(spec), state(intents=(open_one,)), seen(tuned(spec, RunState.RUNNING))))
    assert (change.action, change.reasons[0].code) == (Action.ADOPT, "intent_found")


def test_a_model_that_serves_as_declared_needs_nothing() -> None:
    spec = gemini(temperature=0.0, topK=20)
    made = plan(wanted(spec), serving(spec), seen(tuned(spec), live(spec, topK=20)))
    assert made.is_empty


def test_what_was_adopted_is_not_retrained_for_data_that_the_api_never_tells() -> None:
    spec = gemini()
    adopted = bought(spec, fingerprint="", body={}, resolved=tuned(spec).body, adopted=True)
    assert plan(wanted(spec), state(record(spec, adopted, current=1)), seen(tuned(spec), live(spec))).is_empty


@pytest.mark.parametrize(
    ("declared", "there"),
    [
        ({"temperature": 0.25}, {"temperature": 1.0}),
        ({"readers": ["user:A@x.com", "everyone"]}, {"readers": ["everyone"], "writers": []}),
        ({"readerProjectNumbers": [12]}, {}),
    ],
    ids=["sampling default", "permission", "project"],
)
def test_settings_are_patched_in_place(declared: dict[str, Any], there: dict[str, Any]) -> None:
    spec = gemini(**declared)
    change = only(plan(wanted(spec), serving(spec), seen(tuned(spec), live(spec, **there))))
    assert (change.action, change.targets) == (Action.UPDATE, (name_of(spec),))
    assert [f.path for f in change.fields] == [f"gemini.{name}" for name in declared]


def test_grantees_are_compared_whatever_their_order_and_spelling() -> None:
    spec = gemini(readers=["user:A@x.com", "everyone"])
    there = live(spec, readers=["everyone", "a@x.com"], writers=["w@x.com"])
    assert plan(wanted(spec), serving(spec), seen(tuned(spec), there)).is_empty


def test_what_earlier_attempts_left_is_deleted() -> None:
    spec = gemini()
    again = bought(spec, VersionStatus.ACTIVE, run=name_of(spec, attempt=2), attempts=2)
    made = plan(
        wanted(spec),
        state(record(spec, again)),
        seen(tuned(spec, RunState.FAILED), tuned(spec, RunState.RUNNING, attempt=2)),
    )
    assert steps(made) == [("wait", "run_active"), ("delete", "orphan_model")]
    assert made.changes[1].targets == (name_of(spec),)


def test_a_failed_model_goes_when_its_spec_goes() -> None:
    spec = gemini()
    record_of = record(spec, replace(failed(spec, 3, want=wanted(spec)), run=name_of(spec)))
    change = only(plan(desired(), state(record_of), seen(tuned(spec, RunState.FAILED))))
    assert (change.action, change.targets) == (Action.DELETE, (name_of(spec),))


# PaLM

PIPELINE = "projects/acme/locations/us-central1/pipelineJobs/x-1"
PAIRS = {"pairs": DatasetContent("b" * 64, 100, 240)}


def palm(**parameters: Any) -> TunedModel:
    values = {"large_model_reference": "text-bison@001", "dataset_uri": "Dataset/pairs", **parameters}
    body = {"templateUri": "https://x/tune-large-model/v3.0.0", "runtimeConfig": {"parameterValues": values}}
    return model("p", body, backend="palm")


def pipeline(spec: TunedModel, **given: Any) -> tuple[State, Observed]:
    """A pipeline that was bought with `spec` and given these parameters, and serves."""
    want = desired(spec, a_dataset("pairs"), contents=PAIRS)
    uri = a_dataset("pairs").uri("b" * 64)
    values = {**spec.body["runtimeConfig"]["parameterValues"], "dataset_uri": uri, **given}
    values.pop("epochs", None)
    resolved = {**spec.body, "runtimeConfig": {"parameterValues": values}}
    made = version(spec, 1, want=want, run=PIPELINE, resolved=resolved)
    models = LiveModel(made.model, display_name="p", deployments=((made.endpoint, "d1"),))
    job = run(PIPELINE, RunState.SUCCEEDED, backend="palm", body=resolved, model=made.model, endpoint=made.endpoint)
    return state(record(spec, made, current=1)), observed(job, models, live_of(spec, made))


AUTO = palm(train_steps="auto", epochs=1)


@pytest.mark.parametrize(
    ("now", "action"),
    [
        (AUTO, ""),
        (palm(train_steps=30), ""),
        (palm(train_steps="auto", epochs=2), "retune"),
        (palm(train_steps=60), "retune"),
    ],
    ids=["as it was", "the number that auto was", "another epoch", "another number"],
)
def test_auto_steps_are_the_number_that_the_run_was_given(now: TunedModel, action: str) -> None:
    known, there = pipeline(AUTO, train_steps=30.0)
    want = desired(now, a_dataset("pairs"), contents=PAIRS)
    made = plan(want, known, there, allow_retired=True)
    assert [str(c.action) for c in made.changes if c.address == now.address] == ([action] if action else [])


def test_a_pipelines_record_is_deleted_with_its_model() -> None:
    known, there = pipeline(AUTO, train_steps=30)
    made = plan(desired(), known, there)
    (change,) = [c for c in made.changes if c.address == AUTO.address]
    assert [t.split("/")[4] for t in change.targets] == ["endpoints", "models", "pipelineJobs"]
