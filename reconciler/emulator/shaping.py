"""Giving an answer the shape of its type.

Fields that the API version does not have, that are input only, or at their default, are left out, as proto3 JSON does;
a default that was set is written where the type tells it apart from nothing.
"""

from typing import Any

from reconciler.emulator.discovery import Api, Message, Type

DEFAULTS: tuple[Any, ...] = ("", 0, False, None, [])
DEFAULT_64 = "0"


def shape_message(api: Api, type_name: str, value: dict[str, Any]) -> dict[str, Any]:
    """`value` (camelCase) as `type_name` of this API version would be written."""
    return _message(api, api.messages[type_name], value)


def shape_any(api: Api, type_name: str, value: dict[str, Any]) -> dict[str, Any]:
    """`value` as a google.protobuf.Any. `type_name` is the service's own name, such as `Endpoint`, or `Empty`."""
    if type_name == "Empty":
        return {"@type": "type.googleapis.com/google.protobuf.Empty"}
    message = api.messages[api.type_prefix + type_name]
    return {"@type": f"type.googleapis.com/{api.package}.{type_name}", **_message(api, message, value)}


def _message(api: Api, message: Message, value: dict[str, Any]) -> dict[str, Any]:
    shaped: dict[str, Any] = {}
    fields = message.fields
    for name, part in value.items():
        field = fields.get(name)
        if field is None or field.input_only:
            continue
        kind = field.type
        if kind.kind == "message":
            shaped[name] = _message(api, api.messages[kind.message], part)
        elif kind.kind in ("list", "map"):
            if part:
                shaped[name] = _contained(api, kind, part)
        elif kind.kind == "int64":
            if part not in (0, DEFAULT_64):
                shaped[name] = str(part)
        elif part not in DEFAULTS or (field.presence and part is not None):
            shaped[name] = part
    return shaped


def _contained(api: Api, kind: Type, value: Any) -> Any:
    """A list or a map: what is in it stays even where it is a default."""
    element = kind.element
    assert element is not None
    if element.kind == "message":
        message = api.messages[element.message]
        if kind.kind == "list":
            return [_message(api, message, part) for part in value]
        return {name: _message(api, message, part) for name, part in value.items()}
    if element.kind == "int64":
        return [str(part) for part in value]
    return value
