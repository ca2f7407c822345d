"""A strict YAML reader over libyaml's events.

It refuses what makes a spec hard to review or dear to read: aliases, anchors, merge keys, tags, duplicate keys,
anything deep or huge. Scalars follow YAML 1.2. JSON is read too, being YAML. After an error that ends the parser,
reading goes on at the next document of the file.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, cast

from yaml import YAMLError
from yaml._yaml import CParser, Mark
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    StreamEndEvent,
)

from reconciler.core.diagnostics import Source
from reconciler.spec import scalars
from reconciler.spec.findings import Findings
from reconciler.spec.source_text import FORBIDDEN, SourceText, name_of
from reconciler.spec.suggest import clipped

DEEPEST = 32
MOST_NODES = 20_000
_NEXT_DOCUMENT = re.compile(r"^---(?:\s|$)", re.MULTILINE)

# libyaml's events always carry their marks, and each kind its own attributes; the stubs do not say so.
Event = Any
FieldPath = tuple[str, ...]
# Under what is refused, positions are kept where nobody will look for them.
_NOWHERE: FieldPath = ("",)
Marks = dict[FieldPath, tuple[Mark, Mark]]


@dataclass(slots=True)
class Document:
    """One document of a file: its plain value, and which part of the text it is.

    `start` and `end` are offsets into the text, `line` is how many lines stand before `start`. A `damaged` document
    had errors on the way: its value lacks something.
    """

    source: SourceText
    start: int
    line: int
    end: int = 0
    value: Any = None
    damaged: bool = False


class _Abandoned(Exception):
    """The document is beyond its limits; what follows in it is not looked at."""


def read_documents(source: SourceText, findings: Findings) -> Iterator[Document]:
    """Every document of a file that is not empty, in order."""
    offset = line = 0
    while True:
        part = source.text[offset:] if offset else source.text
        reader = _Reader(CParser(part), source, offset, line, findings)
        yield from reader.documents()
        if reader.stopped_at < 0:
            return
        following = _NEXT_DOCUMENT.search(source.text, max(reader.stopped_at, offset + 1))
        if following is None:
            return
        line += source.text.count("\n", offset, following.start())
        offset = following.start()


def marks_of(text: str) -> Marks:
    """Where every key and value of one document stands, by path; marks count from 0."""
    reader = _Reader(CParser(text), SourceText("", text), 0, 0, Findings(), marks={})
    for _ in reader.documents():
        break
    return reader.marks or {}


@dataclass(slots=True)
class _Reader:
    """Builds values from the events of one stretch of a file.

    `stopped_at` is the offset of the document in which the parser had to give up, or -1.
    """

    parser: CParser
    source: SourceText
    offset: int
    line: int
    findings: Findings
    marks: Marks | None = None
    stopped_at: int = -1
    nodes: int = 0
    document: Document = field(init=False)
    next_event: Callable[[], Event] = field(init=False)

    def __post_init__(self) -> None:
        self.next_event = self.parser.get_event
        self.document = Document(self.source, self.offset, self.line)

    def documents(self) -> Iterator[Document]:
        """Every document that is not empty; what could be read of one that had to be given up comes last."""
        while True:
            try:
                document = self._next_document()
            except (YAMLError, _Abandoned) as error:
                self._give_up(error)
                if self.document.value is not None:
                    yield self.document
                return
            if document is None:
                return
            if document.value is not None or document.damaged:
                yield document

    def _give_up(self, error: YAMLError | _Abandoned) -> None:
        self.findings.incomplete = True
        self.stopped_at = self.document.start + 1
        self.document.damaged = True
        if isinstance(error, YAMLError):
            self._note_syntax_error(error)

    def _next_document(self) -> Document | None:
        # What goes wrong between two documents is not the first one's fault.
        self.document = Document(self.source, max(self.document.end, self.document.start), self.document.line)
        event = self.next_event()
        while not isinstance(event, DocumentStartEvent):
            if isinstance(event, StreamEndEvent):
                return None
            event = self.next_event()
        mark = cast(Mark, event.start_mark)
        self.nodes = 0
        # A first document that is indented starts, as text, at the beginning of its line.
        start = self.offset + mark.index - mark.column
        self.document = Document(self.source, start, self.line + mark.line)
        self._check_directives(event)
        self.document.value = self._node(self.next_event(), 0, ())
        self.document.end = self.offset + self.next_event().end_mark.index
        return self.document

    def _check_directives(self, event: Event) -> None:
        if event.tags:
            self._error("yaml_tag", "tag directives are not used in specs", event.start_mark)
        if event.version is not None and tuple(event.version) != (1, 2):
            self._error(
                "yaml_version", "specs are read as YAML 1.2", event.start_mark, "Take the %YAML line out, or say 1.2."
            )

    def _node(self, event: Event, depth: int, path: FieldPath) -> Any:
        self.nodes += 1
        if self.nodes > MOST_NODES:
            self._error("too_large", f"the document has more than {MOST_NODES:,} values", event.start_mark)
            raise _Abandoned
        kind = type(event)
        if kind is ScalarEvent:
            return self._scalar(event)
        if kind is AliasEvent:
            self._error(
                "yaml_alias",
                f"*{clipped(event.anchor)} repeats another part of the file; aliases are not used in specs",
                event.start_mark,
                "Write the value out, or put what many specs share under defaults in tuneform.yaml.",
            )
            return None
        if depth >= DEEPEST:
            self._error("too_large", f"the document is nested more than {DEEPEST} levels deep", event.start_mark)
            raise _Abandoned
        if event.anchor is not None or event.tag is not None:
            self._refuse_adornments(event)
        return self._mapping(depth, path) if kind is MappingStartEvent else self._sequence(depth, path)

    def _mapping(self, depth: int, path: FieldPath) -> dict[str, Any]:
        mapping: dict[str, Any] = {}
        if depth == 0:
            # Known before it is read to its end, so that what a broken document says is not lost.
            self.document.value = mapping
        first_seen: dict[str, Mark] = {}
        while True:
            event = self.next_event()
            if type(event) is MappingEndEvent:
                return mapping
            key = self._key(event, depth)
            value_event = self.next_event()
            if key is None:
                self._node(value_event, depth + 1, _NOWHERE)
                continue
            if key in mapping:
                first = self._source(first_seen[key])
                self._error(
                    "duplicate_key", f"{clipped(key)} stands here twice; first in line {first.line}", event.start_mark
                )
                self._node(value_event, depth + 1, _NOWHERE)
                continue
            first_seen[key] = event.start_mark
            below = path
            if self.marks is not None:
                below = (*path, key)
                self.marks[below] = (event.start_mark, value_event.start_mark)
            mapping[key] = self._node(value_event, depth + 1, below)

    def _sequence(self, depth: int, path: FieldPath) -> list[Any]:
        items: list[Any] = []
        while True:
            event = self.next_event()
            if type(event) is SequenceEndEvent:
                return items
            below = path
            if self.marks is not None:
                below = (*path, str(len(items)))
                self.marks[below] = (event.start_mark, event.start_mark)
            items.append(self._node(event, depth + 1, below))

    def _key(self, event: Event, depth: int) -> str | None:
        """The text of a key; None, noted, when it is none."""
        kind = type(event)
        if kind is not ScalarEvent:
            self._error("yaml_key", "a key is text here, not a list, a mapping or an alias", event.start_mark)
            self._node(event, depth + 1, _NOWHERE)
            return None
        if event.implicit[0] and event.value == "<<":
            self._error(
                "yaml_merge_key",
                "merge keys are not used in specs",
                event.start_mark,
                "Write the fields out, or put what many specs share under defaults in tuneform.yaml.",
            )
            return None
        if event.implicit[0] and not scalars.is_text(event.value):
            what = clipped(event.value) or "an empty key"
            self._error("yaml_key", f"{what} is not text", event.start_mark, "Quote it.")
            return None
        key = self._scalar(event)
        return key if isinstance(key, str) else None

    def _scalar(self, event: Event) -> scalars.Scalar:
        if event.anchor is not None or event.tag is not None:
            self._refuse_adornments(event)
        text: str = event.value
        if event.implicit[0]:
            try:
                return scalars.resolve(text)
            except scalars.BadNumber as error:
                self._error("yaml_number", str(error), event.start_mark)
                return None
        # Only escapes in double quotes can bring in what the text itself was already searched for.
        found = FORBIDDEN.search(text) if event.style == '"' else None
        if found is not None and found[0] not in "\u2028\u2029\ufeff":
            self._error("forbidden_character", f"the text holds {name_of(found[0])}", event.start_mark)
            return None
        return text

    def _refuse_adornments(self, event: Event) -> None:
        if event.anchor is not None:
            self._error(
                "yaml_anchor", f"anchors such as &{clipped(event.anchor)} are not used in specs", event.start_mark
            )
        if event.tag is not None:
            self._error("yaml_tag", "tags are not used in specs", event.start_mark, "Take the !… out.")

    def _error(self, code: str, message: str, mark: Mark, hint: str = "") -> None:
        self.document.damaged = True
        self.findings.error(code, message, self._source(mark), hint=hint)

    def _source(self, mark: Mark) -> Source:
        return Source(self.source.file, self.line + mark.line + 1, mark.column + 1)

    def _note_syntax_error(self, error: YAMLError) -> None:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        problem = getattr(error, "problem", None) or getattr(error, "reason", None) or str(error)
        context = getattr(error, "context", None)
        message = f"{context}: {problem}" if context else str(problem)
        place = self._source(mark) if mark else Source(self.source.file, self.document.line + 1, 1)
        lines = self.source.text.split("\n", place.line)
        at_tab = place.line <= len(lines) and lines[place.line - 1][place.column - 1 : place.column] == "\t"
        hint = "Indent with spaces, not with tabs." if at_tab else ""
        self.findings.error("yaml_syntax", message, place, hint=hint)
