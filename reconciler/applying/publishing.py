"""The manifest: which endpoint serves what, in a file that applications read (`publish` in the project file)."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import orjson

from reconciler.cloud.hosts import aiplatform, generativelanguage
from reconciler.core.desired import Project
from reconciler.core.resource_names import location_of
from reconciler.core.state import Record, State
from reconciler.errors import StateError
from reconciler.state.files import opened_folder, os_errors_as_state_errors, read_file, replace_file

FORMAT_VERSION = "1"


def serving_by_address(state: State) -> dict[str, dict[str, Any]]:
    """What an application should call, by address: only addresses under which something serves."""
    return {str(a): _serving(r) for a, r in sorted(state.resources.items()) if r.serving is not None}


def publish(project: Project, state: State) -> bool:
    """Write the manifest if the project asks for one and it would change; whether it was written.

    The file is replaced as a whole: a reader sees the old manifest or the new one. Raises StateError.
    """
    if not project.publish:
        return False
    serving = serving_by_address(state)
    document = {"format_version": FORMAT_VERSION, "project": project.name, "serving": serving}
    data = orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS) + b"\n"
    place = Path(project.publish)
    if not serving and not place.exists():
        return False
    parts = Path(os.path.relpath(place.parent, project.root)).parts
    with (
        os_errors_as_state_errors(f"publish: {place}"),
        opened_folder(Path(project.root), parts, create=True) as folder,
    ):
        if read_file(folder, place.name) == data:
            return False
        replace_file(folder, place.name, data)
    return True


def check_publishable(project: Project) -> None:
    """Raise StateError now for a place that could not be written later, when runs may have been paid for."""
    if "://" in project.publish:
        raise StateError(
            "the manifest can only be published to a file in this version",
            where=f"publish: {project.publish}",
            next_step="Set `spec.publish` to a path such as out/serving.json.",
        )


def _serving(record: Record) -> dict[str, Any]:
    version = record.serving
    if version is None:
        return {}
    location = location_of(version.endpoint) or record.location
    host = generativelanguage() if record.backend == "gemini" else aiplatform(location)
    return {
        "version": version.number,
        "endpoint": version.model if record.backend == "gemini" else version.endpoint,
        "host": host.removeprefix("https://"),
        "location": location,
        "model": version.model,
        "fingerprint": version.fingerprint,
        "since": record.since or version.finished_at or version.created_at,
    }
