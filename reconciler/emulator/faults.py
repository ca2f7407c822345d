"""Faults as a resource: what shall go wrong, for which requests, how often.

`POST /_emulator/faults` adds one, `GET` tells how often each was seen and fired, `DELETE` removes all. The first fault
in order of arrival that matches a request fires, and one fault fires per request. The kinds, all over real sockets:

    refuse              Google refuses, definitely: its JSON error, 403 PERMISSION_DENIED unless told otherwise
    status              any other status: 503 UNAVAILABLE unless told otherwise; `body` replaces Google's JSON error
    html                a proxy's page instead of JSON: 502 unless told otherwise
    drop_before         the connection closes and nothing has happened
    drop_after_commit   the request is carried out, then the connection closes without an answer
    reset               the same as drop_before, with RST
    truncate            carried out; the answer announces its length, sends half of it and closes
    slow                the request waits `seconds` before it is carried out

`commit` chooses, for every kind but truncate, whether the request is carried out before the fault shows. A connection
that is refused needs no fault: a port where nothing listens does that.
"""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

PREFIX = "/_emulator/"
# What a kind is when the request does not say: status, and whether the handler runs first.
KINDS: dict[str, tuple[int, bool]] = {
    "refuse": (403, False),
    "status": (503, False),
    "html": (502, False),
    "drop_before": (0, False),
    "drop_after_commit": (0, True),
    "reset": (0, False),
    "truncate": (0, True),
    "slow": (0, False),
}
CODES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    408: "DEADLINE_EXCEEDED",
    409: "ABORTED",
    412: "FAILED_PRECONDITION",
    429: "RESOURCE_EXHAUSTED",
    499: "CANCELLED",
    500: "INTERNAL",
    501: "UNIMPLEMENTED",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
DEFAULT_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Match:
    """Which requests are meant; empty means any. `path` and `query` are regular expressions, found anywhere."""

    method: str = ""
    path: str = ""
    query: str = ""
    host: str = ""

    def fits(self, scope: Mapping[str, Any]) -> bool:
        """Whether the request of this ASGI scope is meant."""
        return (
            self.method in ("", scope["method"])
            and re.search(self.path, scope["path"]) is not None
            and (not self.query or re.search(self.query, scope["query_string"].decode("latin-1")) is not None)
            and (not self.host or _host(scope) == self.host)
        )


@dataclass(slots=True)
class Fault:
    """One fault. It fires `times` times (None: always), after having passed over `after` requests that match.

    `status`, `code`, `message`, `body` and `headers` describe the answer of the kinds that give one; `seconds` of real
    time pass before any fault shows. `seen` counts the requests that matched, `fired` those it fired on.
    """

    kind: str
    match: Match = field(default_factory=Match)
    status: int = 0
    code: str = ""
    message: str = "injected by the emulator"
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    times: int | None = 1
    after: int = 0
    seconds: float = 0.0
    commit: bool = False
    seen: int = 0
    fired: int = 0

    def take(self) -> bool:
        """Count a request that matches; true if the fault fires on it."""
        self.seen += 1
        if self.seen <= self.after or (self.times is not None and self.fired >= self.times):
            return False
        self.fired += 1
        return True

    def answer_body(self) -> bytes:
        """What the kinds refuse, status and html answer."""
        if isinstance(self.body, str):
            return self.body.encode()
        if self.body is not None:
            return orjson.dumps(self.body)
        if self.kind == "html":
            return f"<!DOCTYPE html><html><title>{self.status}</title><h1>{self.message}</h1></html>".encode()
        return orjson.dumps({"error": {"code": self.status, "message": self.message, "status": self.code}})

    def answer_headers(self) -> dict[str, str]:
        """The headers of that answer, in lower case."""
        media_type = "text/html; charset=UTF-8" if self.kind == "html" else "application/json; charset=UTF-8"
        return {"content-type": media_type, **{name.lower(): value for name, value in self.headers.items()}}


