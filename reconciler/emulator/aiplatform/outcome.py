"""What a finished run leaves behind: a model or a version of one, and an endpoint for every checkpoint."""

from typing import Any

from reconciler.emulator.aiplatform.base_models import BASE_MODELS
from reconciler.emulator.aiplatform.memory import Memory
from reconciler.emulator.aiplatform.names import Parent, ResourceName, parse_name
from reconciler.emulator.aiplatform.records import Endpoint, Job, Model, ModelVersion
from reconciler.emulator.aiplatform.training_data import data_stats
from reconciler.emulator.clock import timestamp

MAX_CHECKPOINTS = 10
METHOD_LABEL = {"supervisedTuningSpec": "sft", "preferenceOptimizationSpec": "dpo"}


def publish(memory: Memory, job: Job, at: float, *, deploy: bool = True) -> None:
    """Make what a successful run makes.

    Without `deploy` the model is left without endpoints, as happens at Google now and then.
    """
    checkpoints = planned_checkpoints(memory, job)
    model, version_id = _add_model(memory, job, at, checkpoints)
    versioned = f"{model.wire['name']}@{version_id}"
    tuned: dict[str, Any] = {"model": versioned}
    if deploy:
        endpoints = [serve(memory, model, version_id, at, c["checkpointId"]) for c in checkpoints[:-1]]
        replaced = _endpoint_to_take_over(memory, job)
        endpoints.append(serve(memory, model, version_id, at, checkpoints[-1]["checkpointId"], replaced))
        tuned["endpoint"] = endpoints[-1].wire["name"]
        if not exports_last_only(job):
            tuned["checkpoints"] = [
                checkpoint | {"endpoint": endpoint.wire["name"]}
                for checkpoint, endpoint in zip(checkpoints, endpoints, strict=True)
            ]
    job.wire["tunedModel"] = tuned
    data = memory.data.get(job.data)
    if data is not None:
        method = "preference" if job.spec_name == "preferenceOptimizationSpec" else "supervised"
        job.wire["tuningDataStats"] = data_stats(data, method, epochs(job))
    _add_evaluations(job, checkpoints)


def epochs(job: Job) -> int:
    """How many epochs the run has."""
    return int(job.spec["hyperParameters"]["epochCount"])


def total_steps(memory: Memory, job: Job) -> int:
    """How many steps the run has."""
    data = memory.data.get(job.data)
    return data.steps(epochs(job)) if data is not None else epochs(job)


def exports_last_only(job: Job) -> bool:
    """Whether intermediate checkpoints were declined."""
    return bool(job.spec.get("exportLastCheckpointOnly"))


