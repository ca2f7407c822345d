"""Full disks, read-only folders, missing rights: said in words, if possible before anything is paid; nothing lost."""

from __future__ import annotations

import contextlib
import errno
import itertools
import os
import stat
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from reconciler.core.address import Address
from reconciler.errors import StateError
from reconciler.state.local import LocalBackend
from reconciler.state.store import StateStore
from tests.state.builders import TRIAGE, add_model, intent, record, run_name, store_in, version
from tests.state.conftest import REPOSITORY, Processes

CALLS = ("open", "write", "fsync", "rename")
ERRORS = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EROFS: "the file system is read-only",
    errno.EACCES: "permission denied",
    errno.EIO: "the disk reported an error",
}
root_only = pytest.mark.skipif(os.geteuid() != 0, reason="mounting needs root")


class FailingCall:
    """Lets one call of the operating system fail, the `number`-th; `failed` says whether it came to that."""

    def __init__(self, real: Callable[..., Any], error: int, number: int) -> None:
        self._real, self._error, self._left = real, error, number
        self.failed = False

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        self._left -= 1
        if self._left == 0:
            self.failed = True
            raise OSError(self._error, os.strerror(self._error))
        return self._real(*args, **kwargs)


@contextlib.contextmanager
def failing(call: str, error: int, number: int) -> Iterator[FailingCall]:
    with pytest.MonkeyPatch.context() as patch:
        fails = FailingCall(getattr(os, call), error, number)
        patch.setattr(os, call, fails)
        yield fails


@pytest.mark.parametrize("error", ERRORS, ids=[errno.errorcode[e] for e in ERRORS])
@pytest.mark.parametrize("call", CALLS)
def test_a_write_that_fails_anywhere_keeps_the_old_state_or_has_the_new(
    store: StateStore, project: Path, call: str, error: int
) -> None:
    add_model(store, "a")
    for number in itertools.count(1):
        store = store_in(project)
        base = store.read()
        changed = base.with_record(record(Address("TunedModel", f"m{number}")))
        with failing(call, error, number) as fault, contextlib.suppress(StateError):
            store.write(changed, base)
            assert not fault.failed, "a failed write is never called done"
        now = store_in(project).read()
        assert now.resources in (base.resources, changed.resources)
        if not fault.failed:
            break
    assert number > 1
    assert store_in(project).read().resources == changed.resources


@pytest.mark.parametrize("error", ERRORS, ids=[errno.errorcode[e] for e in ERRORS])
@pytest.mark.parametrize("call", CALLS)
def test_what_may_be_sent_is_on_disk_or_the_journal_refuses(
    store: StateStore, project: Path, call: str, error: int
) -> None:
    prepared = store.journal.prepare(intent())
    for number in itertools.count(1):
        refused = False
        with failing(call, error, number) as fault:
            try:
                store.journal.sending(prepared, "2026-11-21T13:00:00Z", "2026-11-21T12:00:00Z")
            except StateError:
                refused = True
        assert refused == fault.failed
        (found,) = store_in(project).journal.entries()
        if found.status is not prepared.status:
            break
    # The last failure may have come after the rename: the entry is there, was not relied on, and stays in doubt.
    assert number > 1


@pytest.mark.parametrize(("error", "words"), ERRORS.items(), ids=[errno.errorcode[e] for e in ERRORS])
def test_the_message_says_what_and_what_next(store: StateStore, error: int, words: str) -> None:
    base = store.read()
    with failing("fsync", error, 1), pytest.raises(StateError, match=words) as caught:
        store.write(base.with_record(record()), base)
    assert caught.value.where == "state/state.json"
    assert "the journal" in caught.value.next_step


def test_what_could_not_be_recorded_is_set_aside_where_that_is_possible(store: StateStore, project: Path) -> None:
    base = add_model(store, "a")
    changed = base.with_record(record(Address("TunedModel", "b")))
    with failing("rename", errno.EIO, 1), pytest.raises(StateError) as caught:
        store.write(changed, base)
    assert "state/errored-2.json" in caught.value.next_step
    aside = (project / "state/errored-2.json").read_bytes()
    assert store_in(project).push(aside).resources == changed.resources


def test_a_run_whose_record_could_not_be_written_is_found_by_the_next_pass(store: StateStore, project: Path) -> None:
    base = store.read()
    sending = store.journal.sending(store.journal.prepare(intent()), "2026-11-21T13:00:00Z", "2026-11-21T12:00:00Z")
    store.journal.commit(sending, run_name(1), "reply")
    with failing("write", errno.ENOSPC, 1), pytest.raises(StateError):
        store.write(base.with_record(record(TRIAGE, version())), base)
    (found,) = store_in(project).read().intents
    assert found.run == run_name(1)


def test_a_state_that_was_saved_without_its_copy_says_so_and_the_next_write_makes_up_for_it(
    store: StateStore, project: Path
) -> None:
    base = add_model(store, "a")
    with failing("rename", errno.ENOSPC, 2), pytest.raises(StateError, match="the state was saved as serial 2"):
        store.write(base.with_record(record(Address("TunedModel", "b"))), base)
    add_model(store_in(project), "c")
    assert sorted(p.name for p in (project / "state/history").iterdir()) == ["1.json", "2.json", "3.json"]


