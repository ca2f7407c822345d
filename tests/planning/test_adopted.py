"""What was adopted and not bought: data that nobody knows, and models that serve only where people deployed them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from reconciler.core.address import Address
from reconciler.core.desired import Desired, TunedModel
from reconciler.core.observed import Deployed, LiveEndpoint, LiveModel, Observed
from reconciler.core.resource_names import key_of
from reconciler.core.runs import RunState
from reconciler.core.state import Record, Route, Share, State, Version, VersionStatus
from reconciler.planning.absorb import absorb
from tests.planning.build import (
    NOW,
    content,
    dataset,
    desired,
    endpoint_name,
    job,
    live,
    model,
    observed,
    only,
    plan,
    record,
    run,
    run_of,
    state,
    steps,
    version,
)

TUNED = "tunedModels/number-1"
HYPER: dict[str, Any] = {"epochCount": 5, "batchSize": 4}
EXAMPLES = {"examples": {"examples": [{"textInput": "1", "output": "2"}]}}


class TestUntoldData:
    """A tuned model of the Gemini API, which does not give back what it was tuned from."""

    def spec(self, data: Any = None, **hyper: Any) -> TunedModel:
        task: dict[str, Any] = {"hyperparameters": {**HYPER, **hyper}}
        if data is not None:
            task["trainingData"] = data
        return model("n", {"baseModel": "models/gemini-old", "tuningTask": task}, backend="gemini", location="")

    def want(self, spec: TunedModel) -> Desired:
        numbers = replace(dataset("numbers", bucket=""), format="textPairs")
        return desired(spec, numbers, contents={"numbers": content("a")})

    def adopted(self, spec: TunedModel, **fields: Any) -> tuple[State, Observed]:
        bare = self.spec()
        made = version(
            bare,
            run="tunedModels/number-1",
            model=TUNED,
            endpoint="",
            resolved=dict(bare.body),
            adopted=True,
            evidence={"adopted": "unknown digest"},
        )
        made = replace(made, **fields)
        seen = observed(run_of(bare, made, labels={}), LiveModel(TUNED, spec.display_name))
        return state(record(bare, made, current=1)), seen

    def test_a_spec_without_data_is_what_was_adopted(self) -> None:
        spec = self.spec()
        assert plan(self.want(spec), *self.adopted(spec)).is_empty

    def test_tuning_it_again_is_held_and_says_what_to_add(self) -> None:
        spec = self.spec(epochCount=6)
        change = only(plan(self.want(spec), *self.adopted(spec), allow_retired=True))
        assert (change.action, change.reasons[0].code) == ("hold", "no_training_data")
        assert "add tuningTask.trainingData" in change.reasons[0].message
        assert [field.path for field in change.fields] == ["gemini.tuningTask.hyperparameters.epochCount"]

    def test_a_new_model_without_data_is_held(self) -> None:
        spec = self.spec()
        made = plan(self.want(spec), state(), observed(), allow_retired=True)
        assert steps(made) == [("hold", "no_training_data")]

    @pytest.mark.parametrize("data", ["Dataset/numbers", EXAMPLES], ids=["a dataset", "inline"])
    def test_data_that_is_named_later_is_taken_at_its_word(self, data: Any) -> None:
        spec = self.spec(data)
        assert steps(plan(self.want(spec), *self.adopted(spec))) == [("adopt", "data_declared")]

    def test_once_it_was_taken_another_one_is_a_retune(self) -> None:
        spec = self.spec(EXAMPLES)
        told = version(spec).body
        assert plan(self.want(spec), *self.adopted(spec, body=told)).is_empty
        other = self.spec("Dataset/numbers")
        made = plan(self.want(other), *self.adopted(other, body=told), allow_retired=True)
        assert steps(made) == [("retune", "training_changed")]

    def test_data_and_epochs_that_change_together_are_a_retune(self) -> None:
        spec = self.spec(EXAMPLES, epochCount=6)
        made = plan(self.want(spec), *self.adopted(spec), allow_retired=True)
        assert steps(made) == [("retune", "training_changed")]


class TestServedElsewhere:
    """The model was taken off its run's endpoint before it was adopted, and serves on one of people."""

    M = model()
    STABLE = endpoint_name("stable")

    def made(self, *, adopted: bool) -> Version:
        return version(self.M, endpoint="", adopted=adopted)

    def known(self, made: Version, *, managed: bool) -> State:
        records = [record(self.M, made, current=1)]
        if managed:
            share = Share(str(self.M.address), 1, made.model, 100)
            route = Route(self.STABLE, shares=(share,))
            records.append(Record(Address("Endpoint", "e"), "vertex", "acme", "us", on_remove="retain", route=route))
        return state(*records)

    def seen(self, made: Version) -> Observed:
        own = endpoint_name("own")
        ran = replace(run_of(self.M, made), endpoint=own)
        stable = LiveEndpoint(self.STABLE, deployed=(Deployed("d1", made.model),), traffic={"d1": 100})
        (found,) = live(self.M, made)
        assert isinstance(found, LiveModel)
        return observed(ran, replace(found, deployments=((self.STABLE, "d1"),)), LiveEndpoint(own), stable)

    def test_nothing_is_deployed_where_a_managed_endpoint_carries_it(self) -> None:
        made = self.made(adopted=True)
        done = plan(desired(self.M), self.known(made, managed=True), self.seen(made))
        assert steps(done, "m") == []

    def test_it_is_deployed_where_nothing_that_is_managed_carries_it(self) -> None:
        made = self.made(adopted=True)
        done = plan(desired(self.M), self.known(made, managed=False), self.seen(made))
        assert steps(done) == [("deploy", "endpoint_missing")]

    def test_an_endpoint_of_people_never_becomes_a_version_s_own(self) -> None:
        made = self.made(adopted=True)
        known = self.known(made, managed=False)
        assert absorb(known, self.seen(made), NOW) is known

    def test_google_s_late_endpoint_does(self) -> None:
        made = self.made(adopted=True)
        own = endpoint_name("own")
        carrying = LiveEndpoint(own, deployed=(Deployed("d1", made.model),), traffic={"d1": 100})
        late = self.seen(made).merged(Observed(endpoints={key_of(own): carrying}))
        learned = absorb(self.known(made, managed=False), late, NOW)
        (found,) = learned.resources[self.M.address].versions
        assert found.endpoint == own
        assert found.status is VersionStatus.READY


class TestLookalike:
    """A run without our labels that has the name of a new spec and was given the same."""

    M = model(display_name="Triage")

    def told(self, **fields: Any) -> list[str]:
        ran = {"status": RunState.SUCCEEDED, "display_name": "Triage", "body": dict(self.M.body), **fields}
        made = plan(desired(self.M), state(), observed(run(job(7), **ran)))
        assert steps(made) == [("create", "new")]
        return [d.hint for d in made.diagnostics if d.code == "lookalike_found"]

    def test_importing_it_is_proposed(self) -> None:
        (hint,) = self.told()
        assert f"`tuneform import TunedModel/m {job(7)}`" in hint

    @pytest.mark.parametrize(
        "other",
        [
            {"display_name": "Another"},
            {"body": {**model().body, "baseModel": "gemini-3.5-flash"}},
            {"status": RunState.FAILED},
            {"labels": {"tuneform-project": "theirs"}},
        ],
        ids=["named otherwise", "given something else", "failed", "of another project of tuneform"],
    )
    def test_any_other_is_none(self, other: dict[str, Any]) -> None:
        assert self.told(**other) == []
