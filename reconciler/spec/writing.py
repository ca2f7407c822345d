"""Specs as text: YAML as a person would write it, in the order of the fields' documentation, safe for any value.

Text is quoted unless it is plainly plain, so that no name can become another type, another field or a comment; what
does not print is written as an escape.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from reconciler.core.address import Address
from reconciler.spec.documents import MODELS
from reconciler.spec.kinds.base import Block
from reconciler.spec.kinds.documents import API_VERSION
from reconciler.spec.scalars import is_text
from reconciler.spec.shape import Shape, shape_of
from reconciler.spec.source_text import FORBIDDEN

WIDTH = 110
# Short mappings that stand on one line, as in the documentation.
_ON_ONE_LINE = frozenset(
    {
        "metadata",
        "hyperParameters",
        "hyperparameters",
        "encryptionSpec",
        "lifecycle",
        "preTunedModel",
        "tunedModelSource",
    }
)
_PLAIN = re.compile(r"[A-Za-z](?:[A-Za-z0-9_./@()+ -]|:(?=[A-Za-z0-9/]))*(?<! )")
# Truth values to readers of YAML 1.1.
_WORDS = frozenset({"y", "n", "yes", "no", "on", "off"})
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}


def spec_text(
    address: Address, labels: Mapping[str, str], spec: Mapping[str, Any], *, comments: Iterable[str] = ()
) -> str:
    """One spec file. `spec` has stored names; `comments` stand above it, whatever they hold."""
    metadata: dict[str, Any] = {"name": address.name}
    if labels:
        metadata["labels"] = dict(sorted(labels.items()))
    head = [f"# {line}" for comment in comments for line in _lines(shown(comment))]
    body = _block({"metadata": metadata, "spec": spec}, shape_of(MODELS[address.kind]), "")
    return "\n".join((*head, f"apiVersion: {API_VERSION}", f"kind: {address.kind}", *body, ""))


def known_fields(
    shape: Shape, body: Mapping[str, Any], path: tuple[str, ...] = ()
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The fields of a resource that a spec may declare, by their stored names, and the paths of all the others.

    What only the server writes counts as neither.
    """
    kept: dict[str, Any] = {}
    others: list[str] = []
    for key, value in body.items():
        stored = shape.names.get(key)
        if stored is None:
            if key not in shape.model.server_fields:
                others.append(".".join((*path, key)))
            continue
        kept[stored], beneath = _known(shape.children.get(stored), value, (*path, stored))
        others.extend(beneath)
    return kept, tuple(others)


def _known(shape: Shape | None, value: Any, path: tuple[str, ...]) -> tuple[Any, tuple[str, ...]]:
    if shape is None:
        return value, ()
    if isinstance(value, Mapping):
        return known_fields(shape, value, path)
    if isinstance(value, list):
        found = [_known(shape, item, path) for item in value]
        return [item for item, _ in found], tuple(dict.fromkeys(name for _, names in found for name in names))
    return value, ()


def settled(model: type[Block], body: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a block with their types settled, `"3"` as 3; as they are when something is wrong with them."""
    try:
        return model.model_validate(dict(body)).model_dump(by_alias=True, exclude_unset=True)
    except ValidationError:
        return dict(body)


def is_valid(model: type[Block], body: Mapping[str, Any]) -> bool:
    """Whether a block takes these fields, by themselves."""
    try:
        model.model_validate(dict(body))
    except ValidationError:
        return False
    return True


def scalar(value: Any) -> str:
    """A text, number or truth value as YAML. Raises TypeError for anything else."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if not isinstance(value, str):
        raise TypeError(f"{type(value).__name__} is not a value of a spec")
    is_plain = _PLAIN.fullmatch(value) and is_text(value) and value.lower() not in _WORDS
    return value if is_plain else f'"{_escaped(value)}"'


def can_be_said(text: str) -> bool:
    """Whether a spec may hold a text: not with control characters, not even escaped."""
    return FORBIDDEN.search(text.replace("\t", " ").replace("\n", " ").replace("\r", " ")) is None


def shown(text: str) -> str:
    """A text on one line of which everything can be seen."""
    return "".join(c if c.isprintable() else _escape(c) for c in text)


def _lines(comment: str) -> list[str]:
    return textwrap.wrap(comment, WIDTH, break_long_words=False, break_on_hyphens=False)


def _block(value: Mapping[str, Any], shape: Shape | None, indent: str) -> Iterator[str]:
    for key, item in _ordered(value, shape):
        child = shape.children.get(key) if shape else None
        one_line = f"{indent}{scalar(key)}: {_flow(item, child)}"
        nested = isinstance(item, Mapping | list | tuple) and bool(item)
        if not nested or (key in _ON_ONE_LINE and len(one_line) <= WIDTH):
            yield one_line
        elif isinstance(item, Mapping):
            yield f"{indent}{scalar(key)}:"
            yield from _block(item, child, f"{indent}  ")
        else:
            yield f"{indent}{scalar(key)}:"
            yield from (f"{indent}  - {_flow(entry, child)}" for entry in item)


def _ordered(value: Mapping[str, Any], shape: Shape | None) -> list[tuple[str, Any]]:
    """The entries in the order in which the kind declares its fields; free keys come as they are."""
    if shape is None:
        return list(value.items())
    places = {name: place for place, name in enumerate(shape.fields)}
    return sorted(value.items(), key=lambda entry: places.get(entry[0], len(places)))


def _flow(value: Any, shape: Shape | None) -> str:
    if isinstance(value, Mapping):
        children = shape.children if shape else {}
        entries = (f"{scalar(key)}: {_flow(item, children.get(key))}" for key, item in _ordered(value, shape))
        return f"{{{', '.join(entries)}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(_flow(item, shape) for item in value)}]"
    return scalar(value)


def _escaped(text: str) -> str:
    return "".join(_ESCAPES.get(c) or (c if c.isprintable() else _escape(c)) for c in text)


def _escape(char: str) -> str:
    code = ord(char)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
