"""The methods of models and their versions."""

import re
from typing import Any

import orjson

from reconciler.emulator.aiplatform.call import Answer, Call, Handler, Raw
from reconciler.emulator.aiplatform.filters import resource_fields
from reconciler.emulator.aiplatform.memory import Memory
from reconciler.emulator.aiplatform.names import parse_name, with_project_number
from reconciler.emulator.aiplatform.operations import Effect, start
from reconciler.emulator.aiplatform.outcome import new_etag
from reconciler.emulator.aiplatform.paging import list_page, slice_page
from reconciler.emulator.aiplatform.records import Model, ModelVersion, Operation
from reconciler.emulator.aiplatform.rendering import masked, renderer, write
from reconciler.emulator.aiplatform.updating import apply_changes, check_etag, masked_changes
from reconciler.emulator.clock import timestamp
from reconciler.emulator.google_errors import ApiError, failed_precondition, invalid_argument, not_found
from reconciler.emulator.shaping import shape_message

UPDATABLE = ("displayName", "description", "labels", "versionDescription", "defaultCheckpointId")
ALIAS = re.compile(r"[a-z][a-zA-Z0-9-]{0,126}[a-z0-9]")
MODEL_ID = re.compile(r"[a-z_][a-z0-9_-]{0,62}")
FILTERS = resource_fields(
    {
        "model": lambda model: model.id,
        "display_name": lambda model: model.view()["displayName"],
        "base_model_name": lambda model: model.default().base_model,
    }
)
_render = renderer("Model")


def _names(call: Call) -> tuple[str, str]:
    """Model id and version (or alias, or empty) in the URL."""
    model_id, _, version = call.ids["models"].partition("@")
    return model_id, version


def _version(call: Call) -> ModelVersion:
    model_id, version = _names(call)
    return call.memory.model_version(call.parent, model_id, version)


def _answer(call: Call, version: ModelVersion) -> Raw:
    return Raw(write(call.api, "Model", version.wire))


def _get(call: Call) -> Answer:
    return _answer(call, _version(call))


def _list(call: Call) -> Answer:
    return list_page(call, call.memory.site(call.parent).models, "models", FILTERS, _render)


def _list_versions(call: Call) -> Answer:
    """Versions, newest first; unlike elsewhere their names end in the version's id."""
    model_id, _ = _names(call)
    model = call.memory.model(call.parent, model_id)
    mask = call.query.get("readMask", "")
    items = []
    for version_id in sorted(model.versions, key=int, reverse=True):
        wire = model.versions[version_id].wire
        named = wire | {"name": f"{wire['name']}@{version_id}"}
        shaped = shape_message(call.api, call.api.type_prefix + "Model", named)
        items.append(orjson.dumps(masked(call.api, "Model", shaped, mask) if mask else shaped))
    return slice_page(call, "models", items, handled=("readMask",))


def _list_checkpoints(call: Call) -> Answer:
    checkpoints = _version(call).wire.get("checkpoints", [])
    return slice_page(call, "checkpoints", [write(call.api, "ModelVersionCheckpoint", c) for c in checkpoints])


def _patch(call: Call) -> Answer:
    version = _version(call)
    check_etag(call, version.wire)
    changes = masked_changes(call, "Model", UPDATABLE)
    if "defaultCheckpointId" in changes:
        _check_checkpoint(version, changes["defaultCheckpointId"])
    apply_changes(version.wire, changes)
    _touch(call, version)
    if "defaultCheckpointId" in changes:
        _point_jobs_at_default_checkpoint(call.memory, call.parent.name("models", _names(call)[0]), version)
    return _answer(call, version)


def _check_checkpoint(version: ModelVersion, checkpoint: str | None) -> None:
    known = [c["checkpointId"] for c in version.wire.get("checkpoints", [])]
    if checkpoint not in known:
        text = f"The model version has no checkpoint {checkpoint!r}; it has {', '.join(known) or 'none'}."
        raise invalid_argument(text, "model.default_checkpoint_id")


