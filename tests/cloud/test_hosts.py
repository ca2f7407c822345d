"""Each location has its host, and nothing but Google or a loopback emulator is ever an address."""

from __future__ import annotations

import pytest

from reconciler.cloud import hosts
from reconciler.errors import UsageError


@pytest.mark.parametrize(
    ("location", "url"),
    [
        ("us-central1", "https://us-central1-aiplatform.googleapis.com"),
        ("europe-west4", "https://europe-west4-aiplatform.googleapis.com"),
        ("us", "https://aiplatform.us.rep.googleapis.com"),
        ("eu", "https://aiplatform.eu.rep.googleapis.com"),
        ("global", "https://aiplatform.googleapis.com"),
    ],
)
def test_the_host_follows_the_location(location: str, url: str) -> None:
    assert hosts.aiplatform(location) == url
    assert hosts.is_google(url)


@pytest.mark.parametrize("location", ["", "evil.com/", "us@evil", "US", "a..b", "-x", "x" * 64, "us central1"])
def test_a_text_that_is_no_location_is_refused(location: str) -> None:
    with pytest.raises(UsageError):
        hosts.aiplatform(location)


@pytest.mark.parametrize(
    "url",
    [
        "http://storage.googleapis.com/",
        "https://storage.googleapis.com.evil/",
        "https://evilgoogleapis.com/",
        "https://googleapis.com/",
        "https://user@storage.googleapis.com/",
        "https://storage.googleapis.com:444/",
        "https://storage.googleapis.com:x/",
        "https://169.254.169.254/",
        "https://storage.googleapis.com@evil.com/",
        "https://evil.com/storage.googleapis.com",
        "https://evil.com#.googleapis.com",
        "https://evil.com\\.googleapis.com/",
        "file:///etc/passwd",
        "",
    ],
)
def test_only_https_beneath_googleapis_is_google(url: str) -> None:
    assert not hosts.is_google(url)


@pytest.mark.parametrize("address", ["http://127.0.0.1:8791", "http://localhost:1/", "http://[::1]:9000"])
def test_an_emulator_on_loopback_is_taken(address: str) -> None:
    emulator = hosts.emulator_from({"TUNEFORM_EMULATOR": address})
    assert emulator is not None
    assert str(emulator.port) in address


@pytest.mark.parametrize(
    "address",
    [
        "http://10.0.0.1:80",
        "http://example.com:80",
        "http://127.0.0.1",
        "https://127.0.0.1:80",
        "127.0.0.1:80",
        "http://127.0.0.1.evil.com:80",
        "http://user@127.0.0.1:80",
        "http://127.0.0.1:80/path",
        "http://127.0.0.1:99999",
        "http://localhost.evil:80",
        "http://0.0.0.0:80",
        "http://[::1",
    ],
)
def test_an_emulator_anywhere_else_is_refused(address: str) -> None:
    with pytest.raises(UsageError, match="TUNEFORM_EMULATOR"):
        hosts.emulator_from({"TUNEFORM_EMULATOR": address})


def test_without_the_variable_there_is_no_emulator() -> None:
    assert hosts.emulator_from({}) is None
    assert hosts.emulator_from({"TUNEFORM_EMULATOR": ""}) is None
