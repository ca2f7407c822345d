"""From Google's JSON to small structs: what is not named is skipped, int64 that come as strings become integers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from reconciler.errors import BadAnswer

T = TypeVar("T")


class Wire(msgspec.Struct, rename="camel", gc=False):
    """Base of all that is decoded; holds no cycles, so the garbage collector need not follow it."""


class Status(Wire):
    """google.rpc.Status."""

    code: int = 0
    message: str = ""


def read(kind: type[T], answer: Mapping[str, Any], *, where: str) -> T:
    """One resource from its JSON. Raises BadAnswer when it is none."""
    try:
        return msgspec.convert(answer, kind, strict=False)
    except msgspec.ValidationError as error:
        raise BadAnswer(f"the answer is not of the expected form: {error}", status=200, where=where) from error
