"""What could not be read, and which addresses nothing can be said about for that reason."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.core.address import Address
from reconciler.core.drift import DriftItem, DriftKind
from reconciler.core.state import Record, VersionStatus
from reconciler.planning.liveness import leftovers
from reconciler.planning.world import World

_HINT = "Mend the access and run the audit again; what lies there is neither in sync nor missing."


def audit_view(world: World) -> Iterator[DriftItem]:
    """One finding for each place that could not be read."""
    for unreadable in world.observed.unreadable:
        yield DriftItem(
            DriftKind.UNREADABLE,
            f"could not be read: {unreadable.reason}",
            "error",
            resource=unreadable.what,
            hint=_HINT,
        )


def unseen(world: World) -> tuple[Address, ...]:
    """The recorded and declared addresses of which a part could not be looked at."""
    if world.sight.clear:
        return ()
    hidden = {a for a, record in world.state.resources.items() if _is_hidden(world, record)}
    hidden.update(a for a, m in world.desired.models.items() if world.sight.hides_runs(m.backend, m.location))
    places = {
        a: f"projects/{e.project}/locations/{e.location}/endpoints/any" for a, e in world.desired.endpoints.items()
    }
    hidden.update(a for a, place in places.items() if world.sight.hides("vertex", place))
    for address, dataset in world.desired.datasets.items():
        content = world.desired.contents.get(address)
        if content is not None and world.sight.hides_object(dataset.uri(content.sha256)):
            hidden.add(address)
    return tuple(sorted(hidden))


def _is_hidden(world: World, record: Record) -> bool:
    if record.route is not None and world.sight.hides("vertex", record.route.name):
        return True
    left = [v for v in record.versions if v.status is not VersionStatus.DELETED]
    names = [name for v in left for name in leftovers(v)] + [v.run for v in left if v.is_live and v.run]
    if any(world.sight.hides(record.backend, name) for name in names):
        return True
    pinned = [pin.uri for v in left if v.number == record.current or v.is_live for pin in v.datasets]
    return any(world.sight.hides_object(uri) for uri in (*record.objects, *pinned))
