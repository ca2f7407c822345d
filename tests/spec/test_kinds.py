"""What the fields of each kind take, and what they become."""

import pytest

from reconciler.core.address import Address
from reconciler.core.desired import Lifecycle
from tests.spec.conftest import MODEL, PREFERENCE, SUPERVISED, Workspace, dataset, endpoint, place, settled, vertex

HYPER = "supervisedTuningSpec.hyperParameters"


def hyper(entry: str, spec: str = SUPERVISED) -> str:
    return vertex(spec % f", hyperParameters: {{{entry}}}")


def test_a_vertex_model_keeps_the_api_s_own_body(work: Workspace) -> None:
    work.spec(MODEL)
    model = work.model()
    assert model.backend == "vertex"
    assert model.body == {
        "baseModel": "gemini-3.1-flash-lite",
        "supervisedTuningSpec": {"trainingDatasetUri": "gs://acme/train.jsonl"},
    }


def test_what_is_not_said_has_its_documented_default(work: Workspace) -> None:
    work.spec(MODEL)
    model = work.model()
    assert (model.display_name, model.description, model.labels) == ("triage", None, {})
    assert (model.location, model.lifecycle, model.gates) == ("us-central1", Lifecycle(), {})


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("epochCount: 3", ("epochCount", 3)),
        ('epochCount: "3"', ("epochCount", 3)),
        ("epochCount: 3.0", ("epochCount", 3)),
        ("epoch_count: 3", ("epochCount", 3)),
        ("learningRateMultiplier: 1", ("learningRateMultiplier", 1.0)),
        ('learningRateMultiplier: "0.5"', ("learningRateMultiplier", 0.5)),
        ("learningRateMultiplier: 1e-1", ("learningRateMultiplier", 0.1)),
        ("adapterSize: 4", ("adapterSize", "ADAPTER_SIZE_FOUR")),
        ('adapterSize: "32"', ("adapterSize", "ADAPTER_SIZE_THIRTY_TWO")),
        ("adapter_size: ADAPTER_SIZE_TWO", ("adapterSize", "ADAPTER_SIZE_TWO")),
    ],
)
def test_friendly_values_become_the_stored_ones(work: Workspace, written: str, kept: tuple[str, object]) -> None:
    work.spec(hyper(written))
    name, value = kept
    found = settled(work.model().body, f"{HYPER}.{name}")
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("written", "code", "says"),
    [
        ("epochCount: three", "wrong_type", 'needs a whole number, not the text "three"'),
        ("epochCount: 1.5", "wrong_type", "needs a whole number, not the number 1.5"),
        ("epochCount: true", "wrong_type", "needs a whole number, not true"),
        ("epochCount: [3]", "wrong_type", "needs a whole number, not a list"),
        ("epochCount: {a: 3}", "wrong_type", "needs a whole number, not a mapping"),
        ("epochCount: 0", "out_of_range", "must be at least 1"),
        ("epochCount: null", "wrong_type", "has no value"),
        ("learningRateMultiplier: fast", "wrong_type", 'needs a number, not the text "fast"'),
        ("learningRateMultiplier: false", "wrong_type", "needs a number, not false"),
        ('learningRateMultiplier: "1e999"', "wrong_type", "needs a number"),
        ("learningRateMultiplier: 0", "out_of_range", "must be greater than 0"),
        ("adapterSize: 3", "invalid_choice", "not the number 3"),
        ("adapterSize: ADAPTER_SIZE_UNSPECIFIED", "invalid_choice", "must be one of ADAPTER_SIZE_ONE"),
    ],
)
def test_a_wrong_value_is_told_in_plain_words(work: Workspace, written: str, code: str, says: str) -> None:
    work.spec(hyper(written))
    assert says in work.finding(code).message


def test_preference_tuning_has_beta_and_supervised_tuning_has_not(work: Workspace) -> None:
    work.spec(hyper('beta: "0.1"', PREFERENCE))
    assert settled(work.model().body, "preferenceOptimizationSpec.hyperParameters.beta") == 0.1
    work.spec(hyper("beta: 0.1"))
    assert "belongs to preferenceOptimizationSpec" in work.finding("misplaced_field").message


