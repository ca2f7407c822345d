"""One look at everything: only GETs, as many as there are pages; what cannot be read is said, never called missing."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from reconciler.cloud.client import connect
from reconciler.core.desired import GoogleSettings
from reconciler.core.observed import Unreadable
from reconciler.core.state import Checkpoint, Record, Version, VersionStatus
from reconciler.errors import BadAnswer, CredentialsError, ServerFault, UsageError
from reconciler.providers.vertex.provider import VertexProvider
from tests.cloud.scripted import Act, Received, google_error, in_turn, reply
from tests.providers.conftest import LABEL, LOCATION, PROJECT, Emulated, Serve, a_model, request_for

JOBS = "projects/acme-ml/locations/us-central1/tuningJobs"


def a_record(version: Version | None = None, location: str = LOCATION) -> Record:
    return Record(a_model().address, "vertex", PROJECT, location, versions=(version,) if version else ())


def a_version(status: VersionStatus = VersionStatus.READY, **fields: Any) -> Version:
    return Version(1, status, "sha256:" + "a" * 64, {}, "try-1", **fields)


def test_a_finished_run_is_found_with_its_model_and_endpoint_in_the_multi_region(google: Emulated) -> None:
    submission = google.vertex.submit(request_for(google.vertex, a_model()))
    assert submission.run is not None
    google.finish_runs()
    observed = google.vertex.observe([a_model()], [])
    run = observed.run(submission.run.name)
    assert run is not None
    assert "/locations/us/" in run.model
    model, endpoint = observed.model(run.model), observed.endpoint(run.endpoint)
    assert model is not None
    assert endpoint is not None
    assert endpoint.deployed[0].model == run.model
    assert (run.endpoint, endpoint.deployed[0].id) in model.deployments
    assert observed.complete


def test_the_number_of_requests_grows_with_pages_not_with_resources(google: Emulated) -> None:
    labels = {"tuneform-project": LABEL}
    job = {**a_model().body, "labels": labels}
    job["supervisedTuningSpec"] = {**job["supervisedTuningSpec"], "exportLastCheckpointOnly": True}
    google.admin.seed(PROJECT, LOCATION, [job], count=250)
    google.admin.clear_requests()
    observed = google.vertex.observe([a_model(f"m{i}") for i in range(250)], [])
    assert len(observed.runs) == len(observed.models) == len(observed.endpoints) == 250
    assert google.admin.counts() == {"GET": 9}


def test_specs_without_any_run_cost_one_list_for_each_location(google: Emulated) -> None:
    models = [a_model("a"), a_model("b"), a_model("c", location="europe-west4")]
    observed = google.vertex.observe(models, [])
    assert observed.complete
    assert google.admin.counts() == {"GET": 2}


def test_nothing_to_look_for_costs_nothing(google: Emulated) -> None:
    assert google.vertex.observe([], []).complete
    assert google.admin.counts() == {}


def pathwise(answers: dict[str, Act]) -> Any:
    """Answers by path; an empty list where nothing is given."""

    def script(request: Received) -> Act:
        return next((act for pattern, act in answers.items() if re.search(pattern, request.target)), reply({}))

    return script


def test_a_list_that_fails_is_unreadable_and_the_others_are_still_read(serve: Serve) -> None:
    cloud = serve(
        pathwise(
            {
                "us-central1/tuningJobs": google_error(403, "PERMISSION_DENIED", "aiplatform.tuningJobs.list denied"),
                "europe-west4/tuningJobs": reply(
                    {"tuningJobs": [{"name": "projects/1/locations/europe-west4/tuningJobs/5"}]}
                ),
                "/models": google_error(500, "INTERNAL", "broken"),
            }
        )
    )
    observed = cloud.vertex.observe([a_model(), a_model("b", location="europe-west4")], [a_record()])
    assert observed.unreadable == (
        Unreadable("projects/acme-ml/locations/us-central1/models", "broken"),
        Unreadable(JOBS, "aiplatform.tuningJobs.list denied"),
    )
    assert list(observed.runs) == ["europe-west4/tuningJobs/5"]
    assert set(cloud.server.methods()) == {"GET"}


BROKEN: dict[str, Act] = {
    "HTML": reply(b"<html></html>", kind="text/html"),
    "an empty answer": reply(b""),
    "an error with 200": reply({"error": {"code": 7}}),
    "a job without a name": reply({"tuningJobs": [{"state": "JOB_STATE_RUNNING"}]}),
    "jobs that are no list": reply({"tuningJobs": {}}),
    "a token that repeats": reply({"tuningJobs": [], "nextPageToken": "again"}),
    "nesting 100,000 deep": reply(b'{"tuningJobs":[{"name":"x","labels":' + b"[" * 100_000),
    "a second page that fails": reply({"tuningJobs": [{"name": f"{JOBS}/1"}], "nextPageToken": "t"}),
}


@pytest.mark.parametrize("act", BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_list_is_never_taken_for_an_empty_one(serve: Serve, act: Act) -> None:
    cloud = serve(pathwise({"pageToken=t": google_error(400, "INVALID_ARGUMENT"), "tuningJobs": act}))
    observed = cloud.vertex.observe([a_model()], [])
    assert [u.what for u in observed.unreadable] == [JOBS]
    assert observed.runs == {}


def test_runs_in_raises_rather_than_give_a_part(serve: Serve) -> None:
    pages = in_turn(
        reply({"tuningJobs": [{"name": f"{JOBS}/1"}], "nextPageToken": "t"}), google_error(501, "UNIMPLEMENTED")
    )
    with pytest.raises(ServerFault):
        serve(pages).vertex.runs_in(PROJECT, LOCATION)


def test_a_job_that_comes_on_two_pages_counts_once(serve: Serve) -> None:
    first = {"tuningJobs": [{"name": f"{JOBS}/1"}, {"name": f"{JOBS}/2"}], "nextPageToken": "t"}
    second = {"tuningJobs": [{"name": f"{JOBS}/2"}, {"name": f"{JOBS}/3"}]}
    runs = serve(in_turn(reply(first), reply(second))).vertex.runs_in(PROJECT, LOCATION)
    assert [run.name[-1] for run in runs] == ["1", "2", "3"]


def test_models_and_endpoints_are_looked_for_where_records_say_they_live(serve: Serve) -> None:
    version = a_version(
        run="projects/1/locations/europe-west4/tuningJobs/1",
        model="projects/1/locations/eu/models/2@1",
        endpoint="projects/1/locations/eu/endpoints/3",
        checkpoints=(Checkpoint("1", endpoint="projects/1/locations/us/endpoints/4"),),
    )
    cloud = serve(pathwise({}))
    cloud.vertex.observe([], [a_record(version)])
    listed = {r.target.partition("?")[0].removeprefix("/v1/projects/acme-ml/locations/") for r in cloud.server.received}
    assert listed == {
        "us-central1/tuningJobs",
        "europe-west4/tuningJobs",
        *(f"{place}/{what}" for place in ("us-central1", "eu", "us") for what in ("models", "endpoints")),
    }
    hosts = {r.headers["host"] for r in cloud.server.received if "/locations/eu/" in r.target}
    assert hosts == {"aiplatform.eu.rep.googleapis.com"}


def test_what_was_deleted_is_not_looked_for_any_more(serve: Serve) -> None:
    version = a_version(VersionStatus.DELETED, model="projects/1/locations/eu/models/2@1")
    cloud = serve(pathwise({}))
    cloud.vertex.observe([], [a_record(version)])
    assert not any("/locations/eu/" in r.target for r in cloud.server.received)


@pytest.mark.parametrize(
    ("labels", "recorded", "followed"),
    [({"tuneform-project": LABEL}, "", True), ({}, "1", True), ({}, "", False), ({"tuneform-project": "x"}, "", False)],
    ids=["labelled as ours", "recorded", "a stranger's", "another project's"],
)
def test_only_our_own_runs_lead_to_other_locations(
    serve: Serve, labels: dict[str, str], recorded: str, followed: bool
) -> None:
    job = {
        "name": "projects/1/locations/us-central1/tuningJobs/1",
        "labels": labels,
        "tunedModel": {"model": "projects/1/locations/us/models/2@1"},
    }
    cloud = serve(pathwise({"tuningJobs": reply({"tuningJobs": [job]})}))
    version = a_version(run=f"projects/1/locations/us-central1/tuningJobs/{recorded}") if recorded else None
    cloud.vertex.observe([a_model()], [a_record(version)])
    assert any("/locations/us/models" in r.target for r in cloud.server.received) == followed


def test_missing_credentials_are_one_clear_error_and_not_an_incomplete_view(tmp_path: Any) -> None:
    client = connect(GoogleSettings(), {"GOOGLE_APPLICATION_CREDENTIALS": str(tmp_path / "none.json")})
    with client, pytest.raises(CredentialsError):
        VertexProvider(client, LABEL).observe([a_model()], [])


def test_a_missing_project_says_where_to_set_it(serve: Serve) -> None:
    cloud = serve(pathwise({}))
    with pytest.raises(UsageError, match=r"no Google project") as caught:
        cloud.vertex.runs_in("", LOCATION)
    assert "GOOGLE_CLOUD_PROJECT" in caught.value.next_step
    assert cloud.server.connections == 0


def test_a_run_that_is_asked_for_by_name_is_read(google: Emulated) -> None:
    submission = google.vertex.submit(request_for(google.vertex, a_model()))
    assert submission.run is not None
    asked = google.vertex.run(submission.run.name)
    assert (asked.doing, replace(asked, doing="")) == ("waiting for quota", submission.run)


def test_an_answer_that_is_no_run_is_refused(serve: Serve) -> None:
    with pytest.raises(BadAnswer):
        serve(in_turn(reply({"nothing": 1}))).vertex.run(f"{JOBS}/1")
