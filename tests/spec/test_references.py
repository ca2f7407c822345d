"""References between specs: declared, fitting, and never in a circle."""

import pytest

from reconciler.core.address import Address
from tests.spec.conftest import (
    MODEL,
    PREFERENCE,
    SUPERVISED,
    Workspace,
    dataset,
    endpoint,
    place,
    vertex,
)

USES_DATASET = MODEL.replace("gs://acme/train.jsonl", "Dataset/train")


def going_on_from(other: str, *, name: str) -> str:
    tuning = (SUPERVISED % "").removeprefix("baseModel: g, ")
    return vertex(f"preTunedModel: {{tunedModelName: TunedModel/{other}}}, {tuning}", name=name)


def gemini(source: str, *, name: str = "next", data: str = "Dataset/pairs") -> str:
    return (
        f"apiVersion: tuneform/v1\nkind: TunedModel\nmetadata: {{name: {name}}}\n"
        f"spec: {{gemini: {{{source}, tuningTask: {{trainingData: {data}}}}}}}\n"
    )


def test_a_model_depends_on_its_datasets_and_its_parent(work: Workspace) -> None:
    child = going_on_from("triage", name="child").replace("gs://acme/train.jsonl", "Dataset/train")
    work.spec(USES_DATASET, dataset("train"), child)
    found = work.load().desired.models[Address("TunedModel", "child")]
    assert found.depends_on == (Address("Dataset", "train"), Address("TunedModel", "triage"))


def test_references_reach_across_files(work: Workspace) -> None:
    work.write("specs/models/a.yaml", USES_DATASET)
    work.write("specs/data/b.yml", dataset("train"))
    assert work.findings() == ()


def test_a_reference_to_nothing_gets_a_suggestion(work: Workspace) -> None:
    work.spec(USES_DATASET, dataset("trian"))
    found = work.finding("unknown_reference")
    assert found.message == "Dataset/train is not declared"
    assert found.hint == "Did you mean Dataset/trian?"
    assert place(found) == "specs/a.yaml:8:27"
    assert found.address == "TunedModel/triage"


def test_a_reference_to_nothing_alike_says_what_to_add(work: Workspace) -> None:
    work.spec(USES_DATASET)
    assert work.finding("unknown_reference").hint == "No spec declares Dataset/train: add one of kind Dataset."


def test_a_reference_to_a_faulty_spec_is_not_a_second_mistake(work: Workspace) -> None:
    work.spec(USES_DATASET, dataset("train", form="csv"))
    assert work.codes() == ["invalid_choice"]


def test_a_reference_into_a_broken_file_is_not_a_second_mistake(work: Workspace) -> None:
    work.spec(USES_DATASET)
    work.write("specs/b.yaml", "a: [\n")
    assert work.codes() == ["yaml_syntax"]
    work.write("specs/b.yaml", dataset("train") + "oops: *x\n")
    assert work.codes() == ["yaml_alias"]


@pytest.mark.parametrize(
    ("tuning", "form", "fits"),
    [
        (SUPERVISED, "supervised", True),
        (SUPERVISED, "preference", False),
        (PREFERENCE, "preference", True),
        (PREFERENCE, "supervised", False),
        (PREFERENCE, "textPairs", False),
    ],
)
def test_a_dataset_s_format_fits_the_method(work: Workspace, tuning: str, form: str, fits: bool) -> None:
    work.spec(vertex(tuning.replace("gs://acme/train.jsonl", "Dataset/train") % ""), dataset("train", form=form))
    assert work.codes() == ([] if fits else ["dataset_format"])


def test_a_wrong_format_says_both(work: Workspace) -> None:
    work.spec(USES_DATASET, dataset("train", form="preference"))
    found = work.finding("dataset_format")
    assert found.message == "Dataset/train is of format preference; here it must be supervised"
    assert place(found) == "specs/a.yaml:8:27"


def test_formats_of_the_other_services(work: Workspace) -> None:
    work.spec(gemini("baseModel: m"), dataset("pairs", form="inputOutput"))
    assert "must be textPairs" in work.finding("dataset_format").message


def test_a_gemini_model_can_go_on_from_a_gemini_model_only(work: Workspace) -> None:
    pairs = dataset("pairs", form="textPairs")
    work.spec(gemini("baseModel: m", name="first"), gemini("tunedModelSource: {tunedModel: TunedModel/first}"), pairs)
    assert work.findings() == ()
    work.spec(MODEL, gemini("tunedModelSource: {tunedModel: TunedModel/triage}"), pairs)
    assert work.finding("wrong_reference").message.startswith("TunedModel/triage is not a gemini model")


