"""The operation that makes a tuned model: read on v1 and v1beta, cancelled on v1 alone."""

from typing import Any

from reconciler.emulator.discovery import load_api
from reconciler.emulator.generativelanguage import lifecycle
from reconciler.emulator.generativelanguage.access import permitted
from reconciler.emulator.generativelanguage.call import Call, Handler, Message, page_of
from reconciler.emulator.generativelanguage.progress import completed_steps, snapshots
from reconciler.emulator.generativelanguage.records import TunedModel
from reconciler.emulator.google_errors import ApiError, invalid_argument
from reconciler.emulator.shaping import shape_any
from reconciler.emulator.validation import float32

# Also where it is read on v1, which has no tuned models of its own.
VERSION = "v1beta"


def operation_message(call: Call, model: TunedModel) -> Message:
    """The operation as it stands."""
    api = load_api("generativelanguage", VERSION)
    made = completed_steps(model, call.now)
    steps = snapshots(model, call.now)
    metadata: dict[str, Any] = {
        "totalSteps": model.total_steps,
        "tunedModel": model.name,
        "completedSteps": made,
        "completedPercent": float32(100 * made / model.total_steps),
        "snapshots": steps,
    }
    message: Message = {
        "name": model.operation_name,
        "metadata": shape_any(api, "CreateTunedModelMetadata", metadata),
        "done": model.finished,
    }
    if model.error is not None:
        message["error"] = model.error
    elif model.finished:
        tuned = model.wire | {"tuningTask": model.wire["tuningTask"] | {"snapshots": steps}}
        message["response"] = shape_any(api, "TunedModel", tuned)
    return message


def _find(call: Call, role: str) -> TunedModel:
    model = permitted(call, role)
    if model.operation != call.ids["operations"]:
        name = f"{model.name}/operations/{call.ids['operations']}"
        raise ApiError("NOT_FOUND", f"Operation {name} does not exist.")
    return model


def _get(call: Call) -> Message:
    return operation_message(call, _find(call, "READER"))


def _list(call: Call) -> Message:
    if call.query.get("filter"):
        raise invalid_argument("filter is not supported by this emulator here.", "filter")
    return page_of(call, "operations", [permitted(call, "READER")], lambda model: operation_message(call, model))


def _cancel(call: Call) -> Message:
    lifecycle.cancel(call.memory, _find(call, "WRITER"), call.now)
    return {}


METHODS: dict[str, Handler] = {
    "tunedModels.operations.get": _get,
    "tunedModels.operations.list": _list,
    "tunedModels.operations.cancel": _cancel,
}
