"""One apply at a time."""

from __future__ import annotations

import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
import pytest

from reconciler.errors import Locked, StateError
from reconciler.state.local import LocalBackend
from reconciler.state.lock import Lock
from reconciler.state.store import StateStore
from tests.state.builders import NOW
from tests.state.conftest import Processes


def lock_of(project: Path) -> Lock:
    def now() -> datetime:
        return NOW

    return Lock(LocalBackend(Path("state"), project), now=now)


@contextmanager
def held_elsewhere(processes: Processes, project: Path, operation: str = "apply") -> Iterator[int]:
    """Another process that holds the lock; gives its id."""
    with processes.running("hold_lock", project, operation) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"held\n"
        yield child.pid


def test_the_lock_says_who_holds_it(project: Path) -> None:
    with lock_of(project).held("apply"):
        holder = orjson.loads((project / "state/lock.json").read_bytes())
    assert holder.keys() == {"who", "host", "pid", "operation", "created", "tool_version"}
    assert (holder["pid"], holder["operation"], holder["created"]) == (
        os.getpid(),
        "apply",
        "2026-11-21T12:00:00.000000Z",
    )


def test_only_the_user_may_read_the_lock(project: Path) -> None:
    with lock_of(project).held("apply"):
        assert stat.S_IMODE((project / "state/lock.json").stat().st_mode) == 0o600


def test_a_second_apply_is_told_who_holds_the_lock_and_what_to_do(processes: Processes, project: Path) -> None:
    with (
        held_elsewhere(processes, project, "state mv") as pid,
        pytest.raises(Locked, match=rf"state mv by .* \(process {pid}\) since 2026-11-21T12:00") as caught,
        lock_of(project).held("apply"),
    ):
        pass
    assert caught.value.exit_code == 5
    assert caught.value.where == "state/lock.json"
    assert "tuneform state unlock" in caught.value.next_step


def test_the_lock_ends_with_a_process_that_is_killed(processes: Processes, project: Path) -> None:
    with held_elsewhere(processes, project):
        pass
    with lock_of(project).held("apply"):
        assert lock_of(project).holder() is not None


def test_the_lock_is_free_again_after_use_and_after_an_error(project: Path) -> None:
    lock = lock_of(project)
    with pytest.raises(KeyError), lock.held("apply"):
        raise KeyError
    with lock.held("apply"):
        pass
    assert lock.holder() is None


def test_within_one_process_the_lock_is_held_once(project: Path) -> None:
    with lock_of(project).held("apply"), pytest.raises(Locked), lock_of(project).held("apply"):
        pass


def test_a_plan_reads_the_state_while_the_lock_is_held(project: Path, store: StateStore) -> None:
    with lock_of(project).held("apply"):
        assert store.read().serial == 0


def test_a_holder_that_left_no_name_is_still_a_holder(processes: Processes, project: Path) -> None:
    with held_elsewhere(processes, project):
        (project / "state/lock.json").write_bytes(b'{"who":')
        with pytest.raises(Locked, match="another process is changing it"), lock_of(project).held("apply"):
            pass


def test_unlock_clears_what_a_dead_process_left(processes: Processes, project: Path) -> None:
    with held_elsewhere(processes, project) as pid:
        pass
    named = lock_of(project).unlock()
    assert named is not None
    assert named.pid == pid
    assert lock_of(project).holder() is None


def test_unlock_of_what_is_not_locked_names_nobody(project: Path) -> None:
    assert lock_of(project).unlock() is None


def test_unlock_does_not_push_a_living_holder_aside_unless_forced(processes: Processes, project: Path) -> None:
    with held_elsewhere(processes, project) as pid:
        with pytest.raises(Locked, match=f"process {pid}"):
            lock_of(project).unlock()
        named = lock_of(project).unlock(force=True)
        assert named is not None
        assert named.pid == pid
        with lock_of(project).held("apply"):
            pass


def test_the_old_holder_of_a_broken_lock_does_not_release_the_new_one_s(project: Path) -> None:
    with lock_of(project).held("old"):
        lock_of(project).unlock(force=True)
        new = lock_of(project).held("new")
        new.__enter__()
    try:
        with pytest.raises(Locked, match="new by"), lock_of(project).held("third"):
            pass
    finally:
        new.__exit__(None, None, None)


def test_releasing_twice_is_no_error(backend: LocalBackend) -> None:
    hold = backend.try_hold("lock.json", b"me")
    assert hold is not None
    hold.release()
    hold.release()


def test_a_file_system_without_locks_is_named_before_anything_is_paid(
    backend: LocalBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_locks(file: int, operation: int) -> None:
        raise OSError(37, "No locks available")

    monkeypatch.setattr(fcntl, "flock", no_locks)
    with pytest.raises(StateError, match="cannot lock files") as caught:
        backend.check_writable()
    assert "local disk" in caught.value.next_step


def test_a_file_system_whose_locks_exclude_nobody_is_found_out(
    backend: LocalBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fcntl, "flock", lambda file, operation: None)
    with pytest.raises(StateError, match="cannot lock files"):
        backend.write("state.json", b"x", expected=None)


def test_a_process_that_is_stopped_in_the_middle_of_a_write_does_not_hang_others_for_ever(
    backend: LocalBackend, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend.write("state.json", b"x", expected=None)
    monkeypatch.setattr("reconciler.state.files._GUARD_TIMEOUT", 0.05)
    with (project / "state/.cas.lock").open("rb") as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)
        with pytest.raises(StateError, match="another process has been writing"):
            backend.write("history/1.json", b"x", expected=None)


def test_a_lock_that_cannot_say_who_holds_it_is_not_kept(
    backend: LocalBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(file: int, data: Any) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", full)
        with pytest.raises(StateError, match="disk is full"):
            backend.try_hold("lock.json", b"me")
    hold = backend.try_hold("lock.json", b"me")
    assert hold is not None
    hold.release()


def test_a_user_without_a_name_can_hold_the_lock(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody() -> str:
        raise KeyError("getpwuid(): uid not found")

    monkeypatch.setattr("getpass.getuser", nobody)
    with lock_of(project).held("apply"):
        holder = lock_of(project).holder()
    assert holder is not None
    assert holder.who == f"user {os.getuid()}"
