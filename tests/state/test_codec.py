"""What state.json and the journal's entries look like, and that they come back as they were."""

from __future__ import annotations

import dataclasses
import types
import typing
from pathlib import Path

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler import __version__
from reconciler.core.canonical import digest
from reconciler.core.state import Intent, IntentStatus, Record, Route, Share, State, Version
from reconciler.errors import StateDamaged, StateError, StateTooNew
from reconciler.state.codec import Entry, decode_entry, decode_head, decode_state, encode_entry, encode_state
from tests.state.builders import NOW, TRIAGE, intent, record, state_of, version

GOLDEN = Path(__file__).parent / "format-1.json"


def encode(state: State, *, previous: str = "") -> bytes:
    return encode_state(state, previous=previous, written_at=NOW, where="state/state.json")


def decode(data: bytes) -> State:
    return decode_state(data, where="state/state.json").state


def reseal(data: bytes, **changes: object) -> bytes:
    """The document with fields changed and the checksum made right again, as a later version would write it."""
    document = {**orjson.loads(data), **changes}
    document.pop("checksum")
    checksum = digest(document)
    first = {"format": document.pop("format"), "checksum": checksum}
    return orjson.dumps({**first, **document}, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def test_the_file_tells_a_reader_what_it_is() -> None:
    document = orjson.loads(encode(state_of(serial=41), previous="sha256:aa"))
    assert {k: document[k] for k in ("format", "lineage", "serial", "previous", "written_at")} == {
        "format": 1,
        "lineage": "0f0e",
        "serial": 41,
        "previous": "sha256:aa",
        "written_at": "2026-11-21T12:00:00.000000Z",
    }
    assert list(document["resources"]) == ["TunedModel/support-triage"]
    checksum = document.pop("checksum")
    assert checksum == digest(document)


def test_equal_states_have_equal_bytes_in_whatever_order_they_were_built() -> None:
    first, second = record(TRIAGE), record(dataclasses.replace(TRIAGE, name="another"))
    assert encode(state_of(first, second)) == encode(state_of(second, first))


def test_a_file_of_format_1_is_read_by_every_version_to_come() -> None:
    assert decode(GOLDEN.read_bytes()) == state_of(record(TRIAGE, version(1), version(2)), serial=7)


def test_the_format_does_not_change_by_accident() -> None:
    state = state_of(record(TRIAGE, version(1), version(2)), serial=7)
    mine, golden = orjson.loads(encode(state, previous="sha256:00")), orjson.loads(GOLDEN.read_bytes())
    for document in (mine, golden):
        del document["checksum"], document["tool_version"]
    assert mine == golden


def test_head_gives_lineage_and_serial() -> None:
    head = decode_head(encode(state_of(serial=9)), where="s")
    assert (head.lineage, head.serial) == ("0f0e", 9)


def test_head_of_a_damaged_file_is_an_error_and_no_traceback() -> None:
    with pytest.raises(StateDamaged):
        decode_head(b'{"lineage": 4', where="s")


def test_a_newer_format_names_the_version_to_install() -> None:
    newer = reseal(encode(state_of()), format=2, tool_version="3.1.0", resources=[1, 2])
    with pytest.raises(StateTooNew, match=r"format 2 .*only format 1 is known") as caught:
        decode(newer)
    assert "tuneform>=3.1.0" in caught.value.next_step


def test_a_newer_format_is_told_as_such_whatever_its_checksum_is_made_of() -> None:
    newer = reseal(encode(state_of()), format=2, tool_version="3.1.0")
    other_rule = newer.replace(orjson.loads(newer)["checksum"].encode(), b"blake3:00")
    with pytest.raises(StateTooNew, match="format 2") as caught:
        decode(other_rule)
    assert "tuneform>=3.1.0" in caught.value.next_step


@pytest.mark.parametrize("version_", ["0.0.1", __version__])
def test_a_flipped_format_is_damage_whoever_wrote_the_state(version_: str) -> None:
    written = reseal(encode(state_of()), tool_version=version_)
    with pytest.raises(StateDamaged):
        decode(written.replace(b'"format": 1', b'"format": 3'))


@pytest.mark.parametrize("place", ["record", "version", "dataset", "checkpoint", "error", "top"])
def test_a_field_of_a_later_version_is_refused_and_never_dropped(place: str) -> None:
    document = orjson.loads(encode(state_of()))
    held = document["resources"][str(TRIAGE)]
    version_ = held["versions"][0]
    places = {
        "top": document,
        "record": held,
        "version": version_,
        "dataset": version_["datasets"][0],
        "checkpoint": version_["checkpoints"][1],
        "error": version_["error"],
    }
    places[place]["novelty"] = 1
    with pytest.raises(StateTooNew, match="novelty") as caught:
        decode(reseal(orjson.dumps(document), tool_version="0.9.0"))
    assert "0.9.0" in caught.value.next_step


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("serial",), "7"),
        (("serial",), 0),
        (("serial",), True),
        (("lineage",), ""),
        (("resources",), []),
        (("resources",), {"TunedModel/a": 3}),
        (("resources",), {"TunedModel": {}}),
        (("resources",), {"Secret/a": {"backend": "vertex", "project": "", "location": ""}}),
        (("resources", str(TRIAGE)), {"backend": "vertex"}),
        (("resources", str(TRIAGE), "versions"), {}),
        (("resources", str(TRIAGE), "versions"), [4]),
        (("resources", str(TRIAGE), "versions", 0, "status"), "finished"),
        (("resources", str(TRIAGE), "versions", 0, "number"), "1"),
        (("resources", str(TRIAGE), "versions", 0, "datasets"), [None]),
        (("format",), "1"),
        (("format",), True),
        (("format",), 0),
    ],
)
def test_a_value_of_the_wrong_type_is_damage(path: tuple[str | int, ...], value: object) -> None:
    document = orjson.loads(encode(state_of()))
    *parents, last = path
    place = document
    for part in parents:
        place = place[part]
    place[last] = value
    with pytest.raises(StateDamaged, match="is damaged"):
        decode(reseal(orjson.dumps(document)))


