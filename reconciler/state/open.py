"""From the project file's `state:` to a backend."""

from __future__ import annotations

from pathlib import Path

from reconciler.errors import StateError
from reconciler.state.backend import Backend
from reconciler.state.local import LocalBackend


def open_backend(location: str, root: Path) -> Backend:
    """The backend at `location`, a folder relative to `root`. Touches nothing. Raises StateError."""
    scheme, separator, _ = location.partition("://")
    if separator:
        raise StateError(
            f"{scheme}:// is not supported by this version; use a folder",
            where=location,
            next_step="Set `spec.state` in the project file to a folder, such as state/.",
        )
    if not location.strip() or "\0" in location:
        raise StateError(
            "is not a folder",
            where=repr(location),
            next_step="Set `spec.state` in the project file to a folder, such as state/.",
        )
    return LocalBackend(Path(location), root)
