"""Partial answers: the `fields` parameter of every Google API, such as `items(name,task/state),nextPageToken`."""

import re
from typing import Any

from reconciler.emulator.discovery import Api, Type
from reconciler.emulator.google_errors import ApiError, invalid_argument

TOKEN = re.compile(r"[A-Za-z0-9_@]+|[*/(),]")
MAX_NESTING = 20

Selection = dict[str, "Selection"]
"""What to keep, by name; empty keeps everything."""


def select_fields(api: Api, type_name: str, value: dict[str, Any], mask: str) -> dict[str, Any]:
    """What `mask` names of a message; all of it for an empty mask. Raises ApiError (400) for names there are not."""
    if not mask:
        return value
    tokens = TOKEN.findall(mask)
    if "".join(tokens) != mask:
        raise _invalid(mask)
    selection = _parse(tokens, mask, 0)
    if tokens:
        raise _invalid(mask)
    kind = Type("message", message=type_name)
    _check(api, kind, selection)
    kept: dict[str, Any] = _keep(value, selection)
    return kept


def _invalid(part: str) -> ApiError:
    return invalid_argument(f"Request contains an invalid argument. Invalid field selection {part[:200]}", "fields")


def _parse(tokens: list[str], mask: str, depth: int) -> Selection:
    """A list of paths up to its end or a closing bracket, which is left."""
    if depth > MAX_NESTING:
        raise _invalid(mask)
    selection: Selection = {}
    while True:
        at = selection
        at = at.setdefault(_name(tokens, mask), {})
        while tokens and tokens[0] == "/":
            tokens.pop(0)
            at = at.setdefault(_name(tokens, mask), {})
        if tokens and tokens[0] == "(":
            tokens.pop(0)
            at |= _parse(tokens, mask, depth + 1)
            if not tokens or tokens.pop(0) != ")":
                raise _invalid(mask)
        if not tokens or tokens[0] != ",":
            return selection
        tokens.pop(0)


def _name(tokens: list[str], mask: str) -> str:
    if not tokens or tokens[0] in "/(),":
        raise _invalid(mask)
    return tokens.pop(0)


def _check(api: Api, kind: Type, selection: Selection) -> None:
    """Raises ApiError (400) for a name that a type does not have; maps may have any."""
    if kind.kind == "list" and kind.element is not None:
        _check(api, kind.element, selection)
        return
    for name, inner in selection.items():
        if kind.kind == "message" and name != "*":
            field = api.messages[kind.message].fields.get(name)
            if field is None:
                raise _invalid(name)
            _check(api, field.type, inner)
        elif kind.kind not in ("message", "map", "any"):
            raise _invalid(name)


def _keep(value: Any, selection: Selection) -> Any:
    if not selection or "*" in selection:
        return value
    if isinstance(value, list):
        return [_keep(part, selection) for part in value]
    if not isinstance(value, dict):
        return value
    return {name: _keep(part, selection[name]) for name, part in value.items() if name in selection}
