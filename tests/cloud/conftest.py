from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from reconciler.cloud.client import Client
from reconciler.cloud.hosts import Emulator
from reconciler.cloud.retry import RetryPolicy, Timing
from tests.cloud.scripted import Script, ScriptedServer

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@dataclass
class FakeTime:
    """Time that passes only by sleeping."""

    seconds: float = 0.0
    slept: list[float] = field(default_factory=list)
    chance: float = 0.5

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.seconds += seconds

    def timing(self) -> Timing:
        return Timing(monotonic=lambda: self.seconds, sleep=self.sleep, random=lambda: self.chance, now=lambda: NOW)


@dataclass
class World:
    """A scripted server and a client that takes it for Google."""

    server: ScriptedServer
    client: Client
    time: FakeTime


Serve = Callable[[Script], World]


@pytest.fixture
def serve() -> Iterator[Serve]:
    with ExitStack() as stack:

        def start(script: Script, retry: RetryPolicy | None = None) -> World:
            server = stack.enter_context(ScriptedServer(script))
            time = FakeTime()
            client = Client(None, emulator=Emulator("127.0.0.1", server.port), retry=retry, timing=time.timing())
            stack.enter_context(client)
            return World(server, client, time)

        yield start
