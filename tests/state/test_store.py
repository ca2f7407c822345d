"""Reading and writing the state of a project."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import orjson
import pytest

from reconciler.core.address import Address
from reconciler.core.state import IntentStatus, State
from reconciler.errors import StateConflict, StateDamaged, StateError
from reconciler.state.backend import Blob
from reconciler.state.local import LocalBackend
from reconciler.state.store import StateStore
from tests.state.builders import TRIAGE, add_model, intent, record, retag, run_name, store_in, version


def test_a_new_project_has_an_empty_state_and_reading_it_writes_nothing(store: StateStore, project: Path) -> None:
    assert store.read() == State(lineage="", serial=0)
    assert store.head() == ("", 0)
    assert store.pull() == b""
    assert list(project.iterdir()) == []


def test_the_first_write_gives_the_state_its_lineage(store: StateStore) -> None:
    written = add_model(store, "a")
    assert (written.lineage, written.serial) == ("0f0e", 1)
    assert store.head() == ("0f0e", 1)


def test_a_lineage_is_a_new_one_for_every_state(project: Path) -> None:
    lineages = set()
    for name in ("one", "two"):
        (project / name).mkdir()
        lineages.add(add_model(StateStore(LocalBackend(Path("state"), project / name)), "a").lineage)
    assert len(lineages) == 2


def test_another_process_reads_what_was_written(store: StateStore, project: Path) -> None:
    written = add_model(store, "a")
    assert store_in(project).read() == written


def test_each_write_raises_the_serial_by_one_and_keeps_the_lineage(store: StateStore) -> None:
    assert [add_model(store, name).serial for name in "abc"] == [1, 2, 3]
    assert store.read().lineage == "0f0e"


def test_writing_what_is_there_already_writes_nothing(store: StateStore, project: Path) -> None:
    base = add_model(store, "a")
    before = (project / "state/state.json").stat().st_mtime_ns
    same = store.write(dataclasses.replace(base, resources=dict(base.resources)), base)
    assert same == base
    assert (project / "state/state.json").stat().st_mtime_ns == before


def test_an_empty_first_state_is_not_written(store: StateStore, project: Path) -> None:
    base = store.read()
    assert store.write(base, base) == base
    assert not (project / "state/state.json").exists()


def test_of_two_writers_the_second_is_refused_and_the_first_one_s_state_stays(project: Path) -> None:
    first, second = store_in(project), store_in(project)
    base = add_model(first, "a")
    stale = second.read()
    written = first.write(base.with_record(record(Address("TunedModel", "b"))), base)
    with pytest.raises(StateConflict, match="somebody else wrote the state"):
        second.write(stale.with_record(record(Address("TunedModel", "c"))), stale)
    assert store_in(project).read() == written


def test_of_two_first_writers_the_second_is_refused(project: Path) -> None:
    first, second = store_in(project), store_in(project)
    base = first.read()
    second.read()
    written = first.write(base.with_record(record()), base)
    with pytest.raises(StateConflict):
        second.write(base.with_record(retag(record(), "other")), base)
    assert store_in(project).read() == written


def test_a_write_needs_the_state_that_was_read_here(store: StateStore, project: Path) -> None:
    base = add_model(store, "a")
    with pytest.raises(StateConflict):
        store_in(project).write(State("0f0e", 1), base)


def test_a_value_that_could_not_be_read_again_is_not_written(store: StateStore, project: Path) -> None:
    base = add_model(store, "a")
    odd = record(TRIAGE, dataclasses.replace(version(), run=None))  # type: ignore[arg-type]
    with pytest.raises(StateError, match=r"would not be readable again: .*str"):
        store.write(base.with_record(odd), base)
    assert store_in(project).read() == base


def test_each_snapshot_names_the_checksum_of_the_one_before(store: StateStore, project: Path) -> None:
    for name in "abc":
        add_model(store, name)
    copies = [orjson.loads((project / f"state/history/{n}.json").read_bytes()) for n in (1, 2, 3)]
    assert [c["previous"] for c in copies] == ["", copies[0]["checksum"], copies[1]["checksum"]]


# -- history -----------------------------------------------------------------------------------------------------------


def test_the_last_twenty_states_are_kept(store: StateStore, project: Path) -> None:
    for number in range(23):
        add_model(store, f"m{number}")
    kept = sorted(int(p.stem) for p in (project / "state/history").iterdir())
    assert kept == list(range(4, 24))


def test_history_lists_the_copies_newest_first(store: StateStore) -> None:
    add_model(store, "a")
    add_model(store, "b")
    newest, oldest = store.history()
    assert (newest.serial, newest.resources, newest.problem) == (2, 2, "")
    assert (oldest.serial, oldest.resources, oldest.written_at) == (1, 1, "2026-11-21T12:00:00.000000Z")


def test_history_says_which_copy_is_damaged(store: StateStore, project: Path) -> None:
    add_model(store, "a")
    add_model(store, "b")
    (project / "state/history/1.json").write_bytes(b"")
    assert [copy.problem for copy in store.history()] == ["", "is empty"]


def test_history_says_which_copy_was_not_made_from_the_one_before(store: StateStore, project: Path) -> None:
    for name in "abc":
        add_model(store, name)
    other = project / "other"
    other.mkdir()
    elsewhere = store_in(other)
    for name in "xyz":
        add_model(elsewhere, name)
    (project / "state/history/2.json").write_bytes((other / "state/history/2.json").read_bytes())
    assert [(copy.serial, copy.follows) for copy in store.history()] == [(3, False), (2, False), (1, True)]


def test_history_leaves_other_files_alone(store: StateStore, project: Path) -> None:
    add_model(store, "a")
    (project / "state/history/notes.txt").write_text("mine")
    assert [copy.serial for copy in store.history()] == [1]
    assert store.read().serial == 1


def test_a_copy_that_a_killed_write_did_not_make_is_made_before_the_next(store: StateStore, project: Path) -> None:
    add_model(store, "a")
    add_model(store, "b")
    (project / "state/history/2.json").unlink()
    add_model(store_in(project), "c")
    assert sorted(p.name for p in (project / "state/history").iterdir()) == ["1.json", "2.json", "3.json"]


def test_a_missing_copy_is_not_made_from_a_state_that_somebody_else_wrote(store: StateStore, project: Path) -> None:
    base = add_model(store, "a")
    (project / "state/history/1.json").unlink()
    add_model(store_in(project), "b")
    (project / "state/history/1.json").unlink()
    with pytest.raises(StateConflict):
        store.write(base.without(next(iter(base.resources))), base)
    assert not (project / "state/history/1.json").exists()


def test_a_damaged_copy_of_the_next_serial_is_replaced(store: StateStore, project: Path) -> None:
    add_model(store, "a")
    (project / "state/history/2.json").mkdir()
    (project / "state/history/2.json").rmdir()
    base = store.read()
    (project / "state/history/2.json").write_bytes(b"{")
    store.write(base.with_record(record(Address("TunedModel", "b"))), base)
    assert [copy.problem for copy in store.history()] == ["", ""]


def test_a_copy_of_another_state_is_never_replaced(store: StateStore, project: Path) -> None:
    add_model(store, "a")
    other = project / "other"
    other.mkdir()
    elsewhere = store_in(other)
    for name in "xy":
        add_model(elsewhere, name)
    foreign = (other / "state/history/2.json").read_bytes()
    base = store.read()
    (project / "state/history/2.json").write_bytes(foreign)
    with pytest.raises(StateError, match=r"saved as serial 2, but not its copy: two different states"):
        store.write(base.with_record(record(Address("TunedModel", "b"))), base)
    assert (project / "state/history/2.json").read_bytes() == foreign


# -- restore -----------------------------------------------------------------------------------------------------------


def test_restore_takes_a_copy_back_under_a_new_serial(store: StateStore, project: Path) -> None:
    first = add_model(store, "a")
    add_model(store, "b")
    (project / "state/state.json").write_bytes(b"")
    restored = store_in(project).restore(1)
    assert restored == dataclasses.replace(first, serial=3)
    assert store_in(project).read() == restored


def test_what_a_restore_replaces_is_set_aside(store: StateStore, project: Path) -> None:
    add_model(store, "a")
    (project / "state/state.json").write_bytes(b"half a sta")
    store_in(project).restore(1)
    assert (project / "state/replaced-2.json").read_bytes() == b"half a sta"


def test_a_restore_of_what_has_a_copy_sets_nothing_aside(store: StateStore, project: Path) -> None:
    add_model(store, "a")
    add_model(store, "b")
    store.restore(1)
    assert not list((project / "state").glob("replaced-*"))


def test_a_missing_state_can_be_restored(store: StateStore, project: Path) -> None:
    add_model(store, "a")
    (project / "state/state.json").unlink()
    assert store_in(project).restore(1).serial == 2


def test_a_state_without_a_copy_of_its_own_is_outnumbered_by_a_restore(store: StateStore, project: Path) -> None:
    add_model(store, "a")
    add_model(store, "b")
    (project / "state/history/2.json").unlink()
    assert store_in(project).restore(1).serial == 3
    assert (project / "state/replaced-3.json").exists()


def test_restoring_a_copy_that_is_not_kept_says_where_to_look(store: StateStore) -> None:
    add_model(store, "a")
    with pytest.raises(StateError, match="no such copy") as caught:
        store.restore(7)
    assert "tuneform state history" in caught.value.next_step


def test_restoring_a_damaged_copy_names_a_good_one(store: StateStore, project: Path) -> None:
    add_model(store, "a")
    add_model(store, "b")
    (project / "state/history/2.json").write_bytes(b"{}")
    with pytest.raises(StateDamaged) as caught:
        store.restore(2)
    assert "tuneform state restore 1" in caught.value.next_step


def test_a_copy_under_the_wrong_name_is_not_restored(store: StateStore, project: Path) -> None:
    add_model(store, "a")
    add_model(store, "b")
    (project / "state/history/2.json").write_bytes((project / "state/history/1.json").read_bytes())
    with pytest.raises(StateDamaged, match="is a copy of serial 1"):
        store.restore(2)


# -- pull and push -----------------------------------------------------------------------------------------------------


def test_pull_gives_the_bytes_of_the_file(store: StateStore, project: Path) -> None:
    add_model(store, "a")
    assert store.pull() == (project / "state/state.json").read_bytes()


def test_pull_of_a_damaged_state_is_refused(store: StateStore, project: Path) -> None:
    add_model(store, "a")
    (project / "state/state.json").write_bytes(b"")
    with pytest.raises(StateDamaged):
        store.pull()


def test_pushing_what_was_pulled_changes_nothing(store: StateStore) -> None:
    written = add_model(store, "a")
    assert store.push(store.pull()) == written


def test_an_older_state_is_not_pushed(store: StateStore) -> None:
    add_model(store, "a")
    old = store.pull()
    newer = add_model(store, "b")
    with pytest.raises(StateError, match="the pushed state is serial 1, this one is serial 2"):
        store.push(old)
    assert store.read() == newer


def test_an_older_state_is_pushed_by_force_under_a_new_serial(store: StateStore) -> None:
    first = add_model(store, "a")
    old = store.pull()
    add_model(store, "b")
    assert store.push(old, force=True) == dataclasses.replace(first, serial=3)
    assert store.read().resources == first.resources


def test_a_newer_state_of_the_same_lineage_is_pushed_with_its_serial(store: StateStore, project: Path) -> None:
    add_model(store, "a")
    other = project / "other"
    other.mkdir()
    elsewhere = store_in(other)
    elsewhere.push(store.pull())
    for name in "bc":
        add_model(elsewhere, name)
    assert store.push(elsewhere.pull()) == elsewhere.read()
    assert store.head() == ("0f0e", 3)


def test_a_state_of_another_lineage_is_pushed_only_by_force(store: StateStore, project: Path) -> None:
    add_model(store, "a")
    (project / "other").mkdir()
    foreign = StateStore(LocalBackend(Path("state"), project / "other"), new_lineage=lambda: "another")
    for name in "xy":
        add_model(foreign, name)
    with pytest.raises(StateError, match="is of lineage another, this one of 0f0e"):
        store.push(foreign.pull())
    assert store.push(foreign.pull(), force=True).lineage == "another"


def test_a_state_of_another_lineage_is_not_pushed_over_a_journal_even_by_force(
    store: StateStore, project: Path
) -> None:
    add_model(store, "a")
    store.journal.prepare(intent())
    (project / "other").mkdir()
    foreign = StateStore(LocalBackend(Path("state"), project / "other"), new_lineage=lambda: "another")
    add_model(foreign, "x")
    with pytest.raises(StateError, match="belongs to another state"):
        store.push(foreign.pull(), force=True)
    assert store.head() == ("0f0e", 1)


def test_an_altered_state_is_not_pushed(store: StateStore) -> None:
    add_model(store, "a")
    with pytest.raises(StateDamaged, match="the pushed state") as caught:
        store.push(store.pull().replace(b"acme-ml", b"evil-ml"), force=True)
    assert "Nothing was changed" in caught.value.next_step


def test_a_damaged_state_is_replaced_by_a_push_only_with_force(store: StateStore, project: Path) -> None:
    written = add_model(store, "a")
    data = store.pull()
    (project / "state/state.json").write_bytes(b"")
    with pytest.raises(StateDamaged):
        store.push(data)
    assert store.push(data, force=True).resources == written.resources


# -- the journal beside it ---------------------------------------------------------------------------------------------


def committed(store: StateStore) -> None:
    prepared = store.journal.prepare(intent())
    sending = store.journal.sending(prepared, "2026-11-21T13:00:00Z", "2026-11-21T12:00:00Z")
    store.journal.commit(sending, run_name(1), "reply")


def test_a_run_that_the_state_does_not_know_is_read_from_the_journal(store: StateStore, project: Path) -> None:
    add_model(store, "a")
    committed(store)
    (found,) = store_in(project).read().intents
    assert (found.status, found.run) == (IntentStatus.COMMITTED, run_name(1))


def test_a_run_that_the_state_knows_is_not_read_twice(store: StateStore, project: Path) -> None:
    base = store.read()
    committed(store)
    base = store.read()
    assert store.write(base.with_record(record()), base).intents == ()
    assert store_in(project).read().intents == ()


def test_an_entry_that_a_killed_apply_left_goes_with_the_next_write(store: StateStore, project: Path) -> None:
    base = store.read()
    committed(store)
    store.write(base.with_record(record()), base)
    assert list((project / "state/journal").iterdir())
    later = store_in(project)
    base = later.read()
    later.write(base, base)
    assert not list((project / "state/journal").iterdir())


def test_a_removed_record_does_not_come_back_from_the_journal(store: StateStore, project: Path) -> None:
    base = store.read()
    committed(store)
    base = store.write(base.with_record(record()), base)
    later = store_in(project)
    base = later.read()
    later.write(base.without(TRIAGE), base)
    assert store_in(project).read() == State("0f0e", 2)


def test_an_intent_whose_version_has_no_run_yet_is_still_read(store: StateStore, project: Path) -> None:
    base = store.read()
    store.journal.prepare(intent())
    without_run = record(TRIAGE, dataclasses.replace(version(), run=""))
    store.write(base.with_record(without_run), base)
    assert len(store_in(project).read().intents) == 1


def test_head_of_a_damaged_state_is_an_error(store: StateStore, project: Path) -> None:
    add_model(store, "a")
    (project / "state/state.json").write_bytes(b"")
    with pytest.raises(StateDamaged):
        store.head()


def test_a_run_that_is_recorded_while_a_plan_reads_is_seen_in_the_journal_or_in_the_state(
    store: StateStore, project: Path
) -> None:
    add_model(store, "a")
    committed(store)
    base = store.read()

    def record_it() -> None:
        store.write(base.with_record(record()), base)
        store.journal.forget(base.intents)

    seen = StateStore(Meanwhile(project, record_it)).read()
    assert [v.run for v in seen.resources[TRIAGE].versions] == [run_name(1)]


class Meanwhile(LocalBackend):
    """A place where another process does something just when the journal or the state was first looked at."""

    def __init__(self, project: Path, happens: Callable[[], None]) -> None:
        super().__init__(Path("state"), project)
        self._happens = [happens]

    def keys(self, prefix: str) -> list[str]:
        found = super().keys(prefix)
        if prefix == "journal/" and self._happens:
            self._happens.pop()()
        return found

    def read(self, key: str) -> Blob | None:
        found = super().read(key)
        if key == "state.json" and self._happens:
            self._happens.pop()()
        return found
