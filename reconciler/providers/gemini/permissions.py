"""Who may use and change a tuned model: declared readers and writers against the resource's permissions.

A permission's id is the server's, so they are known by grantee. The owner is never touched, and a role that the spec
says nothing about is left alone. Source: google.ai.generativelanguage.v1beta Permission, PermissionService.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from reconciler.cloud.client import Client
from reconciler.planning.normalise import grantee
from reconciler.providers.decoding import read
from reconciler.providers.gemini import paths, wire

ROLES = {"readers": "READER", "writers": "WRITER"}
EVERYONE = "everyone"
PAGE_SIZE = 1000


def permissions_of(client: Client, name: str) -> dict[str, list[str]]:
    """`readers` and `writers` of a tuned model as specs write them, sorted. Raises CloudError."""
    found: dict[str, list[str]] = {field: [] for field in ROLES}
    for permission in _listed(client, name):
        for field, role in ROLES.items():
            if permission.role == role:
                found[field].append(_grantee(permission))
    return {field: sorted(grantees) for field, grantees in found.items()}


def reconcile(client: Client, name: str, declared: Mapping[str, Sequence[str]]) -> None:
    """Make the permissions of a tuned model what `readers` and `writers` in `declared` say. Raises CloudError."""
    wanted = {grantee(who): ROLES[field] for field in ROLES for who in declared.get(field, ())}
    governed = {ROLES[field] for field in declared}
    live = {_grantee(p): p for p in _listed(client, name) if p.role != "OWNER"}
    for who, permission in live.items():
        role = wanted.get(who)
        if role is None and permission.role in governed:
            client.delete(paths.permission(permission.name))
        elif role is not None and role != permission.role:
            client.patch(paths.permission(permission.name), {"role": role}, {"updateMask": "role"})
    for who in sorted(wanted.keys() - live.keys()):
        client.post(paths.permissions(name), {**_address(who), "role": wanted[who]})


def _listed(client: Client, name: str) -> list[wire.Permission]:
    pages = client.pages(paths.permissions(name), "permissions", {"pageSize": PAGE_SIZE})
    return [read(wire.Permission, item, where=f"{name}/permissions") for item in pages]


def _grantee(permission: wire.Permission) -> str:
    if permission.grantee_type == "EVERYONE":
        return EVERYONE
    prefix = "group:" if permission.grantee_type == "GROUP" else ""
    return grantee(f"{prefix}{permission.email_address}")


def _address(who: str) -> dict[str, Any]:
    if who == EVERYONE:
        return {"granteeType": "EVERYONE"}
    if who.startswith("group:"):
        return {"granteeType": "GROUP", "emailAddress": who.removeprefix("group:")}
    return {"granteeType": "USER", "emailAddress": who}
