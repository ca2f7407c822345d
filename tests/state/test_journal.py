"""The journal: a paid create is decided once, sent at most once, and never forgotten while nobody knows its run."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.core.address import Address
from reconciler.core.state import Intent, IntentStatus, State
from reconciler.errors import StateConflict, StateDamaged, StateError, StateTooNew
from reconciler.state.backend import Blob
from reconciler.state.codec import Entry, decode_entry, encode_entry
from reconciler.state.journal import Journal, is_recorded
from reconciler.state.local import LocalBackend
from reconciler.state.store import StateStore
from tests.state.builders import TRIAGE, add_model, intent, record, run_name, state_of, version
from tests.state.test_codec import reseal

DECIDE_AT, SENT_AT = "2026-11-21T13:04:00Z", "2026-11-21T12:00:05Z"
FILE = "state/journal/tunedmodel_support-triage.v1.a1.json"


@pytest.fixture
def journal(backend: LocalBackend) -> Journal:
    return Journal(backend)


def other_process(project: Path) -> Journal:
    return Journal(LocalBackend(Path("state"), project))


def sent(journal: Journal, **which: int) -> Intent:
    return journal.sending(journal.prepare(intent(**which)), DECIDE_AT, SENT_AT)  # type: ignore[arg-type]


def test_an_intent_is_on_disk_before_prepare_returns(journal: Journal, project: Path) -> None:
    prepared = journal.prepare(intent())
    assert prepared == intent()
    assert (project / FILE).exists()
    assert other_process(project).entries() == [prepared]


def test_the_whole_way_of_a_create_that_worked(journal: Journal, project: Path) -> None:
    committed = journal.commit(sent(journal), run_name(7), "reply")
    assert (committed.status, committed.run, committed.how) == (IntentStatus.COMMITTED, run_name(7), "reply")
    assert (committed.decide_at, committed.sent_at) == (DECIDE_AT, SENT_AT)
    assert other_process(project).entries() == [committed]


@pytest.mark.parametrize("status", [IntentStatus.REFUSED, IntentStatus.ABSENT])
def test_a_create_that_was_sent_ends_refused_or_absent_with_the_reason(
    journal: Journal, project: Path, status: IntentStatus
) -> None:
    closed = journal.close(sent(journal), status, "row 4 is not valid")
    assert (closed.status, closed.reason) == (status, "row 4 is not valid")
    assert other_process(project).entries() == [closed]


def test_a_create_that_was_never_sent_ends_abandoned(journal: Journal) -> None:
    closed = journal.close(journal.prepare(intent()), IntentStatus.ABANDONED, "found prepared and never sent")
    assert closed.status is IntentStatus.ABANDONED


def test_a_second_process_that_decides_the_same_create_is_refused(journal: Journal, project: Path) -> None:
    first = journal.prepare(intent())
    with pytest.raises(StateConflict, match=r"v1\.a1\.json: exists already"):
        other_process(project).prepare(intent(attempt="attempt2"))
    assert journal.entries() == [first]


@pytest.mark.parametrize("status", [IntentStatus.SENDING, IntentStatus.COMMITTED])
def test_a_create_that_may_have_a_run_is_never_decided_again(
    journal: Journal, project: Path, status: IntentStatus
) -> None:
    sending = sent(journal)
    if status is IntentStatus.COMMITTED:
        journal.commit(sending, run_name(1), "reply")
    with pytest.raises(StateConflict):
        other_process(project).prepare(intent(attempt="attempt2"))


def test_an_attempt_that_ended_without_a_run_makes_room_for_the_next(journal: Journal, project: Path) -> None:
    journal.close(sent(journal), IntentStatus.ABSENT, "two complete lists")
    again = other_process(project).prepare(intent(attempt="attempt2"))
    assert journal.entries() == [again]


def test_an_old_holder_that_wakes_up_cannot_send_what_was_abandoned_meanwhile(journal: Journal, project: Path) -> None:
    prepared = journal.prepare(intent())
    thief = other_process(project)
    thief.close(thief.entries()[0], IntentStatus.ABANDONED, "found prepared and never sent")
    with pytest.raises(StateConflict, match="another run has taken this create over"):
        journal.sending(prepared, DECIDE_AT, SENT_AT)


def test_an_old_holder_that_wakes_up_cannot_send_under_the_entry_of_a_later_attempt(
    journal: Journal, project: Path
) -> None:
    prepared = journal.prepare(intent())
    thief = other_process(project)
    thief.close(thief.entries()[0], IntentStatus.ABANDONED, "found prepared and never sent")
    thief.prepare(intent(attempt="attempt2"))
    with pytest.raises(StateConflict):
        journal.sending(prepared, DECIDE_AT, SENT_AT)


def test_only_one_of_two_processes_may_send(journal: Journal, project: Path) -> None:
    prepared = journal.prepare(intent())
    journal.sending(prepared, DECIDE_AT, SENT_AT)
    with pytest.raises(StateConflict):
        other_process(project).sending(prepared, DECIDE_AT, SENT_AT)


def test_an_entry_that_was_removed_by_hand_is_a_conflict(journal: Journal, project: Path) -> None:
    prepared = journal.prepare(intent())
    (project / FILE).unlink()
    with pytest.raises(StateConflict):
        journal.sending(prepared, DECIDE_AT, SENT_AT)


ILLEGAL: dict[str, Callable[[Journal], object]] = {
    "beginning anywhere but at prepared": lambda j: j.prepare(
        dataclasses.replace(intent(), status=IntentStatus.SENDING)
    ),
    "committing what was never sent": lambda j: j.commit(j.prepare(intent()), run_name(1), "reply"),
    "committing without a run": lambda j: j.commit(sent(j), "", "reply"),
    "refusing what was never sent": lambda j: j.close(j.prepare(intent()), IntentStatus.REFUSED, ""),
    "abandoning what was sent": lambda j: j.close(sent(j), IntentStatus.ABANDONED, ""),
    "closing as committed": lambda j: j.close(sent(j), IntentStatus.COMMITTED, ""),
    "closing as prepared": lambda j: j.close(sent(j), IntentStatus.PREPARED, ""),
    "sending twice": lambda j: j.sending(sent(j), DECIDE_AT, SENT_AT),
    "sending what was refused": lambda j: j.sending(j.close(sent(j), IntentStatus.REFUSED, ""), DECIDE_AT, SENT_AT),
    "refusing what was committed": lambda j: j.close(j.commit(sent(j), "r", "reply"), IntentStatus.REFUSED, ""),
    "forgetting what is in doubt": lambda j: j.forget([sent(j)]),
    "forgetting what may yet be sent": lambda j: j.forget([j.prepare(intent())]),
}


@pytest.mark.parametrize("step", ILLEGAL)
def test_a_step_that_the_protocol_does_not_have_is_refused(journal: Journal, step: str) -> None:
    with pytest.raises(StateError, match="the journal entry is"):
        ILLEGAL[step](journal)


# -- forgetting --------------------------------------------------------------------------------------------------------


def test_an_entry_goes_once_the_written_state_knows_its_run(store: StateStore, project: Path) -> None:
    base = store.read()
    committed = store.journal.commit(sent(store.journal), run_name(1), "reply")
    store.write(base.with_record(record()), base)
    store.journal.forget([committed])
    assert not (project / FILE).exists()


def test_an_entry_stays_while_the_written_state_does_not_know_its_run(store: StateStore, project: Path) -> None:
    add_model(store, "another")
    committed = store.journal.commit(sent(store.journal), run_name(1), "reply")
    store.journal.forget([committed])
    assert (project / FILE).exists()


def test_an_entry_stays_while_nobody_knows_what_was_written(journal: Journal, project: Path) -> None:
    journal.forget([journal.commit(sent(journal), run_name(1), "reply")])
    assert (project / FILE).exists()


def test_an_entry_that_ended_without_a_run_may_go_at_any_time(journal: Journal, project: Path) -> None:
    journal.forget([journal.close(sent(journal), IntentStatus.REFUSED, "no")])
    assert not (project / FILE).exists()


def test_forgetting_what_is_gone_already_is_no_error(journal: Journal) -> None:
    journal.forget([intent()])


def test_forgetting_an_old_attempt_leaves_the_entry_of_a_later_one_alone(journal: Journal) -> None:
    old = journal.close(sent(journal), IntentStatus.ABSENT, "two complete lists")
    later = journal.prepare(intent(attempt="attempt2"))
    journal.forget([old])
    assert journal.entries() == [later]


def test_a_version_counts_only_with_its_attempt_and_its_run() -> None:
    committed = dataclasses.replace(intent(), status=IntentStatus.COMMITTED, run=run_name(1))
    refused = dataclasses.replace(intent(), status=IntentStatus.REFUSED)
    known = state_of(record(TRIAGE, version(attempt="attempt1")))
    runless = state_of(record(TRIAGE, dataclasses.replace(version(attempt="attempt1"), run="")))
    assert is_recorded(known, committed)
    assert not is_recorded(state_of(record(TRIAGE, version(attempt="another"))), committed)
    assert not is_recorded(State("0f0e"), committed)
    assert not is_recorded(runless, committed)
    assert is_recorded(runless, refused)


# -- damage ------------------------------------------------------------------------------------------------------------


def test_a_damaged_entry_is_named_and_never_skipped(journal: Journal, project: Path) -> None:
    journal.prepare(intent())
    journal.prepare(intent(number=2))
    (project / FILE).write_bytes(b"")
    with pytest.raises(StateDamaged, match="is empty") as caught:
        journal.entries()
    assert caught.value.where == FILE
    assert "tuneform-address" in caught.value.next_step


def test_all_damaged_entries_are_named_at_once(journal: Journal, project: Path) -> None:
    for number in (1, 2, 3):
        journal.prepare(intent(number=number))
    for number in (1, 3):
        (project / f"state/journal/tunedmodel_support-triage.v{number}.a1.json").write_bytes(b"{}")
    with pytest.raises(StateDamaged, match=r"support-triage\.v1.*and .*support-triage\.v3"):
        journal.entries()


def test_a_stray_file_in_the_journal_is_named(journal: Journal, project: Path) -> None:
    journal.prepare(intent())
    (project / FILE).rename(project / f"{FILE}.orig")
    with pytest.raises(StateDamaged, match="is not a journal entry"):
        journal.entries()


def test_an_entry_under_another_name_is_damage(journal: Journal, project: Path) -> None:
    journal.prepare(intent())
    (project / FILE).rename(project / FILE.replace("v1", "v2"))
    with pytest.raises(StateDamaged, match=r"holds the entry .*v1\.a1"):
        journal.entries()


def test_an_entry_of_a_later_version_names_the_version_to_install(journal: Journal, project: Path) -> None:
    journal.prepare(intent())
    (project / FILE).write_bytes(reseal((project / FILE).read_bytes(), format=2, tool_version="2.0.0"))
    with pytest.raises(StateTooNew) as caught:
        journal.entries()
    assert "2.0.0" in caught.value.next_step


def test_an_intent_that_could_not_be_read_again_is_not_relied_on(journal: Journal, project: Path) -> None:
    with pytest.raises(StateError):
        journal.prepare(dataclasses.replace(intent(), estimated_usd="a lot"))  # type: ignore[arg-type]
    assert not (project / FILE).exists()


def test_an_entry_says_which_state_it_was_decided_on(store: StateStore, project: Path) -> None:
    add_model(store, "a")
    store.journal.prepare(intent())
    entry = decode_entry((project / FILE).read_bytes(), where="j")
    assert (entry.lineage, entry.serial) == ("0f0e", 1)


# -- lost replies ------------------------------------------------------------------------------------------------------


class LostReplies(LocalBackend):
    """A place whose reply to every write is lost, so that the write is repeated and finds itself there."""

    def write(self, key: str, data: bytes, *, expected: str | None) -> str:
        super().write(key, data, expected=expected)
        return super().write(key, data, expected=expected)


class TakenMeanwhile(LocalBackend):
    """A place where another process always comes first."""

    def write(self, key: str, data: bytes, *, expected: str | None) -> str:
        if key.startswith("journal/"):
            theirs = dataclasses.replace(decode_entry(data, where=key), nonce="theirs")
            super().write(key, encode_entry(theirs, where=key), expected=expected)
        return super().write(key, data, expected=expected)


class Vanishing(LocalBackend):
    """A place where what was in the way is gone when one looks."""

    def write(self, key: str, data: bytes, *, expected: str | None) -> str:
        raise StateConflict("exists already")

    def read(self, key: str) -> Blob | None:
        return None


def test_a_write_whose_reply_was_lost_is_no_conflict(project: Path) -> None:
    journal = Journal(LostReplies(Path("state"), project))
    committed = journal.commit(sent(journal), run_name(1), "reply")
    assert other_process(project).entries() == [committed]


def test_another_process_s_equal_entry_is_a_conflict_all_the_same(project: Path) -> None:
    with pytest.raises(StateConflict):
        Journal(TakenMeanwhile(Path("state"), project)).prepare(intent())


def test_a_conflict_with_an_entry_that_is_gone_stays_a_conflict(project: Path) -> None:
    with pytest.raises(StateConflict):
        Journal(Vanishing(Path("state"), project)).prepare(intent())


def test_a_state_write_whose_reply_was_lost_is_no_conflict(project: Path) -> None:
    store = StateStore(LostReplies(Path("state"), project))
    base = store.read()
    written = store.write(base.with_record(record(Address("TunedModel", "a"))), base)
    assert store.read() == written


def test_an_entry_is_compared_by_its_nonce(backend: LocalBackend) -> None:
    first = encode_entry(Entry(intent(), "", 0, "one"), where="j")
    second = encode_entry(Entry(intent(), "", 0, "two"), where="j")
    assert first != second