@pytest.mark.parametrize(("beta", "remark"), [("0.005", ""), ("0.9", ""), ("0", "learns nothing")])
def test_an_unusual_beta_is_remarked_on(work: Workspace, beta: str, remark: str) -> None:
    work.spec(hyper(f"beta: {beta}", PREFERENCE))
    found = work.finding("unusual_value")
    assert found.severity == "warning"
    assert remark in found.message


def test_a_usual_beta_is_not_remarked_on(work: Workspace) -> None:
    work.spec(hyper("beta: 0.1", PREFERENCE))
    assert work.findings() == ()


def test_validating_on_the_training_data_is_remarked_on(work: Workspace) -> None:
    work.spec(vertex(SUPERVISED % ", validationDatasetUri: gs://acme/train.jsonl"))
    assert work.codes() == ["same_dataset"]


def test_continuous_tuning_names_a_model_and_a_checkpoint(work: Workspace) -> None:
    pre = "preTunedModel: {tunedModelName: projects/p/locations/l/models/1@2, checkpointId: 2}, "
    work.spec(vertex(pre + (SUPERVISED % "").removeprefix("baseModel: g, ")))
    assert work.model().body["preTunedModel"] == {
        "tunedModelName": "projects/p/locations/l/models/1@2",
        "checkpointId": "2",
    }


@pytest.mark.parametrize(
    ("block", "code", "says"),
    [
        (
            "supervisedTuningSpec: {trainingDatasetUri: gs://acme/t}",
            "missing_field",
            "vertex needs baseModel or preTunedModel",
        ),
        ("baseModel: g", "missing_field", "vertex needs supervisedTuningSpec or preferenceOptimizationSpec"),
        ("baseModel: g, supervisedTuningSpec: {}", "missing_field", "needs trainingDatasetUri"),
        (
            SUPERVISED % "" + ", preTunedModel: {tunedModelName: TunedModel/x}",
            "conflicting_fields",
            "has both baseModel and preTunedModel",
        ),
        (
            SUPERVISED % "" + ", preferenceOptimizationSpec: {trainingDatasetUri: gs://acme/t}",
            "conflicting_fields",
            "has both",
        ),
        (SUPERVISED % "" + ", state: JOB_STATE_RUNNING", "server_field", "is set by the server"),
        (SUPERVISED % "" + ", create_time: now", "server_field", "is set by the server"),
        (SUPERVISED % "" + ", labels: {}", "misplaced_field", "belongs to metadata.labels"),
        (SUPERVISED % "" + ", outputUri: gs://x/y", "misplaced_field", "v1beta1"),
        (SUPERVISED % "" + ", location: Iowa", "invalid_format", "a Google Cloud location"),
        (SUPERVISED % "" + ", serviceAccount: tuner", "invalid_format", "an email address"),
        (SUPERVISED % "" + ", encryptionSpec: {kmsKeyName: my-key}", "invalid_format", "cryptoKeys"),
        (SUPERVISED % "" + f", tunedModelDisplayName: {'x' * 129}", "out_of_range", "at most 128 characters"),
        (SUPERVISED % "" + ', description: ""', "out_of_range", "must not be empty"),
    ],
)
def test_a_vertex_block_that_google_would_refuse_is_refused_here(
    work: Workspace, block: str, code: str, says: str
) -> None:
    work.spec(vertex(block))
    assert says in work.finding(code).message


@pytest.mark.parametrize(
    ("uri", "hint"),
    [
        ("data/train.jsonl", "declared as a Dataset"),
        ("dataset/train", "Did you mean Dataset/train?"),
        ("Dataset/Train", "Did you mean Dataset/train?"),
        ("gs://Acme/train.jsonl", ""),
        ("gs://acme", ""),
        ("https://example.com/t.jsonl", ""),
        ("//acme/train.jsonl", "declared as a Dataset"),
        ("Endpoint/x", "An Endpoint does not fit here."),
    ],
)
def test_a_dataset_that_is_no_reference_is_refused_with_what_to_write(work: Workspace, uri: str, hint: str) -> None:
    work.spec(vertex(SUPERVISED.replace("gs://acme/train.jsonl", uri) % ""))
    assert hint in work.finding("invalid_reference").hint


