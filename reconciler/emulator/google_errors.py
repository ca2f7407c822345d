"""Errors as Google's API front end writes them: a JSON error object, or an HTML page where no API is reached at all."""

import html
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

HTTP_STATUS = {
    "INVALID_ARGUMENT": 400,
    "FAILED_PRECONDITION": 400,
    "PERMISSION_DENIED": 403,
    "NOT_FOUND": 404,
    "ALREADY_EXISTS": 409,
    "ABORTED": 409,
    "RESOURCE_EXHAUSTED": 429,
    "INTERNAL": 500,
}
# The numbers that a google.rpc.Status carries inside a resource or an operation.
RPC_CODE = {
    "CANCELLED": 1,
    "INVALID_ARGUMENT": 3,
    "DEADLINE_EXCEEDED": 4,
    "NOT_FOUND": 5,
    "FAILED_PRECONDITION": 9,
    "ABORTED": 10,
    "INTERNAL": 13,
}


@dataclass(frozen=True, slots=True)
class Violation:
    """One wrong field; `field` is a path in snake_case, or empty for the request as a whole."""

    field: str
    description: str


class ApiError(Exception):
    """A request that is refused. `status` is a google.rpc code by name, a key of HTTP_STATUS."""

    def __init__(self, status: str, message: str, violations: Sequence[Violation] = ()) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.violations = tuple(violations)

    @property
    def http_status(self) -> int:
        """The HTTP status code of the answer."""
        return HTTP_STATUS[self.status]

    def body(self) -> dict[str, Any]:
        """The answer's JSON."""
        error: dict[str, Any] = {"code": self.http_status, "message": self.message, "status": self.status}
        if self.violations:
            error["details"] = [
                {
                    "@type": "type.googleapis.com/google.rpc.BadRequest",
                    "fieldViolations": [
                        {"field": v.field, "description": v.description} if v.field else {"description": v.description}
                        for v in self.violations
                    ],
                }
            ]
        return {"error": error}

    def rpc_status(self) -> dict[str, Any]:
        """The same error as a google.rpc.Status, for an operation that failed."""
        return {"code": RPC_CODE[self.status], "message": self.message}


def invalid_argument(message: str, field: str | None = None) -> ApiError:
    """400 INVALID_ARGUMENT; with `field`, its path in snake_case is added as a detail."""
    return ApiError("INVALID_ARGUMENT", message, [Violation(field, message)] if field is not None else ())


def failed_precondition(message: str) -> ApiError:
    """400 FAILED_PRECONDITION: the request is well formed and the resource's condition forbids it."""
    return ApiError("FAILED_PRECONDITION", message)


def not_found(kind: str, name: str) -> ApiError:
    """404 for the resource `name`; `kind` is the type as Google words it, such as `Endpoint`."""
    return ApiError("NOT_FOUND", f'{kind} "{name}" not found.')


def found_errors(violations: Sequence[Violation]) -> ApiError:
    """400 as tuningJobs.create reports several wrong fields together."""
    listed = "".join(f"\t{n}.Field: {v.field}; Message: {v.description}" for n, v in enumerate(violations, 1))
    return ApiError("INVALID_ARGUMENT", f"List of found errors:{listed}\t", violations)


PAGE = """<!DOCTYPE html>
<html lang=en>
  <meta charset=utf-8>
  <meta name=viewport content="initial-scale=1, minimum-scale=1, width=device-width">
  <title>Error {status} ({title})!!1</title>
  <p><b>{status}.</b> <ins>That&#39;s an error.</ins>
  <p>{text}  <ins>That&#39;s all we know.</ins>
"""


def not_found_page(path: str) -> str:
    """The HTML that Google's front end answers, with status 404, where no method has this URL."""
    text = f"The requested URL <code>{html.escape(path)}</code> was not found on this server."
    return PAGE.format(status=404, title="Not Found", text=text)


def too_large_page() -> str:
    """The HTML that Google's front end answers, with status 413, to a request body over its limit."""
    text = "Your client issued a request that was too large."
    return PAGE.format(status=413, title="Request Entity Too Large", text=text)
