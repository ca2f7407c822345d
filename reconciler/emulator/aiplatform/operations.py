"""Long-running operations: starting them, finishing them, and the methods that clients follow them with."""

from collections.abc import Callable
from typing import Any

import orjson

from reconciler.emulator.aiplatform.call import Answer, Call, Handler, Raw, Typed
from reconciler.emulator.aiplatform.filters import resource_fields
from reconciler.emulator.aiplatform.memory import Memory
from reconciler.emulator.aiplatform.paging import list_page
from reconciler.emulator.aiplatform.records import Event, Operation
from reconciler.emulator.clock import timestamp
from reconciler.emulator.discovery import Api
from reconciler.emulator.google_errors import ApiError, failed_precondition, not_found
from reconciler.emulator.shaping import shape_any

Effect = Callable[[Memory, Operation, float], dict[str, Any]]
"""What happens when an operation is done: given the virtual time, answers the response. Raises ApiError to fail it."""


def start(
    call: Call, beneath: str, effect: str, target: dict[str, Any], response_type: str, metadata_type: str
) -> Answer:
    """Begin an operation whose `effect` comes after the operation time, and answer it as it stands.

    `beneath` is the resource it is named under, such as `endpoints/123`, or empty.
    """
    memory = call.memory
    sequence = memory.next_sequence()
    operation_id = memory.new_id(sequence)
    path = f"{beneath}/operations" if beneath else "operations"
    operation = Operation(
        operation_id,
        sequence,
        {"name": call.parent.name(path, operation_id)},
        parent=call.parent,
        version=call.api.version,
        metadata_type=metadata_type,
        response_type=response_type,
        effect=effect,
        target=target,
        metadata={"genericMetadata": {"createTime": timestamp(call.now), "updateTime": timestamp(call.now)}},
    )
    memory.site(call.parent).operations.add(operation)
    memory.schedule(call.now + memory.options.operation_time(), "operation_done", call.parent, operation_id)
    memory.revision += 1
    return Raw(_render(call, operation))


def finisher(effects: dict[str, Effect]) -> Callable[[Memory, Event], None]:
    """What finishes operations, by the effects there are."""

    def finish(memory: Memory, event: Event) -> None:
        operation = memory.site(event.parent).operations.get(event.resource)
        if operation is None:
            return
        try:
            operation.response = effects[operation.effect](memory, operation, event.due)
        except ApiError as error:
            operation.error = error.rpc_status()
        operation.metadata["genericMetadata"]["updateTime"] = timestamp(event.due)
        operation.changed()
        memory.revision += 1

    return finish


def _render(call: Call, operation: Operation) -> bytes:
    return orjson.dumps(_wire(call.api, operation))


def _wire(api: Api, operation: Operation) -> dict[str, Any]:
    wire: dict[str, Any] = {
        "name": operation.wire["name"],
        "metadata": shape_any(api, operation.metadata_type, operation.metadata),
    }
    if operation.error is not None:
        wire |= {"done": True, "error": operation.error}
    elif operation.response is not None:
        wire |= {"done": True, "response": shape_any(api, operation.response_type, operation.response)}
    return wire


def _beneath(call: Call) -> str:
    """How the names of the operations begin that the URL speaks of: all of a location's, or those of one resource."""
    collections = [name for name in call.ids if name not in ("projects", "locations", "operations")]
    return call.parent.name(collections[0], call.ids[collections[0]]) + "/" if collections else ""


def _find(call: Call) -> Operation:
    operation = call.memory.operation(call.parent, call.ids["operations"])
    if not operation.wire["name"].startswith(_beneath(call)):
        raise not_found("Operation", _beneath(call) + f"operations/{operation.id}")
    return operation


def _get(call: Call) -> Answer:
    return Raw(_render(call, _find(call)))


def _cancel(call: Call) -> Answer:
    """Best effort, says the API; here it never comes in time."""
    _find(call)
    return Typed()


def _delete(call: Call) -> Answer:
    operation = _find(call)
    if not operation.done:
        raise failed_precondition(f'The operation "{operation.wire["name"]}" is not done.')
    call.memory.site(call.parent).operations.remove(operation.id)
    call.memory.revision += 1
    return Typed()


FILTERS = resource_fields({"name": lambda o: o.wire["name"], "done": lambda o: str(o.done).lower()})


def _list(call: Call) -> Answer:
    prefix = _beneath(call)
    operations = call.memory.site(call.parent).operations
    return list_page(
        call, operations, "operations", FILTERS, _render, lambda operation: operation.wire["name"].startswith(prefix)
    )


_VERBS: dict[str, Handler] = {"get": _get, "list": _list, "cancel": _cancel, "delete": _delete, "wait": _get}
_PARENTS = ("", "tuningJobs.", "models.", "endpoints.", "datasets.")
METHODS: dict[str, Handler] = {
    f"{parent}operations.{verb}": handler for parent in _PARENTS for verb, handler in _VERBS.items()
}
