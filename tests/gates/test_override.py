"""A person decides that a version may serve all the same, and says why."""

from __future__ import annotations

import json

import pytest

from tests.gates.conftest import ADDRESS, Gated


@pytest.fixture
def held(workshop: Gated) -> Gated:
    workshop.gated("metrics: [{name: /train_total_loss, max: 0.001}]")
    workshop.apply("--wait", expect=3)
    return workshop


def test_an_override_is_kept_with_who_when_and_why_and_the_version_serves(held: Gated) -> None:
    held.run("gates", "override", ADDRESS, "--version", "1", "--reason", "the bound was a typo")
    kept = held.evidence(1)["override"]
    assert kept["reason"] == "the bound was a typo"
    assert kept["by"]
    assert kept["at"]
    assert held.evidence(1)["gates"]["passed"] is False
    held.apply()
    assert held.serving() == 1


def test_what_the_gates_found_can_be_looked_at(held: Gated) -> None:
    shown = held.run("gates", "show", ADDRESS).stdout
    assert "did not pass" in shown
    assert "/train_total_loss" in shown
    found = json.loads(held.run("gates", "show", ADDRESS, "--format", "json").stdout)
    assert found["version"] == 1
    assert found["gates"]["results"][0]["passed"] is False


@pytest.mark.parametrize(
    ("arguments", "exit_code"),
    [
        (["--version", "1"], 64),
        (["--version", "1", "--reason", "  "], 64),
        (["--version", "1", "--reason", "x" * 2000], 64),
        (["--reason", "x"], 64),
        (["--version", "7", "--reason", "x"], 1),
    ],
)
def test_an_override_that_says_too_little_is_refused(held: Gated, arguments: list[str], exit_code: int) -> None:
    held.run("gates", "override", ADDRESS, *arguments, expect=exit_code)
    assert "override" not in held.evidence(1)


def test_a_run_that_has_not_finished_cannot_be_overridden(workshop: Gated) -> None:
    workshop.model()
    workshop.apply()
    done = workshop.run("gates", "override", ADDRESS, "--version", "1", "--reason", "x", expect=1)
    assert "could not serve in any case" in done.stderr