class Faults:
    """All faults, in order of arrival, and the routes to change them."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []

    def add(self, values: Any) -> Fault:
        """A new fault out of a request's JSON. Raises ValueError that says what is wrong with it."""
        fault = parse_fault(values)
        self._faults.append(fault)
        return fault

    def take(self, scope: Mapping[str, Any]) -> Fault | None:
        """The fault that fires on this request, if any."""
        if not self._faults or scope["path"].startswith(PREFIX):
            return None
        return next((fault for fault in self._faults if fault.match.fits(scope) and fault.take()), None)

    def clear(self) -> None:
        """Remove all."""
        self._faults.clear()

    def routes(self) -> list[Route]:
        """`/_emulator/faults`."""
        return [
            Route(f"{PREFIX}faults", self._post, methods=["POST"]),
            Route(f"{PREFIX}faults", self._get, methods=["GET"]),
            Route(f"{PREFIX}faults", self._delete, methods=["DELETE"]),
        ]

    async def _post(self, request: Request) -> Response:
        try:
            return JSONResponse(asdict(self.add(orjson.loads(await request.body()))))
        except ValueError as error:
            return JSONResponse({"error": {"code": 400, "message": str(error)}}, 400)

    async def _get(self, _: Request) -> Response:
        return JSONResponse({"faults": [asdict(fault) for fault in self._faults]})

    async def _delete(self, _: Request) -> Response:
        self.clear()
        return JSONResponse({})


def parse_fault(values: Any) -> Fault:
    """The fault that JSON describes. Raises ValueError for unknown names, kinds and wrong types."""
    settable = {each.name for each in fields(Fault)} - {"seen", "fired"}
    _known("fault", values, settable)
    kind = values.get("kind")
    if kind not in KINDS:
        raise ValueError(f"kind must be one of {', '.join(KINDS)}, not {kind!r}")
    status, commit = KINDS[kind]
    defaults = {"status": status, "commit": commit, "seconds": DEFAULT_SECONDS if kind == "slow" else 0.0}
    fault = Fault(**{**defaults, **values, "match": _parse_match(values.get("match", {}))})
    _check_types(fault)
    if kind == "truncate" and not fault.commit:
        raise ValueError("truncate needs the answer of the request: commit cannot be false")
    fault.code = fault.code or CODES.get(fault.status, "UNKNOWN")
    return fault


def _parse_match(values: Any) -> Match:
    _known("match", values, {each.name for each in fields(Match)})
    if not all(isinstance(text, str) for text in values.values()):
        raise ValueError("match holds texts: method, path, query, host")
    match = Match(**{**values, "method": values.get("method", "").upper()})
    for pattern in (match.path, match.query):
        try:
            re.compile(pattern)
        except re.error as error:
            raise ValueError(f"match: {pattern!r} is no regular expression: {error}") from None
    return match


def _known(what: str, values: Any, names: set[str]) -> None:
    if not isinstance(values, dict):
        raise ValueError(f"a {what} is an object, not {values!r}")
    if unknown := sorted(values.keys() - names):
        raise ValueError(f"unknown in {what}: {', '.join(unknown)}; known: {', '.join(sorted(names))}")


def _check_types(fault: Fault) -> None:
    answers = fault.kind in ("refuse", "status", "html")
    for name, right, wanted in (
        ("status", _is_count(fault.status) and (not answers or 200 <= fault.status <= 599), "from 200 to 599"),
        ("times", fault.times is None or _is_count(fault.times), "a number of 0 or more, or null for always"),
        ("after", _is_count(fault.after), "a number of 0 or more"),
        ("seconds", _is_duration(fault.seconds), "0 or more seconds"),
        ("commit", isinstance(fault.commit, bool), "true or false"),
        ("code", isinstance(fault.code, str), "a text"),
        ("message", isinstance(fault.message, str), "a text"),
        ("headers", isinstance(fault.headers, dict) and all(map(_is_text, fault.headers.values())), "texts by name"),
    ):
        if not right:
            raise ValueError(f"{name} must be {wanted}, not {getattr(fault, name)!r}")


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_duration(value: Any) -> bool:
    return _is_count(value) or (isinstance(value, float) and value >= 0)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _host(scope: Mapping[str, Any]) -> str:
    return next((value.decode("latin-1") for name, value in scope["headers"] if name == b"host"), "")
