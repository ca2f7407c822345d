"""Who may do what with a tuned model.

A caller is a project. Its e-mail address, by which permissions name it, is its own name where that is one, else
`{project}@example.com`. Who is in a group is not known, so what a group is given helps nobody.
"""

from typing import Any

from reconciler.emulator.aiplatform.names import project_number
from reconciler.emulator.generativelanguage.call import Call
from reconciler.emulator.generativelanguage.records import TunedModel
from reconciler.emulator.google_errors import ApiError, invalid_argument

DEFAULT_CALLER = "default"
RANKS = {"": 0, "READER": 1, "WRITER": 2, "OWNER": 3}


def email_of(caller: str) -> str:
    """The e-mail address under which a caller is known."""
    return caller if "@" in caller else f"{caller}@example.com"


def owner_permission(model: TunedModel) -> dict[str, Any]:
    """The permission of the owner."""
    return next(permission for permission in model.permissions if permission["role"] == "OWNER")


def own_role(model: TunedModel, caller: str) -> str:
    """The role that was given to the caller by name; empty for none."""
    email = email_of(caller)
    named = [permission["role"] for permission in model.permissions if permission.get("emailAddress") == email]
    if project_number(caller) in model.wire.get("readerProjectNumbers", []):
        named.append("READER")
    return max(named, key=RANKS.__getitem__, default="")


def public_role(model: TunedModel) -> str:
    """The role that everyone has; empty for none."""
    public = [permission["role"] for permission in model.permissions if permission["granteeType"] == "EVERYONE"]
    return max(public, key=RANKS.__getitem__, default="")


def permitted(call: Call, role: str) -> TunedModel:
    """The model that the URL names, for a caller who has at least `role`. Raises ApiError (404, 403)."""
    return _allowed(call, call.ids["tunedModels"], role)


def _allowed(call: Call, model_id: str, role: str) -> TunedModel:
    model = call.memory.model(model_id)
    if max(RANKS[own_role(model, call.caller)], RANKS[public_role(model)]) < RANKS[role]:
        raise ApiError("PERMISSION_DENIED", f"You do not have permission to access tuned model {model.name}")
    return model


def permitted_source(call: Call, name: str) -> TunedModel:
    """The tuned model that a request wants to start from. Raises ApiError (400, 404, 403)."""
    collection, _, model_id = name.partition("/")
    if collection != "tunedModels" or not model_id:
        raise invalid_argument(f"Invalid tuned model name: {name[:200]!r}.", "tuned_model.tuned_model_source")
    return _allowed(call, model_id, "READER")
