"""The project file: what it says for all specs, and what holds without it."""

from pathlib import Path

import pytest

from reconciler.core.address import Address
from reconciler.core.desired import GoogleSettings, Limits, Policy
from reconciler.errors import SpecError
from reconciler.spec.load import load, load_project, with_google_project
from tests.spec.conftest import MODEL, SUPERVISED, Workspace, dataset, endpoint, place, project, settled, vertex

FULL = """\
apiVersion: tuneform/v1
kind: Project
metadata: {name: acme-support}
spec:
  specs: [specs/]
  state: state/
  google:
    project: acme-ml
    location: europe-west4
    quotaProject: acme-bill
    impersonate: tuner@acme-ml.iam.gserviceaccount.com
  limits: {maxConcurrentJobs: 2, maxCostUSD: 200, maxDeletes: 3}
  defaults:
    TunedModel: {lifecycle: {keepLast: 3}, vertex: {location: us-central1}, gemini: {temperature: 0.5}}
  overrides:
    - match: {labels: {tier: prod}}
      TunedModel: {lifecycle: {preventDestroy: true}}
  policy:
    baseModels: [gemini-*]
    locations: [us-central1]
    requireLabels: [team]
    requireServiceAccount: true
    requireCmek: false
    datasetBuckets: [acme-*]
  publish: out/serving.json
"""


def test_every_setting_of_the_project_file_is_read(work: Workspace) -> None:
    work.write("tuneform.yaml", FULL)
    work.spec(MODEL.replace("{name: triage}", "{name: triage, labels: {tier: prod}}"))
    loaded = work.load()
    found = loaded.desired.project
    assert found.name == "acme-support"
    assert found.root == str(work.root)
    assert found.state == str(work.root / "state")
    assert found.publish == str(work.root / "out/serving.json")
    assert found.google == GoogleSettings(
        "acme-ml", "europe-west4", "acme-bill", "tuner@acme-ml.iam.gserviceaccount.com"
    )
    assert found.limits == Limits(2, 200.0, 3)
    assert found.policy == Policy(("gemini-*",), ("us-central1",), ("team",), True, False, ("acme-*",))
    model = work.model()
    assert (model.project, model.location) == ("acme-ml", "us-central1")
    assert (model.lifecycle.keep_last, model.lifecycle.prevent_destroy) == (3, True)
    assert loaded.diagnostics == ()


def test_without_a_project_file_specs_and_state_beside_each_other_are_used(tmp_path: Path) -> None:
    work = Workspace(tmp_path / "My Project!", {"GOOGLE_CLOUD_PROJECT": "from-env"})
    work.spec(MODEL)
    found = work.load().desired
    assert (found.project.name, found.project.google.project) == ("my-project", "from-env")
    assert found.project.state == str(work.root / "state")
    assert (found.project.limits, found.project.policy, found.project.publish) == (Limits(), Policy(), "")


def test_a_folder_without_a_usable_name_is_still_a_project(tmp_path: Path) -> None:
    work = Workspace(tmp_path / "日本")
    work.spec(MODEL)
    assert work.load().desired.project.name == "project"


def test_without_specs_there_is_nothing_to_read(tmp_path: Path) -> None:
    assert Workspace(tmp_path).codes() == ["file_missing"]
    assert Workspace(tmp_path / "nowhere").codes() == ["file_missing"]


def test_what_needs_no_spec_works_without_specs(tmp_path: Path) -> None:
    assert load_project(tmp_path, environ={}).state == str(tmp_path / "state")
    Workspace(tmp_path).write("tuneform.yaml", project("  state: ../x"))
    with pytest.raises(SpecError):
        load_project(tmp_path, environ={})


def test_an_empty_folder_of_specs_is_remarked_on(work: Workspace) -> None:
    work.write("tuneform.yaml", project())
    assert work.codes() == ["no_specs"]
    assert work.load().desired.models == {}


