"""A small object that is replaced as a whole: readers see the old content or the new one, and never half of either.

It is written only where it would change, and only over the generation that was looked at (ifGenerationMatch), so a
write can be repeated after a lost answer and never undoes one that nobody here has seen.

Source: https://cloud.google.com/storage/docs/request-preconditions, and objects.insert with uploadType=multipart at
https://cloud.google.com/storage/docs/json_api/v1/objects/insert
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Mapping
from typing import Any

import orjson

from reconciler.cloud.client import Client
from reconciler.errors import Aborted, BadAnswer, NotFound, PermissionDenied
from reconciler.providers.storage_objects import ObjectName
from reconciler.providers.storage_sending import CONDITION_NOT_MET, until_answered

CONTENT_TYPE = "application/json"
# Cloud Storage lets public objects be cached for an hour unless they say otherwise.
CACHE_CONTROL = "no-cache"
FIELDS = "generation,md5Hash"
# Losing to somebody else this often means that somebody else keeps writing the same object.
ATTEMPTS = 3


def replace_object(client: Client, target: ObjectName, content: bytes, *, create: bool) -> bool:
    """Make `content` what the object holds; whether anything was written.

    Without `create` an object that is not there stays so. Raises CloudError; what can be done about a missing bucket
    or permission is its next step.
    """
    digest = base64.b64encode(hashlib.md5(content, usedforsecurity=False).digest()).decode()
    try:
        for attempt in range(ATTEMPTS):
            generation, there = _look(client, target)
            if there == digest:
                return attempt > 0
            if generation == "0" and not create:
                return False
            if _send(client, target, content, digest, generation):
                return True
    except NotFound as error:
        error.next_step = f"Create the bucket: gcloud storage buckets create gs://{target.bucket}"
        raise
    except PermissionDenied as error:
        error.next_step = (
            f"Grant roles/storage.objectUser on gs://{target.bucket}: replacing an object needs storage.objects.get, "
            "list, create and delete."
        )
        raise
    raise Aborted(
        "somebody else keeps replacing the object",
        status=CONDITION_NOT_MET,
        code="ABORTED",
        where=target.uri,
        next_step="See what else writes to it; every project needs an object of its own.",
    )


def _look(client: Client, target: ObjectName) -> tuple[str, str]:
    """The object's generation, "0" where it is not there, and its MD5 in base64."""
    try:
        item = client.get(target.url, {"fields": FIELDS})
    except NotFound:
        return "0", ""
    generation = item.get("generation")
    if not isinstance(generation, str) or not generation.isdecimal():
        raise BadAnswer("the answer does not describe the object", status=200, where=target.uri)
    return generation, str(item.get("md5Hash", ""))


def _send(client: Client, target: ObjectName, content: bytes, digest: str, generation: str) -> bool:
    """Write over that generation; False when it is another one by now. Google checks the content by its digest."""
    boundary = secrets.token_hex(16)
    described = {"name": target.name, "md5Hash": digest, "contentType": CONTENT_TYPE, "cacheControl": CACHE_CONTROL}
    body = _multipart(boundary, described, content)
    headers = {"content-type": f"multipart/related; boundary={boundary}"}
    params: dict[str, str | int] = {"uploadType": "multipart", "ifGenerationMatch": generation}
    reply = until_answered(client, lambda: client.upload("POST", target.upload_url, body, headers, params), target.uri)
    return reply.status != CONDITION_NOT_MET


def _multipart(boundary: str, described: Mapping[str, Any], content: bytes) -> bytes:
    line = f"--{boundary}".encode()
    parts = (
        line,
        b"content-type: application/json; charset=UTF-8",
        b"",
        orjson.dumps(described),
        line,
        f"content-type: {CONTENT_TYPE}".encode(),
        b"",
        content,
        line + b"--",
        b"",
    )
    return b"\r\n".join(parts)
