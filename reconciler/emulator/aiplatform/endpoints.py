"""The methods of endpoints: what is deployed on them, and how traffic is split."""

import copy
import re
from typing import Any

from reconciler.emulator.aiplatform.call import Answer, Call, Handler, Raw
from reconciler.emulator.aiplatform.filters import resource_fields
from reconciler.emulator.aiplatform.labels import check_labels
from reconciler.emulator.aiplatform.memory import Memory
from reconciler.emulator.aiplatform.names import parse_name
from reconciler.emulator.aiplatform.operations import Effect, start
from reconciler.emulator.aiplatform.outcome import attach, deployed_model_name, detach, new_etag
from reconciler.emulator.aiplatform.paging import list_page
from reconciler.emulator.aiplatform.records import Endpoint, Operation
from reconciler.emulator.aiplatform.rendering import renderer
from reconciler.emulator.aiplatform.updating import apply_changes, check_display_name, check_etag, masked_changes
from reconciler.emulator.clock import timestamp
from reconciler.emulator.google_errors import ApiError, failed_precondition, invalid_argument, not_found

UPDATABLE = ("displayName", "description", "labels", "trafficSplit")
ENDPOINT_ID = re.compile(r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?|[1-9][0-9]{0,8}")
DEPLOYED_MODEL_ID = re.compile(r"[0-9]{1,10}")
THE_NEW_ONE = "0"
FILTERS = resource_fields(
    {
        "endpoint": lambda endpoint: endpoint.id,
        "display_name": lambda endpoint: endpoint.wire["displayName"],
        "base_model_name": lambda endpoint: _base_model(endpoint),
    }
)
_render = renderer("Endpoint")


def _base_model(endpoint: Endpoint) -> str:
    """The base model's id as the label that tuning puts on endpoints has it."""
    return str(endpoint.wire.get("labels", {}).get("google-vertex-llm-tuning-base-model-id", "")).replace("_", ".")


def _find(call: Call) -> Endpoint:
    return call.memory.endpoint(call.parent, call.ids["endpoints"])


def _get(call: Call) -> Answer:
    return Raw(_render(call, _find(call)))


def _list(call: Call) -> Answer:
    return list_page(call, call.memory.site(call.parent).endpoints, "endpoints", FILTERS, _render)


def _create(call: Call) -> Answer:
    """The endpoint is there at once; its operation takes a while all the same."""
    memory = call.memory
    check_display_name(call.body.get("displayName", ""), "endpoint.display_name")
    check_labels(call.body.get("labels", {}), "endpoint.labels")
    if call.body.get("trafficSplit"):
        raise invalid_argument("The traffic split must be empty: nothing is deployed yet.", "endpoint.traffic_split")
    sequence = memory.next_sequence()
    endpoint_id = call.query.get("endpointId") or memory.new_id(sequence)
    if call.query.get("endpointId") and not ENDPOINT_ID.fullmatch(endpoint_id):
        raise invalid_argument(f'Invalid endpoint_id: "{endpoint_id[:100]}".', "endpoint_id")
    name = call.parent.name("endpoints", endpoint_id)
    if memory.site(call.parent).endpoints.get(endpoint_id) is not None:
        raise ApiError("ALREADY_EXISTS", f'Endpoint "{name}" already exists.')
    now = timestamp(call.now)
    wire = call.body | {
        "name": name,
        "createTime": now,
        "updateTime": now,
        "deployedModels": [],
        "trafficSplit": {},
        "etag": new_etag(sequence, call.now),
    }
    visible = call.now + memory.options.list_lag
    memory.site(call.parent).endpoints.add(Endpoint(endpoint_id, sequence, wire, visible, parent=call.parent))
    target = {"endpoint": endpoint_id}
    beneath = f"endpoints/{endpoint_id}"
    return start(call, beneath, "create_endpoint", target, "Endpoint", "CreateEndpointOperationMetadata")


def _patch(call: Call) -> Answer:
    endpoint = _find(call)
    check_etag(call, endpoint.wire)
    changes = masked_changes(call, "Endpoint", UPDATABLE)
    if "trafficSplit" in changes:
        changes["trafficSplit"] = changes["trafficSplit"] or {}
        _check_split(changes["trafficSplit"], {deployed["id"] for deployed in endpoint.wire["deployedModels"]})
    apply_changes(endpoint.wire, changes)
    _touch(call.memory, endpoint, call.now)
    return Raw(_render(call, endpoint))


def _touch(memory: Memory, endpoint: Endpoint, at: float) -> None:
    endpoint.wire |= {"updateTime": timestamp(at), "etag": new_etag(memory.next_sequence(), at)}
    endpoint.changed()
    memory.revision += 1


def _check_split(split: dict[str, int], deployed: set[str]) -> None:
    unknown = sorted(set(split) - deployed)
    if unknown:
        raise invalid_argument(f"The traffic split names DeployedModels that do not exist: {', '.join(unknown)}.")
    if any(not 0 <= percent <= 100 for percent in split.values()) or (split and sum(split.values()) != 100):
        raise invalid_argument("The traffic percentages must add up to 100.", "traffic_split")


def _deploy(call: Call) -> Answer:
    endpoint = _find(call)
    asked = call.body.get("deployedModel", {})
    name = parse_name(asked.get("model", ""), "models", "deployed_model.model")
    version = call.memory.model_version(name.parent, name.id, name.version)
    if name.parent != call.parent:
        raise invalid_argument("The model must be in the endpoint's project and location.", "deployed_model.model")
    checkpoint = asked.get("checkpointId")
    if checkpoint and checkpoint not in [c["checkpointId"] for c in version.wire.get("checkpoints", [])]:
        raise not_found("Checkpoint", f"{asked['model']}/checkpoints/{checkpoint}")
    present = {deployed["id"] for deployed in endpoint.wire["deployedModels"]}
    new_id = asked.get("id") or call.memory.new_id(call.memory.next_sequence())
    if asked.get("id") and not DEPLOYED_MODEL_ID.fullmatch(new_id):
        raise invalid_argument("A DeployedModel id has 1 to 10 digits.", "deployed_model.id")
    if new_id in present:
        raise ApiError("ALREADY_EXISTS", f"DeployedModel {new_id} already exists.")
    split = call.body.get("trafficSplit", {})
    _check_split(split, present | {THE_NEW_ONE})
    version.being_deployed += 1
    endpoint.being_deployed += 1
    deployed = asked | {
        "id": new_id,
        "model": f"{version.wire['name']}@{version.wire['versionId']}",
        "modelVersionId": version.wire["versionId"],
        "displayName": asked.get("displayName") or version.wire["displayName"],
        "checkpointId": checkpoint or version.wire.get("defaultCheckpointId", ""),
    }
    target = {"endpoint": endpoint.id, "deployed": deployed, "split": split}
    beneath = f"endpoints/{endpoint.id}"
    return start(call, beneath, "deploy", target, "DeployModelResponse", "DeployModelOperationMetadata")


def _undeploy(call: Call) -> Answer:
    endpoint = _find(call)
    gone = call.body.get("deployedModelId", "")
    present = {deployed["id"] for deployed in endpoint.wire["deployedModels"]}
    if gone not in present:
        raise not_found("DeployedModel", f"{endpoint.wire['name']}/deployedModels/{gone}")
    split = call.body.get("trafficSplit", {})
    if present != {gone}:
        _check_split(split, present)
        if (split or endpoint.wire["trafficSplit"]).get(gone):
            raise failed_precondition(f"DeployedModel {gone} has traffic; give its share to others in traffic_split.")
    target = {"endpoint": endpoint.id, "deployedModel": gone, "split": split}
    beneath = f"endpoints/{endpoint.id}"
    return start(call, beneath, "undeploy", target, "UndeployModelResponse", "UndeployModelOperationMetadata")


def _delete(call: Call) -> Answer:
    endpoint = _find(call)
    deployed = [model["id"] for model in endpoint.wire["deployedModels"]]
    if deployed or endpoint.being_deployed or endpoint.held_until > call.now:
        raise failed_precondition(
            f'The Endpoint "{endpoint.wire["name"]}" has deployed or being-deployed DeployedModels: '
            f"{', '.join(deployed) or '(on its way)'}. Undeploy them first."
        )
    return start(call, "", "delete_endpoint", {"endpoint": endpoint.id}, "Empty", "DeleteOperationMetadata")


def _finish_create(memory: Memory, operation: Operation, _: float) -> dict[str, Any]:
    return copy.deepcopy(memory.endpoint(operation.parent, operation.target["endpoint"]).wire)


def _finish_delete(memory: Memory, operation: Operation, _: float) -> dict[str, Any]:
    endpoint = memory.endpoint(operation.parent, operation.target["endpoint"])
    memory.site(operation.parent).endpoints.remove(endpoint.id)
    return {}


def _finish_deploy(memory: Memory, operation: Operation, at: float) -> dict[str, Any]:
    deployed = operation.target["deployed"] | {"createTime": timestamp(at)}
    name = deployed_model_name(deployed)
    version = memory.model_version(name.parent, name.id, name.version)
    version.being_deployed -= 1
    endpoint = memory.endpoint(operation.parent, operation.target["endpoint"])
    endpoint.being_deployed -= 1
    attach(endpoint, memory.model(name.parent, name.id), name.version, deployed)
    split = operation.target["split"]
    if split:
        endpoint.wire["trafficSplit"] = {
            deployed["id"] if place == THE_NEW_ONE else place: percent for place, percent in split.items()
        }
    _touch(memory, endpoint, at)
    return {"deployedModel": deployed}


def _finish_undeploy(memory: Memory, operation: Operation, at: float) -> dict[str, Any]:
    endpoint = memory.endpoint(operation.parent, operation.target["endpoint"])
    gone = operation.target["deployedModel"]
    deployed = next((d for d in endpoint.wire["deployedModels"] if d["id"] == gone), None)
    if deployed is None:
        raise not_found("DeployedModel", f"{endpoint.wire['name']}/deployedModels/{gone}")
    endpoint.wire["deployedModels"].remove(deployed)
    remaining = {d["id"] for d in endpoint.wire["deployedModels"]}
    split = operation.target["split"] or endpoint.wire["trafficSplit"]
    endpoint.wire["trafficSplit"] = {place: percent for place, percent in split.items() if place in remaining}
    endpoint.held_until = at + memory.options.undeploy_lag
    _touch(memory, endpoint, at)
    detach(memory, deployed_model_name(deployed), endpoint, gone, at)
    return {}


METHODS: dict[str, Handler] = {
    "endpoints.create": _create,
    "endpoints.get": _get,
    "endpoints.list": _list,
    "endpoints.patch": _patch,
    "endpoints.deployModel": _deploy,
    "endpoints.undeployModel": _undeploy,
    "endpoints.delete": _delete,
}
EFFECTS: dict[str, Effect] = {
    "create_endpoint": _finish_create,
    "delete_endpoint": _finish_delete,
    "deploy": _finish_deploy,
    "undeploy": _finish_undeploy,
}
