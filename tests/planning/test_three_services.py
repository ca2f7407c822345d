"""The state table over all three services: every row that is not about one service's own resources.

Rows about endpoints (33, 34, 37, 40, 53) have no meaning for the Gemini API, whose models serve by themselves, and rows
about labels (31, 39) none either. Rows 7 and 8 are in `test_other_services.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from reconciler.core.client_ids import client_id, labels_from
from reconciler.core.desired import Backend, Dataset, DatasetContent, Desired, Limits, TunedModel
from reconciler.core.labels import own_labels
from reconciler.core.observed import LiveModel, Observed, Run, Unreadable
from reconciler.core.plan import Plan
from reconciler.core.runs import RunState
from reconciler.core.state import IntentStatus, Record, RunError, State, Version, VersionStatus
from reconciler.spec.fingerprint import training_fingerprint
from tests.planning.build import JUST_NOW, LOCATION, LONG_AGO, NOW, dataset, desired, intent, live, model, steps
from tests.planning.build import observed as observed_of
from tests.planning.build import plan as plan_of
from tests.planning.build import record as record_of
from tests.planning.build import run as a_run
from tests.planning.build import state as state_of
from tests.planning.build import version as version_of

DATA: Mapping[Backend, Dataset] = {
    "vertex": dataset("data"),
    "gemini": replace(dataset("data"), format="textPairs"),
    "palm": replace(dataset("data"), format="inputOutput"),
}
CONTENT = DatasetContent("a" * 64, 100, 240)
UNDER_WAY = [RunState.RUNNING, RunState.UNKNOWN]


@dataclass(frozen=True)
class Service:
    """One service, and worlds to plan in for it."""

    backend: Backend

    def spec(self, epochs: int = 3, *, display_name: str = "", base: str = "base-1", **lifecycle: Any) -> TunedModel:
        bodies: dict[Backend, dict[str, Any]] = {
            "vertex": {
                "baseModel": base,
                "supervisedTuningSpec": {
                    "trainingDatasetUri": "Dataset/data",
                    "hyperParameters": {"epochCount": epochs},
                },
            },
            "gemini": {
                "baseModel": f"models/{base}",
                "tuningTask": {"trainingData": "Dataset/data", "hyperparameters": {"epochCount": epochs}},
            },
            "palm": {
                "templateUri": "https://x/tune-large-model/v3.0.0",
                "runtimeConfig": {
                    "parameterValues": {
                        "large_model_reference": base,
                        "dataset_uri": "Dataset/data",
                        "train_steps": epochs,
                    }
                },
            },
        }
        location = "" if self.backend == "gemini" else LOCATION
        return model(
            "m", bodies[self.backend], backend=self.backend, location=location, display_name=display_name, **lifecycle
        )

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


@pytest.fixture(params=["vertex", "gemini", "palm"])
def service(request: pytest.FixtureRequest) -> Service:
    return Service(request.param)


def active(service: Service, spec: TunedModel, **fields: Any) -> tuple[Record, Version]:
    made = service.version(spec, 1, VersionStatus.ACTIVE, **fields)
    return record_of(spec, made), made


def test_row_01_a_new_spec_is_created(service: Service) -> None:
    assert service.steps(service.spec(), state_of()) == [("create", "new")]


def test_row_02_a_run_of_the_same_spec_that_no_record_knows_is_proposed(service: Service) -> None:
    spec = service.spec()
    made = service.version(spec, 1, VersionStatus.ACTIVE)
    assert service.steps(spec, state_of(), service.run(spec, made)) == [("adopt", "labelled_run_found")]


def test_row_03_several_such_runs_are_ambiguous(service: Service) -> None:
    spec = service.spec()
    runs = [
        service.run(spec, service.version(spec, 1, VersionStatus.ACTIVE, run=service.run_name(spec, 1, attempt)))
        for attempt in (1, 2)
    ]
    assert service.steps(spec, state_of(), *runs) == [("hold", "ambiguous")]


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (IntentStatus.ABSENT, ("create", "new")),
        (IntentStatus.PREPARED, ("create", "new")),
        (IntentStatus.SENDING, ("wait", "in_doubt")),
    ],
)
def test_row_04_an_unsettled_create_is_never_sent_again_before_its_absence_is_certain(
    service: Service, status: IntentStatus, expected: tuple[str, str]
) -> None:
    spec = service.spec()
    open_one = replace(
        intent(model("m"), status), backend=service.backend, location=spec.location, fingerprint="sha256:1"
    )
    assert service.steps(spec, state_of(intents=(open_one,))) == [expected]


def test_row_05_a_create_whose_answer_was_lost_is_attached(service: Service) -> None:
    spec = service.spec()
    made = service.version(spec, 1, VersionStatus.ACTIVE)
    found = service.run(spec, made)
    attempt = found.labels["tuneform-attempt"]
    open_one = replace(
        intent(model("m"), IntentStatus.SENDING), backend=service.backend, location=spec.location, attempt=attempt
    )
    assert service.steps(spec, state_of(intents=(open_one,)), found) == [("adopt", "intent_found")]


def test_row_06_a_full_quota_queues_and_counts_foreign_runs(service: Service) -> None:
    spec = service.spec()
    foreign = a_run("tunedModels/foreign", backend="gemini")
    want = service.want(spec, limits=Limits(max_concurrent_jobs=1))
    assert steps(service.plan(want, state_of(), observed_of(foreign)), "m") == [("queue", "queue_full")]


@pytest.mark.parametrize("status", UNDER_WAY)
def test_rows_10_11_what_runs_is_waited_for(service: Service, status: RunState) -> None:
    spec = service.spec()
    record, made = active(service, spec)
    assert service.steps(spec, state_of(record), service.run(spec, made, status)) == [("wait", "run_active")]


@pytest.mark.parametrize(
    ("while_running", "expected"),
    [("wait", ("wait", "changed_while_running")), ("cancelAndReplace", ("cancel", "replaced"))],
)
def test_row_15_a_changed_spec_waits_for_the_run_or_replaces_it(
    service: Service, while_running: str, expected: tuple[str, str]
) -> None:
    spec = service.spec()
    record, made = active(service, spec)
    changed = service.spec(4, while_running=while_running)
    assert service.steps(changed, state_of(record), service.run(spec, made, RunState.RUNNING)) == [expected]


def test_row_14_a_run_that_has_not_started_is_replaced(service: Service) -> None:
    spec = service.spec()
    record, made = active(service, spec)
    found = service.run(spec, made, RunState.PENDING)
    assert service.steps(service.spec(4), state_of(record), found) == [("cancel", "changed_before_start")]


def test_row_16_what_is_being_cancelled_is_waited_for(service: Service) -> None:
    spec = service.spec()
    made = service.version(spec, 1, VersionStatus.CANCELLING)
    found = service.run(spec, made, RunState.RUNNING)
    assert service.steps(spec, state_of(record_of(spec, made)), found) == [("wait", "cancelling")]


def test_row_18_a_reverted_spec_cancels_the_run_and_trains_nothing(service: Service) -> None:
    spec, changed = service.spec(), service.spec(4)
    first = service.version(spec)
    second = service.version(changed, 2, VersionStatus.ACTIVE)
    known = state_of(record_of(spec, first, second, current=1))
    seen = [service.run(spec, first), service.run(changed, second), *service.live(spec, first)]
    assert service.steps(spec, known, *seen) == [("cancel", "reverted"), ("rollback", "reverted")]


def test_row_20_a_new_display_name_is_patched(service: Service) -> None:
    record, there = service.serving(service.spec())
    assert service.steps(service.spec(display_name="New"), state_of(record), *there) == [("update", "metadata_changed")]


def test_row_22_a_finished_version_is_promoted(service: Service) -> None:
    spec = service.spec()
    record, made = active(service, spec)
    done = service.version(spec)
    found = service.run(spec, replace(made, model=done.model, endpoint=done.endpoint), RunState.SUCCEEDED)
    assert service.steps(spec, state_of(record), found, *service.live(spec, done)) == [("promote", "first_version")]


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (3, ("hold", "failed_data")),
        (7, ("hold", "failed_permission")),
        (13, ("create", "retry")),
        (0, ("hold", "failed_unknown")),
    ],
)
def test_rows_25_26_a_failed_run_is_held_or_tried_again_by_its_cause(
    service: Service, code: int, expected: tuple[str, str]
) -> None:
    spec = service.spec()
    made = service.version(spec, 1, VersionStatus.FAILED, error=RunError(code, "no") if code else None)
    found = service.run(spec, made, RunState.FAILED)
    assert service.steps(spec, state_of(record_of(spec, made)), found)[0] == expected


def test_row_27_attempts_are_used_up(service: Service) -> None:
    spec = service.spec()
    made = service.version(spec, 1, VersionStatus.FAILED, error=RunError(13, "no"), attempts=2)
    found = service.run(spec, made, RunState.FAILED)
    assert service.steps(spec, state_of(record_of(spec, made)), found) == [("hold", "exhausted")]


def test_row_28_what_somebody_else_cancelled_is_not_started_again(service: Service) -> None:
    spec = service.spec()
    record, made = active(service, spec)
    found = service.run(spec, made, RunState.CANCELLED)
    assert service.steps(spec, state_of(record), found) == [("hold", "cancelled_elsewhere")]


def test_row_32_a_run_that_is_gone_is_not_paid_for_again_unasked(service: Service) -> None:
    spec = service.spec()
    record, _ = active(service, spec)
    assert service.steps(spec, state_of(record)) == [("hold", "run_gone")]


def test_a_run_of_a_moment_ago_need_not_be_listed_yet(service: Service) -> None:
    spec = service.spec()
    record, _ = active(service, spec, created_at=JUST_NOW)
    assert service.steps(spec, state_of(record)) == [("wait", "run_not_listed_yet")]


def test_row_35_a_model_that_is_gone_is_held(service: Service) -> None:
    spec = service.spec()
    record, (found, *_) = service.serving(spec)
    seen = () if service.backend == "gemini" else (found,)
    assert service.steps(spec, state_of(record), *seen) == [("hold", "model_gone")]


def test_nothing_is_to_be_done_about_what_serves_as_declared(service: Service) -> None:
    record, there = service.serving(service.spec())
    assert service.steps(service.spec(), state_of(record), *there) == []


def test_row_47_another_base_model_is_a_new_version(service: Service) -> None:
    record, there = service.serving(service.spec())
    changed = service.spec(base="base-2")
    assert service.steps(changed, state_of(record), *there) == [("retune", "training_changed")]


def test_row_48_a_rollback_trains_nothing(service: Service) -> None:
    spec, changed = service.spec(), service.spec(4)
    versions = [service.version(spec, 1, VersionStatus.SUPERSEDED), service.version(changed, 2)]
    there = [
        part
        for s, v in zip((spec, changed), versions, strict=True)
        for part in (service.run(s, v), *service.live(s, v))
    ]
    known = state_of(record_of(changed, *versions, current=2))
    assert service.steps(spec, known, *there)[0] == ("rollback", "reverted")


@pytest.mark.parametrize(("on_remove", "action"), [("delete", "delete"), ("retain", "forget")])
def test_row_49_a_removed_spec_takes_its_model_along_or_leaves_it(
    service: Service, on_remove: str, action: str
) -> None:
    record, there = service.serving(service.spec())
    found = service.steps(None, state_of(replace(record, on_remove=on_remove)), *there)
    assert [step for step, _ in found] == [action]


def test_row_50_a_removed_spec_cancels_its_run(service: Service) -> None:
    spec = service.spec()
    record, made = active(service, spec)
    assert service.steps(None, state_of(record), service.run(spec, made)) == [("cancel", "removed")]


def test_row_52_versions_past_keep_last_go(service: Service) -> None:
    spec, changed = service.spec(keep_last=1), service.spec(4, keep_last=1)
    versions = [service.version(spec, 1, VersionStatus.SUPERSEDED), service.version(changed, 2)]
    there = [
        part
        for s, v in zip((spec, changed), versions, strict=True)
        for part in (service.run(s, v), *service.live(s, v))
    ]
    known = state_of(record_of(changed, *versions, current=2))
    assert service.steps(changed, known, *there) == [("delete", "past_keep_last")]


def test_row_54_what_has_expired_goes(service: Service) -> None:
    spec = service.spec(expire_after=86400)
    record, there = service.serving(spec, finished_at=LONG_AGO)
    assert service.steps(spec, state_of(record), *there) == [("delete", "expired")]


def test_row_55_runs_of_others_are_only_counted(service: Service) -> None:
    spec = service.spec()
    record, there = service.serving(spec)
    made = service.plan(
        service.want(spec), state_of(record), observed_of(*there, a_run("tunedModels/x", backend="gemini"))
    )
    assert [d.code for d in made.diagnostics] == ["unmanaged"]


def test_row_56_a_lost_state_is_rebuilt_from_what_is_there(service: Service) -> None:
    spec = service.spec()
    _, there = service.serving(spec)
    assert service.steps(spec, state_of(), *there) == [("adopt", "labelled_run_found")]


def test_what_could_not_be_read_is_never_called_missing(service: Service) -> None:
    spec = service.spec()
    record, _ = service.serving(spec)
    made = service.plan(service.want(spec), state_of(record), observed_of(Unreadable(service.backend, "403")))
    assert not made.complete
    assert steps(made, "m") == []


def test_protection_wins_over_removal(service: Service) -> None:
    record, there = service.serving(service.spec())
    protected = replace(record, prevent_destroy=True)
    assert service.steps(None, state_of(protected), *there) == [("hold", "prevent_destroy")]


def test_row_26_a_retry_waits_its_time(service: Service) -> None:
    spec = service.spec()
    error = RunError(13, "no")
    just = (NOW - timedelta(seconds=5)).isoformat()
    made = service.version(spec, 1, VersionStatus.FAILED, error=error, finished_at=just)
    found = service.run(spec, made, RunState.FAILED)
    assert service.steps(spec, state_of(record_of(spec, made)), found) == [("wait", "backoff")]
