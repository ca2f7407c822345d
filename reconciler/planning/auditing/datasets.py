"""Objects in Cloud Storage that versions were tuned from or that were uploaded: still there, and the same content."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from reconciler.core.address import Address
from reconciler.core.diagnostics import Source
from reconciler.core.drift import DriftItem, DriftKind
from reconciler.core.observed import StoredObject
from reconciler.core.plan import FieldChange, FieldClass
from reconciler.core.state import DatasetPin, Version, VersionStatus
from reconciler.planning.liveness import FINISHED
from reconciler.planning.world import World


@dataclass(slots=True)
class _Known:
    """What is remembered of one object: whose it is, what it held, and who was tuned from it."""

    owner: Address
    pins: list[DatasetPin] = field(default_factory=list)
    users: list[str] = field(default_factory=list)


def audit_datasets(world: World) -> Iterator[DriftItem]:
    """One finding for each object that was looked for and is gone or holds other content."""
    for uri, known in sorted(_known(world).items()):
        if uri not in world.observed.objects or world.sight.hides_object(uri):
            continue
        users = f"; tuned from it: {', '.join(known.users)}" if known.users else ""
        stored = world.observed.objects[uri]
        change = _change(world, uri, known, stored)
        if change is not None:
            what = f"{uri} was {'deleted' if stored is None else 'overwritten'}"
            yield DriftItem(
                DriftKind.DATASET_CHANGED,
                f"{what}{users}",
                "warning",
                str(known.owner),
                uri,
                (change,),
                source=_place(world, known.owner),
            )


def _known(world: World) -> dict[str, _Known]:
    """Every object that a record names; uploaded ones belong to their Dataset, others to the model tuned from them."""
    found = {
        uri: _Known(address)
        for address, record in sorted(world.state.resources.items())
        if address.kind == "Dataset"
        for uri in record.objects
    }
    for address, record in sorted(world.state.resources.items()):
        for version in record.versions:
            if _matters(version, record.current):
                for pin in version.datasets:
                    known = found.setdefault(pin.uri, _Known(address))
                    known.pins.append(pin)
                    known.users.append(f"{address} v{version.number}")
    return found


def _matters(version: Version, current: int | None) -> bool:
    """What serves, what is on its way to it, and what is being tuned now."""
    if version.number == current or version.is_live:
        return True
    return version.status in FINISHED and version.status is not VersionStatus.SUPERSEDED


def _change(world: World, uri: str, known: _Known, stored: StoredObject | None) -> FieldChange | None:
    if stored is None:
        before = next((pin.crc32c for pin in known.pins if pin.crc32c), "") or "uploaded"
        return FieldChange("crc32c", before, None, FieldClass.TRAINING)
    for pin in known.pins:
        if pin.is_overwritten_by(stored.crc32c):
            return FieldChange("crc32c", pin.crc32c, stored.crc32c, FieldClass.TRAINING)
    size = _declared_size(world, uri, known.owner)
    if size is not None and size != stored.size and not any(pin.crc32c for pin in known.pins):
        return FieldChange("size", size, stored.size, FieldClass.TRAINING)
    return None


def _declared_size(world: World, uri: str, owner: Address) -> int | None:
    """How large the file is that lies at `uri` by its name, where it is the one that is declared now."""
    dataset, content = world.desired.datasets.get(owner), world.desired.contents.get(owner)
    return content.size if dataset and content and dataset.uri(content.sha256) == uri else None


def _place(world: World, owner: Address) -> Source | None:
    spec = world.desired.datasets.get(owner) or world.desired.models.get(owner)
    if spec is None:
        return None
    return spec.sources.at("file" if owner.kind == "Dataset" else "metadata.name")