def _point_jobs_at_default_checkpoint(memory: Memory, model_name: str, version: ModelVersion) -> None:
    """A job's tunedModel.endpoint is that of the default checkpoint, also when that changes later."""
    versioned = f"{model_name}@{version.wire['versionId']}"
    job = memory.maker(version)
    if job is None or job.wire.get("tunedModel", {}).get("model") != versioned:
        return
    for checkpoint in job.wire["tunedModel"].get("checkpoints", []):
        if checkpoint["checkpointId"] == version.wire["defaultCheckpointId"]:
            job.wire["tunedModel"]["endpoint"] = checkpoint["endpoint"]
            job.changed()


def _touch(call: Call, version: ModelVersion) -> None:
    now = timestamp(call.now)
    memory = call.memory
    etag = new_etag(memory.next_sequence(), call.now)
    version.wire |= {"updateTime": now, "versionUpdateTime": now, "etag": etag}
    memory.model(call.parent, _names(call)[0]).changed()
    memory.revision += 1


def _merge_aliases(call: Call) -> Answer:
    model_id, _ = _names(call)
    model = call.memory.model(call.parent, model_id)
    version = _version(call)
    given = call.body.get("versionAliases", [])
    if not given:
        raise invalid_argument("version_aliases is required.", "version_aliases")
    for alias in given:
        if not ALIAS.fullmatch(alias.removeprefix("-")):
            raise invalid_argument(f'Invalid version alias: "{alias[:150]}".', "version_aliases")
        if alias == "-default":
            raise failed_precondition("A model must have exactly one default version; move the alias instead.")
    added = {alias for alias in given if not alias.startswith("-")}
    gone = {alias[1:] for alias in given if alias.startswith("-")}
    for other in model.versions.values():
        if other is not version:
            other.wire["versionAliases"] = [a for a in other.wire["versionAliases"] if a not in added]
    kept = [a for a in version.wire["versionAliases"] if a not in gone]
    version.wire["versionAliases"] = sorted({*kept, *(added - gone)})
    _touch(call, version)
    return _answer(call, version)


def _refuse_deployed(call: Call, model: Model, versions: list[ModelVersion]) -> None:
    places = {ref["endpoint"] for version in versions for ref in version.wire["deployedModels"]}
    held = any(version.being_deployed or version.held_until > call.now for version in versions)
    if places or held:
        where = ", ".join(sorted(places)) or "(on its way)"
        raise failed_precondition(
            f'The Model "{model.wire["name"]}" is deployed or being deployed at the following Endpoint(s): {where}.'
        )


def _delete(call: Call) -> Answer:
    model_id, version = _names(call)
    if version:
        raise invalid_argument("Use deleteVersion to delete one version of a model.", "name")
    model = call.memory.model(call.parent, model_id)
    _refuse_deployed(call, model, list(model.versions.values()))
    return start(call, "", "delete_model", {"model": model_id}, "Empty", "DeleteOperationMetadata")


def _delete_version(call: Call) -> Answer:
    model_id, name = _names(call)
    model = call.memory.model(call.parent, model_id)
    if not name:
        raise invalid_argument("The name must have the version to delete: models/{model}@{version}.", "name")
    version = _version(call)
    if len(model.versions) == 1:
        raise failed_precondition("The only version of a model cannot be deleted; delete the model.")
    _refuse_deployed(call, model, [version])
    target = {"model": model_id, "version": version.wire["versionId"]}
    return start(call, "", "delete_version", target, "Empty", "DeleteOperationMetadata")


