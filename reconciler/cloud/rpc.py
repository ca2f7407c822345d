"""google.rpc's canonical codes, as numbers, names, HTTP statuses and our errors.

Source: google/rpc/code.proto, whose comments give the HTTP mapping.
"""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.errors import (
    Aborted,
    AlreadyExists,
    ApiError,
    FailedPrecondition,
    InvalidRequest,
    NotFound,
    PermissionDenied,
    ResourceExhausted,
    ServerFault,
    Unauthenticated,
)


@dataclass(frozen=True, slots=True)
class Canonical:
    """One code: its number, its name, the HTTP status it travels under and the error it becomes here."""

    number: int
    name: str
    http: int
    error: type[ApiError]


_ALL = (
    Canonical(1, "CANCELLED", 499, ServerFault),
    Canonical(2, "UNKNOWN", 500, ServerFault),
    Canonical(3, "INVALID_ARGUMENT", 400, InvalidRequest),
    Canonical(4, "DEADLINE_EXCEEDED", 504, ServerFault),
    Canonical(5, "NOT_FOUND", 404, NotFound),
    Canonical(6, "ALREADY_EXISTS", 409, AlreadyExists),
    Canonical(7, "PERMISSION_DENIED", 403, PermissionDenied),
    Canonical(8, "RESOURCE_EXHAUSTED", 429, ResourceExhausted),
    Canonical(9, "FAILED_PRECONDITION", 400, FailedPrecondition),
    Canonical(10, "ABORTED", 409, Aborted),
    Canonical(11, "OUT_OF_RANGE", 400, InvalidRequest),
    Canonical(12, "UNIMPLEMENTED", 501, ServerFault),
    Canonical(13, "INTERNAL", 500, ServerFault),
    Canonical(14, "UNAVAILABLE", 503, ServerFault),
    Canonical(15, "DATA_LOSS", 500, ServerFault),
    Canonical(16, "UNAUTHENTICATED", 401, Unauthenticated),
)
BY_NAME = {c.name: c for c in _ALL}
BY_NUMBER = {c.number: c for c in _ALL}

# For Cloud Storage, whose errors carry a status and a reason but no canonical code.
_BY_HTTP = {
    400: BY_NAME["INVALID_ARGUMENT"],
    401: BY_NAME["UNAUTHENTICATED"],
    403: BY_NAME["PERMISSION_DENIED"],
    404: BY_NAME["NOT_FOUND"],
    408: BY_NAME["DEADLINE_EXCEEDED"],
    409: BY_NAME["ABORTED"],
    410: BY_NAME["NOT_FOUND"],
    412: BY_NAME["FAILED_PRECONDITION"],
    429: BY_NAME["RESOURCE_EXHAUSTED"],
    499: BY_NAME["CANCELLED"],
    501: BY_NAME["UNIMPLEMENTED"],
    503: BY_NAME["UNAVAILABLE"],
    504: BY_NAME["DEADLINE_EXCEEDED"],
}


def for_status(status: int) -> Canonical:
    """The code that an HTTP status stands for when the answer names none."""
    return _BY_HTTP.get(status) or BY_NAME["INTERNAL" if status >= 500 else "INVALID_ARGUMENT"]
