"""The URLs of aiplatform v1. A resource's host follows the location in its own name, not its job's."""

from __future__ import annotations

import re
from urllib.parse import quote

from reconciler.cloud import hosts
from reconciler.core.resource_names import ResourceName, parse_resource_name
from reconciler.errors import CloudError, UsageError

_OPERATION = re.compile(
    r"projects/[A-Za-z0-9.:_-]{1,128}/locations/([a-z0-9-]{1,63})/(?:[A-Za-z]{1,63}/[A-Za-z0-9_-]{1,128}/)?"
    r"operations/[A-Za-z0-9_-]{1,128}"
)


def collection(project: str, location: str, name: str) -> str:
    """`projects/P/locations/L/<name>`. Raises UsageError where no project is known."""
    if not project:
        raise UsageError(
            "no Google project is set",
            next_step="Set spec.google.project in tuneform.yaml, or GOOGLE_CLOUD_PROJECT.",
        )
    return f"projects/{project}/locations/{location}/{name}"


def in_location(location: str, path: str, version: str = "v1") -> str:
    """The URL of a path in that location, in a version of the API."""
    return f"{hosts.aiplatform(location)}/{version}/{quote(path, safe='/@:')}"


def resource(name: str, method: str = "") -> str:
    """The URL of a resource, or of one of its custom methods. Raises CloudError for what is no resource name."""
    return in_location(_located(name).location, f"{name}:{method}" if method else name)


def progress(name: str) -> str:
    """The URL of a tuning job in v1beta1, the only version whose answer says how many steps are done."""
    return in_location(_located(name).location, name, "v1beta1")


def _located(name: str) -> ResourceName:
    parsed = parse_resource_name(name)
    if parsed is None:
        raise CloudError(f"{name[:200]!r} is not the name of a Vertex AI resource")
    return parsed


def operation(name: str) -> str:
    """The URL of a long-running operation. Raises CloudError for what is no operation's name."""
    match = _OPERATION.fullmatch(name)
    if match is None:
        raise CloudError(f"{name[:200]!r} is not the name of an operation")
    return in_location(match[1], name)