@pytest.mark.parametrize("value", [10**30, "\ud800", {3: "x"}, object()])
def test_a_value_that_json_cannot_hold_is_refused_when_it_is_written(value: object) -> None:
    odd = record(TRIAGE, dataclasses.replace(version(), body={"x": value}))
    with pytest.raises(StateError, match="cannot be recorded"):
        encode(state_of(odd))


def test_every_field_of_the_nouns_is_recorded() -> None:
    """A field that is added to core/state.py and not to the format would be lost at the next read."""
    full = _different_from_every_default(Version)
    held = dataclasses.replace(_different_from_every_default(Record), address=TRIAGE, versions=(full,), current=3)
    share = Share("TunedModel/x", 2, "projects/p/locations/us/models/1@1", 90, "3")
    held = dataclasses.replace(held, route=Route("projects/p/locations/us/endpoints/e", 2, (share,), (share,), 10))
    assert decode(encode(state_of(held))) == state_of(held)
    planned = dataclasses.replace(_different_from_every_default(Intent), address=TRIAGE, status=IntentStatus.SENDING)
    entry = Entry(planned, "0f0e", 3, "n")
    assert decode_entry(encode_entry(entry, where="j"), where="j") == entry


def test_no_noun_of_the_state_has_a_field_for_a_secret() -> None:
    names = {f.name for noun in (State, Record, Version, Intent) for f in dataclasses.fields(noun)}
    assert names.isdisjoint({"token", "access_token", "authorization", "credentials", "api_key", "headers"})


def test_an_entry_without_an_address_is_damage() -> None:
    data = encode_entry(Entry(intent(), "", 0, "n"), where="j")
    held = orjson.loads(data)["intent"]
    for address in ({}, {"address": 4}, {"address": "nobody"}):
        with pytest.raises(StateDamaged):
            decode_entry(reseal(data, intent={k: v for k, v in held.items() if k != "address"} | address), where="j")
    with pytest.raises(StateDamaged):
        decode_entry(reseal(data, intent=3), where="j")


def _different_from_every_default(noun: type[typing.Any]) -> typing.Any:
    hints = typing.get_type_hints(noun)
    sample = {
        int: 3,
        str: "x",
        bool: True,
        float: 2.5,
    }
    values = {}
    for field in dataclasses.fields(noun):
        hint = hints[field.name]
        union = typing.get_origin(hint) in (typing.Union, types.UnionType)
        kinds = set(typing.get_args(hint)) if union else {hint}
        known = next((sample[k] for k in (int, float, bool, str) if k in kinds), None)
        values[field.name] = known if known is not None else _sample_of_noun(field.name)
    return noun(**values)


def _sample_of_noun(name: str) -> object:
    full = version()
    return {
        "address": TRIAGE,
        "status": full.status,
        "backend": "vertex",
        "run_state": full.run_state,
        "datasets": full.datasets,
        "checkpoints": full.checkpoints,
        "error": full.error,
        "versions": (full,),
        "objects": ("gs://acme/a",),
    }.get(name, {"k": [1, {"n": None}]})


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8"), max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
bodies = st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=10), json_values, max_size=4)


@settings(max_examples=60, deadline=None)
@given(body=bodies, evidence=bodies, number=st.integers(1, 9), text=st.text(st.characters(codec="utf-8"), max_size=30))
def test_whatever_a_body_holds_comes_back_as_it_was(
    body: dict[str, object], evidence: dict[str, object], number: int, text: str
) -> None:
    held = dataclasses.replace(version(number), body=body, evidence=evidence, tainted=text, resolved=body)
    state = state_of(record(TRIAGE, held))
    data = encode(state)
    assert decode(data) == state
    assert encode(decode(data)) == data
