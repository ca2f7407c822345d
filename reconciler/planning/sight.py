"""What a refresh could not see. What lies there is never called missing, and nothing is decided about it.

`Unreadable.what` is one of: a service (`vertex`), a location (`projects/P/locations/L`), a collection
(`projects/P/locations/L/tuningJobs`, `tunedModels`), a resource name, or a bucket or object (`gs://…`). Anything else
hides everything.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import get_args

from reconciler.core.desired import Backend
from reconciler.core.observed import Unreadable
from reconciler.core.resource_names import key_of, parse_resource_name

RUN_COLLECTIONS: dict[str, str] = {"vertex": "tuningJobs", "gemini": "tunedModels", "palm": "pipelineJobs"}

_PLACE = re.compile(r"projects/[^/\s]+/locations/([a-z0-9-]+)(?:/([A-Za-z]+))?/?")
_SERVICES = frozenset({*get_args(Backend), "storage"})


@dataclass(frozen=True, slots=True)
class Sight:
    """Where a refresh was blind. `places` are (location, collection), the collection empty for a whole location."""

    blind: bool = False
    services: frozenset[str] = frozenset()
    places: frozenset[tuple[str, str]] = frozenset()
    names: frozenset[str] = frozenset()
    objects: tuple[str, ...] = ()

    @property
    def clear(self) -> bool:
        """Whether everything was seen."""
        return not (self.blind or self.services or self.places or self.names or self.objects)

    def hides_runs(self, backend: str, location: str) -> bool:
        """Whether a run there could exist unseen."""
        return self.blind or backend in self.services or self._hides_place(location, RUN_COLLECTIONS.get(backend, ""))

    def hides(self, backend: str, name: str) -> bool:
        """Whether a resource of that name could exist unseen."""
        if self.clear:
            return False
        if self.blind or backend in self.services or key_of(name) in self.names:
            return True
        parsed = parse_resource_name(name)
        return self._hides_place(parsed.location, parsed.collection) if parsed else ("", "tunedModels") in self.places

    def hides_object(self, uri: str) -> bool:
        """Whether an object could exist unseen."""
        return self.blind or "storage" in self.services or uri.startswith(self.objects)

    def _hides_place(self, location: str, collection: str) -> bool:
        return (location, collection) in self.places or (location, "") in self.places or ("", collection) in self.places


def sight_of(unreadable: Iterable[Unreadable]) -> Sight:
    """What these failures hide."""
    services, places, names, objects = set(), set(), set(), []
    blind = False
    for what in sorted({u.what for u in unreadable}):
        place = _PLACE.fullmatch(what)
        if what in _SERVICES:
            services.add(what)
        elif what == RUN_COLLECTIONS["gemini"]:
            places.add(("", what))
        elif place:
            places.add((place[1], place[2] or ""))
        elif parse_resource_name(what) or what.startswith("tunedModels/"):
            names.add(key_of(what))
        elif what.startswith("gs://"):
            objects.append(what)
        else:
            blind = True
    return Sight(blind, frozenset(services), frozenset(places), frozenset(names), tuple(objects))
