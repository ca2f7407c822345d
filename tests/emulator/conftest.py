"""One emulator for all tests here, emptied before each."""

from collections.abc import Iterator

import pytest

from reconciler.emulator.options import Options
from reconciler.emulator.testing import RunningEmulator
from tests.emulator.gemini import Gemini
from tests.emulator.vertex import Vertex, preference_rows, supervised_rows


@pytest.fixture(scope="session")
def shared_emulator() -> Iterator[RunningEmulator]:
    with RunningEmulator(Options(run_seconds=20, stopped_clock=True)) as emulator:
        yield emulator


@pytest.fixture
def emulator(shared_emulator: RunningEmulator) -> RunningEmulator:
    shared_emulator.admin.reset()
    shared_emulator.admin.put_object("gs://acme/train.jsonl", supervised_rows())
    shared_emulator.admin.put_object("gs://acme/preference.jsonl", preference_rows())
    return shared_emulator


@pytest.fixture
def vertex(emulator: RunningEmulator) -> Iterator[Vertex]:
    with Vertex(emulator) as client:
        yield client


@pytest.fixture
def gemini(emulator: RunningEmulator) -> Iterator[Gemini]:
    with Gemini(emulator) as client:
        yield client


@pytest.fixture
def stranger(emulator: RunningEmulator) -> Iterator[Gemini]:
    with Gemini(emulator, "stranger") as client:
        yield client
