"""A state.json that somebody or something has changed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.errors import StateDamaged, StateError
from reconciler.state.codec import Entry as JournalEntry
from reconciler.state.codec import decode_entry, decode_state, encode_entry, encode_state
from reconciler.state.store import StateStore
from tests.state.builders import NOW, add_model, intent, state_of, store_in


@pytest.fixture(scope="module")
def sound() -> bytes:
    """A small, sound state."""
    return encode_state(state_of(), previous="sha256:00", written_at=NOW, where="s")


def test_every_flipped_bit_is_noticed(sound: bytes) -> None:
    assert decode_state(sound, where="s").state == state_of()
    for position in range(len(sound)):
        for bit in range(8):
            altered = bytearray(sound)
            altered[position] ^= 1 << bit
            with pytest.raises(StateDamaged):
                decode_state(bytes(altered), where="s")


def test_a_state_cut_off_anywhere_is_noticed(sound: bytes) -> None:
    for length in range(len(sound)):
        with pytest.raises(StateDamaged):
            decode_state(sound[:length], where="s")


def test_a_journal_entry_cut_off_or_altered_anywhere_is_noticed() -> None:
    data = encode_entry(JournalEntry(intent(), "0f0e", 3, "nonce"), where="j")
    for position in range(len(data)):
        with pytest.raises(StateDamaged):
            decode_entry(data[:position], where="j")
        with pytest.raises(StateDamaged):
            decode_entry(data[:position] + bytes([data[position] ^ 1]) + data[position + 1 :], where="j")


ALTERATIONS: dict[str, Callable[[bytes], bytes]] = {
    "a duplicate key": lambda d: d.replace(b'"serial": 3', b'"serial": 3,\n  "serial": 3'),
    "a duplicate key deep inside": lambda d: d.replace(b'"epochCount": 3', b'"epochCount": 3, "epochCount": 3'),
    "NaN": lambda d: d.replace(b"8.1", b"NaN"),
    "a byte order mark": lambda d: b"\xef\xbb\xbf" + d,
    "CRLF": lambda d: d.replace(b"\n", b"\r\n"),
    "UTF-16": lambda d: d.decode().encode("utf-16"),
    "a byte behind the end": lambda d: d + b"\n",
    "a second document behind the end": lambda d: d + d,
    "no newline at the end": lambda d: d.rstrip(),
    "another indentation": lambda d: d.replace(b"  ", b"    "),
    "a number spelled otherwise": lambda d: d.replace(b"8.1", b"8.10"),
    "a changed value": lambda d: d.replace(b'"epochCount": 3', b'"epochCount": 4'),
    "no checksum": lambda d: d.replace(b'"checksum"', b'"chucksum"'),
    "a list": lambda d: b"[]",
    "a bare number": lambda d: b"3",
    "zero bytes": lambda d: b"",
    "a hole of NULs": lambda d: bytes(len(d)),
    "invalid UTF-8": lambda d: d.replace(b"routes", b"rout\xff\xfe"),
    "a merge conflict": lambda d: b"<<<<<<< HEAD\n" + d,
    "nesting beyond measure": lambda d: b"[" * 100_000,
    "nesting deeper than is ever written": lambda d: b'{"a":' * 500 + b"1" + b"}" * 500,
}


@pytest.mark.parametrize("alteration", ALTERATIONS)
def test_an_altered_state_is_refused_with_the_newest_good_copy_and_the_command(
    store: StateStore, project: Path, alteration: str
) -> None:
    for name in ("a", "b", "c"):
        add_model(store, name)
    path = project / "state/state.json"
    altered = ALTERATIONS[alteration](path.read_bytes())
    assert altered != path.read_bytes()
    path.write_bytes(altered)
    with pytest.raises(StateDamaged) as caught:
        store_in(project).read()
    assert caught.value.where == "state/state.json"
    assert "serial 3" in caught.value.next_step
    assert "tuneform state restore 3" in caught.value.next_step


def test_the_hint_passes_over_copies_that_are_damaged_too(store: StateStore, project: Path) -> None:
    for name in ("a", "b", "c"):
        add_model(store, name)
    (project / "state/state.json").write_bytes(b"")
    (project / "state/history/3.json").write_bytes(b"")
    with pytest.raises(StateDamaged, match="is empty") as caught:
        store_in(project).read()
    assert "tuneform state restore 2" in caught.value.next_step


def test_without_any_good_copy_the_hint_says_what_else_can_be_done(store: StateStore, project: Path) -> None:
    add_model(store, "a")
    (project / "state/state.json").write_bytes(b"")
    (project / "state/history/1.json").write_bytes(b"{")
    with pytest.raises(StateDamaged) as caught:
        store_in(project).read()
    assert "backup of your own" in caught.value.next_step


def test_a_damaged_state_is_never_written_over(store: StateStore, project: Path) -> None:
    base = add_model(store, "a")
    (project / "state/state.json").write_bytes(b"")
    with pytest.raises(StateError):
        store.write(base.without(next(iter(base.resources))), base)
    assert (project / "state/state.json").read_bytes() == b""


def test_a_state_that_is_gone_is_not_a_new_one(store: StateStore, project: Path) -> None:
    add_model(store, "a")
    (project / "state/state.json").unlink()
    with pytest.raises(StateDamaged, match="is missing") as caught:
        store_in(project).read()
    assert "tuneform state restore 1" in caught.value.next_step


def test_a_state_that_is_gone_is_not_a_new_one_when_only_the_journal_remembers_it(
    store: StateStore, project: Path
) -> None:
    add_model(store, "a")
    store.journal.prepare(intent())
    (project / "state/state.json").unlink()
    (project / "state/history/1.json").unlink()
    with pytest.raises(StateDamaged, match="is missing"):
        store_in(project).read()


def test_the_journal_of_a_first_apply_that_was_killed_does_not_make_the_state_a_missing_one(
    store: StateStore, project: Path
) -> None:
    store.read()
    prepared = store.journal.prepare(intent())
    assert store_in(project).read().intents == (prepared,)


def test_an_older_state_that_was_put_back_is_noticed_by_its_history(store: StateStore, project: Path) -> None:
    add_model(store, "a")
    old = (project / "state/state.json").read_bytes()
    add_model(store, "b")
    (project / "state/state.json").write_bytes(old)
    with pytest.raises(StateDamaged, match="is serial 1, but serial 2 was written") as caught:
        store_in(project).read()
    assert "tuneform state restore 2" in caught.value.next_step


def test_an_older_state_that_was_put_back_is_noticed_by_its_journal(store: StateStore, project: Path) -> None:
    add_model(store, "a")
    old = (project / "state/state.json").read_bytes()
    add_model(store, "b")
    store.journal.prepare(intent())
    (project / "state/state.json").write_bytes(old)
    (project / "state/history/2.json").unlink()
    with pytest.raises(StateDamaged, match="is serial 1, but serial 2 was written"):
        store_in(project).read()


def test_two_states_with_one_serial_are_noticed(store: StateStore, project: Path, tmp_path: Path) -> None:
    add_model(store, "a")
    other = store_in(tmp_path / "elsewhere")
    (tmp_path / "elsewhere").mkdir()
    add_model(other, "b")
    (project / "state/state.json").write_bytes((tmp_path / "elsewhere/state/state.json").read_bytes())
    with pytest.raises(StateDamaged, match="differs from the copy that was kept of serial 1") as caught:
        store_in(project).read()
    assert "tuneform state restore 1" in caught.value.next_step
    assert "tuneform state push --force" in caught.value.next_step


def test_a_journal_of_another_state_is_noticed(store: StateStore, project: Path) -> None:
    add_model(store, "a")
    data = encode_entry(JournalEntry(intent(), "another", 1, "n"), where="j")
    store.backend.write(f"journal/{intent().id}.json", data, expected=None)
    with pytest.raises(StateError, match="belongs to another state, of lineage another"):
        store_in(project).read()