def test_an_environment_is_a_project_file_of_its_own(work: Workspace) -> None:
    work.write("tuneform.yaml", project(name="dev"))
    work.write("tuneform.prod.yaml", project("  google: {project: prod-ml}", name="prod"))
    work.spec(MODEL)
    assert work.load().desired.project.name == "dev"
    found = work.load(project_file=Path("tuneform.prod.yaml")).desired.project
    assert (found.name, found.google.project) == ("prod", "prod-ml")


def test_a_project_file_speaks_of_its_own_folder(work: Workspace) -> None:
    work.write("envs/prod/tuneform.yaml", project(name="prod"))
    work.write("envs/prod/specs/a.yaml", MODEL)
    found = work.load(project_file=Path("envs/prod/tuneform.yaml")).desired
    assert found.project.root == str(work.root / "envs/prod")
    assert work.load(project_file=work.root / "envs/prod/tuneform.yaml").desired == found


def test_a_project_file_that_is_not_there_is_named(work: Workspace) -> None:
    assert place(work.finding("file_unreadable", project_file=Path("tuneform.qa.yaml"))) == "tuneform.qa.yaml:1:1"


def test_the_project_of_the_file_wins_over_the_environment(work: Workspace) -> None:
    work.write("tuneform.yaml", FULL)
    work.environ["GOOGLE_CLOUD_PROJECT"] = "from-env"
    work.spec(MODEL)
    assert work.model().project == "acme-ml"


def test_a_project_in_the_environment_is_checked_too(work: Workspace) -> None:
    work.environ["GOOGLE_CLOUD_PROJECT"] = "../x"
    work.spec(MODEL)
    assert "GOOGLE_CLOUD_PROJECT" in work.finding("invalid_format").message


def test_the_project_of_the_credentials_can_be_filled_in(work: Workspace) -> None:
    work.spec(MODEL, endpoint("traffic: [{model: TunedModel/triage, percent: 100}]"))
    before = work.load().desired
    after = with_google_project(before, "acme-ml")
    assert after.project.google.project == "acme-ml"
    assert {m.project for m in after.models.values()} == {m.project for m in after.endpoints.values()} == {"acme-ml"}
    assert after.spec_digest != before.spec_digest
    assert with_google_project(after, "acme-ml") == after


@pytest.mark.parametrize("uri", ["gs://bucket/prefix", "s3://bucket/a/b", "gs://bucket"])
def test_state_may_be_in_a_bucket(work: Workspace, uri: str) -> None:
    work.write("tuneform.yaml", project(f"  state: {uri}"))
    work.spec(MODEL)
    assert work.load().desired.project.state == uri


def test_the_manifest_may_be_an_object_in_a_bucket(work: Workspace) -> None:
    work.write("tuneform.yaml", project("  publish: gs://acme-serving/prod/serving.json"))
    work.spec(MODEL)
    assert work.load().desired.project.publish == "gs://acme-serving/prod/serving.json"


