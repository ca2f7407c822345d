"""Google's hosts each serve their own location."""

import pytest

from tests.emulator.vertex import Vertex


@pytest.mark.parametrize(
    ("host", "location", "served"),
    [
        ("us-central1-aiplatform.googleapis.com", "us-central1", True),
        ("us-central1-aiplatform.googleapis.com", "us", False),
        ("us-central1-aiplatform.googleapis.com:443", "europe-west4", False),
        ("aiplatform.us.rep.googleapis.com", "us", True),
        ("aiplatform.us.rep.googleapis.com", "eu", False),
        ("aiplatform.eu.rep.googleapis.com", "us-central1", False),
        ("aiplatform.googleapis.com", "global", True),
        ("aiplatform.googleapis.com", "us-central1", False),
        ("127.0.0.1:1234", "us-central1", True),
        ("localhost", "eu", True),
    ],
)
def test_a_host_serves_its_location(vertex: Vertex, host: str, location: str, served: bool) -> None:
    url = f"/v1/projects/acme-ml/locations/{location}/endpoints"
    answer = vertex.http.get(url, headers={"host": host})
    assert answer.status_code == (200 if served else 404)
    assert answer.headers["content-type"].startswith("application/json" if served else "text/html")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"),
        ("GET", "/v1"),
        ("GET", "/v2/projects/p/locations/us-central1/tuningJobs"),
        ("GET", "/v1/projects/p/locations/us-central1"),
        ("GET", "/v1/projects/p/locations/us-central1/tuningJobs/"),
        ("GET", "/v1/projects//locations/us-central1/tuningJobs"),
        ("POST", "/v1/projects/p/locations/us-central1/tuningJobs/1:explode"),
        ("POST", "/v1/projects/p/locations/us-central1/models/1:generateContent"),
        ("HEAD", "/v1/projects/p/locations/us-central1/tuningJobs"),
        ("OPTIONS", "/v1/projects/p/locations/us-central1/tuningJobs"),
        ("GET", "/v1/projects/p/locations/us-central1/<script>"),
    ],
)
def test_a_url_that_no_method_has_gets_googles_page(vertex: Vertex, method: str, path: str) -> None:
    answer = vertex.http.request(method, path)
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html")
    assert "<script>" not in answer.text
