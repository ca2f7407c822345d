"""From what a server answered to our error tree: where, what, what to do next.

Everything a server says is somebody else's text: it is bounded and its control characters are taken out before it
gets into an error. HTML pages give their title at most.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import orjson

from reconciler.cloud import rpc
from reconciler.errors import (
    Aborted,
    AlreadyExists,
    ApiError,
    BadAnswer,
    CloudError,
    FailedPrecondition,
    InvalidRequest,
    NotFound,
    PermissionDenied,
    ResourceExhausted,
    ServerFault,
    Unauthenticated,
)

MAX_TEXT = 500
MAX_VIOLATIONS = 20
MAX_RETRY_AFTER = 3600.0

_TITLE = re.compile(rb"<title[^>]{0,200}>([^<]{0,300})", re.IGNORECASE)
_CONSOLE = re.compile(r"https://console\.(?:developers|cloud)\.google\.com/[^\s\"'<>]{1,300}")

# Control, format (bidirectional marks, zero width), lone surrogates, private use, line and paragraph separators.
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def clean(text: str, limit: int = MAX_TEXT) -> str:
    """A server's text on one line, without control or bidirectional characters, at most `limit` characters."""
    visible = "".join(" " if unicodedata.category(c) in _HIDDEN else c for c in text[: limit * 4])
    line = " ".join(visible.split())
    return line if len(line) <= limit else f"{line[: limit - 1]}…"


def where(method: str, path: str) -> str:
    """`GET projects/p/locations/l/tuningJobs`: the request as people know it."""
    resource = re.sub(r"^/(?:upload/)?(?:storage/)?v1(?:beta1?)?/", "", path)
    return clean(f"{method} {resource}", 300)


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """The seconds a Retry-After asks for, given as a number or as a date; None when absent or nonsense."""
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:9]), MAX_RETRY_AFTER)
    moment = http_date(text)
    if moment is None:
        return None
    return min(max((moment - now).total_seconds(), 0.0), MAX_RETRY_AFTER)


def http_date(text: str) -> datetime | None:
    """An HTTP date, aware; None when it is none."""
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def failure(status: int, headers: Mapping[str, str], body: bytes, *, where: str, now: datetime) -> ApiError | BadAnswer:
    """The error behind an answer that is not 2xx.

    An ApiError only for Google's own error object (also wrapped in an array) sent as JSON; anything else, such as a
    proxy's page, is a BadAnswer, for it says nothing about what Google did.
    """
    error = _error_object(headers, body)
    if error is None:
        return not_google(status, headers, body, where=where)
    code = rpc.BY_NAME.get(str(error.get("status"))) or rpc.for_status(status)
    violations = _violations(error.get("details"))
    message = clean(str(error.get("message") or "")) or f"HTTP {status}"
    return _error_class(status, code)(
        _with_violations(message, violations),
        status=status,
        code=code.name,
        where=where,
        next_step=_next_step(status, code, error),
        violations=violations,
        retry_after=retry_after(headers, now),
    )


def not_google(status: int, headers: Mapping[str, str], body: bytes, *, where: str) -> BadAnswer:
    """An answer that is not Google's JSON, named by its status and an HTML page's title; never by its content."""
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if 300 <= status < 400:
        what = f"the answer was a redirect (HTTP {status}), which is not followed"
    elif kind == "text/html" or body[:200].lstrip().lower().startswith((b"<!doctype", b"<html")):
        title = _TITLE.search(body[:20_000])
        name = clean(title[1].decode("utf-8", "replace"), 100) if title else ""
        what = f"the answer was an HTML page{f' ({name!r})' if name else ''}, not Google's JSON (HTTP {status})"
    else:
        what = f"the answer was not Google's JSON (HTTP {status})"
    return BadAnswer(
        what,
        status=status,
        where=where,
        next_step="A proxy may stand between; check the network and the location, then run the command again.",
    )


def rpc_error(status: Mapping[str, Any], *, where: str) -> CloudError:
    """A google.rpc.Status that came inside a 200, as long-running operations carry it."""
    number = status.get("code")
    code = rpc.BY_NUMBER.get(number if isinstance(number, int) else 2, rpc.BY_NAME["UNKNOWN"])
    return code.error(
        clean(str(status.get("message") or "")) or code.name,
        status=code.http,
        code=code.name,
        where=where,
        next_step=_next_step(code.http, code, status),
        violations=_violations(status.get("details")),
    )


def _error_object(headers: Mapping[str, str], body: bytes) -> Mapping[str, Any] | None:
    """Google's error object, or None. Google names a canonical status; Cloud Storage a list of reasons instead."""
    if not headers.get("content-type", "").lower().startswith("application/json"):
        return None
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    if isinstance(document, list) and len(document) == 1:
        document = document[0]
    error = document.get("error") if isinstance(document, dict) else None
    if not isinstance(error, dict) or not isinstance(error.get("code"), int):
        return None
    reasons = error.get("errors")
    stated = error.get("status") in rpc.BY_NAME
    listed = isinstance(reasons, list) and bool(reasons) and isinstance(reasons[0], dict) and "reason" in reasons[0]
    return error if stated or listed else None


def _error_class(status: int, code: rpc.Canonical) -> type[ApiError]:
    if status == 412:
        return FailedPrecondition
    if status == 499 or status >= 500:
        return ServerFault
    return code.error


def _violations(details: Any) -> tuple[tuple[str, str], ...]:
    found = [item for detail in _dicts(details) for item in _dicts(detail.get("fieldViolations"))]
    return tuple(
        (clean(str(item.get("field", "")), 200), clean(str(item.get("description", ""))))
        for item in found[:MAX_VIOLATIONS]
    )


def _with_violations(message: str, violations: Sequence[tuple[str, str]]) -> str:
    unsaid = [f"{field}: {text}" for field, text in violations if text not in message or field not in message]
    return clean("; ".join([message, *unsaid]), MAX_TEXT * 2)


def _dicts(value: Any) -> list[Mapping[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _next_step(status: int, code: rpc.Canonical, error: Mapping[str, Any]) -> str:
    if status == 403 or code.error is PermissionDenied:
        return _permission_step(error)
    return _STEPS.get(_error_class(status, code), "")


def _permission_step(error: Mapping[str, Any]) -> str:
    info = next((d for d in _dicts(error.get("details")) if "reason" in d), {})
    metadata = info.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    if info.get("reason") == "SERVICE_DISABLED" or "has not been used in project" in str(error.get("message")):
        link = _CONSOLE.search(str(metadata.get("activationUrl") or error.get("message") or ""))
        return f"Enable the API{f' at {link[0]}' if link else ''}, wait a few minutes and run the command again."
    permission = clean(str(metadata.get("permission") or ""), 100)
    if permission:
        return f"Grant the permission {permission} to the identity that runs tuneform."
    return "Grant the missing permission or role to the identity that runs tuneform, or use another identity."


_STEPS: dict[type[ApiError], str] = {
    InvalidRequest: "Correct the spec and run the command again.",
    FailedPrecondition: "See what stands in the way, then run the command again.",
    Unauthenticated: "Log in again: gcloud auth application-default login.",
    NotFound: "Check the project, the location and the name; it may also have been deleted.",
    AlreadyExists: "Something of that id exists already; look at it before going on.",
    Aborted: "Somebody else changed it meanwhile; run the command again.",
    ResourceExhausted: "A quota is used up: wait, or ask for more at https://console.cloud.google.com/iam-admin/quotas.",
    ServerFault: "Google's side failed; run the command again in a few minutes.",
}
