"""Every field that is misspelt is recognised, and findings point to the column."""

from collections.abc import Iterator

import pytest

from reconciler.core.diagnostics import Diagnostic, Source
from reconciler.spec.explain import explain
from reconciler.spec.findings import Findings
from reconciler.spec.kinds.documents import DatasetDocument, EndpointDocument, TunedModelDocument
from reconciler.spec.kinds.project import ProjectDocument
from reconciler.spec.places import Places, SpecSources
from reconciler.spec.reporter import Reporter
from reconciler.spec.shape import Shape, conform, shape_of
from reconciler.spec.suggest import closest, did_you_mean
from tests.spec.conftest import MODEL, SUPERVISED, Workspace, place, vertex


def shapes(shape: Shape, seen: set[str]) -> Iterator[Shape]:
    if shape.model.__name__ not in seen:
        seen.add(shape.model.__name__)
        yield shape
        for child in shape.children.values():
            yield from shapes(child, seen)


SEEN: set[str] = set()
FIELDS = [
    (shape, field)
    for document in (TunedModelDocument, DatasetDocument, EndpointDocument, ProjectDocument)
    for shape in shapes(shape_of(document), SEEN)
    for field in shape.fields
    if len(field) > 4
]


def hint_for(shape: Shape, key: str) -> str:
    findings = Findings()
    conform(shape, {key: 1}, (), Reporter(findings, SpecSources(Places("x", "", 0, 0, 0))))
    (found,) = findings.sorted()
    return found.hint


@pytest.mark.parametrize(("shape", "field"), FIELDS, ids=lambda v: v if isinstance(v, str) else v.model.__name__)
def test_a_misspelt_field_is_recognised(shape: Shape, field: str) -> None:
    swapped = field[:1] + field[2] + field[1] + field[3:]
    for misspelt in (field[:-1] + "_x", field[0] + field[2:], swapped, field.upper(), field.replace("o", "0")):
        if misspelt not in shape.names and misspelt[0] == field[0]:
            assert hint_for(shape, misspelt) in (f"Did you mean {field}?", ""), misspelt


@pytest.mark.parametrize(
    ("key", "hint"),
    [
        ("keepLast", "It belongs to spec.lifecycle."),
        ("epoch_count", "It belongs to spec.vertex.supervisedTuningSpec.hyperParameters."),
        ("apiVersion", "It belongs to the top of the document."),
        ("displayName", "Did you mean tunedModelDisplayName?"),
        ("zzz", "Known here: baseModel"),
        ("z" * 500, "Known here: baseModel"),
    ],
)
def test_a_field_in_the_wrong_place_is_sent_to_the_right_one(work: Workspace, key: str, hint: str) -> None:
    work.spec(vertex(SUPERVISED % "" + f", {key}: 1"))
    assert work.finding("unknown_field").hint.startswith(hint)


def test_a_finding_of_a_new_sort_is_still_told_in_plain_words() -> None:
    found = explain({"type": "new_sort", "loc": ("spec", "x", "y"), "msg": "?", "input": [1]})
    assert (found.code, found.message) == ("wrong_type", "x.y cannot be a list")


def test_both_spellings_of_a_field_are_one_too_many(work: Workspace) -> None:
    work.spec(vertex(SUPERVISED % ", hyper_parameters: {epochCount: 1}, hyperParameters: {epochCount: 2}"))
    assert "given twice" in work.finding("duplicate_field").message


def test_mixed_spellings_are_fine(work: Workspace) -> None:
    work.spec(vertex(SUPERVISED % ", hyper_parameters: {epochCount: 1, adapter_size: 4}"))
    assert work.findings() == ()


PLACED = """\
# a comment
apiVersion: tuneform/v1
kind: TunedModel
metadata:
  name: triage
  labels: {team: support, cost_centre: "7"}
spec:
  vertex: {baseModel: g, supervised_tuning_spec: {
    training_dataset_uri: gs://acme/t.jsonl,
    hyperParameters: {epochCount: 3}}}
  gates:
    metrics:
      - name: /train_total_loss
        max: 1
      - {name: /train_num_predictions,   min: 2}
"""


@pytest.mark.parametrize(
    ("path", "where"),
    [
        ("", "2:1"),
        ("vertex", "8:3"),
        ("vertex.baseModel", "8:12"),
        ("vertex.supervisedTuningSpec", "8:26"),
        ("vertex.supervisedTuningSpec.trainingDatasetUri", "9:5"),
        ("vertex.supervisedTuningSpec.hyperParameters.epochCount", "10:23"),
        ("vertex.supervisedTuningSpec.hyperParameters.adapterSize", "10:5"),
        ("vertex.encryptionSpec.kmsKeyName", "8:3"),
        ("gates.metrics[1].min", "15:42"),
        ("gates.metrics.0", "13:9"),
        ("gates.metrics[7].min", "12:5"),
        ("metadata.labels.team", "6:12"),
        ("labels.cost_centre", "6:27"),
        ("metadata", "4:1"),
        ("lifecycle.keepLast", "7:1"),
    ],
)
@pytest.mark.parametrize("before", ["", "---\n", MODEL.replace("triage", "other") + "---\n"])
def test_every_field_is_found_to_the_column(work: Workspace, before: str, path: str, where: str) -> None:
    work.spec(before + PLACED)
    line, column = map(int, where.split(":"))
    assert work.model().sources.at(path) == Source("specs/a.yaml", line + before.count("\n"), column)


def test_a_field_behind_a_broken_document_is_found_to_the_column(work: Workspace) -> None:
    work.spec("ä: [\n---\n" + PLACED.replace("baseModel: g", "baseModel: g, x: 1"))
    assert place(work.finding("unknown_field")) == "specs/a.yaml:10:26"


def test_places_count_characters_not_bytes(work: Workspace) -> None:
    work.spec(MODEL.replace("triage}", 'triage, labels: {ü: "ä", team: Ö}}'))
    assert [place(d) for d in work.findings()] == ["specs/a.yaml:3:35", "specs/a.yaml:3:38", "specs/a.yaml:3:49"]


def test_findings_come_in_the_order_of_the_text() -> None:
    findings = Findings()
    for line in (3, 1, 2):
        findings.warn("no_specs", "x", Source("b", line, 1))
    findings.error("no_specs", "x", Source("a", 9, 1))
    findings.error("no_specs", "x", None)
    assert [str(d.source) for d in findings.sorted()] == ["None", "a:9:1", "b:1:1", "b:2:1", "b:3:1"]


def test_findings_that_were_not_kept_still_count() -> None:
    findings = Findings()
    for _ in range(101):
        findings.error("no_specs", "x", Source("a", 1, 1))
    assert findings.restricted_to(frozenset({"b"})).has_errors
    assert findings.sorted()[-1] == Diagnostic(
        "error", "more_findings", "1 more errors are not listed; these come first"
    )


def test_without_a_near_miss_a_few_choices_are_listed() -> None:
    assert did_you_mean("zzz", ["b", "a"]) == "Known here: a, b."
    assert did_you_mean("zzz", map(str, range(100))) == ""
    assert closest("z" * 100, ["z" * 100]) == ""
