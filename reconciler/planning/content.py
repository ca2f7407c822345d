"""Which content a run was given, and which one a spec asks for now.

A local dataset is known by its sha256; a `gs://` object by its URI and, where Cloud Storage told them, by crc32c and
size. Two contents are the same when any of these agrees.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from reconciler.core.address import Address, is_address
from reconciler.core.desired import Backend, Desired, TunedModel
from reconciler.core.observed import Observed, StoredObject
from reconciler.core.state import DatasetPin, Version
from reconciler.planning.blocks import TRAINING_PATHS, training_source, value_at

# How an adopted version remembers that nobody knows what content it was tuned from.
ADOPTED_WITH, UNKNOWN_DIGEST = "adopted", "unknown digest"


@dataclass(frozen=True, slots=True)
class Content:
    """What identifies a dataset's content: digests and URIs, and (crc32c, size)."""

    names: frozenset[str]
    checks: frozenset[tuple[str, int]] = frozenset()

    def is_same(self, other: Content) -> bool:
        """Whether both are known to be the same content."""
        return not (self.names.isdisjoint(other.names) and self.checks.isdisjoint(other.checks))


def training_uri(model: TunedModel, desired: Desired) -> str:
    """The `gs://` URI that a run of this spec would be given; empty when there is none."""
    source = training_source(model)
    if not isinstance(source, str):
        return ""
    if is_address(source):
        address = Address.parse(source)
        dataset, content = desired.datasets.get(address), desired.contents.get(address)
        return dataset.uri(content.sha256) if dataset and content else ""
    return source if source.startswith("gs://") else ""


def declared_content(model: TunedModel, desired: Desired, observed: Observed) -> Content:
    """The content that a spec asks to be trained from."""
    source = training_source(model)
    names = {source} if isinstance(source, str) and not is_address(source) else set()
    if is_address(source) and (content := desired.contents.get(Address.parse(source))):
        names.add(content.digest)
    uri = training_uri(model, desired)
    if uri:
        names.add(uri)
    return Content(frozenset(names), _checks(observed.objects.get(uri)))


def recorded_content(version: Version, backend: Backend) -> Content:
    """The content that a version was trained from."""
    pin = training_pin(version, backend)
    names = {value for value in _recorded_values(version, backend) if isinstance(value, str)}
    return Content(frozenset(names | ({pin.uri} if pin else set())), _checks(pin))


def training_pin(version: Version, backend: Backend) -> DatasetPin | None:
    """The pin of the object that a version was trained from, or None when it is not known."""
    if not version.datasets:
        return None
    values = [value for value in _recorded_values(version, backend) if isinstance(value, str)]
    for pin in version.datasets:
        if any(pin.uri == value or _holds(pin.uri, value) for value in values):
            return pin
    return None


def is_untold(version: Version, backend: Backend) -> bool:
    """Whether a version was adopted from a service that does not tell training data, and no spec has named it since."""
    told = any(value is not None for value in _recorded_values(version, backend))
    return version.evidence.get(ADOPTED_WITH) == UNKNOWN_DIGEST and backend == "gemini" and not told


def overwritten(model: TunedModel, version: Version, desired: Desired, observed: Observed) -> StoredObject | None:
    """The object that a version was trained from, when it holds other content by now."""
    pin = training_pin(version, model.backend)
    if pin is None or pin.uri != training_uri(model, desired):
        return None
    stored = observed.objects.get(pin.uri)
    return stored if stored is not None and pin.is_overwritten_by(stored.crc32c) else None


def _recorded_values(version: Version, backend: Backend) -> list[Any]:
    paths = TRAINING_PATHS[backend]
    return [value_at(body, path) for body in (version.body, version.resolved) for path in paths]


def _holds(uri: str, digest: str) -> bool:
    """Whether a content-addressed URI (see `Dataset.uri`) is the one of a `sha256:…` digest."""
    return digest.startswith("sha256:") and uri.endswith(f"/{digest.removeprefix('sha256:')[:16]}.jsonl")


def _checks(stored: StoredObject | DatasetPin | None) -> frozenset[tuple[str, int]]:
    if stored is None or not stored.crc32c or stored.size is None:
        return frozenset()
    return frozenset({(stored.crc32c, stored.size)})
