"""The bodies of uploads: one multipart request, or the chunks of a resumable session."""

import json
import re
import secrets
from dataclasses import dataclass, field
from email.message import Message
from typing import Any

from reconciler.emulator.storage.conditions import Conditions
from reconciler.emulator.storage.errors import StorageError, invalid
from reconciler.emulator.storage.objects import StoredObject

CHUNK = 256 * 1024
CONTENT_RANGE = re.compile(r"bytes (?:(\d{1,15})-(\d{1,15})|\*)/(\d{1,15}|\*)")


def parse_fields(text: bytes) -> dict[str, Any]:
    """Object metadata in a request's JSON; nothing at all is no fields. Raises StorageError (400)."""
    if not text.strip():
        return {}
    try:
        fields = json.loads(text)
    except ValueError:
        fields = None
    if not isinstance(fields, dict):
        raise StorageError(400, "parseError", "Parse Error")
    return fields


def parse_multipart(content_type: str, body: bytes) -> tuple[dict[str, Any], bytes]:
    """The metadata and the content of a multipart/related body (RFC 2387), the content's own type among the metadata.

    Raises StorageError (400) for anything but exactly these two parts.
    """
    head = Message()
    head["Content-Type"] = content_type
    boundary = head.get_param("boundary")
    if head.get_content_type() != "multipart/related" or not isinstance(boundary, str):
        raise invalid(f"Invalid multipart request: the content type is '{content_type}'.")
    pieces = (b"\r\n" + body).split(b"\r\n--" + boundary.encode())
    if len(pieces) != 4 or not pieces[3].startswith(b"--"):
        raise invalid("Invalid multipart request with 0 mime parts, or not terminated.")
    (_, metadata), (media_type, content) = (_part(piece) for piece in pieces[1:3])
    fields = parse_fields(metadata)
    if media_type:
        fields.setdefault("contentType", media_type)
    return fields, content


def _part(piece: bytes) -> tuple[str, bytes]:
    """The media type and the content of what stands between two boundaries."""
    head, _, content = piece.partition(b"\r\n\r\n")
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-type":
            return value.strip().decode("latin-1"), content
    return "", content


@dataclass(slots=True)
class Session:
    """A resumable upload under way. `stored` is what came of it once it is complete."""

    bucket: str
    name: str
    fields: dict[str, Any]
    conditions: Conditions
    received: bytearray = field(default_factory=bytearray)
    stored: StoredObject | None = None


class Sessions:
    """Resumable uploads by id. They live in memory alone: a restart loses them, as a week does at Google."""

    def __init__(self) -> None:
        self._sessions: dict[str, Session] = {}

    def start(self, session: Session) -> str:
        """The new session's id."""
        upload_id = secrets.token_urlsafe(24)
        self._sessions[upload_id] = session
        return upload_id

    def get(self, upload_id: str | None) -> Session:
        """The session, or 404."""
        session = self._sessions.get(upload_id or "")
        if session is None:
            raise StorageError(404, "notFound", "Not Found")
        return session

    def cancel(self, upload_id: str | None) -> None:
        """Forget a session, or 404."""
        self.get(upload_id)
        del self._sessions[upload_id or ""]


def receive(session: Session, content_range: str | None, chunk: bytes) -> bool:
    """Add a chunk; true when the content is complete.

    `content_range` is that header: None where the chunk is all there is, `bytes */N` to ask how much has arrived.
    Raises StorageError (400) for a range that does not fit.
    """
    if content_range is None:
        session.received[:] = chunk
        return True
    matched = CONTENT_RANGE.fullmatch(content_range)
    if matched is None:
        raise invalid(f"Failed to parse Content-Range header: '{content_range}'")
    first, last, total = matched.groups()
    size = None if total == "*" else int(total)
    if first is not None:
        _append(session, int(first), int(last), size, chunk)
    return size is not None and len(session.received) == size


def _append(session: Session, first: int, last: int, size: int | None, chunk: bytes) -> None:
    have = len(session.received)
    if len(chunk) != last - first + 1 or (size is not None and last >= size):
        raise invalid(f"The Content-Range header promises bytes {first}-{last}, the body has {len(chunk)} bytes.")
    if first > have:
        raise invalid(
            f"According to the Content-Range header, the upload offset is {first} byte(s), which exceeds already "
            f"uploaded size of {have} byte(s)."
        )
    if len(chunk) % CHUNK and (size is None or last + 1 != size):
        raise invalid(f"The size of every chunk but the last must be a multiple of {CHUNK} bytes.")
    session.received += chunk[have - first :]
