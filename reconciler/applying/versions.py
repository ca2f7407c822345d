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
    """These versions, by rising number; without numbers the one that serves and the newest that has a run.

    Where that is one version, the one before it comes along, so that there is something to compare with.
    """
    if numbers:
        return tuple(version_of(record, number) for number in sorted(set(numbers)))
    with_run = [v for v in record.versions if v.run]
    kept = {v.number: v for v in (record.serving, *with_run[-1:]) if v is not None}
    if len(kept) == 1:
        kept.update((v.number, v) for v in [v for v in with_run if v.number not in kept][-1:])
    return tuple(version for _, version in sorted(kept.items()))
