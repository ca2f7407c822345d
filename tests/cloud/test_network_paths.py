"""Proxies and TLS: what may be reached, and that nothing is sent where it must not be."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from reconciler.cloud.client import Client
from reconciler.errors import NotSent, ReplyLost
from tests.cloud.conftest import FakeTime, Serve
from tests.cloud.scripted import Act, ScriptedServer, close, in_turn, raw, reply, trickle

URL = "https://us-central1-aiplatform.googleapis.com/v1/projects/p/locations/us-central1/tuningJobs"
PROXY_VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")
ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"


@pytest.fixture
def direct_client(monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    with Client(None, timing=FakeTime().timing()) as client:
        yield client


def use_proxy(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    for variable in PROXY_VARIABLES:
        monkeypatch.setenv(variable, url)


def test_with_the_emulator_nothing_goes_to_a_proxy(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    with ScriptedServer(in_turn(reply({"from": "proxy"}))) as proxy:
        use_proxy(monkeypatch, proxy.url)
        world = serve(in_turn(reply({"from": "emulator"})))
        assert world.client.get(URL) == {"from": "emulator"}
        assert world.client.post(URL, {}) == {"from": "emulator"}
        assert world.client.post_once(URL, {}) == {"from": "emulator"}
        assert proxy.connections == 0


@pytest.fixture
def self_signed(tmp_path: Path) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    host = "us-central1-aiplatform.googleapis.com"
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path / "server.pem"
    file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


def tls(context: ssl.SSLContext, seen: list[bytes]) -> Act:
    def act(connection: socket.socket) -> bool:
        connection.sendall(ESTABLISHED)
        try:
            with context.wrap_socket(connection, server_side=True) as wrapped:
                seen.append(wrapped.recv(1000))
        except (ssl.SSLError, OSError):
            pass
        return False

    return act


REFUSALS: dict[str, Act] = {
    "the proxy refuses": reply(b"", 403),
    "the proxy wants a login": reply(b"", 407),
    "the proxy hangs up": close,
    "TLS is answered with nonsense": raw(ESTABLISHED + b"this is not TLS", close=True),
    "TLS is cut off": raw(ESTABLISHED, close=True),
}


@pytest.mark.parametrize("refusal", REFUSALS.values(), ids=REFUSALS.keys())
def test_what_fails_before_the_request_is_not_sent(
    direct_client: Client, monkeypatch: pytest.MonkeyPatch, refusal: Act
) -> None:
    with ScriptedServer(in_turn(refusal)) as proxy:
        use_proxy(monkeypatch, f"http://user:canary-password@127.0.0.1:{proxy.port}")
        with pytest.raises(NotSent) as caught:
            direct_client.post_once(URL, {})
        assert proxy.methods() == ["CONNECT"]
        assert "canary-password" not in str(caught.value)


def test_a_wrong_certificate_is_refused_before_anything_is_sent(
    direct_client: Client, monkeypatch: pytest.MonkeyPatch, self_signed: ssl.SSLContext
) -> None:
    seen: list[bytes] = []
    with ScriptedServer(in_turn(tls(self_signed, seen))) as proxy:
        use_proxy(monkeypatch, proxy.url)
        with pytest.raises(NotSent, match="certificate"):
            direct_client.post_once(URL, {})
    assert seen == []


def test_a_server_that_dies_after_reading_over_tls_is_a_lost_reply(
    monkeypatch: pytest.MonkeyPatch, self_signed: ssl.SSLContext, tmp_path: Path
) -> None:
    seen: list[bytes] = []
    with ScriptedServer(in_turn(tls(self_signed, seen))) as proxy:
        use_proxy(monkeypatch, proxy.url)
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "server.pem"))
        with Client(None, timing=FakeTime().timing()) as client, pytest.raises(ReplyLost):
            client.post_once(URL, {})
    assert len(seen) == 1
    assert seen[0].startswith(b"POST /v1/projects/p/")


def test_the_deadline_holds_over_tls_too(
    monkeypatch: pytest.MonkeyPatch, self_signed: ssl.SSLContext, tmp_path: Path
) -> None:
    def act(connection: socket.socket) -> bool:
        connection.sendall(ESTABLISHED)
        with self_signed.wrap_socket(connection, server_side=True) as wrapped:
            trickle(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{}", 0.1)(wrapped)
        return False

    with ScriptedServer(in_turn(act)) as proxy:
        use_proxy(monkeypatch, proxy.url)
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "server.pem"))
        with Client(None, timing=FakeTime().timing()) as client, pytest.raises(ReplyLost, match="within"):
            client.post_once(URL, {}, deadline=1.0)
