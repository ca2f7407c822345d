"""Which versions of a record somebody asks for."""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.core.state import Record, Version
from reconciler.errors import StateError


def version_of(record: Record, number: int | None) -> Version:
    """The version of that number, the newest without one. Raises StateError when there is none."""
    version = record.newest if number is None else record.version(number)
    if version is None:
        known = ", ".join(f"v{v.number}" for v in record.versions) or "none"
        raise StateError(
            f"there is no v{number}" if number else "there is no version yet",
            where=str(record.address),
            next_step=f"Versions: {known}.",
        )
    return version


def chosen(record: Record, numbers: Sequence[int]) -> tuple[Version, ...]:
    """These versions, without numbers the newest that has a run and the one that serves; by rising number."""
    if numbers:
        return tuple(version_of(record, number) for number in sorted(set(numbers)))
    with_run = [v for v in record.versions if v.run]
    kept = {v.number: v for v in (record.serving, with_run[-1] if with_run else None) if v is not None}
    return tuple(version for _, version in sorted(kept.items()))
