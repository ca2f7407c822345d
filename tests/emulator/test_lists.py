"""Lists: order, pages, filters, masks."""

import base64
from collections.abc import Iterator
from typing import Any

import pytest

from reconciler.emulator.options import Options
from reconciler.emulator.testing import RunningEmulator
from tests.emulator.vertex import Json, Vertex, job_body, supervised_rows


def seed(vertex: Vertex, count: int, **changes: object) -> list[str]:
    """Finished jobs `job-0`, `job-1`, …; answers their names, oldest first."""
    bodies = [job_body(tunedModelDisplayName=f"job-{n}", labels={"n": str(n)}, **changes) for n in range(count)]
    return vertex.admin.seed("acme-ml", "us-central1", bodies)


def pages(vertex: Vertex, collection: str, **query: Any) -> list[list[str]]:
    """The names on every page of a list."""
    found = []
    token = ""
    while True:
        page = vertex.ok("GET", f"/{collection}", pageToken=token, **query)
        found.append([item["name"] for item in page.get(collection, [])])
        token = page.get("nextPageToken", "")
        if not token:
            return found


def test_an_empty_list_is_an_empty_object(vertex: Vertex) -> None:
    assert vertex.ok("GET", "/tuningJobs") == {}


def test_the_newest_come_first(vertex: Vertex) -> None:
    names = seed(vertex, 3)
    assert vertex.names("tuningJobs") == names[::-1]


@pytest.mark.parametrize("collection", ["tuningJobs", "models", "endpoints"])
def test_pages_cover_everything_once(vertex: Vertex, collection: str) -> None:
    seed(vertex, 7)
    found = pages(vertex, collection, pageSize=3)
    assert [len(page) for page in found] == [3, 3, 1]
    assert len({name for page in found for name in page}) == 7


def test_a_page_that_holds_everything_has_no_token(vertex: Vertex) -> None:
    seed(vertex, 3)
    assert len(pages(vertex, "tuningJobs", pageSize=3)) == 1


def test_large_page_sizes_are_reduced_without_a_word(vertex: Vertex) -> None:
    seed(vertex, 130)
    assert [len(page) for page in pages(vertex, "tuningJobs", pageSize=1000)] == [100, 30]


def test_a_job_made_while_paging_does_not_shift_the_pages(vertex: Vertex) -> None:
    names = seed(vertex, 4)
    first = vertex.ok("GET", "/tuningJobs", pageSize=2)
    vertex.create()
    second = vertex.ok("GET", "/tuningJobs", pageSize=2, pageToken=first["nextPageToken"])
    assert [job["name"] for job in first["tuningJobs"] + second["tuningJobs"]] == names[::-1]


@pytest.mark.parametrize("token", ["x", "!!!", base64.b64encode(b"5.0").decode(), "é", "MS4y" * 1000])
def test_a_made_up_token_is_refused(vertex: Vertex, token: str) -> None:
    vertex.refused(400, "INVALID_ARGUMENT", "GET", "/tuningJobs", pageToken=token)


def test_a_token_belongs_to_its_request(vertex: Vertex) -> None:
    seed(vertex, 3)
    token = vertex.ok("GET", "/tuningJobs", pageSize=1)["nextPageToken"]
    vertex.refused(400, "INVALID_ARGUMENT", "GET", "/models", pageToken=token)
    vertex.refused(400, "INVALID_ARGUMENT", "GET", "/tuningJobs", pageToken=token, filter='labels.n="1"')


@pytest.mark.parametrize("size", [-1, "many"])
def test_a_bad_page_size_is_refused(vertex: Vertex, size: object) -> None:
    vertex.refused(400, "INVALID_ARGUMENT", "GET", "/tuningJobs", pageSize=size)


def test_an_unknown_parameter_is_refused(vertex: Vertex) -> None:
    error = vertex.refused(400, "INVALID_ARGUMENT", "GET", "/tuningJobs", orderBy="create_time")
    assert 'Unknown name "orderBy"' in error["message"]
    vertex.ok("GET", "/tuningJobs", prettyPrint="false", alt="json", page_size=3)


