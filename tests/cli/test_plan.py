"""`tuneform plan`: what it prints, what it saves, and its exit codes."""

import json
import os
from pathlib import Path

import pytest

from reconciler.core.address import Address
from reconciler.core.plan import Plan
from reconciler.core.plan_codec import plan_from_dict
from tests.cli.conftest import Runner
from tests.cli.fakes import FakeEngine
from tests.reports import plans


@pytest.mark.parametrize(
    ("plan", "plainly", "detailed"),
    [(plans.EMPTY, 0, 0), (plans.EVERYTHING, 0, 2), (plans.plan(plans.WAIT), 0, 2), (plans.INCOMPLETE, 5, 5)],
    ids=["empty", "changes", "running", "incomplete"],
)
def test_the_exit_code_tells_whether_there_is_something_to_do(
    tuneform: Runner, plan: Plan, plainly: int, detailed: int
) -> None:
    assert tuneform("plan", engine=FakeEngine(plan)).code == plainly
    assert tuneform("plan", "--detailed-exitcode", engine=FakeEngine(plan)).code == detailed


def test_in_a_log_the_plan_has_no_control_codes(tuneform: Runner) -> None:
    ran = tuneform("plan")
    assert "\x1b" not in ran.out
    assert "TunedModel/support-triage will be retuned as v2 (v1 keeps serving)" in ran.out
    assert ran.out.splitlines()[-1].endswith("plus 1 of unknown cost.")


def test_the_width_follows_the_terminal(tuneform: Runner) -> None:
    narrow = tuneform("plan", environ={"COLUMNS": "60"}).out
    assert max(len(line) for line in narrow.splitlines()) <= 60


def test_the_json_plan_is_the_contract_s(tuneform: Runner) -> None:
    ran = tuneform("plan", "--format", "json")
    assert plan_from_dict(json.loads(ran.out)) == plans.EVERYTHING


def test_the_markdown_plan_is_a_comment(tuneform: Runner) -> None:
    assert tuneform("plan", "--format", "markdown").out.startswith("<!-- tuneform {")


def test_every_flag_reaches_the_engine(tuneform: Runner) -> None:
    engine = FakeEngine()
    line = "plan --target TunedModel/a --target Dataset/b --no-refresh --destroy --allow-retired --max-cost 7.50"
    assert tuneform(*line.split(), engine=engine).code == 0
    options = engine.asked["options"]
    assert options.targets == (Address("TunedModel", "a"), Address("Dataset", "b"))
    assert (options.refresh, options.destroy, options.allow_retired, options.max_cost) == (False, True, True, 7.5)


def test_without_flags_the_engine_is_asked_for_everything_as_it_is_now(tuneform: Runner) -> None:
    engine = FakeEngine()
    tuneform("plan", engine=engine)
    options = engine.asked["options"]
    assert (options.targets, options.refresh, options.destroy) == ((), True, False)
    assert (options.allow_retired, options.max_cost) == (False, None)


def test_a_saved_plan_holds_the_whole_plan_and_says_how_to_apply_it(tuneform: Runner, tmp_path: Path) -> None:
    ran = tuneform("-C", str(tmp_path), "plan", "--out", "my.plan")
    assert plan_from_dict(json.loads((tmp_path / "my.plan").read_bytes())) == plans.EVERYTHING
    assert ran.out.endswith("Saved the plan to my.plan. Carry out exactly this with:\n  tuneform apply my.plan\n")
    assert [path.name for path in tmp_path.iterdir()] == ["my.plan"]


def test_a_pipe_or_device_named_by_out_is_written_to_and_never_replaced(tuneform: Runner, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDWR | os.O_NONBLOCK)
    try:
        assert tuneform("-C", str(tmp_path), "plan", "--out", "pipe").code == 0
        assert plan_from_dict(json.loads(os.read(reader, 1_000_000))) == plans.EVERYTHING
    finally:
        os.close(reader)
    assert pipe.is_fifo()


def test_a_link_named_by_out_stays_a_link(tuneform: Runner, tmp_path: Path) -> None:
    (tmp_path / "real").write_text("old")
    (tmp_path / "link").symlink_to("real")
    assert tuneform("-C", str(tmp_path), "plan", "--out", "link").code == 0
    assert (tmp_path / "link").is_symlink()
    assert plan_from_dict(json.loads((tmp_path / "real").read_text())) == plans.EVERYTHING


def test_quiet_leaves_out_the_hints(tuneform: Runner, tmp_path: Path) -> None:
    assert "Saved" not in tuneform("-C", str(tmp_path), "--quiet", "plan", "--out", "p").out


def test_a_plan_that_cannot_be_saved_is_told_and_nothing_is_left_behind(tuneform: Runner, tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    ran = tuneform("-C", str(tmp_path), "plan", "--out", "taken")
    assert ran.code == 1
    assert "the plan cannot be saved" in ran.err
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]
    assert tuneform("-C", str(tmp_path), "plan", "--out", "no/such/folder/p").code == 1
