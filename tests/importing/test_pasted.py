"""A request body, as a page or a notebook shows it, becomes a spec that is valid."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.address import Address
from reconciler.errors import SpecError, UsageError
from reconciler.spec.load import check_draft
from reconciler.spec.pasted import Pasted, read_request
from reconciler.spec.writing import spec_text

BODIES = Path(__file__).parent.parent / "spec/requests"
REQUESTS = sorted(BODIES.iterdir())
MINIMAL: dict[str, Any] = {
    "baseModel": "gemini-2.5-flash",
    "supervisedTuningSpec": {"trainingDatasetUri": "gs://acme/train.jsonl"},
}


def read(text: str, **options: str) -> Pasted:
    return read_request(text, where="body.json", **options)


def as_spec(pasted: Pasted) -> str:
    return spec_text(Address("TunedModel", "x"), pasted.labels, {pasted.backend: pasted.body})


@pytest.mark.parametrize("path", REQUESTS, ids=lambda p: p.stem)
def test_a_body_of_google_s_pages_becomes_a_valid_spec(path: Path) -> None:
    pasted = read(path.read_text())
    assert path.stem.startswith(pasted.backend)
    assert pasted.left_out == ()
    check_draft("specs/x.yaml", as_spec(pasted))


def test_what_is_written_is_camel_case_with_numbers_as_numbers() -> None:
    text = as_spec(read((BODIES / "vertex-preference-full.txt").read_text()))
    assert "hyperParameters: {epochCount: 3, learningRateMultiplier: 1.0, adapterSize: ADAPTER_SIZE_FOUR" in text
    snake = as_spec(read((BODIES / "vertex-supervised-full.txt").read_text()))
    assert "trainingDatasetUri: gs://mybucket/train.jsonl" in snake


def test_comments_and_trailing_commas_are_overlooked_but_not_inside_strings() -> None:
    body = """{ // supervised
      "baseModel": "gemini-2.5-flash", /* the // small , } one */
      "description": "see https://example.com/ /* not a comment */ ,}",
      "supervisedTuningSpec": {"trainingDatasetUri": "gs://acme/a.jsonl", /* the last */ },
    }"""
    assert read(body).body["description"] == "see https://example.com/ /* not a comment */ ,}"


@pytest.mark.parametrize(
    ("method", "location"),
    [
        ("https://us-central1-aiplatform.googleapis.com/v1/projects/p/locations/us-central1/tuningJobs", "us-central1"),
        ("projects/p/locations/europe-west4/tuningJobs", "europe-west4"),
        ("https://us-central1-aiplatform.googleapis.com/v1/projects/P/locations/LOCATION/tuningJobs", "us-central1"),
        ("https://aiplatform.googleapis.com/v1/projects/P/locations/LOCATION/tuningJobs", None),
    ],
)
def test_the_method_says_where(method: str, location: str | None) -> None:
    assert read(json.dumps(MINIMAL), method=method).body.get("location") == location


def test_the_method_decides_which_service() -> None:
    body = json.dumps({"displayName": "x", "baseModel": "models/gemini-1.0-pro-001"})
    assert read(body, method="https://generativelanguage.googleapis.com/v1beta/tunedModels?key=K").backend == "gemini"


def test_a_body_inside_its_message_is_taken_out() -> None:
    assert read(json.dumps({"tuningJob": MINIMAL})).body == MINIMAL


def test_labels_move_and_what_the_server_wrote_is_left_out() -> None:
    labels = {"team": "support", "tuneform-project": "other", "google-vertex-llm-tuning-job-id": "1"}
    pasted = read(json.dumps({**MINIMAL, "labels": labels, "state": "JOB_STATE_SUCCEEDED", "tuningMode": "x"}))
    assert pasted.labels == {"team": "support"}
    assert "state" not in pasted.body
    assert pasted.left_out == ("tuningMode", "labels.tuneform-project", "labels.google-vertex-llm-tuning-job-id")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "body.json:1:1: is not JSON"),
        ("[]", "is not a JSON object"),
        ('{"a": 1}', "not the body of a request"),
        ('{"tuningTask": {}, "runtimeConfig": {}}', "several services"),
        ('{"baseModel": NaN}', "NaN is no JSON number"),
        ('{"a": 1, "a": 2}', "stands twice"),
        ('{"a": ' * 100_000, "cannot be read"),
        ('{\n  "a": tuning\n}', "body.json:2:8: is not JSON"),
        ("/*" * 400_000, "is not JSON"),
        ('{"a": "' + "\\" * 100_001, "is not JSON"),
        (" " * (1 << 20) + " ", "larger than 1 MiB"),
    ],
)
def test_anything_else_is_refused_in_words(text: str, says: str) -> None:
    with pytest.raises(UsageError) as caught:
        read(text)
    assert says in str(caught.value)


def test_a_method_that_creates_no_model_is_refused() -> None:
    with pytest.raises(UsageError, match="--method"):
        read(json.dumps(MINIMAL), method="https://example.com/v1/datasets")


@given(st.text(), st.dictionaries(st.text(), st.text()))
def test_whatever_texts_a_body_holds_the_spec_says_the_same_or_is_refused(text: str, labels: dict[str, str]) -> None:
    pasted = read(json.dumps({**MINIMAL, "description": text, "tunedModelDisplayName": text, "labels": labels}))
    written = as_spec(pasted)
    try:
        check_draft("specs/x.yaml", written)
    except SpecError:
        return
    from reconciler.spec.findings import Findings
    from reconciler.spec.source_text import SourceText
    from reconciler.spec.yaml_reader import read_documents

    (document,) = read_documents(SourceText("x", written), Findings())
    assert document.value["spec"]["vertex"]["description"] == text
    assert document.value["metadata"].get("labels", {}) == pasted.labels


@given(st.text(alphabet='{}[]",:/*\\ \n1a'))
def test_no_text_brings_the_reader_down(text: str) -> None:
    try:
        read(text)
    except UsageError:
        return
