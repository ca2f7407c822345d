"""Google's Application Default Credentials, loaded when a request first needs them.

A user's login, a service account's key, Workload Identity Federation, impersonation, or the metadata server of
Google's own machines; google-auth does the work. No error, log line or representation carries a token or any content
of a credentials file.
"""

from __future__ import annotations

import json
import os
import re
import threading
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reconciler.core.desired import GoogleSettings
from reconciler.errors import CloudError, CredentialsError, NotSent

if TYPE_CHECKING:
    import httpx

SCOPES = (
    "https://www.googleapis.com/auth/cloud-platform",
    "https://www.googleapis.com/auth/generative-language.tuning",
)
FILE_VARIABLE = "GOOGLE_APPLICATION_CREDENTIALS"
CREATE_TOKEN_SECONDS = 300
MAX_FILE_BYTES = 1 << 20
FILE_TYPES = (
    "authorized_user",
    "service_account",
    "external_account",
    "external_account_authorized_user",
    "impersonated_service_account",
)

_LOGIN = (
    f"Run `gcloud auth application-default login`, or set {FILE_VARIABLE} to the file of a service account or of "
    "Workload Identity Federation. On Compute Engine, GKE and Cloud Run, also install google-auth[requests]."
)
_OAUTH_CODE = re.compile(r"\b(invalid_[a-z_]{3,30}|unauthorized_client|access_denied|account_not_found)\b")


@dataclass(frozen=True, slots=True)
class Token:
    """An access token and when it ends. Its value never shows."""

    value: str = field(repr=False)
    expiry: datetime | None