def test_a_gemini_model_cannot_stand_behind_a_vertex_endpoint(work: Workspace) -> None:
    shares = endpoint("traffic: [{model: TunedModel/next, percent: 100}]")
    work.spec(gemini("baseModel: m"), dataset("pairs", form="textPairs"), shares)
    assert "no Vertex AI endpoint can serve" in work.finding("wrong_reference").message


def test_an_endpoint_for_a_model_that_is_not_declared(work: Workspace) -> None:
    work.spec(MODEL, endpoint("traffic: [{model: TunedModel/triag, percent: 100}]"))
    assert work.finding("unknown_reference").hint == "Did you mean TunedModel/triage?"


def test_a_circle_of_models_is_shown(work: Workspace) -> None:
    work.spec(going_on_from("c", name="a"), going_on_from("a", name="b"), going_on_from("b", name="c"))
    found = work.finding("dependency_cycle")
    assert found.message.endswith("TunedModel/a -> TunedModel/c -> TunedModel/b -> TunedModel/a")
    assert found.address == "TunedModel/a"


def test_two_circles_are_both_shown_and_what_leads_into_one_is_not(work: Workspace) -> None:
    work.spec(
        going_on_from("a", name="a"),
        going_on_from("c", name="b"),
        going_on_from("b", name="c"),
        going_on_from("b", name="d"),
    )
    assert [d.address for d in work.findings()] == ["TunedModel/a", "TunedModel/b"]


def test_a_long_circle_is_shown_shortened(work: Workspace) -> None:
    work.spec(*(going_on_from(f"m{(i + 1) % 3000}", name=f"m{i}") for i in range(3000)))
    assert work.finding("dependency_cycle").message.count("->") == 9


def test_while_a_spec_has_a_mistake_no_dataset_is_called_unused(work: Workspace) -> None:
    work.spec(MODEL.replace("baseModel", "baseModle"), dataset("train"))
    assert "unused_dataset" not in work.codes()


def test_a_dataset_that_nobody_uses_is_remarked_on(work: Workspace) -> None:
    work.spec(MODEL, dataset("train"))
    found = work.finding("unused_dataset")
    assert (found.severity, found.address, place(found)) == ("warning", "Dataset/train", "specs/a.yaml:12:18")


def test_an_address_is_declared_once_across_files(work: Workspace) -> None:
    work.write("specs/a.yaml", MODEL)
    work.write("specs/b.yaml", MODEL)
    found = work.finding("duplicate_address")
    assert found.message == "TunedModel/triage is declared twice; first at specs/a.yaml:3:12"
    assert place(found) == "specs/b.yaml:3:12"


def test_the_same_name_in_another_kind_is_another_address(work: Workspace) -> None:
    work.spec(USES_DATASET.replace("Dataset/train", "Dataset/triage"), dataset("triage"))
    assert work.findings() == ()


def test_names_that_differ_in_case_only_are_shown_together(work: Workspace) -> None:
    work.spec(MODEL, MODEL.replace("triage", "Triage"))
    assert sorted(work.codes()) == ["case_twin", "invalid_name"]
    assert "specs/a.yaml:3:12" in work.finding("case_twin").message


@pytest.mark.parametrize(
    ("document", "code", "hint"),
    [
        ("kind: tunedModel\nmetadata: {name: x}", "unknown_kind", "Did you mean TunedModel?"),
        ("kind: 3", "unknown_kind", "Known kinds"),
        ("kind: Project\nmetadata: {name: x}", "misplaced_field", "tuneform.<environment>.yaml"),
        ("apiVersion: tuneform/v1", "not_a_spec", "begins with apiVersion"),
        ("baseModel: x", "not_a_spec", "pasted"),
        ("- a", "not_a_spec", ""),
        ("- *x", "yaml_alias", ""),
        ("just text", "not_a_spec", ""),
        ("kind: Dataset\nmetadata: 3\napiVersion: tuneform/v1\nspec: {}", "wrong_type", ""),
        ("kind: Dataset\nmetadata: {}\napiVersion: tuneform/v1\nspec: {}", "missing_field", ""),
        ("kind: Dataset\nmetadata: {name: x}\napiVersion: v1\nspec: {}", "invalid_choice", ""),
        ("kind: Dataset\nmetadata: {name: x}\napiVersion: tuneform/v1\nspec: x", "wrong_type", ""),
        ("kind: Dataset\nmetadata: {name: x}\napiVersion: tuneform/v1", "missing_field", ""),
    ],
)
def test_a_document_that_is_no_spec_is_told_what_it_lacks(work: Workspace, document: str, code: str, hint: str) -> None:
    work.spec(document + "\n")
    assert any(d.code == code and hint in d.hint for d in work.findings())
