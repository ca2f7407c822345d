"""Where each field of a spec stands.

Positions of every value of 10,000 specs would weigh more than the specs. So a spec only remembers which part of
which text it is, and that part is read again when somebody asks.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

from reconciler.core.diagnostics import Source
from reconciler.spec.suggest import fold
from reconciler.spec.yaml_reader import Document, FieldPath, Marks, marks_of

KEY, VALUE = 0, 1


@lru_cache(maxsize=64)
def _marks(text: str, start: int, end: int) -> Marks:
    return marks_of(text[start:end] if end > start else text[start:])


@dataclass(frozen=True, slots=True)
class Places:
    """The places of one document. Fields are found in either casing."""

    file: str
    text: str = field(repr=False)
    start: int
    end: int
    line: int

    @staticmethod
    def of(document: Document) -> Places:
        """The places of a document that was read."""
        return Places(document.source.file, document.source.text, document.start, document.end, document.line)

    def find(self, path: FieldPath, which: int = KEY) -> Source | None:
        """Where a field is named, or its value begins; None when it is not in the document."""
        marks = _marks(self.text, self.start, self.end)
        written = _written(marks, path)
        if written is None:
            return None
        mark = marks[written][which]
        return Source(self.file, self.line + mark.line + 1, mark.column + 1)

    def nearest(self, path: FieldPath, which: int = KEY) -> Source:
        """The same, or the place of the nearest ancestor that is in the document."""
        while path:
            found = self.find(path, which)
            if found is not None:
                return found
            path = path[:-1]
        return self.beginning

    @property
    def beginning(self) -> Source:
        """Where the document's first field stands."""
        marks = _marks(self.text, self.start, self.end)
        first = next(iter(marks.values()), None)
        if first is None:
            return Source(self.file, self.line + 1, 1)
        return Source(self.file, self.line + first[KEY].line + 1, first[KEY].column + 1)


def _written(marks: Marks, path: FieldPath) -> FieldPath | None:
    """The path as the document spells it."""
    if path in marks:
        return path
    folded = tuple(map(fold, path))
    return next((p for p in marks if len(p) == len(path) and tuple(map(fold, p)) == folded), None)


Layer = tuple[Places, FieldPath]


@dataclass(frozen=True, slots=True)
class SpecSources:
    """Where the fields of one resolved spec come from: `core.desired.Sources`.

    `own` is the spec's own document. `over` and `under` are what was merged above and below it, the strongest first:
    the document, and the path in it under which the spec's fields stand.
    """

    own: Places
    over: tuple[Layer, ...] = ()
    under: tuple[Layer, ...] = ()

    def at(self, path: str) -> Source:
        """The place of a dotted path below `spec`; or below `metadata`, when it begins with that or with `labels`."""
        parts = tuple(part for part in path.replace("[", ".").replace("]", "").split(".") if part)
        if parts[:1] == ("labels",):
            parts = ("metadata", *parts)
        return self.place(parts if parts[:1] == ("metadata",) or not parts else ("spec", *parts))

    def place(self, path: FieldPath, which: int = KEY) -> Source:
        """The place of a path in the document, in whichever layer gives the field."""
        if path[:1] == ("spec",) and len(path) > 1:
            for places, prefix in (*self.over, (self.own, ("spec",)), *self.under):
                found = places.find((*prefix, *path[1:]), which)
                if found is not None:
                    return found
        return self.own.nearest(path, which)
