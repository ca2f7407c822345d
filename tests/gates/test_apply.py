"""Gates end to end: a version that passes serves, one that does not leaves everything as it is."""

from __future__ import annotations

import json

from tests.gates.conftest import ADDRESS, Gated

LOSS = "metrics: [{name: /train_total_loss, max: %s}]"
ASKS = "prompts: {file: prompts.jsonl, minPass: %s}"
GOOD = {"prompt": "Ticket 3: where is my order?", "expect": {"contains": "queue=shipping"}}
BAD = {"prompt": "Ticket 4: where is my order?", "expect": {"exact": "something else"}}


def test_a_version_that_passes_serves_in_the_same_apply(workshop: Gated) -> None:
    workshop.gated(LOSS % 5)
    workshop.apply("--wait")
    assert workshop.serving() == 1
    kept = workshop.evidence(1)["gates"]
    assert kept["passed"] is True
    assert kept["results"][0]["bound"] == 5
    assert workshop.actions() == {}


def test_a_failing_gate_leaves_v1_serving_untouched_and_exits_3(workshop: Gated) -> None:
    workshop.model()
    workshop.apply("--wait")
    before = json.loads(workshop.run("output", ADDRESS, "--format", "json").stdout)
    workshop.gated(LOSS % 0.001, epochs=5)
    workshop.forget_requests()
    done = workshop.apply("--wait", expect=3)
    assert "/train_total_loss" in done.stdout
    assert "above 0.001" in done.stdout
    assert json.loads(workshop.run("output", ADDRESS, "--format", "json").stdout) == before
    writes = {r["path"] for r in workshop.requests()["requests"] if r["method"] != "GET"}
    assert not [path for path in writes if "/models/" in path or "/endpoints/" in path]
    assert workshop.actions() == {ADDRESS: "hold"}


def test_a_held_version_is_not_judged_again_until_its_gates_change(workshop: Gated) -> None:
    workshop.gated(LOSS % 0.001)
    workshop.apply("--wait", expect=3)
    judged = workshop.evidence(1)["gates"]
    workshop.apply(expect=3)
    assert workshop.evidence(1)["gates"] == judged
    workshop.gated(LOSS % 5)
    assert workshop.actions() == {ADDRESS: "evaluate"}
    workshop.apply()
    assert workshop.serving() == 1
    assert len(workshop.jobs()) == 1


def test_one_apply_without_wait_judges_and_promotes(workshop: Gated) -> None:
    workshop.gated(LOSS % 5)
    workshop.apply()
    workshop.advance()
    shown = workshop.apply().stdout
    assert "v1 passed its gates" in shown
    assert "v1 serves now" in shown
    assert workshop.serving() == 1


def test_a_version_that_fails_without_wait_exits_3_at_once(workshop: Gated) -> None:
    workshop.gated(LOSS % 0.001)
    workshop.apply()
    workshop.advance()
    workshop.apply(expect=3)


def test_prompts_are_sent_to_the_candidate_and_their_pass_rate_decides(workshop: Gated) -> None:
    workshop.prompts(GOOD, BAD)
    workshop.gated(ASKS % 0.9)
    done = workshop.apply("--wait", expect=3)
    assert "1 of 2 prompts answered as expected" in done.stdout
    assert "line 2" in done.stdout
    assert workshop.generated() == 2
    workshop.gated(ASKS % 0.5)
    workshop.apply()
    assert workshop.serving() == 1
    assert workshop.evidence(1)["gates"]["prompts"]["digest"].startswith("sha256:")


def test_other_prompts_are_other_gates(workshop: Gated) -> None:
    workshop.prompts(BAD)
    workshop.gated(ASKS % 1)
    workshop.apply("--wait", expect=3)
    workshop.prompts(GOOD)
    workshop.apply()
    assert workshop.serving() == 1


def test_a_broken_line_of_prompts_is_told_before_anything_is_sent(workshop: Gated) -> None:
    workshop.write("prompts.jsonl", json.dumps(GOOD) + '\n{"prompt": \n')
    workshop.gated(ASKS % 1)
    workshop.forget_requests()
    for command in (["validate"], ["plan"], ["apply", "--auto-approve"]):
        assert "prompts.jsonl:2" in workshop.run(*command, expect=1).stderr
    assert workshop.requests()["requests"] == []


def test_gates_that_are_added_later_judge_what_serves_without_taking_it_down(workshop: Gated) -> None:
    workshop.model()
    workshop.apply("--wait")
    workshop.gated(LOSS % 0.001)
    assert workshop.actions() == {ADDRESS: "evaluate"}
    workshop.apply()
    assert workshop.serving() == 1
    assert workshop.actions() == {}
    assert "does not pass the gates" in workshop.run("plan").stdout


def test_a_run_that_dropped_nothing_passes_the_strictest_bound_on_dropped_examples(workshop: Gated) -> None:
    workshop.gated("maxDroppedRatio: 0")
    workshop.apply("--wait")
    assert workshop.serving() == 1
    assert "0 of 20 examples" in workshop.evidence(1)["gates"]["results"][0]["detail"]


def test_an_endpoint_that_answers_with_errors_is_an_error_and_no_verdict(workshop: Gated) -> None:
    workshop.prompts(GOOD)
    workshop.gated(ASKS % 1)
    workshop.apply()
    workshop.advance()
    asked = {"method": "POST", "path": "generateContent$"}
    workshop.fault(match=asked, kind="refuse", status=403, code="PERMISSION_DENIED", times=50)
    workshop.apply(expect=1)
    assert "gates" not in workshop.evidence(1)
    workshop.end_faults()
    workshop.fault(match=asked, kind="status", status=503, code="UNAVAILABLE", times=1)
    workshop.apply()
    assert workshop.serving() == 1


def test_metrics_that_cannot_be_read_are_an_error_and_no_verdict(workshop: Gated) -> None:
    workshop.gated(LOSS % 5)
    workshop.apply()
    workshop.advance()
    workshop.fault(
        match={"method": "GET", "path": "contexts"}, kind="refuse", status=403, code="PERMISSION_DENIED", times=50
    )
    workshop.apply(expect=1)
    workshop.end_faults()
    workshop.apply()
    assert workshop.serving() == 1


def test_a_version_no_worse_than_what_serves_takes_over(workshop: Gated) -> None:
    workshop.model()
    workshop.apply("--wait")
    workshop.gated("metrics: [{name: /train_total_loss, maxRegression: 0.5}]", epochs=5)
    workshop.apply("--wait")
    assert workshop.serving() == 2
    assert "v1" in workshop.evidence(2)["gates"]["results"][0]["detail"]


def test_what_serves_is_judged_by_new_gates_and_never_takes_over_again(workshop: Gated) -> None:
    workshop.gated(LOSS % 5)
    workshop.apply("--wait")
    workshop.gated(LOSS % 0.001, epochs=5)
    workshop.apply("--wait", expect=3)
    workshop.gated(LOSS % 4, epochs=5)
    done = workshop.apply()
    assert "v1 passed its gates" in done.stdout
    assert [line for line in done.stdout.splitlines() if "serves now" in line] == [f"{ADDRESS}: v2 serves now"]
    assert workshop.serving() == 2
