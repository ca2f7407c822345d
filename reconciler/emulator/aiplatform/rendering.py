"""Writing resources as answers, once for each API version."""

from collections.abc import Callable
from typing import Any

import orjson

from reconciler.emulator.aiplatform.call import Call
from reconciler.emulator.discovery import Api, Message
from reconciler.emulator.google_errors import invalid_argument
from reconciler.emulator.shaping import shape_message
from reconciler.emulator.store import Resource


def renderer(type_name: str) -> Callable[[Call, Resource], bytes]:
    """What writes the view of a resource as `type_name`; the result is kept with the resource.

    With a `readMask` in the request, only the fields it names are written.
    """

    def render(call: Call, resource: Resource) -> bytes:
        mask = call.query.get("readMask", "")
        if mask:
            full = shape_message(call.api, call.api.type_prefix + type_name, resource.view())
            return orjson.dumps(masked(call.api, type_name, full, mask))
        answer = resource.kept_answer(call.api.version)
        if answer is None:
            answer = write(call.api, type_name, resource.view())
            resource.keep_answer(call.api.version, answer)
        return answer

    return render


def write(api: Api, type_name: str, value: dict[str, Any]) -> bytes:
    """A message in the shape of its type, as JSON."""
    return orjson.dumps(shape_message(api, api.type_prefix + type_name, value))


def masked(api: Api, type_name: str, value: dict[str, Any], mask: str) -> dict[str, Any]:
    """The top-level fields that a field mask names."""
    fields = mask_fields(api.messages[api.type_prefix + type_name], mask, "read_mask")
    return {name: part for name, part in value.items() if name in fields}


def mask_fields(message: Message, mask: str, field: str) -> list[str]:
    """The camelCase names of the fields a mask names; `*` names all. A path is taken by its first field.

    Raises ApiError (400) for a name that the type does not have.
    """
    if mask == "*":
        return list(message.fields)
    names = []
    for path in mask.split(","):
        head = path.strip().partition(".")[0]
        found = message.by_name.get(head)
        if found is None:
            raise invalid_argument(f"Invalid field mask: unknown field {path.strip()[:100]!r}.", field)
        names.append(found.name)
    return names
