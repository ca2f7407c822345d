"""What is stored: objects, their buckets, and the fields of each that a request may write."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from reconciler.emulator.storage.checksums import crc32c_base64, md5_base64
from reconciler.emulator.storage.errors import invalid

OBJECT_FIELDS = frozenset(
    {
        "cacheControl",
        "contentDisposition",
        "contentEncoding",
        "contentLanguage",
        "contentType",
        "customTime",
        "kmsKeyName",
        "metadata",
        "storageClass",
    }
)
BUCKET_FIELDS = frozenset({"labels", "location", "storageClass"})
BUCKET_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]")
MAX_NAME_BYTES = 1024


@dataclass(frozen=True, slots=True)
class StoredObject:
    """One generation of an object.

    `fields` are the OBJECT_FIELDS that were written. Times are virtual seconds since 1970; checksums are base64.
    """

    bucket: str
    name: str
    content: bytes
    generation: int
    metageneration: int
    crc32c: str
    md5: str
    created: float
    updated: float
    fields: Mapping[str, Any] = field(default_factory=dict)

    @property
    def content_type(self) -> str:
        """The media type; Cloud Storage serves what has none as bytes."""
        return str(self.fields.get("contentType") or "application/octet-stream")


@dataclass(slots=True)
class Bucket:
    """A bucket and its live objects by name. `fields` are the BUCKET_FIELDS that were written."""

    name: str
    created: float
    fields: dict[str, Any] = field(default_factory=dict)
    objects: dict[str, StoredObject] = field(default_factory=dict)


def new_object(
    bucket: str, name: str, content: bytes, fields: Mapping[str, Any], *, generation: int, now: float
) -> StoredObject:
    """A first metageneration. `fields` may carry `crc32c` and `md5Hash`, which `content` must then match.

    Raises StorageError (400) for a bad name or a checksum that does not match.
    """
    size = len(name.encode("utf-8", "surrogatepass"))
    if not 0 < size <= MAX_NAME_BYTES or "\r" in name or "\n" in name or name in (".", ".."):
        raise invalid(f"Invalid object name: '{name[:100]}'")
    crc32c, md5 = crc32c_base64(content), md5_base64(content)
    for label, told, actual in (("CRC32C", fields.get("crc32c"), crc32c), ("MD5 hash", fields.get("md5Hash"), md5)):
        if told is not None and told != actual:
            raise invalid(f'Provided {label} "{told}" doesn\'t match calculated {label} "{actual}".')
    return StoredObject(bucket, name, content, generation, 1, crc32c, md5, now, now, writable(fields))


def writable(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Those of `fields` that a request may write. Raises StorageError (400) where one is of the wrong type."""
    kept = {name: value for name, value in fields.items() if name in OBJECT_FIELDS and value is not None}
    for name, value in kept.items():
        if name == "metadata":
            right = isinstance(value, dict) and all(isinstance(text, str) for text in value.values())
        else:
            right = isinstance(value, str)
        if not right:
            raise invalid(f"Invalid value for field '{name}'.")
    return kept


def patched(fields: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """`fields` after a PATCH: null removes a field, and `metadata` is changed key by key. Raises StorageError (400)."""
    merged = {**fields, **changes}
    if isinstance(changes.get("metadata"), dict):
        both = {**fields.get("metadata", {}), **changes["metadata"]}
        merged["metadata"] = {key: text for key, text in both.items() if text is not None} or None
    return writable(merged)


def new_bucket(name: str, fields: Mapping[str, Any], *, now: float) -> Bucket:
    """An empty bucket. Raises StorageError (400) for a name that no bucket can have."""
    if not BUCKET_NAME.fullmatch(name):
        raise invalid(f"Invalid bucket name: '{name}'")
    return Bucket(name, now, {key: value for key, value in fields.items() if key in BUCKET_FIELDS})