@pytest.mark.parametrize(
    ("collection", "text", "count"),
    [
        ("tuningJobs", 'state="JOB_STATE_SUCCEEDED"', 3),
        ("tuningJobs", "state=JOB_STATE_FAILED", 0),
        ("tuningJobs", 'state="JOB_STATE_SUCCEEDED" AND labels.n="1"', 1),
        ("tuningJobs", 'state!="JOB_STATE_FAILED" labels.n="1"', 1),
        ("tuningJobs", "labels.n=0 OR labels.n=2", 2),
        ("tuningJobs", "NOT (labels.n=0 OR labels.n=2)", 1),
        ("models", "labels.tune-type:*", 3),
        ("models", "labels:nothing", 0),
        ("models", 'displayName="job-1"', 1),
        ("models", 'display_name!="job-1"', 2),
        ("models", 'baseModelName="gemini-2.5-flash"', 3),
        ("endpoints", 'labels."n"="2"', 1),
        ("endpoints", 'base_model_name="gemini-2.5-flash"', 3),
        ("endpoints", 'endpoint="1"', 0),
    ],
)
def test_filters_choose(vertex: Vertex, collection: str, text: str, count: int) -> None:
    seed(vertex, 3)
    assert len(vertex.names(collection, filter=text)) == count


def test_endpoints_are_found_by_the_job_that_made_them(vertex: Vertex) -> None:
    job = seed(vertex, 2)[0].split("/")[-1]
    assert len(vertex.names("endpoints", filter=f"labels.google-vertex-llm-tuning-job-id={job}")) == 1


@pytest.mark.parametrize(
    "text",
    ["state", "state=", "=x", "nonsense=1", "state=a AND", "(state=a", 'state="a', "((" * 50, "NOT " * 900, "a" * 5000],
)
def test_a_filter_that_cannot_be_read_is_refused(vertex: Vertex, text: str) -> None:
    vertex.refused(400, "INVALID_ARGUMENT", "GET", "/tuningJobs", filter=text)


def test_models_and_endpoints_can_be_ordered(vertex: Vertex) -> None:
    seed(vertex, 3)
    listed = vertex.ok("GET", "/models", orderBy="display_name desc, create_time")["models"]
    assert [model["displayName"] for model in listed] == ["job-2", "job-1", "job-0"]
    ordered = pages(vertex, "endpoints", orderBy="create_time", pageSize=2)
    assert [name for page in ordered for name in page] == vertex.names("endpoints")[::-1]
    vertex.refused(400, "INVALID_ARGUMENT", "GET", "/models", orderBy="labels")


def test_a_read_mask_leaves_the_rest_out(vertex: Vertex) -> None:
    seed(vertex, 1)
    assert set(vertex.ok("GET", "/models", readMask="name,display_name")["models"][0]) == {"name", "displayName"}
    vertex.refused(400, "INVALID_ARGUMENT", "GET", "/models", readMask="nonsense")


def test_projects_and_locations_do_not_see_each_other(vertex: Vertex) -> None:
    seed(vertex, 1)
    assert vertex.ok("GET", "projects/acme-ml/locations/europe-west4/tuningJobs") == {}
    assert vertex.ok("GET", "projects/other/locations/us-central1/tuningJobs") == {}


def test_an_answer_is_up_to_date_after_every_change(vertex: Vertex) -> None:
    seed(vertex, 1)
    [name] = vertex.names("models")
    vertex.ok("PATCH", name, {"description": "x"}, updateMask="description")
    assert vertex.ok("GET", "/models")["models"][0]["description"] == "x"


@pytest.fixture
def lagging() -> Iterator[Vertex]:
    """An emulator whose lists are five seconds behind."""
    with RunningEmulator(Options(list_lag=5)) as emulator:
        emulator.admin.put_object("gs://acme/train.jsonl", supervised_rows())
        with Vertex(emulator) as client:
            yield client


def test_lists_can_lag_behind(lagging: Vertex) -> None:
    job: Json = lagging.create()
    assert lagging.names("tuningJobs") == []
    assert lagging.get(job["name"])
    lagging.admin.advance(5)
    assert lagging.names("tuningJobs") == [job["name"]]
    lagging.admin.advance(16)
    assert lagging.get(job["name"])["state"] == "JOB_STATE_SUCCEEDED"
    assert lagging.names("models") == lagging.names("endpoints") == []
    lagging.admin.advance(5)
    assert len(lagging.names("models")) == len(lagging.names("endpoints")) == 1
