"""One spelling for equal JSON values, and digests over it."""

from __future__ import annotations

import hashlib
from typing import Any

import orjson


def canonical_json(value: Any) -> bytes:
    """JSON with sorted keys and no spaces: equal values give equal bytes."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def digest(value: Any) -> str:
    """`sha256:<64 hex>` over the canonical JSON of a value."""
    return f"sha256:{hashlib.sha256(canonical_json(value)).hexdigest()}"


def short(fingerprint: str, length: int = 12) -> str:
    """The first hex digits of a `sha256:…` digest, for people and for labels."""
    return fingerprint.removeprefix("sha256:")[:length]