def _copy(call: Call) -> Answer:
    source = parse_name(call.body.get("sourceModel", ""), "models", "source_model")
    call.memory.model_version(source.parent, source.id, source.version)
    if source.parent.project != call.parent.project:
        raise invalid_argument("A model can be copied within its project only.", "source_model")
    model_id = call.body.get("modelId", "")
    into = call.body.get("parentModel", "")
    if model_id and into:
        raise invalid_argument("Only one of model_id and parent_model may be set.", "destination_model")
    if model_id and not MODEL_ID.fullmatch(model_id):
        raise invalid_argument(f'Invalid model_id: "{model_id[:100]}".', "model_id")
    if model_id and call.memory.site(call.parent).models.get(model_id) is not None:
        raise ApiError("ALREADY_EXISTS", f'Model "{call.parent.name("models", model_id)}" already exists.')
    if into:
        model_id = parse_name(into, "models", "parent_model").id
        call.memory.model(call.parent, model_id)
    target = {
        "source": with_project_number(call.body["sourceModel"]),
        "model": model_id,
        "encryptionSpec": call.body.get("encryptionSpec"),
    }
    return start(call, "", "copy_model", target, "CopyModelResponse", "CopyModelOperationMetadata")


def _finish_delete(memory: Memory, operation: Operation, _: float) -> dict[str, Any]:
    models = memory.site(operation.parent).models
    if models.get(operation.target["model"]) is None:
        raise not_found("Model", operation.parent.name("models", operation.target["model"]))
    models.remove(operation.target["model"])
    return {}


def _finish_delete_version(memory: Memory, operation: Operation, _: float) -> dict[str, Any]:
    """When the default version goes, the newest of the others is the default from then on (model-alias page)."""
    model = memory.model(operation.parent, operation.target["model"])
    gone = model.versions.pop(operation.target["version"], None)
    if gone is None:
        raise not_found("Model", f"{model.wire['name']}@{operation.target['version']}")
    if "default" in gone.wire["versionAliases"] and model.versions:
        newest = model.versions[max(model.versions, key=int)].wire
        newest["versionAliases"] = sorted([*newest["versionAliases"], "default"])
    model.changed()
    return {}


def _finish_copy(memory: Memory, operation: Operation, at: float) -> dict[str, Any]:
    source_name = parse_name(operation.target["source"], "models", "source_model")
    source = memory.model_version(source_name.parent, source_name.id, source_name.version)
    models = memory.site(operation.parent).models
    sequence = memory.next_sequence()
    model_id = operation.target["model"] or memory.new_id(sequence)
    model = models.get(model_id)
    now = timestamp(at)
    if model is None:
        wire = {"name": operation.parent.name("models", model_id), "createTime": now}
        visible = at + memory.options.list_lag
        model = Model(model_id, sequence, wire, visible, parent=operation.parent, versions={})
        models.add(model)
    version_id = str(max((int(v) for v in model.versions), default=0) + 1)
    wire = source.wire | model.wire | {
        "versionId": version_id,
        "versionAliases": ["default"] if version_id == "1" else [],
        "versionCreateTime": now,
        "versionUpdateTime": now,
        "updateTime": now,
        "modelSourceInfo": source.wire["modelSourceInfo"] | {"copy": True},
        "originalModelInfo": {"model": f"{source.wire['name']}@{source.wire['versionId']}"},
        "deployedModels": [],
        "labels": dict(source.wire.get("labels", {})),
        "etag": new_etag(sequence, at),
    }  # fmt: skip
    if operation.target["encryptionSpec"]:
        wire["encryptionSpec"] = operation.target["encryptionSpec"]
    model.versions[version_id] = ModelVersion(wire=wire, base_model=source.base_model, data=source.data)
    model.changed()
    return {"model": model.wire["name"], "modelVersionId": version_id}


METHODS: dict[str, Handler] = {
    "models.get": _get,
    "models.list": _list,
    "models.listVersions": _list_versions,
    "models.listCheckpoints": _list_checkpoints,
    "models.patch": _patch,
    "models.mergeVersionAliases": _merge_aliases,
    "models.delete": _delete,
    "models.deleteVersion": _delete_version,
    "models.copy": _copy,
}
EFFECTS: dict[str, Effect] = {
    "delete_model": _finish_delete,
    "delete_version": _finish_delete_version,
    "copy_model": _finish_copy,
}
