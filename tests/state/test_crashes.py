"""kill -9 while state is written: what is on disk afterwards is the old or the new, and no paid create is forgotten."""

from __future__ import annotations

import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from tests.state.conftest import Processes
from tests.state.one_pass import STEPS, begin, check

SYSCALLS = ("openat", "write", "fsync", "rename,renameat,renameat2", "unlinkat", "mkdirat", "flock", "ftruncate")
ERRORS = ("ENOSPC", "EDQUOT", "EIO", "EROFS")
needs_strace = pytest.mark.skipif(not shutil.which("strace"), reason="strace is not installed")


@pytest.mark.parametrize("project", ["new", "existing"])
def test_a_pass_that_is_killed_anywhere_loses_nothing(processes: Processes, quick_disk: Path, project: str) -> None:
    found = processes.answer("kill_everywhere", quick_disk, project)
    assert found["failures"] == []
    chances = {where.removeprefix("killed "): count for where, count in found["where"].items()}
    assert chances.keys() >= {f"before {call}" for call in ("write", "fsync", "rename", "unlink", "mkdir", "flock")}
    assert chances["half-way through write"] > 5


@pytest.mark.long
@needs_strace
@pytest.mark.parametrize("with_state", [False, True], ids=["new", "existing"])
@pytest.mark.parametrize("syscall", SYSCALLS)
def test_a_pass_that_is_killed_at_any_system_call_loses_nothing(
    processes: Processes, tmp_path: Path, syscall: str, with_state: bool
) -> None:
    before = begin(tmp_path / "template", with_state=with_state)
    killed = 0
    for number in range(1, 5000):
        project = tmp_path / f"p{number}"
        shutil.copytree(tmp_path / "template", project)
        done = traced(processes, project, f"inject={syscall}:signal=KILL:when={number}", syscall)
        check(project, before, done.stdout.decode().split("\n"))
        shutil.rmtree(project)
        if done.returncode == 0:
            break
        assert done.returncode in (-signal.SIGKILL, 128 + signal.SIGKILL), done.stderr
        killed += 1
    assert killed


@pytest.mark.long
@needs_strace
@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize("syscall", ["write", "fsync", "rename,renameat,renameat2"])
def test_a_disk_error_at_any_system_call_loses_nothing(
    processes: Processes, tmp_path: Path, syscall: str, error: str
) -> None:
    before = begin(tmp_path / "template", with_state=True)
    failed = 0
    for number in range(1, 5000):
        project = tmp_path / f"p{number}"
        shutil.copytree(tmp_path / "template", project)
        done = traced(processes, project, f"inject={syscall}:error={error}:when={number}", syscall)
        check(project, before, done.stdout.decode().split("\n"))
        shutil.rmtree(project)
        if done.returncode == 0:
            assert done.stdout.decode().split() == list(STEPS)
            break
        failed += 1
    assert failed


def traced(processes: Processes, project: Path, injection: str, syscall: str) -> subprocess.CompletedProcess[bytes]:
    """One pass under strace with one fault in it."""
    strace = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={syscall}", "-e", injection]
    return subprocess.run(
        [*strace, *processes.command("one_pass", project)],
        env=processes.environment,
        capture_output=True,
        timeout=60,
        check=False,
    )
