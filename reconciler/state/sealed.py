"""JSON documents that cannot be altered unnoticed.

A sealed document carries `checksum`, the digest of the canonical JSON of everything else in it, and has exactly one
spelling: indented by two, one newline at the end. So a flipped bit, a duplicate key, a byte order mark, CRLF or a byte
behind the end are all found, whatever they would mean. `format` and `tool_version` keep their meaning in every format
to come, so that a document of a later one can be told from a damaged one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from reconciler import __version__
from reconciler.core.canonical import digest
from reconciler.errors import StateDamaged, StateError, StateTooNew

FORMAT = 1
_LAYOUT = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE


def seal(body: Mapping[str, Any], *, where: str) -> bytes:
    """The bytes of a document. Raises StateError for a value that JSON cannot hold."""
    content = {"format": FORMAT, "tool_version": __version__, **body}
    try:
        return orjson.dumps(
            {"format": FORMAT, "checksum": digest(content), "tool_version": __version__, **body}, option=_LAYOUT
        )
    except TypeError as error:
        raise StateError(
            f"cannot be recorded: {error}", where=where, next_step="Nothing was written. Correct the value in the spec."
        ) from error


def unseal(data: bytes, *, where: str) -> dict[str, Any]:
    """The document in `data`, checked. Raises StateDamaged or StateTooNew."""
    document = _parse(data, where)
    try:
        checksum = _checksum(document)
        _check_later(document, where)
        spelling = orjson.dumps(document, option=_LAYOUT)
    except TypeError as error:  # nested deeper than anything we write
        raise StateDamaged(f"is damaged: {error}", where=where) from error
    if document.get("checksum") != checksum:
        raise StateDamaged("is damaged: its content does not match its checksum", where=where)
    _check_format(document, where)
    if spelling != data:
        raise StateDamaged("was altered: it is not spelled as tuneform writes it", where=where)
    return document


def too_new(document: Mapping[str, Any], why: str, *, where: str) -> StateTooNew:
    """The error for a sound document that this version cannot understand."""
    version = document.get("tool_version")
    return StateTooNew(
        f"was written by tuneform {version}: {why}, this is tuneform {__version__}",
        where=where,
        next_step=f"Install tuneform {version} or later: pip install 'tuneform>={version}'",
    )


def _parse(data: bytes, where: str) -> dict[str, Any]:
    if not data:
        raise StateDamaged("is empty", where=where)
    try:
        document = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise StateDamaged(
            f"is damaged: {error.msg} (line {error.lineno}, column {error.colno})", where=where
        ) from None
    if not isinstance(document, dict):
        raise StateDamaged("is damaged: it is not a JSON object", where=where)
    return document


def _checksum(document: Mapping[str, Any]) -> str:
    return digest({key: value for key, value in document.items() if key != "checksum"})


def _check_later(document: Mapping[str, Any], where: str) -> None:
    """Refuse a later format as such before its checksum is looked at: that may follow another rule by then.

    What this very version wrote, or what is sound but for the number of its format, is damaged instead.
    """
    found = document.get("format")
    if not isinstance(found, int) or found <= FORMAT or document.get("tool_version") == __version__:
        return
    if document.get("checksum") != _checksum({**document, "format": FORMAT}):
        raise too_new(document, f"it is of format {found} and only format {FORMAT} is known", where=where)


def _check_format(document: Mapping[str, Any], where: str) -> None:
    found = document.get("format")
    if not isinstance(found, int) or isinstance(found, bool) or not 1 <= found <= FORMAT:
        raise StateDamaged(f"is damaged: its format is {found!r}", where=where)
