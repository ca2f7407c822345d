"""Preconditions: what must hold of the live object for a request to be carried out."""

from collections.abc import Mapping
from dataclasses import dataclass

from reconciler.emulator.storage.errors import StorageError, invalid_parameter
from reconciler.emulator.storage.objects import StoredObject


@dataclass(frozen=True, slots=True)
class Conditions:
    """The four of the API; None where not asked for. Generation 0 stands for "there is no live object"."""

    generation_match: int | None = None
    generation_not_match: int | None = None
    metageneration_match: int | None = None
    metageneration_not_match: int | None = None

    def check(self, found: StoredObject | None, *, reading: bool = False) -> None:
        """Raise StorageError unless all hold for `found`: 412, or 304 where a read finds what it knows already."""
        generation = found.generation if found else 0
        metageneration = found.metageneration if found else 0
        if self.generation_match not in (None, generation):
            raise _not_met("If-Match")
        if self.metageneration_match not in (None, metageneration):
            raise _not_met("If-Match")
        if self.generation_not_match == generation or self.metageneration_not_match == metageneration:
            raise _not_modified() if reading else _not_met("If-None-Match")


UNCONDITIONAL = Conditions()


def conditions_of(query: Mapping[str, str], prefix: str = "if") -> Conditions:
    """The preconditions among query parameters; `prefix` is `ifSource` for the source of a copy.

    Raises StorageError (400) for a value that is no number.
    """
    return Conditions(
        *(
            integer(query, f"{prefix}{name}")
            for name in ("GenerationMatch", "GenerationNotMatch", "MetagenerationMatch", "MetagenerationNotMatch")
        )
    )


def integer(query: Mapping[str, str], name: str) -> int | None:
    """The query parameter `name` as a number of 0 or more. Raises StorageError (400)."""
    text = query.get(name)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 19):
        raise invalid_parameter(name, text)
    return int(text)


def _not_met(header: str) -> StorageError:
    message = "At least one of the pre-conditions you specified did not hold."
    return StorageError(412, "conditionNotMet", message, ("header", header))


def _not_modified() -> StorageError:
    return StorageError(304, "notModified", "Not Modified", ("header", "If-None-Match"))
