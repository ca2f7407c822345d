"""Where Google's services are, and which hosts may be talked to at all.

Sources: the aiplatform v1 discovery document (regional endpoints) and google-genai (multi-regions `us` and `eu`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from reconciler.errors import UsageError

EMULATOR_VARIABLE = "TUNEFORM_EMULATOR"
MULTI_REGIONS = frozenset({"us", "eu"})

_LOCATION = re.compile(r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?")
_GOOGLE = re.compile(r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+googleapis\.com")


def aiplatform(location: str) -> str:
    """The base URL of Vertex AI in a location; `us` and `eu` are multi-regions, `global` has no region."""
    if not _LOCATION.fullmatch(location):
        raise UsageError(f"{location[:80]!r} is not a Google location", next_step="A location looks like us-central1.")
    if location in MULTI_REGIONS:
        return f"https://aiplatform.{location}.rep.googleapis.com"
    if location == "global":
        return "https://aiplatform.googleapis.com"
    return f"https://{location}-aiplatform.googleapis.com"


def generativelanguage() -> str:
    """The base URL of the Gemini API."""
    return "https://generativelanguage.googleapis.com"


def storage() -> str:
    """The base URL of Cloud Storage's JSON API."""
    return "https://storage.googleapis.com"


def is_google(url: str) -> bool:
    """Whether a URL is https on a host beneath googleapis.com, on the default port, without user information."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    return (
        parts.scheme == "https"
        and parts.username is None
        and port in (None, 443)
        and _GOOGLE.fullmatch(parts.hostname or "") is not None
    )


@dataclass(frozen=True, slots=True)
class Emulator:
    """A loopback address that stands in for all of Google."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"http://{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"


def emulator_from(environ: Mapping[str, str]) -> Emulator | None:
    """The emulator that the environment names, or None.

    Raises UsageError for anything but plain http on a loopback address: requests to an emulator carry no
    credentials, and nothing else may take Google's place.
    """
    text = environ.get(EMULATOR_VARIABLE, "")
    if not text:
        return None
    wrong = UsageError(
        f"{EMULATOR_VARIABLE} is not a loopback address: {text[:100]!r}",
        next_step=f"Set it to the address that `tuneform emulator` prints, such as {EMULATOR_VARIABLE}="
        "http://127.0.0.1:8484, or unset it to reach Google.",
    )
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise wrong from None
    host = parts.hostname or ""
    bare = parts.path in ("", "/") and not parts.query and not parts.fragment and parts.username is None
    if parts.scheme != "http" or port is None or not bare or not _is_loopback(host):
        raise wrong
    return Emulator(host, port)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
