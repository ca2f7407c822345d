"""Ids that we choose ourselves for a paid create, where the service lets us: tunedModelId and pipelineJobId.

`<name>-<project and address, 12 hex>-<fingerprint, 10 hex>-v<version>a<attempt>`, at most 40 characters: the same
purchase always has the same id, so a second request for it cannot become a second run. What the id says can be read
back, which is all there is on a resource without labels.

Source for the syntax: TunedModel.name in google.ai.generativelanguage.v1beta (at most 40 characters,
`[a-z]([a-z0-9-]{0,38}[a-z0-9])?`), the stricter one of the two services.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass

from reconciler.core.address import Address
from reconciler.core.canonical import short
from reconciler.core.desired import Backend
from reconciler.core.labels import ADDRESS, ATTEMPT, PROJECT, SPEC, address_label
from reconciler.core.resource_names import ResourceName, parse_resource_name

# The services whose runs have names of our own choice.
CLIENT_NAMED: frozenset[Backend] = frozenset({"gemini", "palm"})
LONGEST = 40
_SEPARATOR = "_"
_ID = re.compile(r"(?:[a-z][a-z0-9-]*-)([0-9a-f]{5})([0-9a-f]{7})-([0-9a-f]{10})-v([1-9][0-9]*)a([1-9][0-9]*)")


@dataclass(frozen=True, slots=True)
class ClientId:
    """What an id says: digests of the project and the address it was made for, and of the spec."""

    project: str
    address: str
    spec: str
    version: int
    attempt: int


def client_id(project: str, address: Address, fingerprint: str, version: int, attempt: int) -> str:
    """The id of one purchase: `project` is our own label, `attempt` counts the runs that this version has had."""
    owner = f"{_project_digest(project)}{_address_digest(project, address)}"
    tail = f"{owner}-{short(fingerprint, 10)}-v{version}a{attempt}"
    head = address.name[: LONGEST - len(tail) - 1].rstrip("-")
    return f"{head or 't'}-{tail}"


def endpoint_id(project: str, address: Address, counter: int) -> str:
    """The id of the counter-th endpoint of an address: `<name>-<project and address, 12 hex>-<counter>`.

    Source for the syntax: projects.locations.endpoints.create in aiplatform v1 (at most 63 characters, beginning with
    a letter).
    """
    owner = f"{_project_digest(project)}{_address_digest(project, address)}"
    return f"{address.name[:40].rstrip('-')}-{owner}-{counter}"


def next_endpoint_name(name: str, counter: int) -> str:
    """What is made for an address when its counter-th endpoint, `name`, is lost; empty for an id of another form."""
    match = re.fullmatch(rf"(.*-[0-9a-f]{{12}}-){counter}", name)
    return f"{match[1]}{counter + 1}" if match else ""


def redeployment_name(address: Address, model: str, endpoint: str) -> str:
    """The endpoint on which `model` is deployed again when `endpoint`, empty where there never was one, is lost.

    Always the same of one loss, so that what a pass made before it died is found. Empty where `model` is not the name
    of a model.
    """
    parsed = parse_resource_name(model)
    if parsed is None:
        return ""
    seed = f"{address}|{model}|{endpoint}"
    ident = f"tf-{hashlib.sha256(seed.encode()).hexdigest()[:28]}"
    return str(ResourceName(parsed.project, parsed.location, "endpoints", ident))


def parse_client_id(text: str) -> ClientId | None:
    """What an id says, or None when it is not one of ours."""
    match = _ID.fullmatch(text)
    return ClientId(match[1], match[2], match[3], int(match[4]), int(match[5])) if match else None


def with_client_id(chosen: str, attempt: str) -> str:
    """The attempt id of a purchase under an id of our choice: both in one label value of at most 63 characters."""
    return f"{chosen}{_SEPARATOR}{attempt[: 62 - len(chosen)]}"


def client_id_of(attempt: str) -> str:
    """The id in an attempt id; the attempt itself where it has none."""
    return attempt.partition(_SEPARATOR)[0]


def is_attempt(label: str, attempt: str) -> bool:
    """Whether a run's attempt label says that it is what `attempt` asked for."""
    return bool(label) and client_id_of(label) == client_id_of(attempt)


def labels_from(text: str, project: str, addresses: Iterable[Address]) -> dict[str, str]:
    """Our four labels as an id tells them, for resources that have no labels.

    `addresses` are those that could be meant; an id of this project for none of them carries no address. An id that
    is not this project's carries nothing.
    """
    parsed = parse_client_id(text)
    if parsed is None or parsed.project != _project_digest(project):
        return {}
    found = {PROJECT: project, SPEC: parsed.spec, ATTEMPT: text}
    owner = next((a for a in addresses if _address_digest(project, a) == parsed.address), None)
    return {**found, ADDRESS: address_label(owner)} if owner else found


def _project_digest(project: str) -> str:
    return hashlib.sha256(project.encode()).hexdigest()[:5]


def _address_digest(project: str, address: Address) -> str:
    return hashlib.sha256(f"{project}|{address}".encode()).hexdigest()[:7]
