"""What `tuneform init` writes can be tried as it is."""

from __future__ import annotations

from tests.e2e.workshop import PROJECT, Workshop


def test_the_example_can_be_applied_within_the_limits_written_beside_it(workshop: Workshop) -> None:
    workshop.run("init")
    done = workshop.run("apply", "--auto-approve", "--wait", GOOGLE_CLOUD_PROJECT=PROJECT)
    assert "Apply complete: 2 created, 1 promoted." in done.stdout
