"""What a change of a field means, and the digests that decisions rest on."""

from collections.abc import Iterator
from typing import Any

import pytest

from reconciler.core.address import Address
from reconciler.core.desired import Backend, DatasetContent, TunedModel
from reconciler.core.plan import FieldClass
from reconciler.errors import DatasetError
from reconciler.spec.fields import BLOCKS, field_class, training_body
from reconciler.spec.fingerprint import evaluation_fingerprint, training_fingerprint
from reconciler.spec.kinds.gemini import Gemini
from reconciler.spec.kinds.palm import Palm
from reconciler.spec.kinds.vertex import Vertex
from reconciler.spec.shape import Shape, shape_of
from tests.spec.conftest import MODEL, SUPERVISED, Workspace, dataset, project, vertex
from tests.spec.test_kinds import GEMINI, PALM

TRAIN, VAL = Address("Dataset", "train"), Address("Dataset", "val")
CONTENTS = {TRAIN: DatasetContent("ab" * 32, 10, 1), VAL: DatasetContent("cd" * 32, 10, 1)}


@pytest.mark.parametrize(
    ("backend", "path", "means"),
    [
        ("vertex", "vertex.baseModel", "training"),
        ("vertex", "baseModel", "training"),
        ("vertex", "spec.vertex.baseModel", "training"),
        ("vertex", "vertex.location", "training"),
        ("vertex", "vertex.preTunedModel.checkpointId", "training"),
        ("vertex", "vertex.supervisedTuningSpec", "training"),
        ("vertex", "vertex.supervisedTuningSpec.trainingDatasetUri", "training"),
        ("vertex", "vertex.supervisedTuningSpec.hyperParameters.epochCount", "training"),
        ("vertex", "vertex.supervisedTuningSpec.exportLastCheckpointOnly", "training"),
        ("vertex", "vertex.supervisedTuningSpec.validationDatasetUri", "evaluation"),
        ("vertex", "vertex.supervisedTuningSpec.evaluationConfig.metrics[0].bleuSpec", "evaluation"),
        ("vertex", "vertex.preferenceOptimizationSpec.hyperParameters.beta", "training"),
        ("vertex", "vertex.encryptionSpec.kmsKeyName", "training"),
        ("vertex", "vertex.serviceAccount", "run-time"),
        ("vertex", "vertex.tunedModelDisplayName", "metadata"),
        ("vertex", "vertex.description", "metadata"),
        ("vertex", "vertex.somethingNew", "training"),
        ("gemini", "gemini.tuningTask.trainingData.examples.examples[0].output", "training"),
        ("gemini", "gemini.tunedModelSource.tunedModel", "training"),
        ("gemini", "gemini.temperature", "metadata"),
        ("gemini", "gemini.readers[0]", "metadata"),
        ("palm", "palm.runtimeConfig.parameterValues.train_steps", "training"),
        ("palm", "palm.runtimeConfig.parameterValues.evaluation_data_uri", "evaluation"),
        ("palm", "palm.runtimeConfig.parameterValues.model_display_name", "metadata"),
        ("palm", "palm.runtimeConfig.gcsOutputDirectory", "run-time"),
        ("palm", "palm.location", "training"),
        ("vertex", "metadata.labels.team", "metadata"),
        ("vertex", "labels.team", "metadata"),
        ("vertex", "gates.metrics[0].max", "evaluation"),
        ("vertex", "lifecycle.keepLast", "run-time"),
        ("vertex", "limits.maxCostUSD", "run-time"),
        ("vertex", "traffic[0].percent", "serving"),
        ("vertex", "strategy.steps", "serving"),
        ("vertex", "", "training"),
    ],
)
def test_every_field_has_a_class(backend: Backend, path: str, means: str) -> None:
    assert field_class(backend, path) == FieldClass(means)


def paths(shape: Shape, table: Any, prefix: str = "") -> Iterator[str]:
    """Every field that has no class of its own although its block is taken apart."""
    for name in shape.fields:
        if name not in table:
            yield f"{prefix}{name}"
        elif isinstance(table[name], dict):
            yield from paths(shape.children[name], table[name], f"{prefix}{name}.")


@pytest.mark.parametrize(("backend", "block"), [("vertex", Vertex), ("gemini", Gemini), ("palm", Palm)])
def test_no_field_is_left_without_a_class(backend: Backend, block: type[Vertex]) -> None:
    assert list(paths(shape_of(block), BLOCKS[backend])) == []


def model_of(work: Workspace, *documents: str, name: str = "triage") -> TunedModel:
    work.spec(*documents)
    return work.model(name)


WITH_DATASETS = MODEL.replace("gs://acme/train.jsonl", "Dataset/train\n      validationDatasetUri: Dataset/val")
DATASETS = (dataset("train"), dataset("val"))


def test_the_training_body_holds_digests_instead_of_dataset_names(work: Workspace) -> None:
    model = model_of(work, WITH_DATASETS, *DATASETS)
    assert training_body(model, CONTENTS) == {
        "location": "us-central1",
        "baseModel": "gemini-3.1-flash-lite",
        "supervisedTuningSpec": {"trainingDatasetUri": "sha256:" + "ab" * 32},
    }


def test_a_reference_to_a_model_stays_as_it_is_given(work: Workspace) -> None:
    tuning = (SUPERVISED % "").removeprefix("baseModel: g, ")
    child = vertex(f"preTunedModel: {{tunedModelName: TunedModel/triage}}, {tuning}", name="child")
    body = training_body(model_of(work, MODEL, child, name="child"), {})
    assert body["preTunedModel"] == {"tunedModelName": "TunedModel/triage"}


