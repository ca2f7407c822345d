"""The manifest: which endpoint serves what, in a file or an object that applications read (`spec.publish`)."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import orjson

from reconciler.cloud.hosts import aiplatform, generativelanguage
from reconciler.core.address import Address
from reconciler.core.desired import Project
from reconciler.core.resource_names import location_of
from reconciler.core.state import Record, Route, State, Version
from reconciler.providers.protocol import ObjectStore
from reconciler.state.files import opened_folder, os_errors_as_state_errors, read_file, replace_file

FORMAT_VERSION = "1"
# Others read it: unlike the state, it is as open as the umask lets it be.
FILE_MODE, FOLDER_MODE = 0o666, 0o777


def serving_by_address(state: State) -> dict[str, dict[str, Any]]:
    """What an application should call, by address: only addresses under which something serves."""
    found = {}
    for address, record in sorted(state.resources.items()):
        if record.route is not None and record.route.shares:
            found[str(address)] = _routed(state, record, record.route)
        elif record.serving is not None:
            found[str(address)] = _serving(record)
    return found


def served_under(record: Record, version: Version) -> str:
    """What an application calls to be answered by a version; a model of the Gemini API answers under its own name."""
    return version.model if record.backend == "gemini" else version.endpoint


def publish(project: Project, state: State, objects: ObjectStore) -> bool:
    """Write the manifest if the project asks for one and it would change; whether it was written.

    It is replaced as a whole: a reader sees the old manifest or the new one. As long as nothing has ever served there
    is none. Raises StateError for a file and CloudError for an object that cannot be written.
    """
    if not project.publish:
        return False
    serving = serving_by_address(state)
    document = {"format_version": FORMAT_VERSION, "project": project.name, "serving": serving}
    data = orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS) + b"\n"
    if project.publish.startswith("gs://"):
        return objects.replace(project.publish, data, create=bool(serving))
    return _replace_file(project, data, create=bool(serving))


def _replace_file(project: Project, data: bytes, *, create: bool) -> bool:
    place = Path(project.publish)
    if not create and not place.exists():
        return False
    parts = Path(os.path.relpath(place.parent, project.root)).parts
    with (
        os_errors_as_state_errors(f"publish: {place}"),
        opened_folder(Path(project.root), parts, create=True, mode=FOLDER_MODE) as folder,
    ):
        if read_file(folder, place.name) == data:
            return False
        replace_file(folder, place.name, data, mode=FILE_MODE)
    return True


def _routed(state: State, record: Record, route: Route) -> dict[str, Any]:
    """A declared endpoint: `version`, `model` and `fingerprint` are of the largest share, `traffic` has them all."""
    first = max(route.shares, key=lambda share: share.percent)
    owner = state.resources.get(Address.parse(first.spec))
    version = owner.version(first.version) if owner is not None else None
    location = location_of(route.name)
    return {
        "version": first.version,
        "endpoint": route.name,
        "host": aiplatform(location).removeprefix("https://"),
        "location": location,
        "model": first.model,
        "fingerprint": version.fingerprint if version is not None else "",
        "since": record.since,
        "traffic": [
            {"address": s.spec, "version": s.version, "model": s.model, "percent": s.percent} for s in route.shares
        ],
    }


def _serving(record: Record) -> dict[str, Any]:
    version = record.serving
    if version is None:
        return {}
    location = location_of(version.endpoint) or record.location
    host = generativelanguage() if record.backend == "gemini" else aiplatform(location)
    return {
        "version": version.number,
        "endpoint": served_under(record, version),
        "host": host.removeprefix("https://"),
        "location": location,
        "model": version.model,
        "fingerprint": version.fingerprint,
        "since": record.since or version.finished_at or version.created_at,
    }
