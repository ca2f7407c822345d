"""The Gemini API's tuned models: what is asked, what is sent, and what the answers become."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from reconciler.core.address import Address
from reconciler.core.client_ids import client_id, with_client_id
from reconciler.core.desired import Lifecycle, TunedModel
from reconciler.core.labels import ADDRESS, ATTEMPT, PROJECT, names_spec
from reconciler.core.runs import RunState
from reconciler.core.state import Record, Version, VersionStatus
from reconciler.errors import CloudError, NotFound
from reconciler.planning.normalise import equivalent
from reconciler.providers.gemini.provider import GeminiProvider
from reconciler.providers.protocol import CreateRequest, Outcome
from tests.cloud.scripted import Received, ScriptedServer, close, google_error
from tests.providers.conftest import LABEL, NoSources, Quick, client_for
from tests.providers.gemini_api import BASE, GeminiApi, query

ADDRESS_OF = Address("TunedModel", "next-number")
FINGERPRINT = f"sha256:{'ab' * 32}"
ID = client_id(LABEL, ADDRESS_OF, FINGERPRINT, 1, 1)
NAME = f"tunedModels/{ID}"
CREATE = ("POST", "/v1beta/tunedModels")
EXAMPLES = {"examples": {"examples": [{"textInput": "1", "output": "2"}, {"textInput": "3", "output": "4"}]}}
BODY: dict[str, Any] = {
    "baseModel": BASE,
    "tuningTask": {
        "hyperparameters": {"batchSize": 2, "learningRate": 0.001, "epochCount": 5},
        "trainingData": EXAMPLES,
    },
}


def a_model(**body: Any) -> TunedModel:
    return TunedModel(
        address=ADDRESS_OF,
        backend="gemini",
        project="acme-ml",
        location="",
        body={**BODY, **body},
        display_name="number generator",
        description=body.get("description"),
        labels={"team": "support"},
        lifecycle=Lifecycle(),
        sources=NoSources(),
    )


@dataclass
class Here:
    api: GeminiApi
    server: ScriptedServer
    provider: GeminiProvider

    def request(self, model: TunedModel | None = None) -> CreateRequest:
        model = model or a_model()
        return self.provider.create_request(
            model, body=model.body, labels={"team": "support"}, attempt=with_client_id(ID, "random")
        )

    def tuned(self, state: str = "ACTIVE", **error: Any) -> str:
        self.provider.submit(self.request())
        if state != "CREATING":
            self.api.finish(NAME, state, error or None)
        self.server.received.clear()
        return NAME

    def sent(self, method: str) -> list[Received]:
        return [r for r in self.server.received if r.method == method]


@pytest.fixture
def here() -> Iterator[Here]:
    api = GeminiApi()
    with ScriptedServer(api.script) as server, client_for(server.port, Quick()) as client:
        yield Here(api, server, GeminiProvider(client, LABEL))


def recorded(status: VersionStatus = VersionStatus.ACTIVE) -> Record:
    version = Version(1, status, FINGERPRINT, {}, "x", run=NAME, model=NAME if status is VersionStatus.READY else "")
    return Record(ADDRESS_OF, "gemini", "acme-ml", "", (version,), current=1)


def test_a_create_names_its_model_and_sends_the_examples(here: Here) -> None:
    submission = here.provider.submit(here.request(a_model(readers=["a@x.com"], temperature=0.5)))
    assert submission.outcome is Outcome.COMMITTED
    (sent,) = here.server.received
    assert query(sent) == {"tunedModelId": ID}
    assert sent.json() == {**BODY, "displayName": "number generator", "temperature": 0.5}
    run = submission.run
    assert run is not None
    assert (run.name, run.state, run.total_steps) == (NAME, RunState.RUNNING, 38)


def test_a_base_model_may_be_written_without_its_collection(here: Here) -> None:
    assert here.request(a_model(baseModel="gemini-1.0-pro-001")).body["baseModel"] == BASE


def test_ids_are_what_google_takes_and_tell_purchases_apart() -> None:
    long = Address("TunedModel", "a" * 63)
    ids = {
        client_id(p, a, f, v, n)
        for p in "xy"
        for a in (ADDRESS_OF, long)
        for f in (FINGERPRINT, "sha256:" + "c" * 64)
        for v in (1, 12)
        for n in (1, 99)
    }
    assert len(ids) == 32
    assert all(re.fullmatch(r"[a-z]([a-z0-9-]{0,38}[a-z0-9])?", text) for text in ids)
    assert client_id(LABEL, ADDRESS_OF, FINGERPRINT, 1, 1) == ID, "the same purchase has the same id"


def test_a_create_whose_answer_was_lost_is_found_by_its_id(here: Here) -> None:
    here.api.lost[CREATE] = close
    assert here.provider.submit(here.request()).outcome is Outcome.IN_DOUBT
    (found,) = here.provider.runs_in("acme-ml", "")
    assert found.labels[ATTEMPT] == ID


def test_a_second_request_for_the_same_purchase_adopts_the_first(here: Here) -> None:
    here.provider.submit(here.request())
    again = here.provider.submit(here.request())
    assert again.outcome is Outcome.COMMITTED
    assert again.run is not None
    assert again.run.name == NAME
    assert list(here.api.models) == [NAME]


def test_an_id_taken_by_a_model_of_another_make_is_refused_in_words(here: Here) -> None:
    here.provider.submit(here.request())
    here.api.models[NAME]["tuningTask"]["hyperparameters"]["epochCount"] = 50
    submission = here.provider.submit(here.request())
    assert submission.outcome is Outcome.REFUSED
    assert "was not made from this spec" in str(submission.error)


def test_an_id_taken_by_a_stranger_is_refused_in_words(here: Here) -> None:
    here.api.strangers.add(NAME)
    submission = here.provider.submit(here.request())
    assert submission.outcome is Outcome.REFUSED
    assert "belongs to somebody else" in str(submission.error)
    assert "another metadata.name" in str(submission.error)


def test_an_id_that_is_taken_and_cannot_be_found_is_in_doubt(here: Here) -> None:
    here.api.faults[CREATE] = [google_error(409, "ALREADY_EXISTS")]
    assert here.provider.submit(here.request()).outcome is Outcome.IN_DOUBT


@pytest.mark.parametrize(
    ("status", "code", "outcome"),
    [
        (400, "INVALID_ARGUMENT", Outcome.REFUSED),
        (404, "NOT_FOUND", Outcome.REFUSED),
        (429, "RESOURCE_EXHAUSTED", Outcome.REFUSED),
        (500, "INTERNAL", Outcome.IN_DOUBT),
        (503, "UNAVAILABLE", Outcome.IN_DOUBT),
    ],
)
def test_other_answers_are_sorted_by_what_they_prove(here: Here, status: int, code: str, outcome: Outcome) -> None:
    here.api.faults[CREATE] = [google_error(status, code)]
    assert here.provider.submit(here.request()).outcome is outcome
    assert [r.method for r in here.server.received] == ["POST"]


def test_everything_is_listed_by_pages_without_snapshots(here: Here) -> None:
    here.tuned()
    here.api.models |= {f"tunedModels/x{i}": {**here.api.models[NAME], "name": f"tunedModels/x{i}"} for i in range(7)}
    here.api.page = 4
    observed = here.provider.observe([a_model()], [])
    assert len(observed.runs) == 8
    lists = [query(r) for r in here.server.received if r.path == "/v1beta/tunedModels"]
    assert [(q["pageSize"], q["filter"]) for q in lists] == [("1000", "owner:me")] * 2
    assert all("snapshots" not in q["fields"] for q in lists)


def test_a_model_of_ours_is_known_by_its_id(here: Here) -> None:
    here.tuned()
    labels = here.provider.observe([a_model()], []).runs[NAME].labels
    assert labels[PROJECT] == LABEL
    assert labels[ADDRESS] == "tunedmodel_next-number"
    assert names_spec(labels["tuneform-spec"], FINGERPRINT)


def test_somebody_elses_model_carries_no_labels(here: Here) -> None:
    here.tuned()
    here.api.models["tunedModels/numbers-1"] = {"name": "tunedModels/numbers-1", "state": "ACTIVE"}
    assert here.provider.observe([a_model()], []).runs["tunedModels/numbers-1"].labels == {}


def test_zeros_that_the_server_leaves_out_are_zeros(here: Here) -> None:
    here.tuned()
    settings = here.provider.observe([], []).models[NAME].settings
    assert settings is not None
    assert (settings["temperature"], settings["topK"], settings["readerProjectNumbers"]) == (0.0, 0, [])


def test_numbers_that_the_server_keeps_in_four_bytes_are_the_same() -> None:
    assert equivalent(0.012345679, 0.0123456789)
    assert not equivalent(0.0123, 0.0124)


@pytest.mark.parametrize(
    ("wire", "state"),
    [
        ("CREATING", RunState.RUNNING),
        ("ACTIVE", RunState.SUCCEEDED),
        ("FAILED", RunState.FAILED),
        ("", RunState.UNKNOWN),
    ],
)
def test_states(here: Here, wire: str, state: RunState) -> None:
    here.tuned("CREATING")
    here.api.models[NAME]["state"] = wire
    assert here.provider.observe([], []).runs[NAME].state is state


def test_why_a_run_failed_is_asked_of_its_operation_once_it_has_ended(here: Here) -> None:
    here.tuned("FAILED", code=3, message="The examples are not valid.")
    run = here.provider.observe([a_model()], [recorded()]).runs[NAME]
    assert run.error is not None
    assert (run.error.code, run.error.message) == (3, "The examples are not valid.")
    assert run.model == ""


def test_operations_of_runs_that_ended_long_ago_are_not_asked_for(here: Here) -> None:
    here.tuned()
    here.provider.observe([a_model()], [recorded(VersionStatus.READY)])
    assert not [r for r in here.server.received if "/operations" in r.path]


def test_progress_tells_steps_and_loss(here: Here) -> None:
    here.tuned("CREATING")
    snapshots = [{"step": 1, "meanLoss": 12.5}, {"step": 2, "epoch": 1, "meanLoss": 8.25}]
    here.api.tunings[NAME]["metadata"] |= {"completedSteps": 2, "completedPercent": 5.26, "snapshots": snapshots}
    run = here.provider.run(NAME)
    assert (run.state, run.completed_steps, run.total_steps, run.loss) == (RunState.RUNNING, 2, 38, 8.25)


def test_the_loss_is_a_metric(here: Here) -> None:
    here.tuned()
    here.api.models[NAME]["tuningTask"]["snapshots"] = [{"step": 2, "meanLoss": 8.0}, {"step": 1, "meanLoss": 9.0}]
    (version,) = recorded().versions
    (series,) = here.provider.metrics(version).series.values()
    assert (series.name, [(p.step, p.value) for p in series.points]) == ("/mean_loss", [(1, 9.0), (2, 8.0)])


def test_a_run_is_cancelled_through_its_operation_on_v1(here: Here) -> None:
    here.tuned("CREATING")
    here.provider.cancel(NAME)
    (post,) = here.sent("POST")
    assert (post.path, post.json()) == (f"/v1/{NAME}/operations/op1:cancel", {})
    assert here.provider.observe([a_model()], [recorded()]).runs[NAME].state is RunState.CANCELLED


def test_a_run_that_is_over_is_not_cancelled(here: Here) -> None:
    here.tuned()
    here.provider.cancel(NAME)
    assert here.sent("POST") == []


def test_a_cancelled_run_whose_model_became_active_does_not_count_as_tuned(here: Here) -> None:
    here.tuned("ACTIVE", code=1, message="cancelled")
    run = here.provider.observe([a_model()], [recorded()]).runs[NAME]
    assert (run.state, run.model) == (RunState.CANCELLED, "")


def test_a_patch_says_what_it_touches(here: Here) -> None:
    here.tuned()
    live = here.provider.update_model(NAME, {"displayName": "numbers", "temperature": 0.25, "topK": 20})
    (patch,) = here.sent("PATCH")
    assert query(patch)["updateMask"] == "displayName,temperature,topK"
    assert live.display_name == "numbers"


def test_labels_cannot_be_patched(here: Here) -> None:
    here.tuned()
    with pytest.raises(CloudError, match="labels"):
        here.provider.update_model(NAME, {"labels": {}})


def test_permissions_become_what_the_spec_says_and_the_owner_stays(here: Here) -> None:
    here.tuned()
    here.api.permissions[NAME] += [
        {"name": f"{NAME}/permissions/a", "granteeType": "USER", "emailAddress": "Old@x.com", "role": "READER"},
        {"name": f"{NAME}/permissions/b", "granteeType": "USER", "emailAddress": "kept@x.com", "role": "WRITER"},
    ]
    here.provider.update_model(NAME, {"readers": ["everyone", "user:kept@x.com"], "writers": ["group:team@x.com"]})
    held = {(p.get("emailAddress") or p["granteeType"], p["role"]) for p in here.api.permissions[NAME]}
    assert held == {("USER", "OWNER"), ("EVERYONE", "READER"), ("kept@x.com", "READER"), ("team@x.com", "WRITER")}


def test_a_role_that_the_spec_does_not_mention_is_left_alone(here: Here) -> None:
    here.tuned()
    writer = {"name": f"{NAME}/permissions/b", "granteeType": "USER", "emailAddress": "w@x.com", "role": "WRITER"}
    here.api.permissions[NAME].append(writer)
    here.provider.update_model(NAME, {"readers": []})
    assert writer in here.api.permissions[NAME]


def test_permissions_are_read_only_for_serving_models_that_declare_them(here: Here) -> None:
    here.tuned()
    here.provider.observe([a_model()], [recorded(VersionStatus.READY)])
    assert not [r for r in here.server.received if "/permissions" in r.path]
    observed = here.provider.observe([a_model(readers=["a@x.com"])], [recorded(VersionStatus.READY)])
    assert (observed.models[NAME].settings or {})["readers"] == []


def test_what_base_models_can_be_used_for_is_part_of_the_view(here: Here) -> None:
    methods = here.provider.observe([a_model()], []).base_methods
    assert methods is not None
    assert "createTunedModel" in methods[BASE]
    assert here.provider.observe([], []).base_methods is None


def test_a_deletion_is_over_once_the_model_can_be_found_no_more(here: Here) -> None:
    here.tuned()
    operation = here.provider.delete_model(NAME)
    assert not operation.done
    assert here.provider.operation(operation.name).done
    with pytest.raises(NotFound):
        here.provider.run(NAME)


def test_a_tuned_model_answers_under_its_own_name(here: Here) -> None:
    here.tuned()
    tuned = Version(1, VersionStatus.READY, "", {}, "", run=NAME)
    answer = here.provider.generate(tuned, [{"role": "user", "parts": [{"text": "III"}]}], {"systemInstruction": {}})
    assert answer["candidates"][0]["content"]["parts"][0]["text"] == f"IV from {NAME}"
    assert here.sent("POST")[0].json().keys() == {"contents", "systemInstruction"}


def test_what_cannot_be_read_is_never_called_missing(here: Here) -> None:
    here.api.faults["GET", "/v1beta/tunedModels"] = [google_error(403, "PERMISSION_DENIED", "no")]
    observed = here.provider.observe([a_model()], [])
    assert [u.what for u in observed.unreadable] == ["gemini"]


def test_there_are_no_endpoints(here: Here) -> None:
    with pytest.raises(CloudError, match="serves under its own name"):
        here.provider.deploy("", NAME, display_name="x", checkpoint="", traffic={"0": 100})