def planned_checkpoints(memory: Memory, job: Job) -> list[dict[str, str]]:
    """The checkpoints of a run, the last one being the default: one an epoch up to ten, else about ten in all."""
    count = epochs(job)
    steps = total_steps(memory, job)
    if exports_last_only(job):
        at_epochs = [count]
    elif count <= MAX_CHECKPOINTS:
        at_epochs = list(range(1, count + 1))
    else:
        at_epochs = [round(count * n / MAX_CHECKPOINTS) for n in range(1, MAX_CHECKPOINTS + 1)]
    return [
        {"checkpointId": str(n), "epoch": str(epoch), "step": str(steps * epoch // count)}
        for n, epoch in enumerate(at_epochs, 1)
    ]


def landing(job: Job) -> Parent:
    """Where the job's model and endpoints are."""
    return job.parent.at(BASE_MODELS[job.base_model].landing(job.parent.location))


def outcome_labels(job: Job) -> dict[str, str]:
    """The job's labels and those that the server adds to what it makes."""
    return {
        **job.wire.get("labels", {}),
        "google-vertex-llm-tuning-base-model-id": job.base_model.replace(".", "_"),
        "google-vertex-llm-tuning-job-id": job.id,
        "tune-type": METHOD_LABEL[job.spec_name],
    }


def _add_model(memory: Memory, job: Job, at: float, checkpoints: list[dict[str, str]]) -> tuple[Model, str]:
    """A new model, or with the pre-tuned model's display name a new version of that."""
    parent = landing(job)
    model = _pre_tuned_model(memory, job)
    if model is None:
        sequence = memory.next_sequence()
        model_id = memory.new_id(sequence)
        wire = {"name": parent.name("models", model_id), "createTime": timestamp(at)}
        visible = at + memory.options.list_lag
        model = Model(model_id, sequence, wire, visible, parent=parent, versions={})
        memory.site(parent).models.add(model)
    version_id = str(max((int(v) for v in model.versions), default=0) + 1)
    model.versions[version_id] = _version(job, model, version_id, at, checkpoints)
    model.changed()
    return model, version_id


def _pre_tuned_model(memory: Memory, job: Job) -> Model | None:
    if "preTunedModel" not in job.wire:
        return None
    name = parse_name(job.wire["preTunedModel"]["tunedModelName"], "models", "tuned_model_name")
    model = memory.site(name.parent).models.get(name.id)
    if model is None or model.view()["displayName"] != job.wire["tunedModelDisplayName"]:
        return None
    return model


def _version(job: Job, model: Model, version_id: str, at: float, checkpoints: list[dict[str, str]]) -> ModelVersion:
    now = timestamp(at)
    wire: dict[str, Any] = {
        **model.wire,
        "displayName": job.wire["tunedModelDisplayName"],
        "description": job.wire.get("description", ""),
        "labels": outcome_labels(job),
        "versionId": version_id,
        "versionAliases": ["default"] if version_id == "1" else [],
        "versionCreateTime": now,
        "versionUpdateTime": now,
        "updateTime": now,
        "supportedDeploymentResourcesTypes": ["SHARED_RESOURCES"],
        "modelSourceInfo": {"sourceType": "GENIE"},
        "baseModelSource": {"genieSource": {"baseModelUri": f"publishers/google/models/{job.base_model}"}},
        "checkpoints": [] if exports_last_only(job) else checkpoints,
        "defaultCheckpointId": "" if exports_last_only(job) else checkpoints[-1]["checkpointId"],
        "deployedModels": [],
        "etag": new_etag(0, at),
    }
    if "encryptionSpec" in job.wire:
        wire["encryptionSpec"] = job.wire["encryptionSpec"]
    made_by = (job.parent.location, job.id)
    return ModelVersion(wire=wire, base_model=job.base_model, data=job.data, made_by=made_by)


def serve(
    memory: Memory, model: Model, version_id: str, at: float, checkpoint_id: str = "", endpoint: Endpoint | None = None
) -> Endpoint:
    """Deploy a checkpoint on an endpoint of its own, or on `endpoint` in the place of all that is there."""
    version = model.versions[version_id].wire
    if endpoint is None:
        endpoint = _add_endpoint(memory, model.parent, version, at)
    for other in tuple(endpoint.wire["deployedModels"]):
        endpoint.wire["deployedModels"].remove(other)
        detach(memory, deployed_model_name(other), endpoint, other["id"], at)
    deployed: dict[str, Any] = {
        "id": memory.new_id(memory.next_sequence()),
        "model": f"{model.wire['name']}@{version_id}",
        "modelVersionId": version_id,
        "displayName": version["displayName"],
        "createTime": timestamp(at),
    }
    if version["checkpoints"]:
        deployed["checkpointId"] = checkpoint_id
    attach(endpoint, model, version_id, deployed)
    endpoint.wire["trafficSplit"] = {deployed["id"]: 100}
    return endpoint


def _add_endpoint(memory: Memory, parent: Parent, version: dict[str, Any], at: float) -> Endpoint:
    sequence = memory.next_sequence()
    endpoint_id = memory.new_id(sequence)
    now = timestamp(at)
    wire: dict[str, Any] = {
        "name": parent.name("endpoints", endpoint_id),
        "displayName": version["displayName"],
        "labels": dict(version["labels"]),
        "createTime": now,
        "updateTime": now,
        "deployedModels": [],
        "trafficSplit": {},
        "etag": new_etag(0, at),
    }
    if "encryptionSpec" in version:
        wire["encryptionSpec"] = version["encryptionSpec"]
    endpoint = Endpoint(endpoint_id, sequence, wire, at + memory.options.list_lag, parent=parent)
    memory.site(parent).endpoints.add(endpoint)
    return endpoint


def _endpoint_to_take_over(memory: Memory, job: Job) -> Endpoint | None:
    """The endpoint that a rebase was told to deploy to, unless it was deleted meanwhile."""
    if not job.replaces_on:
        return None
    name = parse_name(job.replaces_on, "endpoints", "endpoint")
    return memory.site(name.parent).endpoints.get(name.id)


def attach(endpoint: Endpoint, model: Model, version_id: str, deployed: dict[str, Any]) -> None:
    """Record a deployment on both of its ends; traffic is the caller's."""
    endpoint.wire["deployedModels"].append(deployed)
    back = {"endpoint": endpoint.wire["name"], "deployedModelId": deployed["id"]}
    if deployed.get("checkpointId"):
        back["checkpointId"] = deployed["checkpointId"]
    model.versions[version_id].wire["deployedModels"].append(back)
    endpoint.changed()
    model.changed()


def detach(memory: Memory, name: ResourceName, endpoint: Endpoint, gone: str, at: float) -> None:
    """Record on a model version that it is not deployed on an endpoint any more."""
    version = memory.model_version(name.parent, name.id, name.version)
    version.wire["deployedModels"] = [
        ref
        for ref in version.wire["deployedModels"]
        if (ref["endpoint"], ref["deployedModelId"]) != (endpoint.wire["name"], gone)
    ]
    version.held_until = at + memory.options.undeploy_lag
    memory.model(name.parent, name.id).changed()


def deployed_model_name(deployed: dict[str, Any]) -> ResourceName:
    """The model version that is deployed."""
    return parse_name(deployed["model"], "models", "deployed_model.model")


def new_etag(change: int, at: float) -> str:
    """An opaque tag that no other state of the resource has."""
    return f"AMEw9y{change:x}-{int(at * 1e6):x}"


def _add_evaluations(job: Job, checkpoints: list[dict[str, str]]) -> None:
    """One evaluation run a checkpoint, if the job asked for evaluation."""
    config = job.spec.get("evaluationConfig")
    if config is None:
        return
    prefix = config.get("outputConfig", {}).get("gcsDestination", {}).get("outputUriPrefix", "")
    job.wire["evaluateDatasetRuns"] = [
        {
            "checkpointId": checkpoint["checkpointId"],
            "evaluationRun": job.parent.name("evaluationRuns", f"{job.id[:-2]}{n:02}"),
            "evaluateDatasetResponse": {"outputInfo": {"gcsOutputDirectory": f"{prefix.rstrip('/')}/{job.id}/{n}"}},
        }
        for n, checkpoint in enumerate(checkpoints, 1)
    ]
