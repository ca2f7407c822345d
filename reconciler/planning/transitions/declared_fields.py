"""What something new is made of: every field that its spec declares, as a change from nothing."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from reconciler.core.address import Address
from reconciler.core.amounts import counted
from reconciler.core.canonical import digest, short
from reconciler.core.desired import Dataset, DatasetContent, Endpoint, Sources, TunedModel
from reconciler.core.plan import FieldChange, FieldClass
from reconciler.core.state import Route
from reconciler.planning.blocks import TRAINING_PATHS
from reconciler.planning.traffic import ShareKey
from reconciler.spec.fields import body_of

# Enough of a digest to tell two lists of examples apart.
_SHOWN_DIGEST = 16

Path = tuple[str, ...]


def fields_of_model(
    model: TunedModel, contents: Mapping[Address, DatasetContent], changed: Iterable[FieldChange] = ()
) -> tuple[FieldChange, ...]:
    """What a first version is bought with, local data by its digest, examples in the spec by their number.

    `changed` is what an earlier version that came to nothing was given otherwise: told in its place, with both values.
    Raises DatasetError when a dataset's content is not known.
    """
    found: list[tuple[Path, Any, FieldClass]] = []
    for kind in FieldClass:
        for path, value in _leaves((), body_of(model, kind, contents)):
            found.append(((model.backend, *path), _told(model, path, value), kind))
    found.sort(key=lambda leaf: (leaf[0][:-1], leaf[0]))
    found.extend(_labels(model))
    fields = {path: FieldChange(path, None, *rest) for path, *rest in _placed(model.sources, found)}
    return tuple({**fields, **{field.path: field for field in changed}}.values())


def fields_of_endpoint(endpoint: Endpoint, goal: Route, paths: Mapping[ShareKey, str]) -> tuple[FieldChange, ...]:
    """What an endpoint is made with, and the traffic that it gets; `paths` says which entry of the spec that is of."""
    found: list[tuple[Path, Any, FieldClass]] = []
    for share in goal.shares:
        entry = paths.get(share.key)
        name = f"{entry}.percent" if entry else f"traffic ({share.words})"
        found.extend([((f"{entry}.model",), share.spec, FieldClass.SERVING)] if entry else [])
        found.append(((name,), share.percent, FieldClass.SERVING))
    around = {name: value for name, value in endpoint.body.items() if name not in ("traffic", "strategy")}
    around["location"] = endpoint.location
    found.extend((path, value, FieldClass.METADATA) for path, value in sorted(_leaves((), around)))
    found.extend(_labels(endpoint))
    return tuple(FieldChange(path, None, *rest) for path, *rest in _placed(endpoint.sources, found))


def fields_of_dataset(dataset: Dataset) -> tuple[FieldChange, ...]:
    """Which file is uploaded. Its size and where it lands stand in the reason and the targets of the change."""
    return (FieldChange("file", None, dataset.file, FieldClass.TRAINING, dataset.sources.at("file")),)


def _placed(sources: Sources, leaves: Iterable[tuple[Path, Any, FieldClass]]) -> Iterator[tuple[Any, ...]]:
    for path, value, kind in leaves:
        # The same few paths in thousands of specs.
        dotted = sys.intern(".".join(path))
        yield dotted, value, kind, sources.at(dotted)


def _labels(spec: TunedModel | Endpoint) -> Iterator[tuple[Path, str, FieldClass]]:
    for key, value in sorted(spec.labels.items()):
        yield ("metadata", "labels", key), value, FieldClass.METADATA


def _leaves(path: Path, value: Any) -> Iterator[tuple[Path, Any]]:
    if not isinstance(value, Mapping):
        yield path, value
        return
    for key, item in value.items():
        yield from _leaves((*path, key), item)


def _told(model: TunedModel, path: Path, value: Any) -> Any:
    """Examples that stand in the spec itself by their number and digest; everything else as it is."""
    is_data = any(path[: len(data)] == data for data in TRAINING_PATHS[model.backend])
    if not is_data or not isinstance(value, list | tuple):
        return value
    return f"{counted(len(value), 'example')} (sha256:{short(digest(list(value)), _SHOWN_DIGEST)})"