def test_a_vertex_dataset_resource_is_for_supervised_tuning_only(work: Workspace) -> None:
    resource = "projects/p/locations/us-central1/datasets/1"
    work.spec(vertex(SUPERVISED.replace("gs://acme/train.jsonl", resource) % ""))
    assert work.findings() == ()
    work.spec(vertex(PREFERENCE.replace("gs://acme/train.jsonl", resource) % ""))
    assert work.codes() == ["invalid_reference"]


@pytest.mark.parametrize("folder", ["../x", "./x", "/x", "x?y", "x#1", "*", "a b", "x" * 900])
def test_files_are_uploaded_under_plain_names_only(work: Workspace, folder: str) -> None:
    work.spec(dataset("train").replace("gs://acme/datasets", f'"gs://acme/{folder}"'))
    assert work.codes()[0] == "invalid_format"


@pytest.mark.parametrize("bucket", ["gs://acme", "gs://acme/", "gs://acme/a/.hidden/b..c/", "gs://acme/%2F/é"])
def test_any_other_folder_takes_uploads(work: Workspace, bucket: str) -> None:
    work.spec(dataset("train").replace("gs://acme/datasets", f'"{bucket}"'))
    assert "invalid_format" not in work.codes()


def test_evaluation_by_vertex_is_checked_to_its_leaves(work: Workspace) -> None:
    config = (
        ", evaluationConfig: {metrics: [{aggregation_metrics: [AVERAGE], predefinedMetricSpec: {metricSpecName: q}}],"
        " outputConfig: {gcsDestination: {outputUriPrefix: gs://acme/out}}, autoraterConfig: {samplingCount: '4'},"
        " inferenceGenerationConfig: {temperature: 0, responseSchema: {type: OBJECT, some_key: 1}}}"
    )
    work.spec(vertex(SUPERVISED % config))
    kept = settled(work.model().body, "supervisedTuningSpec.evaluationConfig")
    assert kept["metrics"][0]["aggregationMetrics"] == ["AVERAGE"]
    assert kept["autoraterConfig"] == {"samplingCount": 4}
    assert kept["inferenceGenerationConfig"] == {
        "temperature": 0.0,
        "responseSchema": {"type": "OBJECT", "some_key": 1},
    }


def test_a_metric_of_google_s_evaluation_has_exactly_one_spec(work: Workspace) -> None:
    config = ", evaluationConfig: {metrics: [{}], outputConfig: {gcsDestination: {outputUriPrefix: gs://acme/out}}}"
    work.spec(vertex(SUPERVISED % config))
    assert "evaluationConfig.metrics[0] needs bleuSpec" in work.finding("missing_field").message
    work.spec(vertex(SUPERVISED % config.replace("[{}]", "[{bleuSpec: {}, rougeSpec: {}}]")))
    assert work.codes() == ["conflicting_fields"]


def test_labels_become_the_resource_s_labels(work: Workspace) -> None:
    work.spec(MODEL.replace("{name: triage}", '{name: triage, labels: {team: support, tier: "1", x_y-z: ""}}'))
    assert work.model().labels == {"team": "support", "tier": "1", "x_y-z": ""}


@pytest.mark.parametrize(
    ("label", "code"),
    [
        ("Team: x", "invalid_label"),
        ("1a: x", "invalid_label"),
        ("team: Support", "invalid_label"),
        ("team: a b", "invalid_label"),
        (f"team: {'x' * 64}", "invalid_label"),
        ("team: 1", "wrong_type"),
        ("tuneform-project: x", "reserved_label"),
        ("tuneform-anything: x", "reserved_label"),
        ("google-x: y", "reserved_label"),
        ("tune-type: x", "reserved_label"),
    ],
)
def test_labels_that_google_or_tuneform_would_trip_over_are_refused(work: Workspace, label: str, code: str) -> None:
    work.spec(MODEL.replace("{name: triage}", f"{{name: triage, labels: {{{label}}}}}"))
    assert place(work.finding(code)).startswith("specs/a.yaml:3:")


def test_sixty_labels_are_enough(work: Workspace) -> None:
    labels = ", ".join(f"l{i}: x" for i in range(61))
    work.spec(MODEL.replace("{name: triage}", f"{{name: triage, labels: {{{labels}}}}}"))
    assert work.codes() == ["out_of_range"]


