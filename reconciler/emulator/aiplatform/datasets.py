"""Dataset resources: what Google's advice for a project's first tuning makes, and what a tuning spec may refer to."""

import copy
from typing import Any

from reconciler.emulator.aiplatform.call import Answer, Call, Handler, Raw
from reconciler.emulator.aiplatform.filters import resource_fields
from reconciler.emulator.aiplatform.labels import check_labels
from reconciler.emulator.aiplatform.memory import Memory
from reconciler.emulator.aiplatform.operations import Effect, start
from reconciler.emulator.aiplatform.outcome import new_etag
from reconciler.emulator.aiplatform.paging import list_page
from reconciler.emulator.aiplatform.records import Operation
from reconciler.emulator.aiplatform.rendering import renderer
from reconciler.emulator.aiplatform.updating import check_display_name
from reconciler.emulator.clock import timestamp
from reconciler.emulator.google_errors import invalid_argument, not_found
from reconciler.emulator.store import Resource

FILTERS = resource_fields({"display_name": lambda dataset: dataset.wire["displayName"]})
_render = renderer("Dataset")


def _create(call: Call) -> Answer:
    memory = call.memory
    check_display_name(call.body.get("displayName", ""), "dataset.display_name")
    check_labels(call.body.get("labels", {}), "dataset.labels")
    if not call.body.get("metadataSchemaUri"):
        raise invalid_argument("metadata_schema_uri is required.", "dataset.metadata_schema_uri")
    sequence = memory.next_sequence()
    dataset_id = memory.new_id(sequence)
    now = timestamp(call.now)
    wire = call.body | {
        "name": call.parent.name("datasets", dataset_id),
        "createTime": now,
        "updateTime": now,
        "etag": new_etag(sequence, call.now),
    }
    visible = call.now + memory.options.list_lag
    memory.site(call.parent).datasets.add(Resource(dataset_id, sequence, wire, visible))
    memory.prepared.setdefault(call.parent.project, call.now)
    target = {"dataset": dataset_id}
    beneath = f"datasets/{dataset_id}"
    return start(call, beneath, "create_dataset", target, "Dataset", "CreateDatasetOperationMetadata")


def _find(call: Call) -> Resource:
    dataset = call.memory.site(call.parent).datasets.get(call.ids["datasets"])
    if dataset is None:
        raise not_found("Dataset", call.parent.name("datasets", call.ids["datasets"]))
    return dataset


def _get(call: Call) -> Answer:
    return Raw(_render(call, _find(call)))


def _list(call: Call) -> Answer:
    return list_page(call, call.memory.site(call.parent).datasets, "datasets", FILTERS, _render)


def _delete(call: Call) -> Answer:
    target = {"dataset": _find(call).id}
    return start(call, "", "delete_dataset", target, "Empty", "DeleteOperationMetadata")


def _finish_create(memory: Memory, operation: Operation, _: float) -> dict[str, Any]:
    dataset = memory.site(operation.parent).datasets.get(operation.target["dataset"])
    return copy.deepcopy(dataset.wire) if dataset is not None else {}


def _finish_delete(memory: Memory, operation: Operation, _: float) -> dict[str, Any]:
    datasets = memory.site(operation.parent).datasets
    if datasets.get(operation.target["dataset"]) is not None:
        datasets.remove(operation.target["dataset"])
    return {}


METHODS: dict[str, Handler] = {
    "datasets.create": _create,
    "datasets.get": _get,
    "datasets.list": _list,
    "datasets.delete": _delete,
}
EFFECTS: dict[str, Effect] = {"create_dataset": _finish_create, "delete_dataset": _finish_delete}
