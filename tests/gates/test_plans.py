"""What a plan says of gates, from state alone."""

from __future__ import annotations

from dataclasses import replace

from reconciler.core.plan import Action
from reconciler.core.state import Version, VersionStatus
from reconciler.spec.fingerprint import evaluation_fingerprint
from tests.planning.build import (
    desired,
    job,
    live,
    model,
    observed,
    plan,
    record,
    run_of,
    state,
    supervised,
    version,
)

GATED = model(gates={"metrics": [{"name": "/eval_total_loss", "max": 0.9}]})

OTHER = model(body=supervised(epochCount=9))


def judged(passed: bool) -> Version:
    result = {"gate": "/eval_total_loss", "passed": passed, "detail": "/eval_total_loss is 1.2, above 0.9"}
    evidence = {"gates": {"digest": evaluation_fingerprint(GATED, {}), "passed": passed, "results": [result]}}
    return version(GATED, 1, VersionStatus.CANDIDATE, evidence=evidence)


def test_a_hold_says_which_gate_failed_by_how_much_and_how_to_override() -> None:
    v1 = judged(passed=False)
    made = plan(desired(GATED), state(record(GATED, v1)), observed(run_of(GATED, v1), live(GATED, v1)))
    (change,) = made.changes
    assert change.action is Action.HOLD
    assert "1.2, above 0.9" in change.reasons[0].message
    assert "tuneform gates override TunedModel/m --version 1" in change.reasons[0].message


def test_what_serves_and_fails_newer_gates_is_warned_of_and_left() -> None:
    v1 = judged(passed=False)
    known = state(record(GATED, v1, current=1))
    made = plan(desired(GATED), known, observed(run_of(GATED, v1), live(GATED, v1)))
    assert made.changes == ()
    assert [d.code for d in made.diagnostics if d.code == "gate_failed"] == ["gate_failed"]


def test_what_serves_and_was_never_judged_is_evaluated() -> None:
    v1 = version(GATED, 1, VersionStatus.READY)
    known = state(record(GATED, v1, current=1))
    made = plan(desired(GATED), known, observed(run_of(GATED, v1), live(GATED, v1)), evaluates=True)
    assert [c.action for c in made.changes] == [Action.EVALUATE]


def test_what_serves_is_judged_by_changed_gates_while_a_newer_version_is_held() -> None:
    v1, v2 = version(OTHER, 1), replace(judged(passed=False), number=2, run=job(2))
    seen = observed(run_of(OTHER, v1), live(GATED, v1), run_of(GATED, v2), live(GATED, v2))
    made = plan(desired(GATED), state(record(GATED, v1, v2, current=1)), seen, evaluates=True)
    assert [(c.action, c.version) for c in made.changes] == [(Action.HOLD, 2), (Action.EVALUATE, 1)]


def test_a_passed_and_serving_version_leaves_nothing_to_do() -> None:
    v1 = judged(passed=True)
    known = state(record(GATED, v1, current=1))
    made = plan(desired(GATED), known, observed(run_of(GATED, v1), live(GATED, v1)), evaluates=True)
    assert made.changes == ()
