"""Application Default Credentials of every kind, and clear words when they do not work; never a secret."""

from __future__ import annotations

import json
import logging
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from reconciler.cloud.client import Client, connect
from reconciler.cloud.credentials import Credentials
from reconciler.cloud.exchange import EmulatorTransport, HttpFactory
from reconciler.cloud.hosts import Emulator
from reconciler.core.desired import GoogleSettings
from reconciler.errors import CloudError, CredentialsError, NotSent, ReplyLost
from tests.cloud.conftest import FakeTime
from tests.cloud.scripted import Act, Received, ScriptedServer, close, google_error, in_turn, reply

CANARY = "canary-7c1e"
SERVICE = "tuner@acme.iam.gserviceaccount.com"


@pytest.fixture(autouse=True)
def no_surroundings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Neither this computer's own login nor a metadata server takes part."""
    for name in ("GOOGLE_APPLICATION_CREDENTIALS", "CLOUDSDK_CONFIG", "GOOGLE_CLOUD_PROJECT", "TUNEFORM_EMULATOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr("google.auth.compute_engine._metadata._NO_GCE_CHECK", True)


@pytest.fixture(scope="module")
def private_key() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def in_one_hour() -> str:
    return (datetime.now(UTC) + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")


class TokenService:
    """Stands for oauth2, STS and IAM credentials; counts, and can be told to refuse."""

    def __init__(self) -> None:
        self.given = 0
        self.lifetimes: list[str] = []
        self.refusal: Act | None = None

    def __call__(self, request: Received) -> Act:
        if self.refusal is not None:
            return self.refusal
        self.given += 1
        token = f"{CANARY}-token-{self.given}"
        if request.path.endswith(":generateAccessToken"):
            self.lifetimes.append(request.json()["lifetime"])
            seconds = int(request.json()["lifetime"][:-1])
            end = (datetime.now(UTC) + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")
            return reply({"accessToken": token, "expireTime": end})
        return reply(
            {
                "access_token": token,
                "expires_in": 3600,
                "token_type": "Bearer",
                "issued_token_type": "urn:ietf:params:oauth:token-type:access_token",
            }
        )


@dataclass
class Google:
    """Token services and the API, both scripted."""

    tokens: TokenService
    token_server: ScriptedServer
    api: ScriptedServer
    made: list[Credentials] = field(default_factory=list)

    def http(self) -> httpx.Client:
        """Google's token hosts lead to the scripted server, as do the loopback ones of the credentials files."""
        return httpx.Client(transport=EmulatorTransport(Emulator("127.0.0.1", self.token_server.port)))

    def credentials(self, file: Path, settings: GoogleSettings | None = None) -> Credentials:
        return self.found_in({"GOOGLE_APPLICATION_CREDENTIALS": str(file)}, settings)

    def found_in(self, environ: dict[str, str], settings: GoogleSettings | None = None) -> Credentials:
        self.made.append(Credentials(settings or GoogleSettings(), self.http, environ))
        return self.made[-1]

    def client(self, credentials: Credentials) -> Client:
        return Client(credentials, emulator=Emulator("127.0.0.1", self.api.port), timing=FakeTime().timing())


@pytest.fixture
def google() -> Iterator[Google]:
    tokens = TokenService()
    with ScriptedServer(tokens) as token_server, ScriptedServer(in_turn(reply({"ok": True}))) as api:
        google = Google(tokens, token_server, api)
        yield google
        for credentials in google.made:
            credentials.close()


Write = Callable[[Any], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def to_file(content: Any) -> Path:
        path = tmp_path / "adc.json"
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return path

    return to_file


def service_account(private_key: str) -> dict[str, str]:
    return {
        "type": "service_account",
        "project_id": "acme-ml",
        "private_key_id": CANARY,
        "private_key": private_key,
        "client_email": SERVICE,
        "token_uri": "https://oauth2.googleapis.com/token",
    }


USER = {
    "type": "authorized_user",
    "client_id": "id.apps.googleusercontent.com",
    "client_secret": f"{CANARY}-secret",
    "refresh_token": f"{CANARY}-refresh",
    "quota_project_id": "acme-quota",
}


def federation(tmp_path: Path) -> dict[str, Any]:
    (tmp_path / "subject").write_text(f"{CANARY}-subject")
    return {
        "type": "external_account",
        "audience": "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/g",
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "token_url": "https://sts.googleapis.com/v1/token",
        "credential_source": {"file": str(tmp_path / "subject")},
    }


URL = "https://us-central1-aiplatform.googleapis.com/v1/projects/p/locations/us-central1/tuningJobs"


@pytest.mark.parametrize("kind", ["user", "service account", "workload identity federation"])
def test_each_kind_of_credentials_gives_a_bearer_token(
    google: Google, write: Write, private_key: str, tmp_path: Path, kind: str
) -> None:
    content = {
        "user": USER,
        "service account": service_account(private_key),
        "workload identity federation": federation(tmp_path),
    }[kind]
    with google.client(google.credentials(write(content))) as client:
        client.get(URL)
        client.get(URL)
    assert [r.headers["authorization"] for r in google.api.received] == [f"Bearer {CANARY}-token-1"] * 2


def test_an_account_is_impersonated(google: Google, write: Write) -> None:
    credentials = google.credentials(write(USER), GoogleSettings(impersonate=SERVICE))
    with google.client(credentials) as client:
        client.get(URL)
    assert google.token_server.received[-1].path == f"/v1/projects/-/serviceAccounts/{SERVICE}:generateAccessToken"
    assert "generative-language.tuning" in str(google.token_server.received[-1].json()["scope"])
    assert google.api.received[0].headers["authorization"] == f"Bearer {CANARY}-token-2"


def test_a_create_by_an_impersonated_account_carries_the_short_lived_token_that_was_announced(
    google: Google, write: Write
) -> None:
    credentials = google.credentials(write(USER), GoogleSettings(impersonate=SERVICE))
    with google.client(credentials) as client:
        expiry = client.token_expiry()
        given = google.tokens.given
        client.get(URL)
        client.post_once(URL, {})
    assert expiry is not None
    assert expiry - datetime.now(UTC) < timedelta(seconds=301)
    assert google.tokens.lifetimes[0] == "300s"
    assert google.api.received[1].headers["authorization"] == f"Bearer {CANARY}-token-{given}"


def test_a_clock_that_is_behind_does_not_make_a_token_end_too_early(google: Google, write: Write) -> None:
    google.api.script = in_turn(reply({"ok": True}, headers={"Date": "Sun, 22 Nov 2026 12:00:00 GMT"}))
    with google.client(google.credentials(write(USER))) as client:
        before = client.token_expiry()
        client.get(URL)
        after = client.token_expiry()
    assert before is not None
    assert after is not None
    assert after - before == timedelta(days=1), "our clock says 21 Nov 2026 12:00"


def test_a_create_fetches_no_token_between_the_announcement_and_the_post(google: Google, write: Write) -> None:
    with google.client(google.credentials(write(USER))) as client:
        assert client.token_expiry() is not None
        google.tokens.refusal = close
        client.post_once(URL, {})
    assert google.api.received[0].headers["authorization"] == f"Bearer {CANARY}-token-1"


def test_without_credentials_no_token_ends() -> None:
    with Client(None, emulator=Emulator("127.0.0.1", 1)) as client:
        assert client.token_expiry() is None


@pytest.mark.parametrize(("setting", "sent"), [("", "acme-quota"), ("other", "other")])
def test_the_quota_project_is_sent(google: Google, write: Write, setting: str, sent: str) -> None:
    with google.client(google.credentials(write(USER), GoogleSettings(quota_project=setting))) as client:
        client.get(URL)
    assert google.api.received[0].headers["x-goog-user-project"] == sent


def test_a_login_without_a_quota_project_uses_the_project_in_use(google: Google, write: Write) -> None:
    login = {name: value for name, value in USER.items() if name != "quota_project_id"}
    with google.client(google.credentials(write(login), GoogleSettings(project="acme-ml"))) as client:
        client.get(URL)
    assert google.api.received[0].headers["x-goog-user-project"] == "acme-ml"


def test_a_service_account_counts_against_its_own_project(google: Google, write: Write, private_key: str) -> None:
    credentials = google.credentials(write(service_account(private_key)), GoogleSettings(project="acme-ml"))
    with google.client(credentials) as client:
        client.get(URL)
    assert "x-goog-user-project" not in google.api.received[0].headers


def test_the_credentials_name_a_project(google: Google, write: Write, private_key: str) -> None:
    assert google.credentials(write(service_account(private_key))).default_project() == "acme-ml"


def test_a_read_that_is_refused_as_unauthenticated_gets_one_new_token(google: Google, write: Write) -> None:
    google.api.script = in_turn(google_error(401, "UNAUTHENTICATED"), reply({"ok": True}))
    with google.client(google.credentials(write(USER))) as client:
        assert client.get(URL) == {"ok": True}
    assert [r.headers["authorization"][-1] for r in google.api.received] == ["1", "2"]


@pytest.mark.parametrize("method", ["post", "post_once"])
def test_a_write_that_is_refused_as_unauthenticated_is_not_sent_again(
    google: Google, write: Write, method: str
) -> None:
    google.api.script = in_turn(google_error(401, "UNAUTHENTICATED"))
    with google.client(google.credentials(write(USER))) as client, pytest.raises(CloudError):
        getattr(client, method)(URL, {})
    assert google.api.methods() == ["POST"]


DAMAGED: dict[str, Any] = {
    "not JSON": f"not json {CANARY}",
    "a list": [CANARY],
    "no type": {"secret": CANARY},
    "an unknown type": {"type": CANARY},
    "a user without a secret": {"type": "authorized_user", "refresh_token": CANARY},
    "a service account without a key": {"type": "service_account", "client_email": CANARY},
    "a service account with a damaged key": {
        **service_account(f"-----BEGIN PRIVATE KEY-----\n{CANARY}\n-----END PRIVATE KEY-----\n")
    },
    "fields of the wrong type": {"type": "service_account", "private_key": 7, "client_email": [], "token_uri": {}},
    "a federation without a source": {"type": "external_account", "audience": CANARY},
    "deep nesting": '{"a":' * 100_000 + CANARY,
}


@pytest.mark.parametrize("content", DAMAGED.values(), ids=DAMAGED.keys())
def test_a_damaged_file_is_named_with_what_to_do_and_never_quoted(google: Google, write: Write, content: Any) -> None:
    file = write(content)
    with google.client(google.credentials(file)) as client, pytest.raises(CredentialsError) as caught:
        client.get(URL)
    assert str(file) in str(caught.value)
    assert "gcloud auth application-default login" in caught.value.next_step
    assert CANARY not in "".join(traceback.format_exception(caught.value))
    assert google.api.connections == 0


def test_a_missing_file_is_named(google: Google, tmp_path: Path) -> None:
    with google.client(google.credentials(tmp_path / "no.json")) as client, pytest.raises(CredentialsError) as caught:
        client.get(URL)
    assert "no.json" in str(caught.value)
    assert "No such file" in str(caught.value)


def test_no_credentials_at_all_say_how_to_get_some(google: Google) -> None:
    credentials = google.found_in({"HOME": "/nonexistent"})
    with pytest.raises(CredentialsError, match="no Google credentials") as caught:
        credentials.token()
    assert "GOOGLE_APPLICATION_CREDENTIALS" in caught.value.next_step


def test_gclouds_own_login_is_found(google: Google, tmp_path: Path) -> None:
    (tmp_path / "application_default_credentials.json").write_text(json.dumps(USER))
    credentials = google.found_in({"CLOUDSDK_CONFIG": str(tmp_path)})
    assert credentials.token().value == f"{CANARY}-token-1"


def test_a_refused_login_says_so_without_the_answers_content(google: Google, write: Write) -> None:
    google.tokens.refusal = reply({"error": "invalid_grant", "error_description": f"revoked {CANARY}"}, 400)
    with google.client(google.credentials(write(USER))) as client, pytest.raises(CredentialsError) as caught:
        client.post_once(URL, {})
    assert "invalid_grant" in caught.value.what
    assert CANARY not in "".join(traceback.format_exception(caught.value))
    assert google.api.connections == 0


def test_a_refused_impersonation_names_the_account_and_the_role(google: Google, write: Write) -> None:
    credentials = google.credentials(write(USER), GoogleSettings(impersonate=SERVICE))
    with google.client(credentials) as client:
        client.get(URL)
        google.tokens.refusal = google_error(403, "PERMISSION_DENIED", CANARY)
        with pytest.raises(CredentialsError) as caught:
            client.token_expiry()
    assert SERVICE in caught.value.what
    assert "serviceAccountTokenCreator" in caught.value.next_step
    assert CANARY not in "".join(traceback.format_exception(caught.value))


def test_an_unreachable_token_service_means_that_nothing_was_sent(google: Google, write: Write) -> None:
    google.tokens.refusal = close
    with google.client(google.credentials(write(USER))) as client, pytest.raises(NotSent, match="token service"):
        client.post_once(URL, {})
    assert google.api.connections == 0


def test_secrets_show_in_no_error_log_or_representation(
    google: Google, write: Write, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    google.api.script = in_turn(close)
    credentials = google.credentials(write(USER))
    with google.client(credentials) as client, pytest.raises(ReplyLost) as caught:
        client.post_once(URL, {})
    shown = [repr(credentials), repr(credentials.token()), "".join(traceback.format_exception(caught.value))]
    shown += [record.getMessage() for record in caplog.records]
    assert CANARY not in "\n".join(shown)


def test_with_the_emulator_no_credentials_are_looked_for(tmp_path: Path) -> None:
    with ScriptedServer(in_turn(reply({"ok": True}))) as server:
        environ = {"TUNEFORM_EMULATOR": server.url, "GOOGLE_APPLICATION_CREDENTIALS": str(tmp_path / "missing.json")}
        with connect(GoogleSettings(quota_project="q"), environ) as client:
            assert client.emulated
            assert client.get(URL) == {"ok": True}
            assert client.default_project() == ""
    assert "authorization" not in server.received[0].headers
    assert "x-goog-user-project" not in server.received[0].headers


def test_a_client_for_google_looks_for_credentials_only_when_it_sends(tmp_path: Path) -> None:
    settings = replace(GoogleSettings(), project="p")
    with connect(settings, {"GOOGLE_APPLICATION_CREDENTIALS": str(tmp_path / "missing.json")}) as client:
        assert not client.emulated
        with pytest.raises(CredentialsError):
            client.get(URL)


def test_clients_for_google_share_their_tls_settings() -> None:
    factory = HttpFactory(None)
    with factory() as one, factory() as other:
        assert one is not other
