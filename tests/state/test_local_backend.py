"""The folder that state is kept in."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from reconciler.errors import StateConflict, StateError
from reconciler.state.local import LocalBackend


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_what_is_written_is_read_back_with_the_same_token(backend: LocalBackend) -> None:
    token = backend.write("state.json", b"one", expected=None)
    blob = backend.read("state.json")
    assert blob is not None
    assert (blob.data, blob.token) == (b"one", token)


def test_nothing_is_there_before_the_first_write_and_reading_makes_no_folder(
    backend: LocalBackend, project: Path
) -> None:
    assert backend.read("state.json") is None
    assert backend.read("journal/x.json") is None
    assert backend.keys("history/") == []
    assert list(project.iterdir()) == []


def test_only_the_user_may_read_state(backend: LocalBackend, project: Path) -> None:
    backend.write("journal/x.json", b"one", expected=None)
    assert mode(project / "state") == 0o700
    assert mode(project / "state/journal") == 0o700
    assert mode(project / "state/journal/x.json") == 0o600


def test_a_second_create_of_a_file_is_a_conflict_and_changes_nothing(backend: LocalBackend) -> None:
    backend.write("state.json", b"one", expected=None)
    with pytest.raises(StateConflict, match=r"state/state\.json: exists already; nothing was overwritten"):
        backend.write("state.json", b"two", expected=None)
    blob = backend.read("state.json")
    assert blob is not None
    assert blob.data == b"one"


def test_a_write_over_something_newer_is_a_conflict_and_changes_nothing(backend: LocalBackend) -> None:
    old = backend.write("state.json", b"one", expected=None)
    backend.write("state.json", b"two", expected=old)
    with pytest.raises(StateConflict, match="was changed by another process"):
        backend.write("state.json", b"three", expected=old)
    blob = backend.read("state.json")
    assert blob is not None
    assert blob.data == b"two"


def test_a_write_over_something_that_is_gone_is_a_conflict(backend: LocalBackend) -> None:
    old = backend.write("state.json", b"one", expected=None)
    backend.delete("state.json", expected=old)
    with pytest.raises(StateConflict):
        backend.write("state.json", b"two", expected=old)
    assert backend.read("state.json") is None


def test_only_what_was_read_is_deleted(backend: LocalBackend) -> None:
    old = backend.write("state.json", b"one", expected=None)
    backend.write("state.json", b"two", expected=old)
    with pytest.raises(StateConflict):
        backend.delete("state.json", expected=old)
    assert backend.read("state.json") is not None


def test_deleting_what_is_not_there_is_no_error_when_nothing_is_expected(backend: LocalBackend) -> None:
    backend.delete("history/1.json", expected=None)
    assert backend.read("history/1.json") is None


def test_keys_are_sorted_and_leave_hidden_files_and_folders_out(backend: LocalBackend, project: Path) -> None:
    for key in ("history/2.json", "history/10.json", "state.json", "errored-4.json"):
        backend.write(key, b"x", expected=None)
    (project / "state/history/.DS_Store").write_bytes(b"")
    assert backend.keys("history/") == ["history/10.json", "history/2.json"]
    assert backend.keys("errored-") == ["errored-4.json"]
    assert backend.keys("") == ["errored-4.json", "state.json"]


def test_what_a_killed_write_left_is_swept_by_the_next(backend: LocalBackend, project: Path) -> None:
    token = backend.write("state.json", b"one", expected=None)
    (project / "state/.state.json.tmp").write_bytes(b"hal")
    backend.write("state.json", b"two", expected=token)
    assert sorted(p.name for p in (project / "state").iterdir()) == [".cas.lock", "state.json"]


@pytest.mark.parametrize("key", ["", "../x", "/etc/passwd", "a/b/c", ".hidden", "journal/../x", "a\0b", "journal/"])
def test_a_key_cannot_reach_out_of_the_folder(backend: LocalBackend, key: str) -> None:
    with pytest.raises(StateError, match="cannot be the name of a state file"):
        backend.write(key, b"x", expected=None)


@pytest.mark.parametrize("folder", ["..", "../other", "state/../../other", "/etc"])
def test_a_state_folder_outside_the_project_is_refused(project: Path, folder: str) -> None:
    with pytest.raises(StateError, match="outside the project"):
        LocalBackend(Path(folder), project)


def test_an_absolute_state_folder_inside_the_project_is_fine(project: Path) -> None:
    backend = LocalBackend(project / "deep/state", project)
    backend.write("state.json", b"x", expected=None)
    assert backend.describe() == "deep/state"
    assert (project / "deep/state/state.json").read_bytes() == b"x"


def test_the_project_folder_itself_can_hold_the_state(project: Path) -> None:
    backend = LocalBackend(Path(), project)
    backend.write("state.json", b"x", expected=None)
    assert backend.describe() == "."
    assert backend.keys("") == ["state.json"]


def test_a_linked_state_folder_is_refused(project: Path) -> None:
    (project / "elsewhere").mkdir()
    (project / "state").symlink_to(project / "elsewhere")
    backend = LocalBackend(Path("state"), project)
    with pytest.raises(StateError, match="symbolic link"):
        backend.write("state.json", b"x", expected=None)
    with pytest.raises(StateError, match="symbolic link"):
        backend.read("state.json")
    assert list((project / "elsewhere").iterdir()) == []


@pytest.mark.parametrize("name", ["state.json", ".cas.lock"])
def test_a_linked_state_file_is_refused_and_its_target_untouched(
    backend: LocalBackend, project: Path, name: str
) -> None:
    backend.write("history/1.json", b"x", expected=None)
    target = project / "precious"
    target.write_bytes(b"precious")
    (project / "state" / name).unlink(missing_ok=True)
    (project / "state" / name).symlink_to(target)
    with pytest.raises(StateError, match="symbolic link"):
        backend.write("state.json", b"x", expected=None)
    assert target.read_bytes() == b"precious"


def test_a_linked_lock_file_is_refused_and_its_target_untouched(backend: LocalBackend, project: Path) -> None:
    backend.write("state.json", b"x", expected=None)
    target = project / "precious"
    target.write_bytes(b"precious")
    (project / "state/lock.json").symlink_to(target)
    with pytest.raises(StateError, match="symbolic link"):
        backend.try_hold("lock.json", b"me")
    assert target.read_bytes() == b"precious"


def test_a_hard_link_to_the_state_keeps_what_it_had(backend: LocalBackend, project: Path) -> None:
    token = backend.write("state.json", b"one", expected=None)
    os.link(project / "state/state.json", project / "mine.json")
    backend.write("state.json", b"two", expected=token)
    assert (project / "mine.json").read_bytes() == b"one"


def test_a_file_where_the_folder_should_be_is_refused(project: Path) -> None:
    (project / "state").write_bytes(b"")
    backend = LocalBackend(Path("state"), project)
    with pytest.raises(StateError, match="not a folder"):
        backend.check_writable()


def test_a_folder_where_the_state_should_be_is_refused(backend: LocalBackend, project: Path) -> None:
    (project / "state/state.json").mkdir(parents=True)
    with pytest.raises(StateError, match="is a folder, not a file"):
        backend.read("state.json")


def test_a_pipe_where_the_state_should_be_is_refused_without_waiting_for_a_writer(
    backend: LocalBackend, project: Path
) -> None:
    (project / "state").mkdir()
    os.mkfifo(project / "state/state.json")
    with pytest.raises(StateError, match="not a regular file"):
        backend.read("state.json")


def test_a_file_too_large_for_any_state_is_not_read_into_memory(backend: LocalBackend, project: Path) -> None:
    (project / "state").mkdir()
    with (project / "state/state.json").open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(StateError, match="more than any state"):
        backend.read("state.json")


def test_checking_that_the_folder_can_be_written_leaves_nothing_behind(backend: LocalBackend, project: Path) -> None:
    backend.check_writable()
    assert sorted(p.name for p in (project / "state").rglob("*") if p.is_file()) == [".cas.lock"]


def test_a_journal_folder_that_is_a_link_is_found_before_anything_is_paid(project: Path) -> None:
    (project / "state").mkdir()
    (project / "state/journal").symlink_to(project)
    with pytest.raises(StateError, match="symbolic link"):
        LocalBackend(Path("state"), project).check_writable()
