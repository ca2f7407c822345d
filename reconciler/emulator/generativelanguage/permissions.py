"""The permissions of a tuned model, and whose it is."""

from typing import Any

from reconciler.emulator.generativelanguage.access import owner_permission, permitted
from reconciler.emulator.generativelanguage.call import Call, Handler, Message, page_of
from reconciler.emulator.generativelanguage.memory import Memory
from reconciler.emulator.generativelanguage.records import TunedModel
from reconciler.emulator.google_errors import ApiError, failed_precondition, invalid_argument

ID_LENGTH = 16
GRANTED = ("READER", "WRITER")


def new_permission(memory: Memory, model: TunedModel, fields: dict[str, Any]) -> dict[str, Any]:
    """A permission with a name of the server's making."""
    return fields | {"name": f"{model.name}/permissions/{memory.new_id(ID_LENGTH)}"}


def _create(call: Call) -> Message:
    model = permitted(call, "WRITER")
    kind, email = call.body.get("granteeType", "GRANTEE_TYPE_UNSPECIFIED"), call.body.get("emailAddress", "")
    _check_role(call.body.get("role", ""))
    if kind == "GRANTEE_TYPE_UNSPECIFIED":
        raise invalid_argument("grantee_type is required.", "permission.grantee_type")
    if (kind == "EVERYONE") == bool(email) or (email and "@" not in email):
        text = "email_address is required for a user or a group, and must not be set for everyone."
        raise invalid_argument(text, "permission.email_address")
    if any(_grantee(known) == (kind, email) for known in model.permissions):
        raise ApiError("ALREADY_EXISTS", f"{email or 'Everyone'} has a permission of {model.name} already.")
    permission = new_permission(call.memory, model, dict(call.body))
    model.permissions.append(permission)
    call.memory.changed(model)
    return permission


def _check_role(role: str) -> None:
    if role not in GRANTED:
        raise invalid_argument(f"role must be one of {', '.join(GRANTED)}.", "permission.role")


def _grantee(permission: dict[str, Any]) -> tuple[str, str]:
    return permission["granteeType"], permission.get("emailAddress", "")


def _find(call: Call, role: str) -> tuple[TunedModel, dict[str, Any]]:
    model = permitted(call, role)
    name = f"{model.name}/permissions/{call.ids['permissions']}"
    for permission in model.permissions:
        if permission["name"] == name:
            return model, permission
    raise ApiError("NOT_FOUND", f"Permission {name} does not exist.")


def _get(call: Call) -> Message:
    return _find(call, "READER")[1]


def _list(call: Call) -> Message:
    return page_of(call, "permissions", permitted(call, "READER").permissions, dict)


def _patch(call: Call) -> Message:
    model, permission = _find(call, "WRITER")
    if call.query.get("updateMask", "") != "role":
        raise invalid_argument("update_mask is required, and only role can be updated.", "update_mask")
    _check_role(call.body.get("role", ""))
    _refuse_owner(permission)
    permission["role"] = call.body["role"]
    call.memory.changed(model)
    return permission


def _delete(call: Call) -> Message:
    model, permission = _find(call, "WRITER")
    _refuse_owner(permission)
    model.permissions.remove(permission)
    call.memory.changed(model)
    return {}


def _refuse_owner(permission: dict[str, Any]) -> None:
    if permission["role"] == "OWNER":
        raise failed_precondition("The owner's permission cannot be changed; transfer the ownership.")


def _transfer_ownership(call: Call) -> Message:
    """The old owner becomes a writer."""
    model = permitted(call, "OWNER")
    email = call.body.get("emailAddress", "")
    if "@" not in email:
        raise invalid_argument("email_address is required.", "email_address")
    owner_permission(model)["role"] = "WRITER"
    known = next((each for each in model.permissions if _grantee(each) == ("USER", email)), None)
    if known is None:
        known = new_permission(call.memory, model, {"granteeType": "USER", "emailAddress": email})
        model.permissions.append(known)
    known["role"] = "OWNER"
    call.memory.changed(model)
    return {}


METHODS: dict[str, Handler] = {
    "tunedModels.permissions.create": _create,
    "tunedModels.permissions.get": _get,
    "tunedModels.permissions.list": _list,
    "tunedModels.permissions.patch": _patch,
    "tunedModels.permissions.delete": _delete,
    "tunedModels.transferOwnership": _transfer_ownership,
}
