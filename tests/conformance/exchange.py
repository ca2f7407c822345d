"""One HTTP request and its answer, as they were on the wire."""

from dataclasses import dataclass, field
from email import message_from_bytes
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True, slots=True)
class Exchange:
    """`target` is the path and query as sent. Header names are in lower case. `status` 0: the answer was lost."""

    method: str
    target: str
    request_headers: dict[str, str]
    request_body: bytes
    status: int
    response_headers: dict[str, str] = field(default_factory=dict)
    response_body: bytes = b""

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def query(self) -> list[tuple[str, str]]:
        return parse_qsl(urlsplit(self.target).query, keep_blank_values=True)

    def __str__(self) -> str:
        return f"{self.method} {self.target} -> {self.status}"


def multipart_metadata(exchange: Exchange) -> bytes:
    """The first part of a multipart/related upload."""
    head = f"Content-Type: {exchange.request_headers['content-type']}\r\n\r\n".encode()
    part = message_from_bytes(head + exchange.request_body).get_payload(0)
    content = part.get_payload(decode=True) if not isinstance(part, str) else part.encode()
    assert isinstance(content, bytes)
    return content