def test_a_disk_that_gives_back_other_bytes_is_noticed(store: StateStore, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.write
    monkeypatch.setattr(os, "write", lambda file, data: real(file, bytes(len(data))))
    base = store.read()
    with pytest.raises(StateError, match="the disk reported an error"):
        store.write(base.with_record(record()), base)


def test_a_copy_that_does_not_read_back_is_an_error(project: Path) -> None:
    class Forgetful(LocalBackend):
        def write(self, key: str, data: bytes, *, expected: str | None) -> str:
            return super().write(key, data[:-1] if key.startswith("history/") else data, expected=expected)

    store = StateStore(Forgetful(Path("state"), project))
    base = store.read()
    with pytest.raises(StateError, match="reads back differently"):
        store.write(base.with_record(record()), base)


def test_an_unknown_error_is_told_in_the_system_s_words(backend: LocalBackend) -> None:
    with failing("fsync", errno.EMFILE, 1), pytest.raises(StateError, match="Too many open files"):
        backend.write("state.json", b"x", expected=None)


def test_a_temporary_file_that_cannot_be_removed_does_not_hide_the_reason(backend: LocalBackend, project: Path) -> None:
    backend.write("state.json", b"x", expected=None)
    with (
        failing("write", errno.ENOSPC, 1),
        failing("unlink", errno.EIO, 1),
        pytest.raises(StateError, match="the disk is full"),
    ):
        backend.write("history/1.json", b"x", expected=None)
    backend.write("history/1.json", b"x", expected=None)
    assert [p.name for p in (project / "state/history").iterdir()] == ["1.json"]


def test_a_folder_that_vanishes_while_it_is_made_is_an_error(backend: LocalBackend) -> None:
    with failing("mkdir", errno.EROFS, 1), pytest.raises(StateError, match="read-only"):
        backend.check_writable()


# -- real disks --------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def mounted(folder: Path, options: str) -> Iterator[None]:
    folder.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "none", str(folder)], capture_output=True, check=False
    )
    if done.returncode:
        pytest.skip(f"cannot mount: {done.stderr.decode()}")
    try:
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def fill(folder: Path) -> None:
    with contextlib.suppress(OSError), (folder / "filler").open("wb") as file:
        while True:
            file.write(bytes(1024))
            file.flush()


@root_only
def test_on_a_full_disk_nothing_is_lost_and_the_words_are_clear(project: Path, tmp_path: Path) -> None:
    with mounted(project / "state", "size=256k"):
        store = store_in(project)
        base = add_model(store, "a")
        fill(project / "state")
        with pytest.raises(StateError, match="the disk is full"):
            store.write(base.with_record(record()), base)
        assert store_in(project).read() == base
        with pytest.raises(StateError, match="the disk is full"):
            store.journal.prepare(intent())
        assert store_in(project).journal.entries() == []
        (project / "state/filler").unlink()
        assert add_model(store_in(project), "b").serial == 2


@root_only
def test_a_full_disk_is_noticed_before_anything_is_paid(project: Path) -> None:
    with mounted(project / "state", "size=256k"):
        with pytest.raises(StateError, match="the disk is full") as caught:
            LocalBackend(Path("state"), project).check_writable()
        assert "Free some space" in caught.value.next_step


@root_only
def test_a_read_only_folder_can_be_planned_from_and_is_refused_before_anything_is_paid(project: Path) -> None:
    with mounted(project / "state", "size=1m"):
        written = add_model(store_in(project), "a")
        subprocess.run(["mount", "-o", "remount,ro", str(project / "state")], check=True)
        assert store_in(project).read() == written
        with pytest.raises(StateError, match="read-only"):
            LocalBackend(Path("state"), project).check_writable()


@contextlib.contextmanager
def as_nobody() -> Iterator[Path]:
    """A project folder that this user owns and everybody may enter, without root's right to write everywhere."""
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder)
        project.chmod(0o755)
        was = os.geteuid()
        if was == 0:
            os.chown(project, 65534, -1)
            os.seteuid(65534)
        try:
            yield project
        finally:
            if was == 0:
                os.seteuid(0)


def test_without_the_right_to_write_apply_is_refused_before_anything_is_paid() -> None:
    with as_nobody() as project:
        project.chmod(0o555)
        with pytest.raises(StateError, match="permission denied") as caught:
            LocalBackend(Path("state"), project).check_writable()
        project.chmod(0o755)
    assert caught.value.next_step


def test_without_the_right_to_read_the_state_is_not_taken_for_a_new_one() -> None:
    with as_nobody() as project:
        add_model(store_in(project), "a")
        (project / "state/state.json").chmod(0)
        with pytest.raises(StateError, match="permission denied"):
            store_in(project).read()


def test_a_limit_on_the_size_of_files_is_told_before_anything_is_paid(processes: Processes, project: Path) -> None:
    base = add_model(store_in(project), "a")
    done = subprocess.run(
        ["sh", "-c", 'ulimit -f 1; exec "$@"', "sh", *processes.command("one_pass", project)],
        env=processes.environment,
        cwd=REPOSITORY,
        capture_output=True,
        check=False,
    )
    assert b"the file would be larger than is allowed here" in done.stderr
    assert done.stdout == b""
    assert store_in(project).read() == base


def test_before_a_file_gets_its_name_the_disk_has_its_bytes_and_then_the_folder(
    backend: LocalBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a power cut would show: a name that points at nothing, or a rename that never was."""
    backend.write("state.json", b"old", expected=None)
    calls: list[str] = []

    def noting(name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            calls.append("fsync folder" if name == "fsync" and stat.S_ISDIR(os.fstat(args[0]).st_mode) else name)
            return real(*args, **kwargs)

        return call

    for name in ("write", "fsync", "rename"):
        monkeypatch.setattr(os, name, noting(name, getattr(os, name)))
    blob = backend.read("state.json")
    assert blob is not None
    backend.write("state.json", b"new", expected=blob.token)
    assert calls == ["write", "fsync", "rename", "fsync folder"]