@pytest.mark.parametrize(
    ("spec", "code", "where"),
    [
        ("  specs: [../other]", "outside_project", "5:11"),
        ("  specs: [/etc]", "outside_project", "5:11"),
        ("  specs: [specs, missing]", "file_missing", "5:18"),
        ("  specs: []", "out_of_range", "5:10"),
        ("  specs: specs", "wrong_type", "5:10"),
        ("  state: ../state", "outside_project", "5:10"),
        ("  state: /var/lib/x", "outside_project", "5:10"),
        ("  state: gs://BAD/x", "invalid_path", "5:10"),
        ("  state: azure://x/y", "invalid_path", "5:10"),
        ("  state: specs", "invalid_path", "5:10"),
        ("  publish: ../../etc/cron.d/x", "outside_project", "5:12"),
        ("  publish: tuneform.yaml", "invalid_path", "5:12"),
        ("  publish: specs/a.yaml", "invalid_path", "5:12"),
        ("  publish: gs://acme-serving", "invalid_path", "5:12"),
        ("  publish: gs://acme-serving/out/", "invalid_path", "5:12"),
        ("  publish: s3://acme-serving/serving.json", "not_supported", "5:12"),
        ("  google: {project: Acme}", "invalid_format", "5:21"),
        ("  google: {location: evil.example.com/}", "invalid_format", "5:22"),
        ("  google: {impersonate: me}", "invalid_format", "5:25"),
        ("  limits: {maxConcurrentJobs: 0}", "out_of_range", "5:31"),
        ("  limits: {maxCostUSD: -1}", "out_of_range", "5:24"),
        ("  limits: {maxCost: 1}", "unknown_field", "5:12"),
        ("  policy: {baseModels: gemini-*}", "wrong_type", "5:24"),
        ("  overrides: [{TunedModel: {}}]", "missing_field", "5:15"),
        ("  overrides: [{match: {kind: Model}}]", "invalid_choice", "5:30"),
        ("  overrides: [{match: {name: [1]}}]", "wrong_type", "5:31"),
        ("  defaults: {Model: {}}", "unknown_field", "5:14"),
        ("  defaults: {TunedModel: {lifecycle: {keepLast: 0}}}", "out_of_range", "5:49"),
        ("  defaults: {TunedModel: {vertex: {baseModle: x}}}", "unknown_field", "5:36"),
        ("  defaults: {Dataset: {bucket: acme}}", "invalid_format", "5:32"),
        ("  defaults: {TunedModel: {vertex: {baseModel: x, preTunedModel: {}}}}", "conflicting_fields", "5:50"),
        ("  locale: x", "unknown_field", "5:3"),
    ],
)
def test_a_mistake_in_the_project_file_is_shown_where_it_stands(
    work: Workspace, spec: str, code: str, where: str
) -> None:
    work.write("tuneform.yaml", project(spec))
    work.spec(MODEL)
    assert place(work.finding(code)) == f"tuneform.yaml:{where}"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "not_a_spec"),
        ("- a", "not_a_spec"),
        (project() + "---\n" + project(), "not_a_spec"),
        ("a: [", "yaml_syntax"),
        ("a: &x 1", "yaml_anchor"),
        (MODEL, "invalid_choice"),
        (project(name="Acme Support"), "invalid_name"),
        (project(name="x" * 64), "invalid_name"),
        (project(name='""'), "out_of_range"),
        ("apiVersion: tuneform/v2\nkind: Project\nmetadata: {name: x}\n", "invalid_choice"),
        (b"\xff\xfe", "encoding"),
    ],
)
def test_what_is_no_project_file_is_not_used(work: Workspace, text: str | bytes, code: str) -> None:
    work.write("tuneform.yaml", text)
    work.spec(MODEL)
    assert code in work.codes()


def test_a_project_file_needs_no_more_than_a_name(work: Workspace) -> None:
    work.write("tuneform.yaml", "apiVersion: tuneform/v1\nkind: Project\nmetadata: {name: acme_1}\n")
    work.spec(MODEL)
    assert work.load().desired.project.name == "acme_1"


