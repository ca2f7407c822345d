"""Names of specs from display names: readable, unique, and the same on every run."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from itertools import count

from reconciler.core.address import Address
from reconciler.spec.files import is_project_file

LONGEST = 63
_ENDPOINT = "endpoint"


def name_from(display_name: str, fallback: str) -> str:
    """A display name as the name of a spec: lowercase letters, digits and hyphens; `fallback` where none is left."""
    plain = unicodedata.normalize("NFKD", display_name[:1000]).encode("ascii", "ignore").decode().lower()
    name = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    if name and not name[0].isalpha():
        name = f"model-{name}"
    return name[:LONGEST].rstrip("-") or fallback


def name_of_resource(resource: str, prefix: str) -> str:
    """A name for what has no display name: its own id if that is a word, else the end of it behind `prefix`."""
    ident = resource.rpartition("/")[2]
    return f"{prefix}-{ident[-12:]}" if ident.isdecimal() else name_from(ident, prefix)


def file_of(address: Address) -> str:
    """The file of a spec: `<name>.yaml`, for endpoints `<name>-endpoint.yaml`; never one that is a project file's name.

    Endpoints are often called as the model that they serve.
    """
    named = address.name
    if address.kind != "TunedModel" and not named.endswith(_ENDPOINT):
        named = f"{named}-{_ENDPOINT}"
    file = f"{named}.yaml"
    return f"{named}-model.yaml" if is_project_file(file) else file


def unique_name(name: str, resource: str, is_taken: Callable[[str], bool]) -> str:
    """The name; if it is taken, with the end of the resource's own id behind it, or that id itself if it is a word.

    The id never changes, and so neither does the name.
    """
    if not is_taken(name):
        return name
    ident = resource.rpartition("/")[2]
    return next(wanted for wanted in _choices(name, ident) if not is_taken(wanted))


def _choices(name: str, ident: str) -> Iterator[str]:
    digits = ident if ident.isdecimal() else ""
    for length in range(min(6, len(digits)), len(digits) + 1):
        if digits:
            yield _with_suffix(name, digits[-length:])
    if not digits:
        yield name_from(ident, name)
    for number in count(2):
        yield _with_suffix(name, str(number))


def _with_suffix(name: str, suffix: str) -> str:
    return f"{name[: LONGEST - len(suffix) - 1].rstrip('-')}-{suffix}"
