"""A plan looks and touches nothing, and what it asks grows with pages, not with specs."""

from __future__ import annotations

from tests.e2e.workshop import Workshop


def counts_of_a_plan(workshop: Workshop) -> dict[str, int]:
    workshop.forget_requests()
    workshop.run("plan")
    counts: dict[str, int] = workshop.requests()["counts"]
    return counts


def test_a_plan_sends_only_gets(workshop: Workshop) -> None:
    workshop.project()
    workshop.dataset()
    workshop.model()
    assert counts_of_a_plan(workshop).keys() == {"GET"}
    workshop.apply("--wait")
    workshop.model(epochs=4)
    assert counts_of_a_plan(workshop).keys() == {"GET"}


def test_thirty_models_cost_a_plan_no_more_requests_than_two(workshop: Workshop) -> None:
    workshop.project()
    workshop.dataset()
    for number in range(2):
        workshop.model(f"triage-{number}", epochs=number + 1)
    workshop.apply("--wait")
    few = counts_of_a_plan(workshop)["GET"]
    for number in range(2, 30):
        workshop.model(f"triage-{number}", epochs=number + 1)
    workshop.apply("--wait", expect=None)
    workshop.advance()
    workshop.apply("--wait")
    assert workshop.actions() == {}
    assert counts_of_a_plan(workshop)["GET"] <= few + 1


def test_a_plan_leaves_no_trace_in_the_project(workshop: Workshop) -> None:
    workshop.project()
    workshop.dataset()
    workshop.model()
    before = sorted(str(p) for p in workshop.folder.rglob("*"))
    workshop.run("plan")
    assert sorted(str(p) for p in workshop.folder.rglob("*")) == before
