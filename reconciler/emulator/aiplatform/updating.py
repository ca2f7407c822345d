"""Changing resources in place: update masks and etags."""

from collections.abc import Collection
from typing import Any

from reconciler.emulator.aiplatform.call import Call
from reconciler.emulator.aiplatform.labels import check_labels
from reconciler.emulator.discovery import Message, snake_case
from reconciler.emulator.google_errors import ApiError, invalid_argument

MAX_DISPLAY_NAME = 128


def masked_changes(call: Call, type_name: str, updatable: Collection[str]) -> dict[str, Any]:
    """The fields to set, by camelCase name; None clears one. Raises ApiError (400) for a mask that cannot be applied.

    A request without a mask changes the updatable fields that its body has.
    """
    mask = call.query.get("updateMask", "")
    if not mask:
        changes = {name: call.body[name] for name in updatable if name in call.body}
    else:
        message = call.api.messages[call.api.type_prefix + type_name]
        changes = {name: call.body.get(name) for name in _paths(message, mask, updatable)}
    _check_values(changes, call.method.body_field)
    return changes


def check_etag(call: Call, current: dict[str, Any]) -> None:
    """Raises ApiError (409 ABORTED) if the request was made for another state of the resource."""
    given = call.body.get("etag")
    if given and given != current["etag"]:
        raise ApiError("ABORTED", f"The etag {given} does not match the resource's current etag {current['etag']}.")


def _paths(message: Message, mask: str, updatable: Collection[str]) -> list[str]:
    names = []
    for path in mask.split(","):
        field = message.by_name.get(path.strip())
        if field is None:
            raise invalid_argument(f"Invalid update mask: unknown field {path.strip()[:100]!r}.", "update_mask")
        if field.name == "etag":
            continue
        if field.name not in updatable:
            raise invalid_argument(f"The field {field.snake_name} cannot be updated.", "update_mask")
        names.append(field.name)
    return names


def _check_values(changes: dict[str, Any], root: str) -> None:
    check_labels(changes.get("labels") or {}, f"{root}.labels")
    if "displayName" in changes:
        check_display_name(changes["displayName"] or "", f"{root}.{snake_case('displayName')}")


def check_display_name(text: str, field: str) -> None:
    """Raises ApiError (400) for a display name that is empty or too long."""
    if not 1 <= len(text) <= MAX_DISPLAY_NAME:
        raise invalid_argument(f"A display name has 1 to {MAX_DISPLAY_NAME} characters, not {len(text)}.", field)


def apply_changes(wire: dict[str, Any], changes: dict[str, Any]) -> None:
    """Set or clear fields."""
    for name, value in changes.items():
        if value is None:
            wire.pop(name, None)
        else:
            wire[name] = value
