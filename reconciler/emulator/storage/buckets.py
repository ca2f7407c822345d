"""The buckets of the emulator: every change of an object goes through here."""

import base64
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from reconciler.emulator.clock import Clock
from reconciler.emulator.storage.conditions import UNCONDITIONAL, Conditions
from reconciler.emulator.storage.errors import StorageError, bucket_not_found, object_not_found
from reconciler.emulator.storage.listing import ListQuery, Page, list_page
from reconciler.emulator.storage.objects import Bucket, StoredObject, new_bucket, new_object, patched, writable


class Buckets:
    """All buckets. All methods raise StorageError for what Cloud Storage refuses.

    With `auto_create`, a write to a bucket that does not exist makes it, so that a demonstration needs no set-up;
    reading from one is a 404 either way.
    """

    def __init__(self, clock: Clock, *, auto_create: bool = True) -> None:
        self._clock = clock
        self._auto_create = auto_create
        self._buckets: dict[str, Bucket] = {}
        self._sorted: dict[str, list[str]] = {}
        self._generation = 0
        self.revision = 0

    def names(self) -> list[str]:
        """The names of all buckets, in order."""
        return sorted(self._buckets)

    def bucket(self, name: str) -> Bucket:
        """The bucket, or 404."""
        try:
            return self._buckets[name]
        except KeyError:
            raise bucket_not_found() from None

    def create_bucket(self, name: str, fields: Mapping[str, Any] | None = None) -> Bucket:
        """A new, empty bucket; 409 where the name is taken."""
        if name in self._buckets:
            message = "Your previous request to create the named bucket succeeded and you already own it."
            raise StorageError(409, "conflict", message)
        self._buckets[name] = made = new_bucket(name, fields or {}, now=self._clock.now())
        self._changed(name)
        return made

    def delete_bucket(self, name: str) -> None:
        """Remove an empty bucket; 409 for one that holds objects."""
        if self.bucket(name).objects:
            raise StorageError(409, "conflict", "The bucket you tried to delete is not empty.")
        del self._buckets[name]
        self._changed(name)

    def find(self, bucket: str, name: str) -> StoredObject | None:
        """The live object, or None where it or its bucket does not exist."""
        found = self._buckets.get(bucket)
        return found.objects.get(name) if found else None

    def read(
        self, bucket: str, name: str, *, generation: int | None = None, conditions: Conditions = UNCONDITIONAL
    ) -> StoredObject:
        """The live object; 404 also where it is not `generation` any more, 304 or 412 as `conditions` say."""
        found = self._live(bucket, name, generation)
        conditions.check(found, reading=True)
        return found

    def put(
        self,
        bucket: str,
        name: str,
        content: bytes,
        fields: Mapping[str, Any] | None = None,
        *,
        conditions: Conditions = UNCONDITIONAL,
    ) -> StoredObject:
        """Write a new generation. `crc32c` and `md5Hash` among `fields` are compared with `content` (400)."""
        if bucket not in self._buckets and not self._auto_create:
            raise bucket_not_found()
        conditions.check(self.find(bucket, name))
        now = self._clock.now()
        # Generations are microseconds at Google too; two writes within one still differ.
        generation = max(self._generation + 1, int(now * 1_000_000))
        written = new_object(bucket, name, content, fields or {}, generation=generation, now=now)
        if bucket not in self._buckets:
            self.create_bucket(bucket)
        self._generation = generation
        self._store(written)
        return written

    def patch(
        self, bucket: str, name: str, changes: Mapping[str, Any], *, conditions: Conditions, whole: bool = False
    ) -> StoredObject:
        """Change metadata: a new metageneration. With `whole`, fields that `changes` leaves out are removed."""
        found = self._live(bucket, name, None)
        conditions.check(found)
        fields = writable(changes) if whole else patched(found.fields, changes)
        changed = replace(found, fields=fields, metageneration=found.metageneration + 1, updated=self._clock.now())
        self._store(changed)
        return changed

    def delete(
        self, bucket: str, name: str, *, generation: int | None = None, conditions: Conditions = UNCONDITIONAL
    ) -> None:
        """Remove the live object; 404 where there is none, or where it is not `generation` any more."""
        conditions.check(self._live(bucket, name, generation))
        del self._buckets[bucket].objects[name]
        self._changed(bucket)

    def list(self, bucket: str, query: ListQuery) -> tuple[Page, list[StoredObject]]:
        """One page, and the objects that it names."""
        objects = self.bucket(bucket).objects
        if bucket not in self._sorted:
            self._sorted[bucket] = sorted(objects)
        page = list_page(self._sorted[bucket], query)
        return page, [objects[name] for name in page.names]

    def snapshot(self) -> dict[str, Any]:
        """All buckets as JSON values; contents in base64."""
        return {
            "revision": self.revision,
            "generation": self._generation,
            "buckets": [
                {
                    "name": bucket.name,
                    "created": bucket.created,
                    "fields": bucket.fields,
                    "objects": [_object_values(found) for found in bucket.objects.values()],
                }
                for bucket in self._buckets.values()
            ],
        }

    def restore(self, saved: dict[str, Any]) -> None:
        """Take back what `snapshot` gave."""
        self.reset()
        # Revisions rise over restarts too: what is kept is named by them.
        self.revision = saved["revision"]
        self._generation = saved["generation"]
        for values in saved["buckets"]:
            bucket = Bucket(values["name"], values["created"], values["fields"])
            for found in (_object_of(bucket.name, each) for each in values["objects"]):
                bucket.objects[found.name] = found
            self._buckets[bucket.name] = bucket

    def reset(self) -> None:
        """Forget all buckets. Generations still rise."""
        self._buckets.clear()
        self._sorted.clear()
        self.revision += 1

    def _live(self, bucket: str, name: str, generation: int | None) -> StoredObject:
        found = self.bucket(bucket).objects.get(name)
        if found is None or generation not in (None, found.generation):
            raise object_not_found(bucket, name)
        return found

    def _store(self, written: StoredObject) -> None:
        objects = self._buckets[written.bucket].objects
        if written.name in objects:
            self.revision += 1
        else:
            self._changed(written.bucket)
        objects[written.name] = written

    def _changed(self, bucket: str) -> None:
        """The set of names in `bucket` is another one now."""
        self._sorted.pop(bucket, None)
        self.revision += 1


def _object_values(found: StoredObject) -> dict[str, Any]:
    return {
        "name": found.name,
        "content": base64.b64encode(found.content).decode(),
        "generation": found.generation,
        "metageneration": found.metageneration,
        "crc32c": found.crc32c,
        "md5": found.md5,
        "created": found.created,
        "updated": found.updated,
        "fields": dict(found.fields),
    }


def _object_of(bucket: str, values: dict[str, Any]) -> StoredObject:
    return StoredObject(bucket=bucket, **{**values, "content": base64.b64decode(values["content"])})
