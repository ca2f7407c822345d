"""Google's own clients in front of a running emulator, with a recorder in between.

Nothing of Google's is imported before a test needs it: the libraries take seconds. Every exchange of every test is
checked against Google's discovery documents when the test ends.
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from reconciler.emulator.options import Options
from reconciler.emulator.testing import RunningEmulator
from tests.conformance.discovery import check_exchange
from tests.conformance.recorder import Recorder

HERE = Path(__file__).parent
PROJECT = "acme-ml"
LOCATION = "us-central1"
PARENT = f"projects/{PROJECT}/locations/{LOCATION}"
SUPERVISED = "gs://acme-data/supervised.jsonl"
PREFERENCE = "gs://acme-data/preference.jsonl"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker("conformance")


@pytest.fixture(scope="session")
def running() -> Iterator[RunningEmulator]:
    with RunningEmulator(Options(run_seconds=20, operation_seconds=2, page_size_max=3)) as emulator:
        yield emulator


@pytest.fixture(scope="session")
def recorder(running: RunningEmulator) -> Iterator[Recorder]:
    with Recorder(running.url) as recorder:
        yield recorder


@pytest.fixture
def emulator(running: RunningEmulator, recorder: Recorder) -> Iterator[RunningEmulator]:
    """An emulator with two datasets and nothing else. What was said to it must be as Google's documents say."""
    running.admin.reset()
    running.admin.put_object(SUPERVISED, jsonl(supervised_row(n) for n in range(20)))
    running.admin.put_object(PREFERENCE, jsonl(preference_row(n) for n in range(20)))
    recorder.exchanges.clear()
    yield running
    problems = [problem for exchange in recorder.exchanges for problem in check_exchange(exchange, snake_case=True)]
    assert not problems, "\n".join(sorted(set(problems)))


@pytest.fixture(scope="session")
def rest_client(recorder: Recorder) -> Callable[[Any, str], Any]:
    """Makes a client of an API version that talks plain HTTP to the recorder."""
    from google.auth.credentials import AnonymousCredentials

    def make(version: Any, name: str) -> Any:
        client_class = getattr(version, f"{name}Client")
        transport_class = client_class.get_transport_class("rest")
        host = recorder.url.removeprefix("http://")
        return client_class(transport=transport_class(host=host, credentials=AnonymousCredentials(), url_scheme="http"))

    return make


def supervised_row(number: int) -> dict[str, Any]:
    return {"contents": [said("user", f"Ticket {number}: I cannot log in"), said("model", f"login {number}")]}


def preference_row(number: int) -> dict[str, Any]:
    return {
        "contents": [said("user", f"Ticket {number}: I cannot log in")],
        "completions": [
            {"score": 1, "completion": said("model", "We are sorry. Please reset your password.")},
            {"score": 0, "completion": said("model", "No.")},
        ],
    }


def said(role: str, text: str) -> dict[str, Any]:
    return {"role": role, "parts": [{"text": text}]}


def jsonl(rows: Iterator[dict[str, Any]]) -> bytes:
    return "".join(f"{json.dumps(row)}\n" for row in rows).encode()
