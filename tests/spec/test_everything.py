"""A project with a bit of everything: every kind, every provider, all that refers to each other."""

from reconciler.core.address import Address
from reconciler.core.desired import Lifecycle
from tests.spec.conftest import Workspace
from tests.spec.test_project import FULL

SPECS = """\
apiVersion: tuneform/v1
kind: TunedModel
metadata: {name: support-triage, labels: {team: support}}
spec:
  vertex:
    location: us-central1
    baseModel: gemini-3.1-flash-lite
    supervisedTuningSpec:
      trainingDatasetUri: Dataset/triage-train
      validationDatasetUri: gs://acme/triage/val.jsonl
      hyperParameters: {epochCount: 3, adapterSize: ADAPTER_SIZE_FOUR, learningRateMultiplier: 1.0}
      exportLastCheckpointOnly: true
    tunedModelDisplayName: Support triage
    description: routes tickets
    encryptionSpec: {kmsKeyName: projects/p/locations/us-central1/keyRings/k/cryptoKeys/c}
    serviceAccount: tuner@acme-ml.iam.gserviceaccount.com
  gates:
    metrics: [{name: /eval_total_loss, max: 0.9}]
    prompts: {file: triage_prompts.jsonl, minPass: 0.95}
  lifecycle:
    {keepLast: 2, preventDestroy: false, onRemove: delete, onDatasetChange: warn, whileRunning: wait, maxAttempts: 2,
     expireAfter: 30d}
---
apiVersion: tuneform/v1
kind: TunedModel
metadata: {name: next-number}
spec:
  gemini:
    displayName: number generator
    baseModel: models/gemini-1.0-pro-001
    tuningTask:
      hyperparameters: {batchSize: 2, learningRate: 0.001, epochCount: 5}
      trainingData: Dataset/numbers
---
apiVersion: tuneform/v1
kind: TunedModel
metadata: {name: legacy-summary}
spec:
  palm:
    location: us-central1
    displayName: legacy summary
    templateUri: https://us-kfp.pkg.dev/ml-pipeline/large-language-model-pipelines/tune-large-model/v3.0.0
    runtimeConfig:
      gcsOutputDirectory: gs://acme/palm
      parameterValues:
        {large_model_reference: text-bison@001, train_steps: 30, learning_rate: 1.0, dataset_uri: Dataset/pairs}
---
apiVersion: tuneform/v1
kind: Dataset
metadata: {name: triage-train}
spec: {file: data/triage.jsonl, format: supervised, bucket: gs://acme-tuning/datasets}
---
apiVersion: tuneform/v1
kind: Dataset
metadata: {name: pairs}
spec: {file: data/triage.jsonl, format: inputOutput, bucket: gs://acme-tuning/datasets}
---
apiVersion: tuneform/v1
kind: Dataset
metadata: {name: numbers}
spec: {file: data/triage.jsonl, format: textPairs, bucket: gs://acme-tuning/datasets}
---
apiVersion: tuneform/v1
kind: Endpoint
metadata: {name: support}
spec:
  location: us-central1
  displayName: Support
  traffic: [{model: TunedModel/support-triage, percent: 100}]
"""


def test_every_kind_and_provider_in_one_project(work: Workspace) -> None:
    work.write("tuneform.yaml", FULL)
    work.write("specs/all.yaml", SPECS)
    loaded = work.load()
    assert [d.code for d in loaded.diagnostics] == ["unused_override"]
    desired = loaded.desired
    assert {str(a): m.backend for a, m in desired.models.items()} == {
        "TunedModel/legacy-summary": "palm",
        "TunedModel/next-number": "gemini",
        "TunedModel/support-triage": "vertex",
    }
    assert sorted(map(str, desired.datasets)) == ["Dataset/numbers", "Dataset/pairs", "Dataset/triage-train"]
    assert sorted(map(str, desired.endpoints)) == ["Endpoint/support"]
    triage = desired.models[Address("TunedModel", "support-triage")]
    assert triage.display_name == "Support triage"
    assert triage.lifecycle == Lifecycle(expire_after=30 * 86_400)
    assert triage.depends_on == (Address("Dataset", "triage-train"),)
    assert Address("TunedModel", "next-number") in desired
