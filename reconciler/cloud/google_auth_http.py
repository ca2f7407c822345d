"""What google-auth needs of an HTTP library, over httpx, so that `requests` need not be installed.

Source: google.auth.transport.Request and Response, whose shape is followed without inheriting from them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import google.auth.exceptions
import httpx

TIMEOUT_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class AuthResponse:
    """A token service's answer."""

    status: int
    headers: Mapping[str, str]
    data: bytes


class AuthRequest:
    """Sends google-auth's requests. Redirects are not followed: they would carry secrets elsewhere."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client

    def __call__(
        self,
        url: str,
        method: str = "GET",
        body: bytes | str | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float | None = None,
        **_: Any,
    ) -> AuthResponse:
        """One request. Raises google.auth.exceptions.TransportError when no answer comes back."""
        try:
            response = self._client.request(
                method, url, content=body, headers=headers, timeout=timeout or TIMEOUT_SECONDS, follow_redirects=False
            )
        except httpx.HTTPError as error:
            raise google.auth.exceptions.TransportError(f"{type(error).__name__}: {error}") from error
        return AuthResponse(response.status_code, response.headers, response.content)
