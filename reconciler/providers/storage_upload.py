"""Putting a local file into Cloud Storage once: what is there already is never overwritten.

Every request carries ifGenerationMatch=0, so repeating one after a lost answer is safe: it either makes the object
or finds it made. The file is read through one descriptor and its digest is taken from the bytes that are sent; a
large file's last chunk is held back until the digest is known, because only that chunk makes the object.

Source: https://cloud.google.com/storage/docs/performing-resumable-uploads
"""

from __future__ import annotations

import base64
import hashlib
import os
import re
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, BinaryIO
from urllib.parse import urlsplit

import orjson

from reconciler.cloud import hosts
from reconciler.cloud.client import Client
from reconciler.cloud.exchange import Reply
from reconciler.core.observed import StoredObject
from reconciler.errors import BadAnswer, CloudError, DatasetError, ReplyLost
from reconciler.providers.storage_objects import FIELDS_AND_HASH, ObjectName, stored_object
from reconciler.providers.storage_sending import CONDITION_NOT_MET, until_answered

CHUNK_BYTES = 8 << 20
CONTENT_TYPE = "application/jsonl"
RESUME = 308
EXISTS = CONDITION_NOT_MET

_RANGE = re.compile(r"bytes=0-(\d{1,19})")


@dataclass(frozen=True, slots=True)
class Source:
    """An open file, how long it was when it was opened, and the digest its content must have."""

    file: BinaryIO
    path: str
    size: int
    sha256: str


