"""JSON Schema for editors: it accepts what the loader accepts, and describes every field."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from reconciler.spec.schema import DOCUMENTS, json_schema
from tests.spec.conftest import MODEL, PREFERENCE, SUPERVISED, Workspace, dataset, endpoint, project, vertex
from tests.spec.test_kinds import GEMINI, PALM
from tests.spec.test_project import FULL

SCHEMA = json_schema()
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def test_it_is_a_schema_of_draft_2020_12() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert json.loads(json.dumps(SCHEMA)) == SCHEMA


def objects(name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    yield from SCHEMA["$defs"][name].get("properties", {}).items()


@pytest.mark.parametrize("name", SCHEMA["$defs"])
def test_every_field_is_described_and_nothing_else_is_allowed(name: str) -> None:
    definition = SCHEMA["$defs"][name]
    assert definition["additionalProperties"] is False
    assert definition["description"]
    for field, schema in objects(name):
        assert "description" in schema or "$ref" in schema, field
        assert "null" not in json.dumps(schema), field


def test_each_kind_comes_with_an_example_that_loads(work: Workspace) -> None:
    for index, model in enumerate(DOCUMENTS):
        (example,) = SCHEMA["$defs"][model.__name__]["examples"]
        VALIDATOR.validate(example)
        path = "tuneform.yaml" if example["kind"] == "Project" else f"specs/{index}.json"
        work.write(path, json.dumps(example))
    assert work.findings() == ()


ACCEPTED = [
    MODEL,
    GEMINI,
    PALM,
    FULL,
    project(),
    dataset("x"),
    endpoint("traffic: [{model: TunedModel/triage, percent: 90, version: v2}, {model: TunedModel/t, percent: '10'}]"),
    vertex(SUPERVISED % ", hyper_parameters: {epoch_count: '3', adapter_size: 4, learningRateMultiplier: '1.0'}"),
    vertex(PREFERENCE % ", hyperParameters: {beta: '0.1', adapterSize: '8'}"),
    GEMINI.replace('{examples: {examples: [{textInput: "1", output: "2"}]}}', "Dataset/numbers"),
    PALM.replace("train_steps: 30", "trainSteps: auto, epochs: 2"),
    vertex(
        SUPERVISED % "", around="  lifecycle: {expireAfter: 1d12h, keepLast: '2'}\n  gates: {max_dropped_ratio: 1}\n"
    ),
    project("  overrides: [{match: {name: x}, TunedModel: {lifecycle: {keepLast: 1}}}]"),
    project("  defaults: {TunedModel: {vertex: {supervisedTuningSpec: {}}, gemini: {}}}"),
]


@pytest.mark.parametrize("text", ACCEPTED)
def test_it_accepts_what_the_loader_accepts(text: str) -> None:
    VALIDATOR.validate(yaml.safe_load(text))


@pytest.mark.parametrize(
    "text",
    [
        MODEL.replace("baseModel", "baseModle"),
        MODEL.replace("TunedModel", "Model"),
        MODEL.replace("tuneform/v1", "v1"),
        MODEL.replace("name: triage", "name: Triage"),
        MODEL.replace("gs://acme", "s3://acme"),
        MODEL + "  gemini: {}\n",
        MODEL.split("spec:")[0] + "spec: {}\n",
        MODEL.split("spec:")[0],
        vertex(SUPERVISED % ", hyperParameters: {adapterSize: 3}"),
        vertex(SUPERVISED % ", hyperParameters: {epochCount: 0}"),
        vertex(SUPERVISED % ", hyperParameters: {beta: 1}"),
        vertex(SUPERVISED % "" + ", preTunedModel: {tunedModelName: TunedModel/x}"),
        vertex(SUPERVISED % "" + ", pre_tuned_model: {tuned_model_name: TunedModel/x}"),
        vertex(SUPERVISED % "", around="  lifecycle: {onRemove: keep}\n"),
        MODEL.replace("{name: triage}", "{name: triage, labels: {Team: x}}"),
        endpoint("traffic: [{percent: 100}]"),
        dataset("x", form="csv"),
        project("  limits: {maxCost: 1}"),
    ],
)
def test_it_refuses_what_the_loader_refuses(work: Workspace, text: str) -> None:
    document = yaml.safe_load(text)
    assert not VALIDATOR.is_valid(document)
    work.write("tuneform.yaml" if document["kind"] == "Project" else "specs/a.yaml", text)
    assert any(d.severity == "error" for d in work.findings())


@pytest.mark.parametrize("file", sorted((Path(__file__).parent / "requests").iterdir()), ids=lambda p: p.name)
def test_google_s_own_request_bodies_are_accepted(file: Path) -> None:
    backend = file.name.split("-")[0]
    metadata = {"apiVersion": "tuneform/v1", "kind": "TunedModel", "metadata": {"name": "x"}}
    VALIDATOR.validate({**metadata, "spec": {backend: yaml.safe_load(file.read_text())}})


def test_editors_are_offered_the_stored_spelling_only() -> None:
    fields = [field for name in SCHEMA["$defs"] if name != "ParameterValues" for field, _ in objects(name)]
    assert not [field for field in fields if "_" in field]
