"""Resource names: `projects/{number}/locations/{location}/{collection}/{id}`.

Requests may name a project by its id or its number; answers always have the number.
"""

import hashlib
import re
from dataclasses import dataclass

from reconciler.emulator.google_errors import ApiError, invalid_argument

PROJECT = re.compile(r"[A-Za-z0-9][A-Za-z0-9.:_-]{0,127}")
LOCATION = re.compile(r"[a-z]{2,}(-[a-z]+)*[0-9]{0,2}")
NAME = re.compile(r"projects/([^/]+)/locations/([^/]+)/([A-Za-z]+)/([^/@]+)(?:@([^/]+))?")


@dataclass(frozen=True, slots=True)
class Parent:
    """A project (by number) in a location."""

    project: str
    location: str

    def name(self, collection: str, resource_id: str) -> str:
        """The full name of a resource here."""
        return f"projects/{self.project}/locations/{self.location}/{collection}/{resource_id}"

    def at(self, location: str) -> "Parent":
        """The same project in another location."""
        return Parent(self.project, location)


@dataclass(frozen=True, slots=True)
class ResourceName:
    """A parsed name. `version` is what stands behind an `@`, else empty."""

    parent: Parent
    collection: str
    id: str
    version: str


def parent(project: str, location: str) -> Parent:
    """The parent that a URL names. Raises ApiError (400) for text that can be neither."""
    if not PROJECT.fullmatch(project) or not LOCATION.fullmatch(location):
        raise invalid_argument(f"Invalid resource name: projects/{project}/locations/{location}.")
    return Parent(project_number(project), location)


def project_number(project: str) -> str:
    """The number of a project: always the same twelve digits for one id; a number is its own."""
    if project.isdecimal():
        return project
    digest = hashlib.blake2b(project.encode(), digest_size=8).digest()
    return str(10**11 + int.from_bytes(digest, "big") % (9 * 10**11))


def parse_name(text: str, collection: str, field: str) -> ResourceName:
    """Read a resource name that stands in the request field `field`.

    Raises ApiError (400) if it names nothing of that kind.
    """
    match = NAME.fullmatch(text)
    if match is None or match[3] != collection:
        raise ApiError("INVALID_ARGUMENT", f'Invalid resource name "{text}" in field {field}.')
    return ResourceName(parent(match[1], match[2]), match[3], match[4], match[5] or "")


def with_project_number(text: str) -> str:
    """`text` with the project id of a leading `projects/{id}/` replaced by its number."""
    head, slash, rest = text.removeprefix("projects/").partition("/")
    if not text.startswith("projects/") or not slash:
        return text
    return f"projects/{project_number(head)}/{rest}"
