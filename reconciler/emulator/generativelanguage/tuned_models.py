"""The methods of tuned models."""

import copy
from typing import Any

from reconciler.emulator.clock import timestamp
from reconciler.emulator.generativelanguage.access import email_of, own_role, permitted, public_role
from reconciler.emulator.generativelanguage.call import Call, Handler, Message, page_of
from reconciler.emulator.generativelanguage.creating import check_create, check_settings, new_model_id
from reconciler.emulator.generativelanguage.lifecycle import due_time, duration, fate_of
from reconciler.emulator.generativelanguage.operations import operation_message
from reconciler.emulator.generativelanguage.permissions import new_permission
from reconciler.emulator.generativelanguage.progress import snapshots
from reconciler.emulator.generativelanguage.records import COLLECTION, TunedModel
from reconciler.emulator.generativelanguage.search import compile_filter
from reconciler.emulator.google_errors import invalid_argument

UPDATABLE = ("displayName", "description", "temperature", "topP", "topK", "readerProjectNumbers")
OPERATION_ID_LENGTH = 12


def _create(call: Call) -> Message:
    accepted = check_create(call)
    model_id = new_model_id(call)
    memory = call.memory
    now = timestamp(call.now)
    fate = fate_of(accepted.wire.get("description", ""))
    whole_at = call.now + duration(memory, fate)
    wire: dict[str, Any] = accepted.wire | {
        "name": f"{COLLECTION}/{model_id}",
        "state": "CREATING",
        "createTime": now,
        "updateTime": now,
    }
    wire["tuningTask"]["startTime"] = now
    model = TunedModel(
        model_id,
        memory.next_sequence(),
        wire,
        call.now + memory.options.list_lag,
        operation=memory.new_id(OPERATION_ID_LENGTH),
        examples=accepted.examples,
        total_steps=accepted.total_steps,
        fate=fate,
        begins_at=call.now,
        whole_at=whole_at,
        due=due_time(fate, call.now, whole_at),
    )
    owner = {"granteeType": "USER", "emailAddress": email_of(call.caller), "role": "OWNER"}
    model.permissions.append(new_permission(memory, model, owner))
    memory.models.add(model)
    memory.under_way.add(model_id)
    memory.revision += 1
    return operation_message(call, model)


def _message(model: TunedModel, now: float) -> Message:
    """A model with its progress."""
    return model.wire | {"tuningTask": model.wire["tuningTask"] | {"snapshots": snapshots(model, now)}}


def _get(call: Call) -> Message:
    return _message(permitted(call, "READER"), call.now)


def _list(call: Call) -> Message:
    matches = compile_filter(call.query.get("filter", ""))
    found = [
        model
        for model in call.memory.models.newest_first()
        if model.visible_from <= call.now
        and (own_role(model, call.caller) or public_role(model))
        and matches(model, call.caller)
    ]
    return page_of(call, COLLECTION, found, lambda model: _message(model, call.now))


def _patch(call: Call) -> Message:
    model = permitted(call, "WRITER")
    changes = _changes(call)
    check_settings(changes)
    for name, value in changes.items():
        if value is None:
            model.wire.pop(name, None)
        else:
            model.wire[name] = value
    model.wire["updateTime"] = timestamp(call.now)
    call.memory.changed(model)
    return _message(model, call.now)


def _changes(call: Call) -> dict[str, Any]:
    """The fields to set, by name; None clears one. Raises ApiError (400) for a mask that cannot be applied."""
    mask = call.query.get("updateMask", "")
    if not mask:
        return {name: copy.copy(call.body[name]) for name in UPDATABLE if name in call.body}
    fields = call.api.messages["TunedModel"]
    names = []
    for path in mask.split(","):
        field = fields.by_name.get(path.strip())
        if field is None or field.name not in UPDATABLE:
            raise invalid_argument(f"Invalid update_mask: {path.strip()[:100]!r} cannot be updated.", "update_mask")
        names.append(field.name)
    return {name: copy.copy(call.body.get(name)) for name in names}


def _delete(call: Call) -> Message:
    model = permitted(call, "OWNER")
    call.memory.models.remove(model.id)
    call.memory.under_way.discard(model.id)
    call.memory.revision += 1
    return {}


METHODS: dict[str, Handler] = {
    "tunedModels.create": _create,
    "tunedModels.get": _get,
    "tunedModels.list": _list,
    "tunedModels.patch": _patch,
    "tunedModels.delete": _delete,
}
