"""kill -9 at every point of a create: the next apply finishes the work, and one job was bought."""

from __future__ import annotations

import pytest

from tests.e2e.killed import POINTS, killed_apply
from tests.e2e.workshop import Workshop


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
