"""`tuneform apply` and `destroy`: approval, saved plans, what is told, and the exit codes."""

import json
from pathlib import Path

import pytest

from reconciler.applying.outcomes import ApplyResult, HeldItem
from reconciler.core.address import Address
from reconciler.core.events import Event
from reconciler.core.plan import Action, Plan, Reason
from reconciler.errors import InDoubt
from tests.cli.conftest import Runner
from tests.cli.faked import progress
from tests.cli.fakes import TRIAGE, FakeEngine
from tests.reports import plans

FAILED = Event("failed", "no permission", str(TRIAGE), {"next_step": "Grant aiplatform.tuningJobs.create."})
HELD = HeldItem(TRIAGE, Reason("cost_limit", "It would cost US$300; US$200 are allowed."))
DOUBT = InDoubt("sent and not answered", where=str(TRIAGE), next_step="Run apply again after 04:10.")


def resulting(**parts: object) -> FakeEngine:
    return FakeEngine(plans.plan(plans.RETUNE), lambda plan: ApplyResult(plan, **parts))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("parts", "code", "detailed"),
    [
        ({"counts": {Action.RETUNE: 1}}, 0, 0),
        ({"pending": ("TunedModel/x v2 (job)",)}, 0, 4),
        ({"held": (HELD,)}, 3, 3),
        ({"doubts": (DOUBT,)}, 5, 5),
        ({"failed": (FAILED,)}, 1, 1),
        ({"failed": (FAILED,), "doubts": (DOUBT,), "held": (HELD,), "pending": ("x",)}, 1, 1),
        ({"doubts": (DOUBT,), "held": (HELD,), "pending": ("x",)}, 5, 5),
        ({"held": (HELD,), "pending": ("x",)}, 3, 3),
    ],
    ids=["done", "pending", "held", "doubt", "failed", "all", "doubt first", "held first"],
)
def test_the_exit_code_is_that_of_the_worst_that_happened(
    tuneform: Runner, parts: dict[str, object], code: int, detailed: int
) -> None:
    assert tuneform("apply", "--auto-approve", engine=resulting(**parts)).code == code
    line = ["apply", "--auto-approve", "--detailed-exitcode"]
    assert tuneform(*line, engine=resulting(**parts)).code == detailed


def test_where_nobody_can_be_asked_the_plan_is_shown_and_nothing_is_done(tuneform: Runner) -> None:
    ran = tuneform("apply", engine=resulting())
    assert ran.code == 3
    assert "will be retuned as v2" in ran.out
    assert "nobody is here to approve this plan" in ran.err
    assert "--auto-approve" in ran.err
    assert "tuneform plan --out FILE" in ran.err


def test_a_plan_with_nothing_to_do_needs_no_approval(tuneform: Runner) -> None:
    ran = tuneform("apply", engine=FakeEngine(plans.EMPTY))
    assert ran.code == 0
    assert ran.out == "No changes. Live models match the specs. (12 unchanged)\n"
    assert tuneform("apply", engine=FakeEngine(plans.plan(plans.WAIT))).code == 0


def test_what_was_done_what_runs_and_what_is_held_is_told(tuneform: Runner) -> None:
    engine = resulting(
        counts={Action.RETUNE: 1, Action.UPDATE: 2}, pending=("TunedModel/support-triage v2 (job)",), held=(HELD,)
    )
    ran = tuneform("apply", "--auto-approve", engine=engine)
    assert "Held:\n  - TunedModel/support-triage: It would cost US$300; US$200 are allowed." in ran.out
    assert "Still under way:\n  - TunedModel/support-triage v2 (job)\n" in ran.out
    assert ran.out.endswith("Apply held back 1: 1 retuned, 2 updated.\n")


def test_a_doubt_says_on_stderr_what_to_do_and_when(tuneform: Runner) -> None:
    ran = tuneform("apply", "--auto-approve", engine=resulting(doubts=(DOUBT,)))
    assert "Run apply again after 04:10." in ran.err


def test_a_failure_says_what_to_do_next(tuneform: Runner) -> None:
    engine = resulting(failed=(FAILED,))
    engine.events = [FAILED]
    ran = tuneform("apply", "--auto-approve", engine=engine)
    assert "TunedModel/support-triage: failed: no permission\n  Grant aiplatform.tuningJobs.create.\n" in ran.out
    assert "Apply finished with 1 failure: nothing was done." in ran.out


def test_in_a_log_progress_is_one_line_a_state_or_tenth_and_not_one_a_poll(tuneform: Runner) -> None:
    engine = resulting(counts={Action.RETUNE: 1})
    engine.events = [
        progress("PENDING", 0),
        progress("RUNNING", 1),
        progress("RUNNING", 2),
        progress("RUNNING", 30),
        Event("finished", "v2 succeeded", str(TRIAGE)),
        Event("intent", "v2: intent recorded", str(TRIAGE)),
        Event("summary", "whatever"),
    ]
    told = tuneform("apply", "--auto-approve", "--wait", engine=engine).out.splitlines()
    assert [line for line in told if line.startswith("TunedModel/support-triage: ")] == [
        "TunedModel/support-triage: v2 pending, 0 of 40 steps (0 %)",
        "TunedModel/support-triage: v2 running, 1 of 40 steps (2 %)",
        "TunedModel/support-triage: v2 running, 30 of 40 steps (75 %)",
        "TunedModel/support-triage: v2 succeeded",
    ]
    assert "whatever" not in told


