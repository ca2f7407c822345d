"""The names of a kind's fields: either casing is read, camelCase is kept, and what is unknown is refused.

Works on plain mappings before pydantic sees them, so that a mistake in one field does not hide those in others.
"""

from __future__ import annotations

import typing
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from pydantic.alias_generators import to_camel, to_snake

from reconciler.spec.explain import dotted, in_words
from reconciler.spec.kinds.base import Block, OneOf
from reconciler.spec.reporter import Reporter
from reconciler.spec.suggest import LONGEST_NAME, closest, did_you_mean, fold
from reconciler.spec.yaml_reader import FieldPath


@dataclass(frozen=True, slots=True)
class Shape:
    """A block's fields.

    `names` maps every accepted spelling to the stored one, `children` are the fields that are blocks themselves.
    """

    model: type[Block]
    names: Mapping[str, str]
    children: Mapping[str, Shape]

    @property
    def fields(self) -> tuple[str, ...]:
        """The stored names, in the order in which they are declared."""
        return tuple(dict.fromkeys(self.names.values()))

    def paths_of(self, name: str) -> Iterator[str]:
        """Where, beneath this block, a field of that name (in any casing) stands."""
        for field in self.fields:
            if fold(field) == fold(name):
                yield field
            if field in self.children:
                yield from (f"{field}.{below}" for below in self.children[field].paths_of(name))


@cache
def shape_of(model: type[Block]) -> Shape:
    """The shape of a block, its children's included."""
    names: dict[str, str] = {}
    children: dict[str, Shape] = {}
    for python_name, info in model.model_fields.items():
        stored = info.alias or python_name
        snake = to_snake(stored)
        names.update(dict.fromkeys((stored, snake, to_camel(snake)), stored))
        child = _block_in(info.annotation)
        if child is not None:
            children[stored] = shape_of(child)
    return Shape(model, names, children)


def _block_in(annotation: Any) -> type[Block] | None:
    """The block that a field's type mentions: itself, in a list, or among other choices."""
    if isinstance(annotation, type) and issubclass(annotation, Block):
        return annotation
    return next(filter(None, map(_block_in, typing.get_args(annotation))), None)


def conform(shape: Shape, value: Any, path: FieldPath, report: Reporter, root: Shape | None = None) -> Any:
    """The value with its fields' stored names. What is unknown, empty or given twice is reported and left out.

    `root` is the shape of the whole document, for suggestions.
    """
    root = root or shape
    if isinstance(value, list):
        return [conform(shape, item, (*path, str(index)), report, root) for index, item in enumerate(value)]
    if not isinstance(value, dict):
        return value
    kept: dict[str, Any] = {}
    for key, item in value.items():
        stored = shape.names.get(key)
        if stored is None:
            _refuse(shape, key, (*path, key), report, root)
        elif stored in kept:
            report.error("duplicate_field", f"{dotted((*path, stored))} is given twice, as {key} too", (*path, key))
        elif item is None:
            what = dotted((*path, key))
            report.error("wrong_type", f"{what} has no value", (*path, key), hint="Give it one, or take the line out.")
            report.blame((*path, stored))
        else:
            child = shape.children.get(stored)
            kept[stored] = item if child is None else conform(child, item, (*path, key), report, root)
    return kept


def _refuse(shape: Shape, key: str, path: FieldPath, report: Reporter, root: Shape) -> None:
    model, what = shape.model, dotted(path)
    in_camel = to_camel(to_snake(key)) if len(key) < LONGEST_NAME else key
    if in_camel in model.server_fields:
        report.error("server_field", f"{what} is set by the server", path, hint="Take it out.")
        return
    elsewhere = model.elsewhere.get(in_camel) or model.elsewhere.get(key)
    if elsewhere:
        report.error("misplaced_field", f"{what} {elsewhere}", path)
        return
    meant = "" if report.is_full else closest(key, shape.fields)
    hint = "" if report.is_full else _suggestion(shape, key, root, meant)
    report.error("unknown_field", f"{what} is not a field that tuneform knows", path, hint=hint)
    if meant:
        report.blame((*path[:-1], meant))


def _suggestion(shape: Shape, key: str, root: Shape, meant: str) -> str:
    """The field that was meant; failing that, where in the document a field of that name belongs."""
    if not meant and len(key) < LONGEST_NAME:
        deeper = next(root.paths_of(key), "")
        if deeper:
            return f"It belongs to {deeper.rpartition('.')[0] or 'the top of the document'}."
    return did_you_mean(key, shape.fields)


def check_groups(
    shape: Shape, value: Any, path: FieldPath, report: Reporter, may_lack: Callable[[FieldPath], bool]
) -> None:
    """Report fields that exclude each other, and groups that need one field, but where something `may_lack`."""
    if isinstance(value, list):
        for index, item in enumerate(value):
            check_groups(shape, item, (*path, str(index)), report, may_lack)
        return
    if not isinstance(value, dict):
        return
    for group in shape.model.one_of:
        _check_group(group, value, path, report, may_lack)
    for name, child in shape.children.items():
        if name in value:
            check_groups(child, value[name], (*path, name), report, may_lack)


def _check_group(
    group: OneOf, value: Mapping[str, Any], path: FieldPath, report: Reporter, may_lack: Callable[[FieldPath], bool]
) -> None:
    given = [name for name in group.fields if name in value]
    if not given and any(report.is_blamed((*path, name)) for name in group.fields):
        return
    partial = may_lack(path)
    if len(given) > 1 and not (partial and group.in_one_spec):
        message = f"{in_words(path)} has both {' and '.join(given)}"
        report.error("conflicting_fields", message, (*path, given[1]), hint="Keep one of them.")
    elif not given and group.required and not partial:
        choices = ", ".join(group.fields[:-1]) + f" or {group.fields[-1]}"
        report.error("missing_field", f"{in_words(path)} needs {choices}", path)