@contextmanager
def opened(path: str, sha256: str) -> Iterator[Source]:
    """A regular file, not by way of a symbolic link. Raises DatasetError."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise DatasetError(f"cannot be opened: {error.strerror}", where=path) from error
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        os.close(descriptor)
        raise DatasetError("is not a regular file", where=path)
    with os.fdopen(descriptor, "rb", buffering=0) as file:
        yield Source(file, path, status.st_size, sha256.removeprefix("sha256:"))


class Upload:
    """One file on its way to one object."""

    def __init__(self, client: Client, source: Source, target: ObjectName) -> None:
        self._client = client
        self._source = source
        self._target = target
        self._sha256 = hashlib.sha256()
        self._md5 = hashlib.md5(usedforsecurity=False)

    def run(self) -> StoredObject:
        """The object that is there afterwards: ours, or one of the same content that was there before.

        Raises DatasetError when the file is not what it was, or when other content has the name; CloudError.
        """
        size = self._source.size
        reply = self._at_once() if size <= CHUNK_BYTES else self._in_chunks(self._session())
        if reply.status != EXISTS:
            return self._verified(_description(reply, self._target), made=True)
        self._read_to_the_end()
        return self._verified(self._client.get(self._target.url, {"fields": FIELDS_AND_HASH}), made=False)

    def _at_once(self) -> Reply:
        content = self._next_chunk(CHUNK_BYTES + 1)
        self._check_digest()
        params: dict[str, str | int] = {"uploadType": "media", "name": self._target.name, "ifGenerationMatch": 0}
        headers = {"content-type": CONTENT_TYPE}
        return self._until_answered(
            lambda: self._client.upload("POST", self._target.upload_url, content, headers, params)
        )

    def _session(self) -> Reply:
        params: dict[str, str | int] = {"uploadType": "resumable", "name": self._target.name, "ifGenerationMatch": 0}
        headers = {
            "content-type": "application/json",
            "x-upload-content-type": CONTENT_TYPE,
            "x-upload-content-length": str(self._source.size),
        }
        return self._until_answered(
            lambda: self._client.upload("POST", self._target.upload_url, b"{}", headers, params)
        )

    def _in_chunks(self, started: Reply) -> Reply:
        if started.status == EXISTS:
            return started
        url = self._session_url(started)
        offset = 0
        while True:
            chunk = self._next_chunk(min(CHUNK_BYTES, self._source.size - offset))
            if offset + len(chunk) >= self._source.size or not chunk:
                self._check_digest(lambda: self._abandon(url))
                return self._put(url, chunk, offset)
            self._put(url, chunk, offset)
            offset += len(chunk)

    def _session_url(self, started: Reply) -> str:
        """The session's URL, which is only ever on Google's own host."""
        location = str(started.headers.get("location", ""))
        if hosts.is_google(location):
            return location
        parts = urlsplit(location)
        if not self._client.emulated or not parts.query:
            raise BadAnswer("the upload session has no address", status=started.status, where=self._target.uri)
        return f"{hosts.storage()}{parts.path}?{parts.query}"

    def _put(self, url: str, chunk: bytes, offset: int) -> Reply:
        """Send one chunk, going on from wherever the server has it until it has all of it."""
        end, have, attempt, started = offset + len(chunk), offset, 1, self._client.monotonic()
        ask = False
        while True:
            try:
                reply = self._until_known(url, b"" if ask else chunk[have - offset :], have, ask=ask)
            except CloudError as error:
                if not self._client.pause_after(error, attempt, started):
                    raise
                attempt, ask = attempt + 1, True
                continue
            if reply.status != RESUME:
                return reply
            before, have = have, self._arrived(reply, offset, end)
            if have == end and end < self._source.size:
                return reply
            if have == end or (have <= before and not ask):
                raise ReplyLost("Cloud Storage takes no more of the upload", where=self._target.uri)
            ask = False

    def _until_known(self, url: str, data: bytes, have: int, *, ask: bool) -> Reply:
        """One request of a session: data, or the question how much has arrived. Raises for what is a failure."""
        total = self._source.size
        span = f"bytes */{total}" if ask else f"bytes {have}-{have + len(data) - 1}/{total}"
        reply = self._client.upload("PUT", url, data, {"content-range": span, "content-type": CONTENT_TYPE})
        if reply.ok or reply.status in (RESUME, EXISTS):
            return reply
        raise self._client.failure(reply, self._target.uri)

    def _arrived(self, reply: Reply, offset: int, end: int) -> int:
        """How many bytes the server has. Only the present chunk can be sent again, so it must be within it."""
        text = reply.headers.get("range", "")
        match = _RANGE.fullmatch(text)
        have = int(match[1]) + 1 if match else 0
        if (text and match is None) or not offset <= have <= end:
            raise BadAnswer("the upload session has lost its place", status=reply.status, where=self._target.uri)
        return have

    def _until_answered(self, send: Callable[[], Reply]) -> Reply:
        return until_answered(self._client, send, self._target.uri)

    def _next_chunk(self, size: int) -> bytes:
        """The next bytes of the file, counted into the digests; fewer than `size` only at its end."""
        parts = bytearray()
        while len(parts) < size:
            try:
                data = self._source.file.read(size - len(parts))
            except OSError as error:
                raise DatasetError(f"cannot be read: {error.strerror}", where=self._source.path) from error
            if not data:
                break
            parts += data
        self._sha256.update(parts)
        self._md5.update(parts)
        return bytes(parts)

    def _read_to_the_end(self) -> None:
        while self._next_chunk(CHUNK_BYTES):
            pass
        self._check_digest()

    def _check_digest(self, before_raising: Callable[[], None] = lambda: None) -> None:
        if self._sha256.hexdigest() != self._source.sha256:
            before_raising()
            raise DatasetError(
                "was changed while it was being uploaded; nothing was uploaded",
                where=self._source.path,
                next_step="Run the command again once the file is complete.",
            )

    def _abandon(self, url: str) -> None:
        # Best effort: a session that is never finished leaves no object and ends by itself after a week.
        with suppress(CloudError):
            self._client.upload("DELETE", url, b"", {})

    def _verified(self, item: dict[str, Any], *, made: bool) -> StoredObject:
        """The object, if its content is ours: Google's own digest of it says so."""
        stored = stored_object(self._target, item)
        digest = base64.b64encode(self._md5.digest()).decode()
        if stored.size == self._source.size and item.get("md5Hash") in (digest, None):
            return stored
        if made:
            self._client.delete(self._target.url, {"ifGenerationMatch": stored.generation})
            raise BadAnswer("the content was damaged on its way; it was deleted", status=200, where=self._target.uri)
        raise DatasetError(
            f"holds something else than {self._source.path}, and is not overwritten",
            where=self._target.uri,
            next_step="The name is made from the content's digest, so somebody put this object there: look at it, and "
            "delete it if it is not needed.",
        )


def _description(reply: Reply, target: ObjectName) -> dict[str, Any]:
    try:
        item = orjson.loads(reply.body)
    except orjson.JSONDecodeError:
        item = None
    if not isinstance(item, dict):
        raise BadAnswer("the answer does not describe the object", status=reply.status, where=target.uri)
    return item
