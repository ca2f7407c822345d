"""The request bodies of Google's own pages can be pasted under a provider block."""

import json
from pathlib import Path
from textwrap import indent

import pytest

from reconciler.core.desired import TunedModel
from tests.spec.conftest import Workspace, settled

REQUESTS = Path(__file__).parent / "requests"
FILES = {
    "gemini-api-number-generator.txt": "gemini",
    "palm-tune-large-model.json": "palm",
    "vertex-preference-full.txt": "vertex",
    "vertex-supervised-full.txt": "vertex",
    "vertex-supervised-minimal.json": "vertex",
}


def pasted(work: Workspace, name: str, *, indented: bool = True) -> TunedModel:
    body = (REQUESTS / name).read_text()
    if indented:
        body = f"\n{indent(body, '    ')}"
    head = "apiVersion: tuneform/v1\nkind: TunedModel\nmetadata: {name: triage}\nspec:\n"
    work.spec(f"{head}  {FILES[name]}: {body}\n")
    loaded = work.load()
    assert loaded.diagnostics == ()
    return next(iter(loaded.desired.models.values()))


@pytest.mark.parametrize("indented", [True, False])
@pytest.mark.parametrize("name", FILES)
def test_a_body_of_google_s_pages_is_read_trailing_commas_and_all(work: Workspace, name: str, indented: bool) -> None:
    assert pasted(work, name, indented=indented).backend == FILES[name]


def test_a_body_is_read_the_same_from_a_json_file(work: Workspace) -> None:
    before = pasted(work, "vertex-supervised-minimal.json")
    body = json.loads((REQUESTS / "vertex-supervised-minimal.json").read_text())
    document = {
        "apiVersion": "tuneform/v1",
        "kind": "TunedModel",
        "metadata": {"name": "triage"},
        "spec": {"vertex": body},
    }
    (work.root / "specs/a.yaml").unlink()
    work.write("specs/a.json", json.dumps(document))
    assert work.model().body == before.body


def test_supervised_tuning_in_snake_case(work: Workspace) -> None:
    model = pasted(work, "vertex-supervised-full.txt")
    assert model.body == {
        "baseModel": "gemini-1.0-pro-002",
        "supervisedTuningSpec": {
            "trainingDatasetUri": "gs://mybucket/train.jsonl",
            "validationDatasetUri": "gs://mybucket/validation.jsonl",
            "hyperParameters": {"epochCount": 4, "adapterSize": "ADAPTER_SIZE_FOUR", "learningRateMultiplier": 1.0},
        },
        "tunedModelDisplayName": "tuned_gemini_pro",
    }
    assert model.display_name == "tuned_gemini_pro"


def test_preference_tuning_with_numbers_as_text(work: Workspace) -> None:
    body = pasted(work, "vertex-preference-full.txt").body
    assert settled(body, "preferenceOptimizationSpec.hyperParameters") == {
        "epochCount": 3,
        "beta": 0.1,
        "adapterSize": "ADAPTER_SIZE_FOUR",
        "learningRateMultiplier": 1.0,
    }


def test_the_number_generator_with_its_fifteen_examples(work: Workspace) -> None:
    model = pasted(work, "gemini-api-number-generator.txt")
    examples = settled(model.body, "tuningTask.trainingData.examples.examples")
    assert len(examples) == 15
    assert examples[2] == {"textInput": "-3", "output": "-2"}
    assert settled(model.body, "tuningTask.hyperparameters") == {"batchSize": 2, "learningRate": 0.001, "epochCount": 5}


def test_the_palm_pipeline(work: Workspace) -> None:
    model = pasted(work, "palm-tune-large-model.json")
    assert settled(model.body, "runtimeConfig.parameterValues.train_steps") == 30
    assert model.display_name == "tuned-bison"


def test_a_body_pasted_without_anything_around_it_is_told_where_to_go(work: Workspace) -> None:
    work.write("specs/a.json", (REQUESTS / "vertex-supervised-minimal.json").read_text())
    assert "under spec.vertex" in work.finding("not_a_spec").hint