def test_a_project_file_does_not_lead_out_by_a_link(work: Workspace, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "secret"
    elsewhere.write_text("password: hunter2")
    (work.root / "tuneform.yaml").symlink_to(elsewhere)
    found = work.findings()
    assert [d.code for d in found] == ["outside_project"]
    assert "hunter2" not in str(found)


def test_a_state_folder_does_not_lead_out_by_a_link(work: Workspace) -> None:
    (work.root / "state").symlink_to("/var")
    work.write("tuneform.yaml", project("  state: state/x"))
    work.spec(MODEL)
    assert work.codes() == ["outside_project"]


def defaults(spec: str) -> str:
    return project(f"  defaults: {{{spec}}}")


def test_a_spec_wins_over_the_defaults(work: Workspace) -> None:
    work.write("tuneform.yaml", defaults("TunedModel: {lifecycle: {keepLast: 5, maxAttempts: 4}}"))
    work.spec(MODEL + "  lifecycle: {keepLast: 1}\n")
    lifecycle = work.model().lifecycle
    assert (lifecycle.keep_last, lifecycle.max_attempts) == (1, 4)


def test_defaults_reach_into_nested_blocks_in_either_casing(work: Workspace) -> None:
    work.write(
        "tuneform.yaml",
        defaults(
            "TunedModel: {vertex: {supervised_tuning_spec: {hyper_parameters: {epoch_count: 7, adapterSize: 4}}}}"
        ),
    )
    work.spec(vertex(SUPERVISED % ", hyperParameters: {epochCount: 2}"))
    hyper = settled(work.model().body, "supervisedTuningSpec.hyperParameters")
    assert hyper == {"epochCount": 2, "adapterSize": "ADAPTER_SIZE_FOUR"}


def test_lists_are_taken_whole(work: Workspace) -> None:
    work.write("tuneform.yaml", defaults("TunedModel: {gates: {metrics: [{name: /train_total_loss, max: 9}]}}"))
    work.spec(MODEL + "  gates: {metrics: [{name: /train_num_predictions, min: 1}]}\n")
    assert work.model().gates["metrics"] == [{"name": "/train_num_predictions", "min": 1.0}]


def test_a_default_provider_block_is_for_specs_that_have_it(work: Workspace) -> None:
    work.write("tuneform.yaml", defaults("TunedModel: {gemini: {temperature: 0.5}, vertex: {serviceAccount: a@b.c}}"))
    work.spec(MODEL)
    assert work.model().body["serviceAccount"] == "a@b.c"
    work.spec(MODEL.split("spec:")[0] + "spec: {}\n")
    assert work.codes() == ["missing_field"]


def test_a_choice_of_the_spec_displaces_the_other_choice_of_the_defaults(work: Workspace) -> None:
    work.write("tuneform.yaml", defaults("TunedModel: {vertex: {preTunedModel: {tunedModelName: TunedModel/x}}}"))
    work.spec(MODEL)
    assert "preTunedModel" not in work.model().body


def test_defaults_can_give_what_specs_lack(work: Workspace) -> None:
    work.write("tuneform.yaml", defaults("Dataset: {bucket: gs://acme/data}, Endpoint: {location: europe-west4}"))
    bare = dataset("train").replace(", bucket: gs://acme/datasets", "")
    shares = endpoint("traffic: [{model: TunedModel/triage, percent: 100}]")
    work.spec(MODEL.replace("gs://acme/train.jsonl", "Dataset/train"), bare, shares)
    found = work.load().desired
    assert found.datasets[Address("Dataset", "train")].bucket == "gs://acme/data"
    assert found.endpoints[Address("Endpoint", "support")].location == "europe-west4"


def test_a_location_is_the_spec_s_then_the_project_s_then_google_s(work: Workspace) -> None:
    work.spec(MODEL)
    assert work.model().location == "us-central1"
    work.write("tuneform.yaml", project("  google: {location: europe-west4}"))
    assert work.model().location == "europe-west4"
    work.spec(vertex(SUPERVISED % "" + ", location: asia-east1"))
    assert work.model().location == "asia-east1"
    assert "location" not in work.model().body


def overrides(*items: str) -> str:
    return project("  overrides:\n" + "".join(f"    - {{{item}}}\n" for item in items))


def test_an_override_wins_over_the_spec(work: Workspace) -> None:
    work.write("tuneform.yaml", overrides("match: {}, TunedModel: {lifecycle: {keepLast: 5}}"))
    work.spec(MODEL + "  lifecycle: {keepLast: 1, maxAttempts: 3}\n")
    lifecycle = work.model().lifecycle
    assert (lifecycle.keep_last, lifecycle.max_attempts) == (5, 3)


def test_the_first_override_that_matches_wins_for_each_field(work: Workspace) -> None:
    work.write(
        "tuneform.yaml",
        overrides(
            "match: {name: tri*}, TunedModel: {lifecycle: {keepLast: 5}}",
            "match: {name: [x, triage]}, TunedModel: {lifecycle: {keepLast: 6, maxAttempts: 6}}",
            "match: {kind: TunedModel}, TunedModel: {lifecycle: {keepLast: 7, maxAttempts: 7, priority: 7}}",
        ),
    )
    work.spec(MODEL)
    lifecycle = work.model().lifecycle
    assert (lifecycle.keep_last, lifecycle.max_attempts, lifecycle.priority) == (5, 6, 7)


@pytest.mark.parametrize(
    ("match", "applies"),
    [
        ("labels: {tier: prod}", True),
        ("labels: {tier: pr*}", True),
        ("labels: {tier: '*'}", True),
        ("labels: {tier: dev}", False),
        ("labels: {owner: '*'}", False),
        ("labels: {tier: prod, team: x}", False),
        ("name: triage", True),
        ("name: tri", False),
        ("kind: TunedModel, name: '*'", True),
        ("kind: Dataset", False),
    ],
)
def test_an_override_concerns_the_specs_that_everything_in_its_match_fits(
    work: Workspace, match: str, applies: bool
) -> None:
    work.write("tuneform.yaml", overrides(f"match: {{{match}}}, TunedModel: {{lifecycle: {{keepLast: 5}}}}"))
    work.spec(MODEL.replace("{name: triage}", "{name: triage, labels: {tier: prod}}"))
    assert work.model().lifecycle.keep_last == (5 if applies else 2)
    assert ("unused_override" in work.codes()) is not applies


def test_an_override_for_another_kind_changes_nothing(work: Workspace) -> None:
    work.write("tuneform.yaml", overrides("match: {}, Dataset: {bucket: gs://acme/prod}"))
    work.spec(MODEL)
    assert work.findings() == ()


def test_a_mistake_that_a_default_brings_in_is_shown_in_the_project_file(work: Workspace) -> None:
    work.write("tuneform.yaml", defaults("TunedModel: {gates: {metrics: [{name: /eval_total_loss, max: 1}]}}"))
    work.spec(MODEL)
    assert place(work.finding("unknown_metric")) == "tuneform.yaml:5:52"


def test_a_setting_s_place_is_where_the_winning_layer_says_it(work: Workspace) -> None:
    work.write(
        "tuneform.yaml",
        "apiVersion: tuneform/v1\nkind: Project\nmetadata: {name: x}\nspec:\n"
        "  defaults: {TunedModel: {lifecycle: {keepLast: 5, maxAttempts: 3}}}\n"
        "  overrides:\n  - match: {}\n    TunedModel: {lifecycle: {priority: 1}}\n",
    )
    work.spec(MODEL + "  lifecycle: {keepLast: 1, priority: 3}\n")
    sources = work.model().sources
    assert str(sources.at("lifecycle.priority")) == "tuneform.yaml:8:30"
    assert str(sources.at("lifecycle.keepLast")) == "specs/a.yaml:9:15"
    assert str(sources.at("lifecycle.maxAttempts")) == "tuneform.yaml:5:52"


def test_all_mistakes_of_a_project_are_reported_together(work: Workspace) -> None:
    work.write("specs/a.yaml", MODEL.replace("baseModel", "baseModle"))
    work.write("specs/b.yaml", "a: [")
    work.write("specs/c/d.yaml", dataset("x", form="csv"))
    with pytest.raises(SpecError) as raised:
        load(work.root, environ={})
    files = [d.source.file for d in raised.value.diagnostics if d.source]
    assert files == sorted(files)
    assert set(files) == {"specs/a.yaml", "specs/b.yaml", "specs/c/d.yaml"}
