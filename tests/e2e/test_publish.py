"""The manifest tells applications what to call; it changes only when that does."""

from __future__ import annotations

import json
import os
from typing import Any

import httpx
import pytest

from tests.e2e.workshop import Workshop


def test_what_serves_is_published_and_written_again_only_when_it_changes(workshop: Workshop) -> None:
    workshop.project("  publish: out/serving.json\n")
    workshop.dataset()
    workshop.model()
    manifest = workshop.folder / "out/serving.json"
    workshop.apply()
    assert not manifest.exists()
    workshop.apply("--wait")
    first = json.loads(manifest.read_text())["serving"]["TunedModel/triage"]
    assert first["version"] == 1
    assert first["host"] == "us-central1-aiplatform.googleapis.com"
    assert first.keys() == {"version", "endpoint", "host", "location", "model", "fingerprint", "since"}
    assert manifest.stat().st_mode & 0o777 == 0o666 & ~UMASK, "applications of other users read it"
    assert manifest.parent.stat().st_mode & 0o777 == 0o777 & ~UMASK
    before = manifest.stat().st_mtime_ns
    workshop.apply()
    assert manifest.stat().st_mtime_ns == before
    workshop.model(epochs=5)
    workshop.apply("--wait")
    second = json.loads(manifest.read_text())["serving"]["TunedModel/triage"]
    assert second["version"] == 2
    assert second["endpoint"] != first["endpoint"]
    assert json.loads(workshop.run("output", "TunedModel/triage", "--format", "json").stdout) == second


UMASK = os.umask(0)
os.umask(UMASK)
PLACE = "gs://acme-serving/prod/serving.json"


def described(workshop: Workshop) -> dict[str, Any]:
    """The object that holds the manifest, as Cloud Storage describes it."""
    url = f"{workshop.url}/storage/v1/b/acme-serving/o/prod%2Fserving.json"
    answer: dict[str, Any] = httpx.get(url).raise_for_status().json()
    return answer


def published(workshop: Workshop) -> dict[str, Any]:
    url = f"{workshop.url}/storage/v1/b/acme-serving/o/prod%2Fserving.json"
    answer: dict[str, Any] = httpx.get(url, params={"alt": "media"}).raise_for_status().json()
    return answer


def in_a_bucket(workshop: Workshop) -> None:
    workshop.project(f"  publish: {PLACE}\n")
    workshop.dataset()
    workshop.model()


def test_an_object_in_a_bucket_is_written_only_when_what_serves_changes(workshop: Workshop) -> None:
    in_a_bucket(workshop)
    told = workshop.apply("--wait").stdout
    assert f"what serves is written to {PLACE}" in told
    first = described(workshop)
    assert (first["contentType"], first["cacheControl"]) == ("application/json", "no-cache")
    assert published(workshop)["serving"]["TunedModel/triage"]["version"] == 1
    workshop.apply()
    assert described(workshop)["generation"] == first["generation"]
    workshop.model(epochs=5)
    workshop.apply("--wait")
    second = published(workshop)["serving"]["TunedModel/triage"]
    assert second == json.loads(workshop.run("output", "TunedModel/triage", "--format", "json").stdout)
    assert second["version"] == 2


def test_no_object_is_made_before_anything_serves(workshop: Workshop) -> None:
    in_a_bucket(workshop)
    workshop.apply()
    with pytest.raises(httpx.HTTPStatusError):
        described(workshop)


def test_a_manifest_that_cannot_be_written_is_an_error_that_the_next_pass_mends(workshop: Workshop) -> None:
    in_a_bucket(workshop)
    denied = {"status": 403, "code": "PERMISSION_DENIED", "times": 9}
    workshop.fault(match={"method": "POST", "path": "acme-serving/o"}, kind="refuse", **denied)
    told = workshop.apply("--wait", expect=1)
    assert f"what serves could not be written to {PLACE}" in told.stdout
    assert "Grant roles/storage.objectUser on gs://acme-serving" in told.stdout
    assert "finished with 1 failure" in told.stdout
    assert workshop.run("output", "TunedModel/triage", "--raw", "version").stdout == "1\n", "it serves all the same"
    assert "could not be written" in workshop.apply(expect=1).stdout, "and stays an error until it is mended"
    workshop.end_faults()
    workshop.apply()
    assert published(workshop)["serving"]["TunedModel/triage"]["version"] == 1


def test_the_folder_of_the_manifest_may_become_unwritable_without_harm(workshop: Workshop) -> None:
    workshop.project("  publish: out/serving.json\n")
    workshop.dataset()
    workshop.model()
    workshop.write("out", "a file where the folder belongs")
    told = workshop.apply("--wait", expect=1)
    assert "what serves could not be written to" in told.stdout
    (workshop.folder / "out").unlink()
    workshop.apply()
    assert "TunedModel/triage" in json.loads((workshop.folder / "out/serving.json").read_text())["serving"]


def test_s3_is_refused_before_anything_is_paid_for(workshop: Workshop) -> None:
    workshop.project("  publish: s3://acme/serving.json\n")
    workshop.dataset()
    workshop.model()
    refused = workshop.apply(expect=1).stderr
    assert "tuneform.yaml:9:12" in refused
    assert "publish to s3:// is not supported in this version" in refused
    assert "gs://bucket/serving.json" in refused
    assert workshop.jobs() == []
