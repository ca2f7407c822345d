"""Names and descriptions of objects in Cloud Storage's JSON API.

Source: objects.list, objects.get and objects.insert at https://cloud.google.com/storage/docs/json_api/v1/objects.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from reconciler.cloud import hosts
from reconciler.core.observed import StoredObject
from reconciler.errors import BadAnswer, DatasetError

FIELDS = "name,generation,crc32c,size"
FIELDS_AND_HASH = f"{FIELDS},md5Hash"

_URI = re.compile(r"gs://([a-z0-9][a-z0-9._-]{1,220}[a-z0-9])/([^\r\n]{1,1024})")


@dataclass(frozen=True, slots=True, order=True)
class ObjectName:
    """A bucket and the name of an object in it."""

    bucket: str
    name: str

    @property
    def uri(self) -> str:
        """`gs://bucket/name`."""
        return f"gs://{self.bucket}/{self.name}"

    @property
    def url(self) -> str:
        """Where the object's description is."""
        return f"{list_url(self.bucket)}/{quote(self.name, safe='')}"

    @property
    def upload_url(self) -> str:
        """Where its content is sent to."""
        return f"{hosts.storage()}/upload/storage/v1/b/{self.bucket}/o"


def list_url(bucket: str) -> str:
    """Where a bucket's objects are listed."""
    return f"{hosts.storage()}/storage/v1/b/{bucket}/o"


def parse_uri(uri: str) -> ObjectName:
    """The parts of a `gs://` URI. Raises DatasetError for anything else."""
    match = _URI.fullmatch(uri)
    if match is None:
        raise DatasetError(
            f"{uri[:200]!r} is not an object in Cloud Storage", next_step="Write it as gs://bucket/path/file.jsonl."
        )
    return ObjectName(match[1], match[2])


def stored_object(target: ObjectName, item: Mapping[str, Any]) -> StoredObject:
    """An object from its description. Raises BadAnswer when it is none of that name."""
    generation, size, crc32c = item.get("generation"), item.get("size"), item.get("crc32c", "")
    described = item.get("name") == target.name and isinstance(generation, str) and isinstance(crc32c, str)
    if not described or not isinstance(size, str) or not size.isascii() or not size.isdigit():
        raise BadAnswer("the answer does not describe the object", status=200, where=target.uri)
    return StoredObject(target.uri, str(generation), str(crc32c), int(size))
