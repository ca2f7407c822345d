"""How long a waiting apply pauses: a second where something moves, up to thirty where nothing does."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from reconciler.applying.interrupt import Interrupt
from reconciler.applying.outcomes import ReadsUntil
from reconciler.applying.waiting import Waiting
from reconciler.core.desired import Backend
from reconciler.core.events import Event, EventSink
from reconciler.core.observed import Run
from reconciler.core.runs import RunState
from reconciler.core.state import State, VersionStatus
from reconciler.errors import CloudError
from reconciler.providers.protocol import TuningReader
from tests.planning.build import NOW, job, model, record, state, version

M = model("m")
RUNNING = state(record(M, version(M, 1, VersionStatus.ACTIVE, run=job(1))))
IDLE = state()


class Time(Interrupt):
    """A clock that goes on only while somebody waits, and remembers how long each wait was."""

    def __init__(self) -> None:
        super().__init__()
        self.pauses: list[float] = []

    def wait(self, seconds: float) -> bool:
        self.pauses.append(seconds)
        return False

    def monotonic(self) -> float:
        return sum(self.pauses)

    def now(self) -> datetime:
        return NOW.astimezone(UTC) + timedelta(seconds=self.monotonic())


class Runs:
    """One service on which every run goes on without a new step."""

    backend: Backend = "vertex"

    def run(self, name: str) -> Run:
        return Run(name, "vertex", RunState.RUNNING, completed_steps=1)


class Down(Runs):
    """A service that cannot be reached."""

    def run(self, name: str) -> Run:
        raise CloudError("cannot connect", where=name)


def waiting(
    time: Time,
    timeout: float | None = None,
    *,
    reader: Runs | None = None,
    emit: EventSink = lambda _: None,
    reads_until: ReadsUntil = nullcontext,
) -> Waiting:
    readers = cast(Mapping[Backend, TuningReader], {"vertex": reader or Runs()})
    return Waiting(readers, cast(Any, time), time, emit, timeout=timeout, reads_until=reads_until)


def test_where_only_others_run_the_looks_get_rarer() -> None:
    time = Time()
    wait = waiting(time)
    for _ in range(12):
        assert wait.until_news(IDLE, queued=True)
    assert time.pauses[0] == 1.0
    assert time.pauses == sorted(time.pauses)
    assert time.pauses[-1] == 30.0


def test_a_queue_is_looked_at_again_although_no_run_of_ours_has_ended() -> None:
    time = Time()
    assert waiting(time, timeout=600).until_news(RUNNING, queued=True)
    assert 30 <= time.monotonic() < 70


def test_without_a_queue_only_the_end_of_a_run_is_news() -> None:
    time = Time()
    wait = waiting(time, timeout=600)
    assert not wait.until_news(RUNNING)
    assert wait.timed_out


@pytest.mark.parametrize("known", [IDLE, RUNNING])
def test_the_time_limit_ends_the_wait_whatever_is_waited_for(known: State) -> None:
    time = Time()
    wait = waiting(time, timeout=20)
    for _ in range(20):
        if not wait.until_news(known, queued=True):
            break
    assert wait.timed_out
    assert time.monotonic() == pytest.approx(20)


def test_the_time_limit_bounds_every_look_at_a_run() -> None:
    time, bounds = Time(), list[float | None]()

    def noted(moment: float | None) -> AbstractContextManager[None]:
        bounds.append(moment)
        return nullcontext()

    assert not waiting(time, timeout=20, reads_until=noted).until_news(RUNNING)
    assert set(bounds) == {20.0}


def test_a_trouble_that_lasts_is_told_once() -> None:
    time, told = Time(), list[Event]()
    assert not waiting(time, timeout=3600, reader=Down(), emit=told.append).until_news(RUNNING)
    assert len(time.pauses) > 100
    assert [event.message for event in told if event.type == "warning"] == [
        "cannot be looked at just now: cannot connect"
    ]