def test_a_dataset_that_was_not_read_is_no_reason_to_guess(work: Workspace) -> None:
    model = model_of(work, WITH_DATASETS, *DATASETS)
    with pytest.raises(DatasetError, match="Dataset/train"):
        training_fingerprint(model, {})


def test_text_that_looks_like_a_reference_is_text(work: Workspace) -> None:
    model = model_of(work, GEMINI.replace('textInput: "1"', "textInput: Dataset/train"), name="next-number")
    assert "Dataset/train" in str(training_body(model, CONTENTS))


def test_other_content_under_the_same_name_is_another_training(work: Workspace) -> None:
    model = model_of(work, WITH_DATASETS, *DATASETS)
    changed = {**CONTENTS, TRAIN: DatasetContent("ef" * 32, 10, 1)}
    assert training_fingerprint(model, changed) != training_fingerprint(model, CONTENTS)
    assert evaluation_fingerprint(model, changed) == evaluation_fingerprint(model, CONTENTS)


def test_the_same_content_under_another_name_is_the_same_training(work: Workspace) -> None:
    before = training_fingerprint(model_of(work, WITH_DATASETS, *DATASETS), CONTENTS)
    renamed = WITH_DATASETS.replace("Dataset/train", "Dataset/other")
    model = model_of(work, renamed, dataset("other"), DATASETS[1])
    contents = {Address("Dataset", "other"): CONTENTS[TRAIN], VAL: CONTENTS[VAL]}
    assert training_fingerprint(model, contents) == before


def decided_by(model: TunedModel) -> tuple[object, object, object]:
    """What says whether a model is trained again, patched, judged again."""
    words = (model.display_name, model.description, model.labels)
    return training_fingerprint(model, {}), words, evaluation_fingerprint(model, {})


SAME = (True, True, True)
RETRAINED, RENAMED, REJUDGED = (False, True, True), (True, False, True), (True, True, False)
HYPER = ", hyperParameters: {%s}"


@pytest.mark.parametrize(
    ("block", "around", "same"),
    [
        (SUPERVISED % "", "", SAME),
        (SUPERVISED % ", hyperParameters: {}", "", SAME),
        (SUPERVISED % ", exportLastCheckpointOnly: false", "", SAME),
        (SUPERVISED % "" + ", location: us-central1", "", SAME),
        (SUPERVISED % "" + ", serviceAccount: a@b.c", "", SAME),
        (SUPERVISED % "", "  lifecycle: {keepLast: 9}\n", SAME),
        (SUPERVISED % ", exportLastCheckpointOnly: true", "", RETRAINED),
        (SUPERVISED % ", hyperParameters: {epochCount: 1}", "", RETRAINED),
        (SUPERVISED % "" + ", location: europe-west4", "", RETRAINED),
        (SUPERVISED.replace("baseModel: g", "baseModel: h") % "", "", RETRAINED),
        (SUPERVISED.replace("supervisedTuningSpec", "preferenceOptimizationSpec") % "", "", RETRAINED),
        (SUPERVISED % "" + ", description: x", "", RENAMED),
        (SUPERVISED % "" + ", tunedModelDisplayName: x", "", RENAMED),
        (SUPERVISED % ", validationDatasetUri: gs://acme/v", "", REJUDGED),
        (SUPERVISED % "", "  gates: {maxDroppedRatio: 0.1}\n", REJUDGED),
    ],
)
def test_a_change_touches_its_class_only(
    work: Workspace, block: str, around: str, same: tuple[bool, bool, bool]
) -> None:
    before = decided_by(model_of(work, vertex(SUPERVISED % "")))
    after = decided_by(model_of(work, vertex(block, around=around)))
    assert tuple(a == b for a, b in zip(before, after, strict=True)) == same


def test_labels_are_patched_and_never_trained_for(work: Workspace) -> None:
    before = decided_by(model_of(work, MODEL))
    after = decided_by(model_of(work, MODEL.replace("{name: triage}", "{name: triage, labels: {a: b}}")))
    assert tuple(a == b for a, b in zip(before, after, strict=True)) == RENAMED


def test_a_default_written_out_as_the_project_s_location_is_no_change(work: Workspace) -> None:
    before = decided_by(model_of(work, MODEL))
    work.write("tuneform.yaml", project("  google: {location: us-central1}"))
    assert decided_by(model_of(work, MODEL)) == before


def test_unset_parameters_of_a_pipeline_may_be_written_as_empty_text(work: Workspace) -> None:
    before = training_fingerprint(model_of(work, PALM, name="legacy"), {})
    empty = PALM.replace("train_steps: 30", 'train_steps: 30, encryption_spec_key_name: "", accelerator_type: ""')
    assert training_fingerprint(model_of(work, empty, name="legacy"), {}) == before


def test_a_fingerprint_looks_the_same_for_ever(work: Workspace) -> None:
    # A version in somebody's state carries this digest: a change here would retrain every model.
    model = model_of(work, vertex(SUPERVISED % ', hyperParameters: {epochCount: "3", adapterSize: 4}'))
    assert training_fingerprint(model, {}) == PINNED


PINNED = "sha256:6e451aa535eb41473beed56a7d855fd14d57c48de7d066501e6997286fb58839"