def test_as_json_every_event_is_a_line_and_the_last_one_sums_up(tuneform: Runner) -> None:
    engine = resulting(counts={Action.RETUNE: 1}, held=(HELD,), doubts=(DOUBT,), pending=("x",))
    engine.events = [progress("RUNNING", 1), progress("RUNNING", 2)]
    ran = tuneform("apply", "--auto-approve", "--format", "json", engine=engine)
    lines = [json.loads(line) for line in ran.out.splitlines()]
    assert [line["type"] for line in lines] == ["planned", "progress", "progress", "summary"]
    assert lines[0]["fields"]["plan"]["changes"][0]["action"] == "retune"
    assert lines[1]["fields"]["completed_steps"] == 1
    assert all(line["at"].endswith("Z") for line in lines)
    summary = lines[-1]["fields"]
    assert summary["counts"] == {"retune": 1}
    assert summary["held"][0]["code"] == "cost_limit"
    assert summary["pending"] == ["x"]
    assert summary["doubts"][0]["next_step"] == "Run apply again after 04:10."


def test_as_json_nobody_is_asked(tuneform: Runner) -> None:
    ran = tuneform("apply", "--format", "json", engine=resulting())
    assert ran.code == 3
    assert [json.loads(line)["type"] for line in ran.out.splitlines()] == ["planned"]


def test_every_flag_reaches_the_engine(tuneform: Runner) -> None:
    engine = resulting()
    line = (
        "apply --auto-approve --wait --timeout 90m --allow-deletes 2 --target TunedModel/a --allow-retired --max-cost 9"
    )
    tuneform(*line.split(), engine=engine)
    options = engine.asked["options"]
    assert (options.auto_approve, options.wait, options.timeout, options.allow_deletes) == (True, True, 5400.0, 2)
    assert options.plan.targets == (Address("TunedModel", "a"),)
    assert (options.plan.allow_retired, options.plan.max_cost, options.plan.destroy) == (True, 9.0, False)


def test_by_default_apply_does_not_wait_and_six_hours_at_most_when_it_does(tuneform: Runner) -> None:
    engine = resulting()
    tuneform("apply", "--auto-approve", engine=engine)
    options = engine.asked["options"]
    assert (options.wait, options.timeout, options.allow_deletes, options.saved) == (False, 21600.0, None, None)


def test_destroy_plans_the_deletion_of_everything(tuneform: Runner) -> None:
    engine = FakeEngine(plans.plan(plans.DELETE), lambda plan: ApplyResult(plan, {Action.DELETE: 1}))
    ran = tuneform("destroy", "--auto-approve", engine=engine)
    assert engine.asked["options"].plan.destroy
    assert ran.out.endswith("Destroy complete: 1 deleted.\n")
    assert "tuneform plan --destroy --out FILE" in " ".join(tuneform("destroy", engine=engine).err.split())


def test_destroying_nothing_is_not_called_matching_the_specs(tuneform: Runner) -> None:
    assert tuneform("destroy", engine=FakeEngine(plans.EMPTY)).out == "Nothing to destroy.\n"
    assert tuneform("plan", "--destroy", engine=FakeEngine(plans.EMPTY)).out == "Nothing to destroy.\n"


def saved_plan(tuneform: Runner, folder: Path, plan: Plan) -> Path:
    assert tuneform("-C", str(folder), "plan", "--out", "saved", engine=FakeEngine(plan)).code == 0
    return folder / "saved"


def test_a_saved_plan_is_approval_enough(tuneform: Runner, tmp_path: Path) -> None:
    saved_plan(tuneform, tmp_path, plans.plan(plans.RETUNE))
    engine = resulting(counts={Action.RETUNE: 1})
    ran = tuneform("-C", str(tmp_path), "apply", "saved", engine=engine)
    assert ran.code == 0
    assert engine.asked["options"].saved["changes"][0]["action"] == "retune"


def test_a_saved_plan_that_was_touched_is_refused_before_anything_is_asked(tuneform: Runner, tmp_path: Path) -> None:
    path = saved_plan(tuneform, tmp_path, plans.plan(plans.RETUNE))
    path.write_text(path.read_text().replace('"after": 4', '"after": 400'))
    engine = resulting()
    ran = tuneform("-C", str(tmp_path), "apply", "saved", engine=engine)
    assert ran.code == 1
    assert "the saved plan was altered" in ran.err
    assert "  saved\n" in ran.err
    assert engine.asked == {}


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"{", b"[]", b"{}", b"null", b"[" * 5000, b"x" * 100])
def test_what_is_not_a_plan_is_refused_with_one_sentence(tuneform: Runner, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "saved").write_bytes(content)
    ran = tuneform("-C", str(tmp_path), "apply", "saved", engine=resulting())
    assert ran.code == 1
    assert "this is not a saved plan" in ran.err
    assert "Traceback" not in ran.err


def test_a_saved_plan_that_is_not_there_is_told(tuneform: Runner, tmp_path: Path) -> None:
    assert "No such file" in tuneform("-C", str(tmp_path), "apply", "saved", engine=resulting()).err
    (tmp_path / "folder").mkdir()
    assert tuneform("-C", str(tmp_path), "apply", "folder", engine=resulting()).code == 1


def test_a_saved_plan_takes_no_targets(tuneform: Runner, tmp_path: Path) -> None:
    saved_plan(tuneform, tmp_path, plans.plan(plans.RETUNE))
    ran = tuneform("-C", str(tmp_path), "apply", "saved", "--target", "TunedModel/a", engine=resulting())
    assert ran.code == 64
