"""Objects and buckets as the JSON API writes them: 64-bit numbers as strings, times in milliseconds."""

import base64
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from reconciler.emulator.storage.objects import Bucket, StoredObject


def object_resource(found: StoredObject, base_url: str) -> dict[str, Any]:
    """The Object resource. `base_url` is where the client reached the emulator: its links lead there too."""
    path = f"storage/v1/b/{found.bucket}/o/{quote(found.name, safe='')}"
    created, updated = _time(found.created), _time(found.updated)
    return {
        "kind": "storage#object",
        "id": f"{found.bucket}/{found.name}/{found.generation}",
        "selfLink": f"{base_url}{path}",
        "mediaLink": f"{base_url}download/{path}?generation={found.generation}&alt=media",
        "name": found.name,
        "bucket": found.bucket,
        "generation": str(found.generation),
        "metageneration": str(found.metageneration),
        "contentType": found.content_type,
        "storageClass": "STANDARD",
        "size": str(len(found.content)),
        "md5Hash": found.md5,
        "crc32c": found.crc32c,
        "etag": etag(found),
        "timeCreated": created,
        "updated": updated,
        "timeStorageClassUpdated": created,
        "timeFinalized": created,
        **found.fields,
    }


def bucket_resource(bucket: Bucket, base_url: str) -> dict[str, Any]:
    """The Bucket resource."""
    created = _time(bucket.created)
    return {
        "kind": "storage#bucket",
        "id": bucket.name,
        "name": bucket.name,
        "selfLink": f"{base_url}storage/v1/b/{bucket.name}",
        "location": "US",
        "locationType": "multi-region",
        "storageClass": "STANDARD",
        "metageneration": "1",
        "etag": "CAE=",
        "timeCreated": created,
        "updated": created,
        **bucket.fields,
    }


def etag(found: StoredObject) -> str:
    """Another one for every generation and metageneration."""
    return base64.b64encode(f"{found.generation}/{found.metageneration}".encode()).decode()


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
