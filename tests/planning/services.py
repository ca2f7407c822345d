"""Small worlds to plan in for each of the three services, and which row of the state table runs against which."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest

from reconciler.core.client_ids import client_id, labels_from
from reconciler.core.desired import Backend, Dataset, DatasetContent, Desired, Limits, TunedModel
from reconciler.core.labels import own_labels
from reconciler.core.observed import LiveModel, Observed, Run
from reconciler.core.plan import Plan
from reconciler.core.runs import RunState
from reconciler.core.state import Record, State, Version, VersionStatus
from reconciler.spec.fingerprint import training_fingerprint
from tests.planning.build import LOCATION, dataset, desired, live, model, steps
from tests.planning.build import observed as observed_of
from tests.planning.build import plan as plan_of
from tests.planning.build import record as record_of
from tests.planning.build import run as a_run
from tests.planning.build import version as version_of

BACKENDS: tuple[Backend, ...] = ("vertex", "gemini", "palm")
COVERED: defaultdict[int, set[str]] = defaultdict(set)
"""The services that each row of the state table runs against."""
EXCUSED: defaultdict[int, dict[str, str]] = defaultdict(dict)
"""Why a row does not run against a service."""
DATA: Mapping[Backend, Dataset] = {
    "vertex": dataset("data"),
    "gemini": replace(dataset("data"), format="textPairs"),
    "palm": replace(dataset("data"), format="inputOutput"),
}
CONTENT = DatasetContent("a" * 64, 100, 240)


@dataclass(frozen=True)
class Service:
    """One service, and worlds to plan in for it."""

    backend: Backend

    def spec(
        self,
        epochs: int = 3,
        *,
        display_name: str = "",
        base: str = "base-1",
        data: str = "Dataset/data",
        **lifecycle: Any,
    ) -> TunedModel:
        bodies: dict[Backend, dict[str, Any]] = {
            "vertex": {
                "baseModel": base,
                "supervisedTuningSpec": {
                    "trainingDatasetUri": data,
                    "hyperParameters": {"epochCount": epochs},
                },
            },
            "gemini": {
                "baseModel": f"models/{base}",
                "tuningTask": {"trainingData": data, "hyperparameters": {"epochCount": epochs}},
            },
            "palm": {
                "templateUri": "https://x/tune-large-model/v3.0.0",
                "runtimeConfig": {
                    "parameterValues": {
                        "large_model_reference": base,
                        "dataset_uri": data,
                        "train_steps": epochs,
                    }
                },
            },
        }
        location = "" if self.backend == "gemini" else LOCATION
        return model(
            "m", bodies[self.backend], backend=self.backend, location=location, display_name=display_name, **lifecycle
        )

    @property
    def base_path(self) -> str:
        """Where its specs name the base model."""
        return {"palm": "palm.runtimeConfig.parameterValues.large_model_reference"}.get(
            self.backend, f"{self.backend}.baseModel"
        )

    def child(self, source: str = "TunedModel/m") -> TunedModel:
        """A spec that goes on from a tuned model."""
        parent = {
            "vertex": {"preTunedModel": {"tunedModelName": source}},
            "gemini": {"tunedModelSource": {"tunedModel": source}},
        }[self.backend]
        spec = self.spec()
        body = {name: value for name, value in spec.body.items() if name != "baseModel"}
        return model("child", {**body, **parent}, backend=self.backend, location=spec.location)

    def want(self, *specs: TunedModel, limits: Limits | None = None) -> Desired:
        return desired(*specs, DATA[self.backend], contents={"data": CONTENT}, limits=limits)

    def run_name(self, spec: TunedModel, number: int = 1, attempt: int = 1) -> str:
        if self.backend == "vertex":
            return f"projects/acme/locations/{LOCATION}/tuningJobs/{number}{attempt}"
        fingerprint = training_fingerprint(spec, self.want(spec).contents)
        ident = client_id("proj", spec.address, fingerprint, number, attempt)
        return (
            f"tunedModels/{ident}"
            if self.backend == "gemini"
            else f"projects/acme/locations/{LOCATION}/pipelineJobs/{ident}"
        )

    def version(
        self, spec: TunedModel, number: int = 1, status: VersionStatus = VersionStatus.READY, **fields: Any
    ) -> Version:
        names: dict[str, Any] = {"run": self.run_name(spec, number)}
        made = version_of(spec, number, status, want=self.want(spec), **{**names, **fields})
        if self.backend != "gemini":
            return made
        return replace(made, endpoint="", model=made.run if made.model else "")

    def run(self, spec: TunedModel, made: Version, status: RunState | None = None, **fields: Any) -> Run:
        """What the API says of a version's run."""
        labels = own_labels("proj", spec.address, made.fingerprint, made.attempt)
        if self.backend == "gemini":
            labels = labels_from(made.run.partition("/")[2], "proj", [spec.address])
        known: dict[str, Any] = {
            "backend": self.backend,
            "labels": labels,
            "display_name": spec.display_name,
            "body": self._echo(spec),
            "model": made.model,
            "endpoint": made.endpoint,
            "error": made.error,
        }
        return a_run(made.run, status or made.run_state, **{**known, **fields})

    def _echo(self, spec: TunedModel) -> dict[str, Any]:
        """The body as the server gives it back: URIs for addresses, and no training data from the Gemini API."""
        body = dict(spec.body)
        uri = DATA[self.backend].uri(CONTENT.sha256)
        if self.backend == "gemini":
            body["tuningTask"] = {k: v for k, v in body["tuningTask"].items() if k != "trainingData"}
        elif self.backend == "palm":
            values = {**body["runtimeConfig"]["parameterValues"], "dataset_uri": uri}
            body["runtimeConfig"] = {"parameterValues": values}
        else:
            body["supervisedTuningSpec"] = {**body["supervisedTuningSpec"], "trainingDatasetUri": uri}
        return body

    def live(self, spec: TunedModel, made: Version, **words: Any) -> tuple[Any, ...]:
        if self.backend == "gemini":
            return (LiveModel(made.model, **{"display_name": spec.display_name, **words}),)
        return live(spec, made, **words)

    def serving(self, spec: TunedModel, **fields: Any) -> tuple[Record, tuple[Any, ...]]:
        made = self.version(spec, **fields)
        return record_of(spec, made, current=1), (self.run(spec, made), *self.live(spec, made))

    def plan(self, want: Desired, known: State, seen: Observed, **options: Any) -> Plan:
        return plan_of(want, known, seen, **{"allow_retired": True, **options})

    def steps(self, spec: TunedModel | None, known: State, *seen: Any, **options: Any) -> list[tuple[str, str]]:
        """What is done about the model, its dataset aside."""
        want = self.want(spec) if spec else self.want()
        return steps(self.plan(want, known, observed_of(*seen), **options), "m")


# Why a row does not run against a service.
NO_SUCH_STATE = "its API has no such state"
IN_THE_REQUEST = "its training data is in the request and in no bucket"
SERVES_ITSELF = "its models serve by themselves, on no endpoint"
NO_CHECKPOINTS = "it keeps no checkpoints"
NOT_TUNED_ON = "its template tunes base models only"


def row(*numbers: int, **without: str) -> pytest.MarkDecorator:
    """Run a test about these rows against every service but those that are named with the reason."""
    services = [Service(backend) for backend in BACKENDS if backend not in without]
    for number in numbers:
        COVERED[number] |= {service.backend for service in services}
        EXCUSED[number] |= without
    return pytest.mark.parametrize("service", services, ids=[service.backend for service in services])


def active(service: Service, spec: TunedModel, **fields: Any) -> tuple[Record, Version]:
    """A record of a spec whose first run is under way."""
    made = service.version(spec, 1, VersionStatus.ACTIVE, **fields)
    return record_of(spec, made), made
