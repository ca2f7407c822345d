"""`python -m tests.cli.faked SCENE …`: the command line over a fake engine, in a process of its own."""

import sys
import time
from collections.abc import Callable

from reconciler.applying.outcomes import ApplyResult
from reconciler.cli.main import run
from reconciler.core.events import Event
from reconciler.core.plan import Action
from tests.cli.fakes import TRIAGE, FakeEngine, session_with
from tests.reports import plans


def progress(state: str, done: int, **more: object) -> Event:
    fields = {"version": 2, "state": state, "completed_steps": done, "total_steps": 40, "elapsed_seconds": 61.0, **more}
    return Event("progress", f"v2 {state.lower()}", str(TRIAGE), fields)


def plain() -> FakeEngine:
    return FakeEngine(plans.plan(plans.RETUNE), lambda plan: ApplyResult(plan, {Action.RETUNE: 1}))


def long() -> FakeEngine:
    many = (plans.change(Action.UPDATE, f"m{n}", "Because.", version=1) for n in range(20_000))
    return FakeEngine(plans.plan(*many))


def until_stopped() -> FakeEngine:
    def wait(engine: FakeEngine) -> None:
        sys.stderr.write("working\n")
        while not engine.interrupt.wait(0.02):
            pass

    engine = plain()
    engine.while_applying = wait
    engine.result = lambda plan: ApplyResult(plan, pending=(f"{TRIAGE} v2 (x)",), interrupted=True)
    return engine


def stubborn() -> FakeEngine:
    def wait(_: FakeEngine) -> None:
        sys.stderr.write("working\n")
        time.sleep(600)

    engine = plain()
    engine.while_applying = wait
    return engine


def with_progress() -> FakeEngine:
    engine = plain()
    engine.events = [progress("RUNNING", 10, loss=1.25)]

    def go_on(_: FakeEngine) -> None:
        time.sleep(0.6)

    engine.while_applying = go_on
    return engine


SCENES: dict[str, Callable[[], FakeEngine]] = {
    scene.__name__: scene for scene in (plain, long, until_stopped, stubborn, with_progress)
}

if __name__ == "__main__":
    import os

    sys.exit(run(sys.argv[2:], session_with(SCENES[sys.argv[1]](), os.environ)))
