"""On a terminal: a typed yes, colours, live progress, and signals."""

import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

# Seconds; only a guard against waiting for ever, for a machine may have much else to do.
HANGS = 120.0


class Terminal:
    """A process on a terminal of its own, 80 columns wide."""

    def __init__(self, process: subprocess.Popen[bytes], handle: int) -> None:
        self.process = process
        self._handle = handle
        self.seen = ""

    def wait_for(self, text: str) -> None:
        ends = time.monotonic() + HANGS
        while text not in self.seen:
            assert time.monotonic() < ends, f"{text!r} did not come: {self.seen}"
            self._read(0.1)

    def type(self, text: str) -> None:
        os.write(self._handle, text.encode())

    def end(self) -> int:
        ends = time.monotonic() + HANGS
        while self.process.poll() is None:
            assert time.monotonic() < ends, self.seen
            self._read(0.05)
        self._read(0.05)
        return self.process.returncode

    def _read(self, patience: float) -> None:
        while select.select([self._handle], [], [], patience)[0]:
            try:
                self.seen += os.read(self._handle, 65536).decode(errors="replace")
            except OSError:
                return


@contextmanager
def terminal(*args: str, **environ: str) -> Iterator[Terminal]:
    ours, theirs = pty.openpty()
    env = {**os.environ, "COLUMNS": "80", "TERM": "xterm", **environ}
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.cli.faked", *args],
        stdin=theirs, stdout=theirs, stderr=theirs, env=env, start_new_session=True,
    )  # fmt: skip
    os.close(theirs)
    try:
        yield Terminal(process, ours)
    finally:
        process.kill()
        process.wait()
        os.close(ours)


@pytest.mark.parametrize(("answer", "code"), [("yes\n", 0), ("y\n", 3), ("no\n", 3), ("\n", 3), ("\x04", 3)])
def test_only_yes_is_accepted_to_approve(answer: str, code: int) -> None:
    with terminal("plain", "apply") as shown:
        shown.wait_for("Only 'yes' will be accepted to approve.")
        shown.wait_for("Enter a value:")
        shown.type(answer)
        assert shown.end() == code
        if code:
            assert "Apply cancelled. Nothing was changed." in shown.seen
        else:
            assert "Apply complete: 1 retuned." in shown.seen


def test_on_a_terminal_the_plan_is_coloured() -> None:
    with terminal("plain", "plan") as shown:
        assert shown.end() == 0
        assert "\x1b[1mTunedModel/support-triage\x1b[0m" in shown.seen


@pytest.mark.parametrize(
    ("args", "environ"),
    [
        (["--no-color", "plan"], {}),
        (["plan", "--no-color"], {}),
        (["plan"], {"NO_COLOR": "1"}),
        (["plan"], {"TERM": "dumb"}),
    ],
)
def test_colours_can_be_turned_off(args: list[str], environ: dict[str, str]) -> None:
    with terminal("plain", *args, **environ) as shown:
        assert shown.end() == 0
        assert "\x1b" not in shown.seen


def test_while_waiting_the_run_is_drawn_with_its_steps_and_time_and_taken_away_at_the_end() -> None:
    with terminal("with_progress", "apply", "--auto-approve", "--wait") as shown:
        assert shown.end() == 0
        drawn = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown.seen)
        assert "TunedModel/support-triage v2 running" in drawn
        assert "10/40, loss 1.25" in drawn
        assert "1:01" in drawn
        assert "\x1b[?25h" in shown.seen, "the cursor is shown again"
        assert "Apply complete: 1 retuned." in drawn


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_the_first_signal_asks_for_a_stop_and_what_still_runs_is_named(number: int, code: int) -> None:
    with terminal("until_stopped", "apply", "--auto-approve") as shown:
        shown.wait_for("working")
        shown.process.send_signal(number)
        assert shown.end() == code
        assert "Stopping: nothing more is started" in shown.seen
        assert "TunedModel/support-triage v2 (x)" in shown.seen
        assert "Apply was interrupted" in shown.seen


def test_a_second_signal_ends_at_once() -> None:
    with terminal("stubborn", "apply", "--auto-approve") as shown:
        shown.wait_for("working")
        shown.process.send_signal(signal.SIGINT)
        shown.wait_for("Stopping")
        shown.process.send_signal(signal.SIGINT)
        assert shown.end() == 130


def test_a_signal_at_the_question_ends_it_with_nothing_done() -> None:
    with terminal("plain", "apply") as shown:
        shown.wait_for("Enter a value:")
        shown.process.send_signal(signal.SIGINT)
        assert shown.end() == 130
        assert "Interrupted" in shown.seen
        assert "Traceback" not in shown.seen