@pytest.mark.parametrize("name", ["Triage", "1st", "a_b", "a-", "-a", "a" * 64, "é", "e\u0301", '""', "a/b"])
def test_names_are_lowercase_letters_digits_and_hyphens(work: Workspace, name: str) -> None:
    work.spec(MODEL.replace("name: triage", f"name: {name}"))
    assert work.codes() == ["invalid_name"]


def test_a_lifecycle_is_settled(work: Workspace) -> None:
    lifecycle = (
        "  lifecycle: {keepLast: 3, prevent_destroy: true, onRemove: retain, onDatasetChange: retune,"
        " whileRunning: cancelAndReplace, maxAttempts: 1, expireAfter: 30d, rebase: true, priority: -2,"
        " keepCheckpointEndpoints: 7d}\n"
    )
    work.spec(vertex(SUPERVISED % "", around=lifecycle))
    settled = Lifecycle(3, True, "retain", "retune", "cancelAndReplace", 1, 2_592_000, True, -2, 604_800)
    assert work.model().lifecycle == settled


@pytest.mark.parametrize(
    ("written", "seconds"), [("12h", 43_200), ("90m", 5_400), ("1d12h", 129_600), ("2w", 1_209_600), ("1s", 1)]
)
def test_durations_have_units(work: Workspace, written: str, seconds: int) -> None:
    work.spec(vertex(SUPERVISED % "", around=f"  lifecycle: {{expireAfter: {written}}}\n"))
    assert work.model().lifecycle.expire_after == seconds


@pytest.mark.parametrize("written", ["30", "d", "1y", "-1d", "1.5h", "0d", "999999w", "1d " * 3])
def test_durations_without_sense_are_refused(work: Workspace, written: str) -> None:
    work.spec(vertex(SUPERVISED % "", around=f'  lifecycle: {{expireAfter: "{written}"}}\n'))
    assert place(work.finding(work.codes()[0])) == "specs/a.yaml:6:28"


def test_a_misspelt_protection_is_never_ignored(work: Workspace) -> None:
    work.spec(vertex(SUPERVISED % "", around="  lifecycle: {prevent_destory: true}\n"))
    found = work.finding("unknown_field")
    assert (found.severity, found.hint) == ("error", "Did you mean preventDestroy?")


GEMINI = """\
apiVersion: tuneform/v1
kind: TunedModel
metadata: {name: next-number}
spec:
  gemini:
    baseModel: models/gemini-1.0-pro-001
    tuningTask:
      hyperparameters: {batchSize: 2, learningRate: 0.001, epochCount: 5}
      trainingData: {examples: {examples: [{textInput: "1", output: "2"}]}}
"""


def test_a_gemini_model_has_no_location(work: Workspace) -> None:
    work.spec(GEMINI)
    model = work.model("next-number")
    assert (model.backend, model.location, model.display_name) == ("gemini", "", "next-number")


def test_sampling_defaults_and_permissions_of_a_gemini_model(work: Workspace) -> None:
    sampling = "    temperature: 0\n    topP: 1\n    top_k: '40'\n"
    permissions = "    readers: [ana@example.com, 'group:team@example.com', everyone]\n    writers: []\n"
    work.spec(GEMINI + sampling + permissions)
    body = work.model("next-number").body
    assert (body["temperature"], body["topP"], body["topK"]) == (0.0, 1.0, 40)
    assert body["readers"] == ["ana@example.com", "group:team@example.com", "everyone"]


@pytest.mark.parametrize(
    ("before", "after", "code"),
    [
        ("learningRate: 0.001", "learningRate: 0.001, learningRateMultiplier: 1", "conflicting_fields"),
        ("tuningTask:", "tunedModelSource: {tunedModel: tunedModels/x-1}\n    tuningTask:", "conflicting_fields"),
        ("    baseModel: models/gemini-1.0-pro-001\n", "", "missing_field"),
        ("{examples: {examples: [{textInput:", "{examples: {examples: [{text: x, textInput:", "unknown_field"),
        ('textInput: "1"', "textInput: 1", "wrong_type"),
        ('[{textInput: "1", output: "2"}]', "[]", "out_of_range"),
        ('{examples: {examples: [{textInput: "1", output: "2"}]}}', "gs://acme/x.jsonl", "invalid_reference"),
        ('{examples: {examples: [{textInput: "1", output: "2"}]}}', "[]", "wrong_type"),
        ("epochCount: 5", "epochCount: 0", "out_of_range"),
        ("    tuningTask:", "    displayName: " + "x" * 41 + "\n    tuningTask:", "out_of_range"),
        ("    tuningTask:", "    temperature: 1.1\n    tuningTask:", "out_of_range"),
        ("    tuningTask:", "    readers: [nobody]\n    tuningTask:", "invalid_format"),
        ("    tuningTask:", "    state: ACTIVE\n    tuningTask:", "server_field"),
        ("    tuningTask:", "    tunedModelId: x\n    tuningTask:", "misplaced_field"),
        ("next-number", "n" * 41, "missing_field"),
    ],
)
def test_a_gemini_block_that_cannot_work_is_refused(work: Workspace, before: str, after: str, code: str) -> None:
    assert before in GEMINI
    work.spec(GEMINI.replace(before, after))
    assert code in work.codes()


