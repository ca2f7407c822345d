"""States and intents as JSON, and back.

The JSON has the names of the fields in core/state.py; a field that has its default is left out. A record stands under
its address. Unknown fields are refused, never dropped: they hold what a later version thought worth recording.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import MISSING, dataclass, fields
from datetime import datetime
from typing import Annotated, Any, TypeVar

import msgspec

from reconciler import __version__
from reconciler.core.address import Address
from reconciler.core.moments import stamp
from reconciler.core.state import Checkpoint, DatasetPin, Intent, Record, Route, RunError, Share, State, Version
from reconciler.errors import StateDamaged, StateError, UsageError
from reconciler.state.sealed import seal, too_new, unseal


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One written state. `previous` is the checksum of the snapshot that it replaced, or empty."""

    state: State
    checksum: str
    previous: str
    tool_version: str
    written_at: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One journal entry: the intent, the state it was decided on, and the nonce of this very write."""

    intent: Intent
    lineage: str
    serial: int
    nonce: str


class _StateDocument(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    format: int
    checksum: str
    tool_version: str
    lineage: Annotated[str, msgspec.Meta(min_length=1)]
    serial: Annotated[int, msgspec.Meta(ge=1)]
    previous: str
    written_at: str
    resources: dict[str, Record]


class _EntryDocument(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    format: int
    checksum: str
    tool_version: str
    lineage: str
    serial: Annotated[int, msgspec.Meta(ge=0)]
    nonce: str
    intent: Intent


class Head(msgspec.Struct, frozen=True):
    """What a snapshot says about itself."""

    lineage: str
    serial: int
    checksum: str


def encode_state(state: State, *, previous: str, written_at: datetime, where: str) -> bytes:
    """The bytes of a state's snapshot. Raises StateError for what JSON cannot hold."""
    with _collector_paused():
        resources = {str(address): _plain(record) for address, record in sorted(state.resources.items())}
        return seal(
            {
                "lineage": state.lineage,
                "serial": state.serial,
                "previous": previous,
                "written_at": stamp(written_at),
                "resources": resources,
            },
            where=where,
        )


def decode_state(data: bytes, *, where: str) -> Snapshot:
    """A snapshot from its bytes. Raises StateDamaged or StateTooNew, without saying yet what can be done about it."""
    with _collector_paused():
        read = _understand(unseal(data, where=where), _StateDocument, where)
        resources = {record.address: record for record in read.resources.values()}
    return Snapshot(
        State(read.lineage, read.serial, resources),
        read.checksum,
        read.previous,
        read.tool_version,
        read.written_at,
    )


def decode_head(data: bytes, *, where: str) -> Head:
    """The head alone, the rest unchecked: many times faster than `decode_state`. Raises StateDamaged."""
    try:
        return msgspec.json.decode(data, type=Head)
    except msgspec.DecodeError as error:
        raise StateDamaged(f"is damaged: {error}", where=where) from error


def encode_entry(entry: Entry, *, where: str) -> bytes:
    """The bytes of a journal entry."""
    body = {"lineage": entry.lineage, "serial": entry.serial, "nonce": entry.nonce}
    return seal({**body, "intent": {"address": str(entry.intent.address), **_plain(entry.intent)}}, where=where)


def decode_entry(data: bytes, *, where: str) -> Entry:
    """A journal entry from its bytes. Raises StateDamaged or StateTooNew."""
    read = _understand(unseal(data, where=where), _EntryDocument, where)
    return Entry(read.intent, read.lineage, read.serial, read.nonce)


# The nouns that a document holds, each with the fields that hold further ones. An address is not among the fields:
# it stands once, as the key of a record or as text.
_NESTED: dict[type[Any], dict[str, type[Any]]] = {
    Record: {"versions": Version, "route": Route},
    Version: {"datasets": DatasetPin, "checkpoints": Checkpoint, "error": RunError},
    Intent: {"datasets": DatasetPin},
    Route: {"shares": Share, "base": Share},
    Share: {},
    DatasetPin: {},
    Checkpoint: {},
    RunError: {},
}


def _defaults(noun: type[Any]) -> dict[str, Any]:
    return {
        f.name: f.default_factory() if f.default_factory is not MISSING else f.default
        for f in fields(noun)
        if f.name != "address"
    }


_DEFAULTS = {noun: _defaults(noun) for noun in _NESTED}
_Document = TypeVar("_Document", _StateDocument, _EntryDocument)


def _plain(noun: Any) -> dict[str, Any]:
    """A noun's fields that differ from their defaults."""
    nested = _NESTED[type(noun)]
    plain = {}
    for name, default in _DEFAULTS[type(noun)].items():
        value = getattr(noun, name)
        if value == default:
            continue
        if name in nested:
            value = [_plain(item) for item in value] if isinstance(value, tuple) else _plain(value)
        plain[name] = value
    return plain


def _understand(document: dict[str, Any], shape: type[_Document], where: str) -> _Document:
    """A checked document as values. What is sound and not understood was written by another version."""
    try:
        _give_addresses(document)
        return msgspec.convert(document, shape)
    except (msgspec.ValidationError, UsageError) as error:
        why = error.what if isinstance(error, UsageError) else str(error)
        raise _not_understood(document, why, where) from error


def _give_addresses(document: dict[str, Any]) -> None:
    """Put every address where its noun has it, after a look for fields nobody here knows. Leaves the rest alone."""
    resources, intent = document.get("resources"), document.get("intent")
    if isinstance(resources, dict):
        for text, record in resources.items():
            _give_address(text, record, Record)
    if isinstance(intent, dict):
        _give_address(str(intent.pop("address", "")), intent, Intent)


def _give_address(text: str, raw: Any, noun: type[Any]) -> None:
    if not isinstance(raw, dict):
        return
    unknown = _unknown_field(raw, noun)
    if unknown is not None:
        raise msgspec.ValidationError(f"{text} has a field `{unknown}` that is not known")
    address = Address.parse(text)
    raw["address"] = {"kind": address.kind, "name": address.name}


def _unknown_field(raw: Any, noun: type[Any]) -> str | None:
    if not isinstance(raw, dict):
        return None
    if not raw.keys() <= _DEFAULTS[noun].keys():
        return str(min(raw.keys() - _DEFAULTS[noun].keys()))
    for name, inner in _NESTED[noun].items():
        if name in raw:
            for item in raw[name] if isinstance(raw[name], list) else (raw[name],):
                unknown = _unknown_field(item, inner)
                if unknown is not None:
                    return unknown
    return None


def _not_understood(document: dict[str, Any], why: str, where: str) -> StateError:
    if document.get("tool_version") != __version__:
        return too_new(document, why, where=where)
    return StateDamaged(f"is damaged: {why}", where=where)


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Without this, making a million small objects has the collector walk all earlier ones again and again."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
