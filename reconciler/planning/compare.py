"""Declared against recorded and live: which training fields differ, and which spec line says so.

Only declared fields are compared: a server fills in defaults, and writing one of them down is no change. The few
fields whose absence means something are compared when they are absent too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.catalog.palm import with_train_steps
from reconciler.core.address import Address, is_address
from reconciler.core.desired import TunedModel
from reconciler.core.observed import Run
from reconciler.core.plan import FieldChange, FieldClass
from reconciler.core.resource_names import key_of, location_of
from reconciler.core.state import Version, VersionStatus
from reconciler.planning.blocks import (
    METHODS,
    PALM_PARAMETERS,
    PARENT_CHECKPOINT,
    PARENT_PATHS,
    training_path,
    training_source,
    value_at,
)
from reconciler.planning.content import declared_content, overwritten, recorded_content, training_pin
from reconciler.planning.normalise import aligned
from reconciler.planning.world import World
from reconciler.spec.fields import training_body

EXPORT_LAST = "exportLastCheckpointOnly"
# Leaving one of these out is a statement: no key of one's own, the default checkpoint, a plain base model.
MEANT_WHEN_ABSENT = (("encryptionSpec", "kmsKeyName"), PARENT_CHECKPOINT, *PARENT_PATHS)

Difference = tuple[tuple[str, ...], Any, Any]


def training_changes(world: World, model: TunedModel, version: Version) -> tuple[FieldChange, ...]:
    """What a run of this spec would be given otherwise than `version` was; empty when it would be the same."""
    declared = _without_export(training_body(model, world.desired.contents))
    bought = merged(version.resolved, version.body)
    before = {"location": location_of(version.run), **_without_export(bought)}
    path = training_path(model.backend, declared)
    if path and _is_same_or_unknown(world, model, version, value_at(before, path)):
        before = _with(before, path, value_at(declared, path))
    for path in PARENT_PATHS:
        if _same_parent(world, value_at(declared, path), value_at(before, path)):
            before = _with(before, path, value_at(declared, path))
    if model.backend == "palm":
        before, declared = _with_steps(world, model, version, before, declared)
    absences = _absences(version.body or version.resolved, declared)
    found = [*_differences((), aligned(before, declared), declared), *absences, *_export_taken_back(model, bought)]
    return tuple(_field(model, *difference) for difference in sorted(found, key=lambda d: d[0]))


def changes_from_run(world: World, model: TunedModel, run: Run) -> tuple[FieldChange, ...]:
    """What a run of this spec would be given otherwise than a run that is in no record, by the server's own words."""
    made = Version(0, VersionStatus.ACTIVE, "", {}, "", run=run.name, run_state=run.state, resolved=run.body)
    return training_changes(world, model, made)


def data_change(world: World, model: TunedModel, version: Version) -> FieldChange | None:
    """The change when the very object a version was trained from holds other content by now."""
    stored = overwritten(model, version, world.desired, world.observed)
    pin = training_pin(version, model.backend)
    path = training_path(model.backend, model.body)
    if stored is None or pin is None or path is None:
        return None
    return _field(model, (*path, "crc32c"), pin.crc32c, stored.crc32c)


def merged(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Both mappings in one; where both have a value, that of `over`."""
    result = dict(under)
    for key, value in over.items():
        below = result.get(key)
        if isinstance(below, Mapping) and isinstance(value, Mapping):
            result[key] = merged(below, value)
        else:
            result[key] = value
    return result


def _with_steps(
    world: World, model: TunedModel, version: Version, before: dict[str, Any], declared: dict[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Both sides with the number that `train_steps: auto` stands for, where the run tells which it was given."""
    given = value_at(version.resolved, (*PALM_PARAMETERS, "train_steps"))
    if given is None:
        return before, declared
    source = training_source(model)
    content = world.desired.contents.get(Address.parse(source)) if is_address(source) else None
    settled = with_train_steps(
        value_at(declared, PALM_PARAMETERS) or {}, content.rows if content else None, model.location
    )
    bought = {**(value_at(before, PALM_PARAMETERS) or {}), "train_steps": given}
    return _with(before, PALM_PARAMETERS, bought), _with(declared, PALM_PARAMETERS, settled)


def _is_same_or_unknown(world: World, model: TunedModel, version: Version, before: Any) -> bool:
    """Whether nothing says that the data differs. The Gemini API never gives back what a model was trained from, so
    of a model that was not bought through this state it is not known.
    """
    if before is None:
        return model.backend == "gemini"
    return _same_data(world, model, version)


def _same_data(world: World, model: TunedModel, version: Version) -> bool:
    declared = declared_content(model, world.desired, world.observed)
    return declared.is_same(recorded_content(version, model.backend))


def _same_parent(world: World, declared: Any, before: Any) -> bool:
    """Whether a parent given by address is the model that the server names."""
    if not is_address(declared) or not isinstance(before, str) or is_address(before):
        return False
    parent = world.record(Address.parse(declared))
    return parent is not None and any(v.model and key_of(v.model) == key_of(before) for v in parent.versions)


def _differences(path: tuple[str, ...], before: Any, declared: Any) -> Iterator[Difference]:
    """Field by field, as deep as both sides have fields; a block that is new as a whole is told by its fields too."""
    if isinstance(declared, Mapping) and (before is None or isinstance(before, Mapping)):
        for key, value in declared.items():
            yield from _differences((*path, key), before.get(key) if before else None, value)
    elif isinstance(declared, list) and isinstance(before, list):
        yield from _item_differences(path, before, declared)
    elif before != declared:
        yield path, before, declared


def _item_differences(path: tuple[str, ...], before: list[Any], declared: list[Any]) -> Iterator[Difference]:
    if before == declared:
        return
    # Imported where lists are known to differ: it costs more than a whole plan in which none does.
    from deepdiff import DeepDiff

    for kind, levels in DeepDiff(before, declared, view="tree").items():
        for level in levels:
            where = tuple(str(part) for part in level.path(output_format="list"))
            old = None if kind.endswith("_added") else level.t1
            yield (*path, *where), old, None if kind.endswith("_removed") else level.t2


def _absences(said: Mapping[str, Any], declared: Mapping[str, Any]) -> Iterator[Difference]:
    for path in MEANT_WHEN_ABSENT:
        before = value_at(said, path)
        if before is not None and value_at(declared, path) is None:
            yield path, before, None
    for method in METHODS:
        if method in said and method not in declared and any(m in declared for m in METHODS):
            yield (method,), said[method], None


def _export_taken_back(model: TunedModel, bought: Mapping[str, Any]) -> Iterator[Difference]:
    """Intermediate checkpoints that are asked for now and were never kept need a new run; the reverse does not."""
    for method in METHODS:
        path = (method, EXPORT_LAST)
        if method in model.body and value_at(bought, path) is True and not value_at(model.body, path):
            yield path, True, bool(value_at(model.body, path))


def _without_export(body: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: {k: v for k, v in value.items() if k != EXPORT_LAST} if key in METHODS else value
        for key, value in body.items()
    }


def _with(body: Mapping[str, Any], path: tuple[str, ...], value: Any) -> dict[str, Any]:
    head, *rest = path
    below = body.get(head)
    inner = _with(below if isinstance(below, Mapping) else {}, tuple(rest), value) if rest else value
    return {**body, head: inner}


def _field(model: TunedModel, path: tuple[str, ...], before: Any, after: Any) -> FieldChange:
    dotted = ".".join((model.backend, *path))
    return FieldChange(dotted, before, after, FieldClass.TRAINING, model.sources.at(dotted))
