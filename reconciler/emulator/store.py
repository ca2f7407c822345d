"""Collections that list newest first in pages, at a cost that does not depend on how much they hold."""

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar


@dataclass(slots=True)
class Resource:
    """One thing that the API stores.

    `wire` is what the API shows of it, in the newest version's field names. `sequence` rises with creation.
    `visible_from` is the virtual time from which lists show it. Answers are kept by API version until it changes.
    """

    id: str
    sequence: int
    wire: dict[str, Any]
    visible_from: float = 0.0
    _answers: dict[str, bytes] = field(default_factory=dict, init=False, repr=False, compare=False)

    def view(self) -> dict[str, Any]:
        """What get and list show."""
        return self.wire

    def kept_answer(self, version: str) -> bytes | None:
        """The answer for an API version, if it was written since the last change."""
        return self._answers.get(version)

    def keep_answer(self, version: str, answer: bytes) -> None:
        """Keep an answer until the next change."""
        self._answers[version] = answer

    def changed(self) -> None:
        """Forget kept answers; to be called after every change."""
        self._answers.clear()


R = TypeVar("R", bound=Resource)


class Collection(Generic[R]):
    """The resources of one kind in one project and location."""

    def __init__(self) -> None:
        self._by_id: dict[str, R] = {}
        self._order: list[int] = []
        self._by_sequence: dict[int, R] = {}

    def __len__(self) -> int:
        return len(self._by_id)

    def __iter__(self) -> Iterator[R]:
        return iter(self._by_id.values())

    def get(self, resource_id: str) -> R | None:
        """The resource with this id."""
        return self._by_id.get(resource_id)

    def add(self, resource: R) -> None:
        """Add a resource whose sequence is higher than all before it."""
        self._by_id[resource.id] = resource
        self._by_sequence[resource.sequence] = resource
        self._order.append(resource.sequence)

    def remove(self, resource_id: str) -> None:
        """Remove a resource that exists."""
        resource = self._by_id.pop(resource_id)
        del self._by_sequence[resource.sequence]
        del self._order[bisect_left(self._order, resource.sequence)]

    def newest_first(self, before: int | None = None) -> Iterator[R]:
        """The resources from the newest on; with `before`, those created before that sequence."""
        end = len(self._order) if before is None else bisect_left(self._order, before)
        for place in range(end - 1, -1, -1):
            yield self._by_sequence[self._order[place]]
