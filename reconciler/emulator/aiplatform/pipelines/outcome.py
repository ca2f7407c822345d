"""What a finished pipeline leaves behind: a model, an endpoint, and the story of its tasks."""

from typing import Any

from reconciler.emulator.aiplatform.memory import Memory
from reconciler.emulator.aiplatform.names import parent as parent_of
from reconciler.emulator.aiplatform.outcome import new_etag, serve
from reconciler.emulator.aiplatform.records import Model, ModelVersion, Pipeline
from reconciler.emulator.clock import timestamp

UPLOAD = "upload-llm-model"
TASKS = ("validate-pipeline", "dataset-encoder", "large-language-model-tuner", UPLOAD, "deploy-llm-model")
# How a task ends, and its execution with it.
EXECUTION_STATES = {"SUCCEEDED": "COMPLETE", "FAILED": "FAILED"}


def publish(memory: Memory, pipeline: Pipeline, at: float, *, deploy: bool = True) -> str:
    """Make the model where the parameters say and, with `deploy`, its endpoint; answers the model's name."""
    parent = parent_of(pipeline.parameters["project"], pipeline.parameters["location"])
    sequence = memory.next_sequence()
    model_id = memory.new_id(sequence)
    version = _version(pipeline, parent.name("models", model_id), at)
    visible = at + memory.options.list_lag
    wire = {"name": version.wire["name"], "createTime": version.wire["createTime"]}
    model = Model(model_id, sequence, wire, visible, parent=parent, versions={"1": version})
    memory.site(parent).models.add(model)
    if deploy:
        serve(memory, model, "1", at)
    return parent.name("models", model_id)


def _version(pipeline: Pipeline, name: str, at: float) -> ModelVersion:
    now = timestamp(at)
    base_model = pipeline.parameters["large_model_reference"]
    wire: dict[str, Any] = {
        "name": name,
        "displayName": pipeline.parameters["model_display_name"],
        # Pipelines pass their labels on to what they make.
        "labels": {
            **pipeline.wire.get("labels", {}),
            "google-vertex-llm-tuning-base-model-id": base_model.replace("@", "-"),
        },
        "createTime": now,
        "updateTime": now,
        "versionId": "1",
        "versionAliases": ["default"],
        "versionCreateTime": now,
        "versionUpdateTime": now,
        "supportedDeploymentResourcesTypes": ["SHARED_RESOURCES"],
        "modelSourceInfo": {"sourceType": "GENIE"},
        "checkpoints": [],
        "deployedModels": [],
        "etag": new_etag(0, at),
    }
    key = pipeline.parameters.get("encryption_spec_key_name")
    if key:
        wire["encryptionSpec"] = {"kmsKeyName": key}
    return ModelVersion(wire=wire, base_model=base_model, data=pipeline.data)


def task_details(
    memory: Memory, pipeline: Pipeline, at: float, *, model: str = "", failed: str = ""
) -> list[dict[str, Any]]:
    """The tasks up to the one that failed, if one did; the one that uploads tells the model's name."""
    done = TASKS[: TASKS.index(failed) + 1] if failed else TASKS
    began, ended = timestamp(pipeline.running_at), timestamp(at)
    details = []
    for task in done:
        state = "FAILED" if task == failed else "SUCCEEDED"
        execution_id = memory.new_id(memory.next_sequence())
        execution = {
            "name": pipeline.parent.name("metadataStores", f"default/executions/{execution_id}"),
            "displayName": task,
            "state": EXECUTION_STATES[state],
            "metadata": {"output:model_resource_name": model} if task == UPLOAD and model else {},
        }
        details.append(
            {
                "taskId": memory.new_id(memory.next_sequence()),
                "taskName": task,
                "state": state,
                "createTime": began,
                "startTime": began,
                "endTime": ended,
                "execution": execution,
            }
        )
    return details