def test_an_empty_list_of_examples_is_named_exactly(work: Workspace) -> None:
    work.spec(GEMINI.replace('[{textInput: "1", output: "2"}]', "[]"))
    assert work.finding("out_of_range").message.startswith("gemini.tuningTask.trainingData.examples.examples must not")


PALM = """\
apiVersion: tuneform/v1
kind: TunedModel
metadata: {name: legacy}
spec:
  palm:
    templateUri: https://us-kfp.pkg.dev/ml-pipeline/large-language-model-pipelines/tune-large-model/v3.0.0
    runtimeConfig:
      gcsOutputDirectory: gs://acme/palm
      parameterValues: {large_model_reference: text-bison@001, train_steps: 30, dataset_uri: gs://acme/x.jsonl}
"""


def test_parameters_of_a_pipeline_keep_their_snake_case(work: Workspace) -> None:
    work.spec(
        PALM.replace("large_model_reference", "largeModelReference").replace("train_steps: 30", 'trainSteps: "30"')
    )
    parameters = settled(work.model("legacy").body, "runtimeConfig.parameterValues")
    assert parameters == {
        "large_model_reference": "text-bison@001",
        "train_steps": 30,
        "dataset_uri": "gs://acme/x.jsonl",
    }


def test_chat_models_have_a_template_of_their_own(work: Workspace) -> None:
    work.spec(PALM.replace("tune-large-model", "tune-large-chat-model").replace("text-bison", "codechat-bison"))
    assert "tune-large-chat-model" in str(work.model("legacy").body["templateUri"])


def test_steps_can_be_computed_from_epochs(work: Workspace) -> None:
    work.spec(PALM.replace("train_steps: 30", "train_steps: auto, epochs: 3"))
    assert settled(work.model("legacy").body, "runtimeConfig.parameterValues.train_steps") == "auto"


@pytest.mark.parametrize(
    ("before", "after", "code"),
    [
        ("train_steps: 30", "train_steps: auto", "missing_field"),
        ("train_steps: 30", "train_steps: 30, epochs: 3", "conflicting_fields"),
        ("train_steps: 30", "train_steps: 0", "wrong_type"),
        ("train_steps: 30", "train_steps: often", "wrong_type"),
        ("train_steps: 30", "learning_rate: 1, learning_rate_multiplier: 1", "conflicting_fields"),
        (", dataset_uri: gs://acme/x.jsonl", "", "missing_field"),
        ("train_steps: 30", "pipeline_job_id: x", "misplaced_field"),
        ("    runtimeConfig:", "    pipelineJobId: x\n    runtimeConfig:", "misplaced_field"),
        ("    runtimeConfig:", "    pipelineSpec: {}\n    runtimeConfig:", "misplaced_field"),
        ("    runtimeConfig:", "    jobDetail: {}\n    runtimeConfig:", "server_field"),
        ("gs://acme/palm", "/tmp/palm", "invalid_format"),
        ("https://us-kfp", "us-kfp", "invalid_format"),
        ("/tune-large-model/", "/nightly-report/", "invalid_format"),
    ],
)
def test_a_palm_block_that_cannot_work_is_refused(work: Workspace, before: str, after: str, code: str) -> None:
    assert before in PALM
    work.spec(PALM.replace(before, after, 1))
    assert code in work.codes()


