from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import pytest

from reconciler.cloud.client import Client
from reconciler.cloud.hosts import Emulator
from reconciler.cloud.retry import Timing
from reconciler.core.address import Address
from reconciler.core.desired import Lifecycle, TunedModel
from reconciler.core.diagnostics import Source
from reconciler.core.labels import own_labels
from reconciler.emulator.options import Options
from reconciler.emulator.testing import Admin, RunningEmulator
from reconciler.providers.protocol import CreateRequest
from reconciler.providers.storage import CloudStorage
from reconciler.providers.vertex.provider import VertexProvider
from tests.cloud.scripted import Script, ScriptedServer

PROJECT = "acme-ml"
LABEL = "acme"
LOCATION = "us-central1"
DATA = "gs://acme-data/train.jsonl"
ROW = b'{"contents":[{"role":"user","parts":[{"text":"a"}]},{"role":"model","parts":[{"text":"b"}]}]}\n'
RUN_SECONDS = 20.0


class NoSources:
    def at(self, path: str) -> Source:
        return Source("specs/x.yaml", 1, 1)


def a_model(
    name: str = "triage",
    *,
    location: str = LOCATION,
    body: dict[str, Any] | None = None,
    description: str | None = None,
) -> TunedModel:
    return TunedModel(
        address=Address("TunedModel", name),
        backend="vertex",
        project=PROJECT,
        location=location,
        body=body or {"baseModel": "gemini-3.1-flash-lite", "supervisedTuningSpec": {"trainingDatasetUri": DATA}},
        display_name=name.title(),
        description=description,
        labels={"team": "support"},
        lifecycle=Lifecycle(),
        sources=NoSources(),
    )


def request_for(provider: VertexProvider, model: TunedModel, attempt: str = "try-1") -> CreateRequest:
    labels = {**model.labels, **own_labels(LABEL, model.address, f"sha256:{'a' * 64}", attempt)}
    return provider.create_request(model, body=model.body, labels=labels, attempt=attempt)


@dataclass
class Quick:
    """Time that passes only by sleeping."""

    slept: list[float] = field(default_factory=list)

    def timing(self) -> Timing:
        return Timing(monotonic=lambda: sum(self.slept), sleep=self.slept.append, random=lambda: 0.5)


@dataclass
class Cloud:
    """A provider and a store on a server that stands for Google."""

    client: Client
    time: Quick

    @property
    def vertex(self) -> VertexProvider:
        return VertexProvider(self.client, LABEL)

    @property
    def storage(self) -> CloudStorage:
        return CloudStorage(self.client)


@dataclass
class Scripted(Cloud):
    server: ScriptedServer


@dataclass
class Emulated(Cloud):
    admin: Admin

    def finish_runs(self) -> None:
        self.admin.advance(RUN_SECONDS * 2)


Serve = Callable[[Script], Scripted]


def client_for(port: int, time: Quick) -> Client:
    return Client(None, emulator=Emulator("127.0.0.1", port), timing=time.timing())


@pytest.fixture
def serve() -> Iterator[Serve]:
    with ExitStack() as stack:

        def start(script: Script) -> Scripted:
            server = stack.enter_context(ScriptedServer(script))
            time = Quick()
            return Scripted(stack.enter_context(client_for(server.port, time)), time, server)

        yield start


@pytest.fixture(scope="module")
def emulator() -> Iterator[RunningEmulator]:
    with RunningEmulator(Options(run_seconds=RUN_SECONDS, operation_seconds=0.0)) as running:
        yield running


@pytest.fixture
def google(emulator: RunningEmulator) -> Iterator[Emulated]:
    emulator.admin.reset()
    emulator.admin.put_object(DATA, ROW * 50)
    emulator.admin.clear_requests()
    time = Quick()
    with client_for(int(emulator.url.rpartition(":")[2]), time) as client:
        yield Emulated(client, time, emulator.admin)
