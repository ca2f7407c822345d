"""Which content of the objects in Cloud Storage a run was given, as a version remembers it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.applying.references import dataset_uris
from reconciler.core.observed import Observed, StoredObject
from reconciler.core.state import DatasetPin


def pins(body: Mapping[str, Any], observed: Observed) -> tuple[DatasetPin, ...]:
    """Which content each `gs://` URI of a request holds now, as far as it was seen."""
    return tuple(pin_of(uri, observed.objects.get(uri)) for uri in dataset_uris(body))


def pin_of(uri: str, stored: StoredObject | None) -> DatasetPin:
    """The content of one object; without one the pin has no digest."""
    return DatasetPin(uri) if stored is None else DatasetPin(uri, stored.generation, stored.crc32c, stored.size)