def test_a_tuned_model_has_exactly_one_provider_block(work: Workspace) -> None:
    work.spec(MODEL.split("spec:")[0] + "spec: {}\n")
    assert work.finding("missing_field").message == "spec needs vertex, gemini or palm"
    work.spec(MODEL + "  gemini: {baseModel: m, tuningTask: {trainingData: Dataset/x}}\n")
    assert work.finding("conflicting_fields").message == "spec has both vertex and gemini"


def test_a_dataset_lands_under_its_name_and_digest(work: Workspace) -> None:
    work.spec(dataset("train"))
    found = work.load().desired.datasets[Address("Dataset", "train")]
    assert found.path == str(work.root / "data/x.jsonl")
    assert found.uri("ab" * 32) == "gs://acme/datasets/train/abababababababab.jsonl"


@pytest.mark.parametrize(
    ("file", "code"),
    [
        ("../secret", "outside_project"),
        ("data/../../secret", "outside_project"),
        ("/etc/passwd", "outside_project"),
        ("~/.config/gcloud/credentials.db", "outside_project"),
        ("C:/x", "outside_project"),
        ("data\\x", "invalid_path"),
        ("gs://acme/x.jsonl", "invalid_path"),
        ("file:///etc/passwd", "invalid_path"),
    ],
)
def test_a_dataset_s_file_stays_in_the_project(work: Workspace, file: str, code: str) -> None:
    work.spec(dataset("train", file=f"'{file}'"))
    assert place(work.finding(code)) == "specs/a.yaml:4:14"


def test_a_dataset_in_cloud_storage_needs_no_spec(work: Workspace) -> None:
    work.spec(dataset("train", file="gs://acme/x.jsonl"))
    assert "needs no Dataset" in work.finding("invalid_path").hint


def test_a_dataset_s_file_does_not_leave_by_a_link(work: Workspace) -> None:
    (work.root / "data").symlink_to("/etc")
    work.spec(dataset("train", file="data/passwd"))
    assert "by way of a link" in work.finding("outside_project").message


def test_an_endpoint_keeps_traffic_and_strategy(work: Workspace) -> None:
    work.spec(
        MODEL,
        endpoint(
            "endpointId: support-1, traffic: [{model: TunedModel/triage, percent: 90, version: v2}, "
            "{model: TunedModel/triage, percent: '10', checkpoint: 3}], strategy: {type: canary, steps: [10, 100]}, "
            "lifecycle: {preventDestroy: true}"
        ),
    )
    found = work.load().desired.endpoints[Address("Endpoint", "support")]
    assert found.body["traffic"] == [
        {"model": "TunedModel/triage", "percent": 90, "version": 2},
        {"model": "TunedModel/triage", "percent": 10, "checkpoint": "3"},
    ]
    assert found.body["strategy"] == {"type": "canary", "steps": [10, 100]}
    assert found.lifecycle.prevent_destroy
    assert (found.location, found.display_name) == ("us-central1", "support")
    assert found.depends_on == (Address("TunedModel", "triage"),)


FULL = "traffic: [{model: TunedModel/triage, percent: 100}]"


@pytest.mark.parametrize(
    ("spec", "code"),
    [
        ("traffic: [{model: TunedModel/triage, percent: 90}]", "out_of_range"),
        ("traffic: []", "out_of_range"),
        (
            "traffic: [{model: TunedModel/triage, percent: 50}, {model: TunedModel/triage, percent: 50}]",
            "conflicting_fields",
        ),
        ("traffic: [{model: TunedModel/triage, percent: 100, version: 0}]", "out_of_range"),
        ("traffic: [{model: TunedModel/triage, percent: 100, version: newest}]", "wrong_type"),
        ("traffic: [{model: Dataset/triage, percent: 100}]", "invalid_reference"),
        ("traffic: [{percent: 100}]", "missing_field"),
        (FULL + ", strategy: {type: canary}", "missing_field"),
        (FULL + ", strategy: {type: canary, steps: [50, 10, 100]}", "out_of_range"),
        (FULL + ", strategy: {type: canary, steps: [10, 50]}", "out_of_range"),
        (FULL + ", strategy: {type: canary, steps: [0, 100]}", "out_of_range"),
        (FULL + ", strategy: {type: blueGreen, steps: [100]}", "conflicting_fields"),
        (FULL + ", strategy: {type: slowly}", "invalid_choice"),
        (FULL + ", endpointId: Support", "invalid_format"),
        (FULL + ", endpointId: '012'", "invalid_format"),
        (FULL + ", trafficSplit: {}", "server_field"),
        (FULL + ", lifecycle: {keepLast: 1}", "unknown_field"),
    ],
)
def test_an_endpoint_that_cannot_work_is_refused(work: Workspace, spec: str, code: str) -> None:
    work.spec(MODEL, endpoint(spec))
    assert work.codes() == [code]


