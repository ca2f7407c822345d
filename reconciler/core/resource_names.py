"""Google resource names: `projects/P/locations/L/collection/id[@version]`.

A resource's host and operations follow its own location, which for a tuned model need not be its job's
(Gemini 3.x tunes in us-central1 and lands in the `us` multi-region).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_NAME = re.compile(
    r"projects/([^/\s]{1,128})/locations/([a-z0-9-]{1,63})/([A-Za-z]{1,63})/([A-Za-z0-9._~-]{1,128})(?:@([\w.-]{1,64}))?"
)


@dataclass(frozen=True, slots=True)
class ResourceName:
    """The parts of a resource name; `version` is the part behind `@`, or empty."""

    project: str
    location: str
    collection: str
    id: str
    version: str = ""

    def __str__(self) -> str:
        base = f"projects/{self.project}/locations/{self.location}/{self.collection}/{self.id}"
        return f"{base}@{self.version}" if self.version else base


def parse_resource_name(text: str) -> ResourceName | None:
    """The parts of `text`, or None when it is not exactly one resource name."""
    match = _NAME.fullmatch(text)
    return ResourceName(match[1], match[2], match[3], match[4], match[5] or "") if match else None


def model_key(name: str) -> str:
    """What identifies one version of a model: its key and the version, the first one where the name says none."""
    return f"{key_of(name)}@{name.partition('@')[2] or '1'}"


def is_tuned_model(name: str) -> bool:
    """Whether a name is that of a Gemini API tuned model, `tunedModels/id`: run, model and endpoint in one."""
    return name.startswith("tunedModels/")


def location_of(name: str) -> str:
    """The location in a resource name; empty where there is none (Gemini API names have none)."""
    parsed = parse_resource_name(name)
    return parsed.location if parsed else ""


def key_of(name: str) -> str:
    """What identifies a resource when servers echo the project as a number: `location/collection/id`, without version.

    Google answers with the project's number where the request named its id, so names are compared without it.
    """
    parsed = parse_resource_name(name)
    return f"{parsed.location}/{parsed.collection}/{parsed.id}" if parsed else name