class Credentials:
    """Tokens for requests, from whatever credentials the environment offers. Safe to share between threads."""

    def __init__(
        self,
        settings: GoogleSettings,
        http: Callable[[], httpx.Client],
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        self._settings = settings
        self._http = http
        self._environ = environ
        self._lock = threading.Lock()
        self._client: httpx.Client | None = None
        self._source: Any = None
        self._google: Any = None
        self._project = ""

    def __repr__(self) -> str:
        return "Credentials(***)"

    def token(self) -> Token:
        """The present token, renewed when it is about to end. Raises CredentialsError, or NotSent when no token
        service can be reached.
        """
        with self._lock:
            self._load()
            if not self._google.valid:
                self._refresh(self._google)
            return _token(self._google)

    def renew(self) -> None:
        """Fetch another token although this one looks valid: Google has just refused it."""
        with self._lock:
            self._load()
            self._refresh(self._google)

    def token_for_create(self) -> Token:
        """A token for one paid create. Its end bounds how long the create can still happen, so where an account is
        impersonated it is a short-lived one.
        """
        if not self._settings.impersonate:
            return self.token()
        with self._lock:
            self._load()
            brief = self._impersonated(CREATE_TOKEN_SECONDS)
            self._refresh(brief)
            return _token(brief)

    def quota_project(self) -> str:
        """The project that quota is counted against, or empty: the configured one, else that of the credentials.

        A person's login belongs to no project, and Google refuses it without one: then it is the project in use.
        """
        if self._settings.quota_project:
            return self._settings.quota_project
        from google.oauth2.credentials import Credentials as Login

        with self._lock:
            self._load()
            own = str(self._google.quota_project_id or "")
            return own or (self._settings.project if isinstance(self._google, Login) else "")

    def default_project(self) -> str:
        """The project that the credentials come with, or empty."""
        with self._lock:
            self._load()
            return self._project

    def close(self) -> None:
        """Close the connections to the token services."""
        with self._lock:
            if self._client is not None:
                self._client.close()
                self._client = None

    def _load(self) -> None:
        if self._google is not None:
            return
        source, project = self._from_file() or self._from_metadata_server()
        self._source = source
        self._google = self._impersonated(3600) if self._settings.impersonate else source
        self._project = project

    def _from_file(self) -> tuple[Any, str] | None:
        """Credentials of the file that the environment or gcloud names; None when there is no such file."""
        import google.auth

        found = credentials_file(self._environ)
        if found is None:
            return None
        info = read_credentials_file(found)
        with warnings.catch_warnings():
            # One for loading any type of file, which is what ADC means; one for lacking a quota project.
            warnings.simplefilter("ignore")
            try:
                loaded, project = google.auth.load_credentials_from_dict(info, request=self._request())
                scoped = _scoped(loaded)
            except Exception as error:  # google-auth leaks KeyError, TypeError and ValueError for damaged files
                raise self._refused(error, f"the credentials in {found} cannot be used") from None
        return scoped, str(project or info.get("project_id") or info.get("quota_project_id") or "")

    def _from_metadata_server(self) -> tuple[Any, str]:
        import google.auth
        import google.auth.exceptions

        try:
            loaded, project = google.auth.default(scopes=SCOPES, request=self._request())
        except google.auth.exceptions.GoogleAuthError:
            raise CredentialsError("there are no Google credentials", next_step=_LOGIN) from None
        return loaded, str(project or "")

    def _impersonated(self, seconds: int) -> Any:
        from google.auth import impersonated_credentials

        return impersonated_credentials.Credentials(
            source_credentials=self._source,
            target_principal=self._settings.impersonate,
            target_scopes=list(SCOPES),
            lifetime=seconds,
        )

    def _refresh(self, credentials: Any) -> None:
        try:
            credentials.refresh(self._request())
        except Exception as error:  # the third party's own errors, and whatever a damaged key makes of it
            raise self._refused(error, "Google gave no access token") from None

    def _request(self) -> Any:
        from reconciler.cloud.google_auth_http import AuthRequest

        if self._client is None:
            self._client = self._http()
        return AuthRequest(self._client)

    def _refused(self, error: Exception, what: str) -> CloudError:
        """Our error for google-auth's, whose own text may quote the file or the token service's whole answer."""
        import google.auth.exceptions

        if isinstance(error, google.auth.exceptions.TransportError):
            return NotSent(
                "cannot reach Google's token service",
                next_step="Check the network and the proxy settings, then run the command again.",
            )
        code = _OAUTH_CODE.search(str(error.args[0]) if error.args else "")
        account = self._settings.impersonate
        return CredentialsError(
            f"{what}{f' for {account}' if account else ''}{f' ({code[1]})' if code else ''}",
            next_step=f"Grant roles/iam.serviceAccountTokenCreator on {account} to your own identity, or log in again."
            if account
            else _LOGIN,
        )


def credentials_file(environ: Mapping[str, str]) -> Path | None:
    """The file that the environment names, else gcloud's own if there is one."""
    named = environ.get(FILE_VARIABLE, "")
    if named:
        return Path(named)
    folder = environ.get("CLOUDSDK_CONFIG", "")
    if folder:
        path = Path(folder)
    elif os.name == "nt":
        path = Path(environ.get("APPDATA", "C:/")) / "gcloud"
    else:
        path = Path(environ.get("HOME", "/")) / ".config" / "gcloud"
    path = path / "application_default_credentials.json"
    return path if path.is_file() else None


def read_credentials_file(path: Path) -> dict[str, Any]:
    """The file's JSON object. Raises CredentialsError, which names the file and never quotes it."""
    try:
        with path.open("rb") as file:
            content = file.read(MAX_FILE_BYTES)
        info = json.loads(content)
    except OSError as error:
        raise CredentialsError(
            f"the credentials file cannot be read: {error.strerror}", where=str(path), next_step=_LOGIN
        ) from None
    except (ValueError, RecursionError):
        raise CredentialsError("the credentials file is not JSON", where=str(path), next_step=_LOGIN) from None
    if not isinstance(info, dict) or info.get("type") not in FILE_TYPES:
        raise CredentialsError(
            f"this is not a credentials file; its type must be one of {', '.join(FILE_TYPES)}",
            where=str(path),
            next_step=_LOGIN,
        )
    return info


def _scoped(credentials: Any) -> Any:
    """A user's login has the scopes it was given; everything else is asked for ours."""
    from google.auth.credentials import with_scopes_if_required

    return with_scopes_if_required(credentials, list(SCOPES))


def _token(credentials: Any) -> Token:
    expiry = credentials.expiry
    return Token(str(credentials.token), expiry.replace(tzinfo=UTC) if expiry else None)
