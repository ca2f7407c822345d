"""kill -9 at every point of a create: the next apply finishes the work, and one job was bought."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.killed import POINTS
from tests.e2e.workshop import Workshop

ROOT = Path(__file__).parent.parent.parent


def killed_apply(workshop: Workshop, point: str) -> None:
    """Run apply in a process that kills itself at that point."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.e2e.killed", point, "-C", str(workshop.folder), "apply", "--auto-approve"],
        cwd=ROOT,
        env=workshop.environ,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL, f"the point {point!r} was never reached:\n{done.stdout}\n{done.stderr}"


def finish(workshop: Workshop) -> None:
    """What a person does after a crash: apply again, and again once the runs are over."""
    workshop.apply("--wait", "--timeout", "30s")
    assert workshop.actions() == {}


@pytest.mark.parametrize("point", POINTS)
def test_killed_at_any_point_of_a_create_one_job_is_bought(workshop: Workshop, point: str) -> None:
    workshop.project()
    workshop.dataset()
    workshop.model()
    killed_apply(workshop, point)
    finish(workshop)
    assert len(workshop.jobs()) == 1


@pytest.mark.parametrize("attempt", range(10))
def test_killed_between_the_answer_and_the_state_ten_times_one_job_each(workshop: Workshop, attempt: int) -> None:
    workshop.project()
    workshop.dataset()
    workshop.model(f"triage-{attempt}")
    killed_apply(workshop, "after the answer" if attempt % 2 else "before the state is written")
    finish(workshop)
    assert len(workshop.jobs()) == 1


def test_killed_during_the_recovery_as_well_one_job_is_bought(workshop: Workshop) -> None:
    workshop.project()
    workshop.dataset()
    workshop.model()
    killed_apply(workshop, "after the answer")
    killed_apply(workshop, "after COMMITTED")
    killed_apply(workshop, "before the state is written")
    finish(workshop)
    assert len(workshop.jobs()) == 1


def test_killed_while_retuning_the_first_version_goes_on_serving(workshop: Workshop) -> None:
    workshop.project()
    workshop.dataset()
    workshop.model()
    workshop.apply("--wait")
    workshop.model(epochs=5)
    killed_apply(workshop, "after the answer, before COMMITTED")
    assert "version" in workshop.run("output", "TunedModel/triage").stdout
    finish(workshop)
    assert len(workshop.jobs()) == 2