def gated(gates: str, tuning: str = SUPERVISED) -> str:
    return vertex(tuning % ", validationDatasetUri: gs://acme/val.jsonl", around=f"  gates: {{{gates}}}\n")


def test_gates_are_kept_as_declared(work: Workspace) -> None:
    work.spec(
        gated(
            "metrics: [{name: eval_total_loss, max: 1, max_regression: '0.05', better: lower}], "
            "prompts: {file: prompts.jsonl, minPass: 0.95}, maxDroppedRatio: 0.1"
        )
    )
    assert work.model().gates == {
        "metrics": [{"name": "/eval_total_loss", "max": 1.0, "maxRegression": 0.05, "better": "lower"}],
        "prompts": {"file": "prompts.jsonl", "minPass": 0.95},
        "maxDroppedRatio": 0.1,
    }


@pytest.mark.parametrize(
    ("gates", "code"),
    [
        ("metrics: [{name: /eval_total_los, max: 1}]", "unknown_metric"),
        ("metrics: [{name: /eval_total_loss}]", "missing_field"),
        ("metrics: [{name: /eval_total_loss, min: 2, max: 1}]", "out_of_range"),
        ("metrics: [{max: 1}]", "missing_field"),
        ("prompts: {file: ../x.jsonl}", "outside_project"),
        ("prompts: {file: p.jsonl, minPass: 95}", "out_of_range"),
        ("prompts: {}", "missing_field"),
        ("maxDroppedRatio: -1", "out_of_range"),
    ],
)
def test_a_gate_that_can_never_be_judged_is_refused(work: Workspace, gates: str, code: str) -> None:
    work.spec(gated(gates))
    assert work.codes() == [code]


def test_a_percentage_where_a_part_of_one_is_asked_for_says_how_to_write_it(work: Workspace) -> None:
    work.spec(gated("prompts: {file: p.jsonl, minPass: 95}"))
    assert work.finding("out_of_range").hint == "95 % is 0.95."


def test_a_misspelt_metric_gets_a_suggestion(work: Workspace) -> None:
    work.spec(gated("metrics: [{name: /eval_total_los, max: 1}]"))
    found = work.finding("unknown_metric")
    assert found.hint == "Did you mean /eval_total_loss?"
    assert place(found) == "specs/a.yaml:6:28"


def test_a_misspelt_metric_of_validation_is_suggested_without_validation_data_too(work: Workspace) -> None:
    gates = "  gates: {metrics: [{name: /eval_total_los, max: 1}]}\n"
    work.spec(vertex(SUPERVISED % "", around=gates))
    assert work.finding("unknown_metric").hint == "Did you mean /eval_total_loss?"


def test_a_gate_on_validation_needs_validation_data(work: Workspace) -> None:
    gates = "  gates: {metrics: [{name: /eval_total_loss, max: 1}]}\n"
    work.spec(vertex(SUPERVISED % "", around=gates))
    assert work.finding("unknown_metric").hint == "Give validationDatasetUri."


def test_each_kind_of_run_has_metrics_of_its_own(work: Workspace) -> None:
    work.spec(gated("metrics: [{name: /train_total_loss, max: 1}]", PREFERENCE))
    assert work.codes() == ["unknown_metric"]
    work.spec(gated("metrics: [{name: /preference_optimization_train_loss, max: 1}]", PREFERENCE))
    assert work.codes() == []
    work.spec(GEMINI + "  gates: {metrics: [{name: /mean_loss, max: 1}]}\n")
    assert work.codes() == []
    work.spec(GEMINI + "  gates: {metrics: [{name: /eval_total_loss, max: 1}]}\n")
    assert work.codes() == ["unknown_metric"]
    work.spec(PALM + "  gates: {metrics: [{name: /anything, max: 1}]}\n")
    assert work.codes() == []
