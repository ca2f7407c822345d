"""`Kind/name`: how one resource of a project is named by people, specs and state."""

from __future__ import annotations

import re
from dataclasses import dataclass

from reconciler.errors import UsageError

KINDS = ("TunedModel", "Dataset", "Endpoint")
NAME_PATTERN = r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?"
_NAME = re.compile(NAME_PATTERN)


@dataclass(frozen=True, slots=True, order=True)
class Address:
    """One resource of a project; unique in it."""

    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind}/{self.name}"

    @staticmethod
    def parse(text: str) -> Address:
        """Read `Kind/name`; raises UsageError when it is not an address."""
        kind, slash, name = text.partition("/")
        if not slash or kind not in KINDS or not _NAME.fullmatch(name):
            raise UsageError(
                f"{text!r} is not an address",
                next_step=f"An address is Kind/name, such as TunedModel/support-triage; kinds: {', '.join(KINDS)}.",
            )
        return Address(kind, name)


def is_address(text: object) -> bool:
    """Whether a spec value refers to another resource of the project."""
    if not isinstance(text, str):
        return False
    kind, slash, name = text.partition("/")
    return bool(slash) and kind in KINDS and _NAME.fullmatch(name) is not None
