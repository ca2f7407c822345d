"""Reads the packaged catalog and, over it, a user's own file.

Both have one shape, JSON: `{"date": "2026-11-01", "sources": {"key": "where it was read"}, "models": [{"id": …}]}`. An
override names only the facts it changes; a model that the packaged file does not have is added. Whatever is wrong with
it is told with its line and column.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any

import pydantic
from pydantic.alias_generators import to_camel
from pydantic_core import ErrorDetails

from reconciler.catalog.model import BaseModel, Catalog, Method
from reconciler.core.desired import Backend
from reconciler.core.diagnostics import Source
from reconciler.errors import CatalogError
from reconciler.spec.findings import Findings
from reconciler.spec.places import VALUE, Places
from reconciler.spec.source_text import SourceText
from reconciler.spec.yaml_reader import read_documents

PACKAGED = Path(__file__).with_name("google-2026-11-01.json")
MAX_BYTES = 1 << 20
MOST_PROBLEMS = 10
NEXT_STEP = (
    'It is JSON such as {"models": [{"id": "gemini-2.5-flash", "pricePerMillionTokens": 5.0}]}; '
    "null is what is not known."
)
_SYNTAX = re.compile(r"Invalid JSON: (?P<what>.*) at line (?P<line>\d+) column (?P<column>\d+)")

Count = Annotated[int, pydantic.Field(gt=0)]
Price = Annotated[float, pydantic.Field(gt=0, allow_inf_nan=False)]


class _Entry(pydantic.BaseModel):
    """One model as a file writes it. Every fact may be left out, so the same shape serves an override."""

    model_config = pydantic.ConfigDict(
        extra="forbid", strict=True, frozen=True, alias_generator=to_camel, validate_by_name=False
    )

    id: Annotated[str, pydantic.Field(min_length=1)]
    aliases: tuple[str, ...] = ()
    backends: tuple[Backend, ...] = ("vertex",)
    methods: tuple[Method, ...] = ()
    tuning_regions: tuple[str, ...] = ()
    serving: dict[str, str] = {}
    adapter_sizes: tuple[Count, ...] = ()
    max_tokens_per_example: Count | None = None
    max_rows: Count | None = None
    max_multimodal_rows: Count | None = None
    max_bytes: Count | None = None
    max_validation_rows: Count | None = None
    price_per_million_tokens: Price | None = None
    price_source: str = ""
    price_date: dt.date | None = None
    price_is_third_party: bool = False
    tuning_ends: dt.date | None = None
    retires: dt.date | None = None
    retires_is_earliest: bool = False
    successor: str | None = None
    cmek: bool | None = None
    sources: dict[str, str] = {}

    def facts(self) -> dict[str, Any]:
        """The facts that the file states, by field name."""
        return {name: getattr(self, name) for name in self.model_fields_set}


class _File(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(extra="forbid", strict=True, frozen=True)

    date: dt.date | None = None
    sources: dict[str, str] = {}
    models: tuple[_Entry, ...] = ()

    @pydantic.model_validator(mode="after")
    def _each_model_once(self) -> _File:
        ids = [entry.id for entry in self.models]
        if twice := sorted({i for i in ids if ids.count(i) > 1}):
            raise ValueError(f"models: {', '.join(twice)} stands here more than once")
        return self

    def resolved(self, entry: _Entry) -> dict[str, Any]:
        """The entry's facts with the keys of `sources` replaced by what they stand for."""
        facts = entry.facts()
        if "sources" in facts:
            facts["sources"] = {fact: self.sources.get(key, key) for fact, key in facts["sources"].items()}
        if "price_source" in facts:
            facts["price_source"] = self.sources.get(facts["price_source"], facts["price_source"])
        return facts


def load_catalog(override: Path | None = None, *, name: str = "") -> Catalog:
    """The packaged facts, with a user's own file merged over them model by model and fact by fact.

    `name` is what the user's file is called in messages and in the basis of a cost. Raises CatalogError, naming every
    wrong place.
    """
    packaged = _read(PACKAGED, PACKAGED.name)
    if packaged.date is None:
        raise CatalogError("has no date", where=str(PACKAGED))
    models = {entry.id: packaged.resolved(entry) for entry in packaged.models}
    added: dict[str, Source] = {}
    if override is not None:
        name = name or override.name
        theirs = _read(override, name)
        news = [(i, entry.id) for i, entry in enumerate(theirs.models) if entry.id not in models]
        added = _places_of(override, name, news)
        for entry in theirs.models:
            models[entry.id] = _merge(models.get(entry.id, {}), theirs.resolved(entry), name, theirs.date)
    return Catalog(packaged.date, {key: BaseModel(**facts) for key, facts in models.items()}, added)


def _merge(ours: dict[str, Any], theirs: dict[str, Any], file: str, date: dt.date | None) -> dict[str, Any]:
    """One model's facts with a user's over them; a price of theirs never keeps the source or the date of ours."""
    merged = {**ours, **theirs}
    if "sources" in ours and "sources" in theirs:
        merged["sources"] = {**ours["sources"], **theirs["sources"]}
    if "price_per_million_tokens" in theirs:
        merged |= {"price_file": file, "price_source": file, "price_date": date, "price_is_third_party": False}
        merged |= {name: theirs[name] for name in theirs if name.startswith("price_")}
    return merged


def _places_of(path: Path, name: str, models: Iterable[tuple[int, str]]) -> dict[str, Source]:
    wanted = dict(models)
    if not wanted:
        return {}
    places = _places(name, path.read_text(encoding="utf-8"))
    return {key: _place(places, name, ("models", index, "id")) for index, key in wanted.items()}


def _read(path: Path, name: str) -> _File:
    if path.exists() and not path.is_file():
        raise CatalogError("is not a file", where=name, next_step="Correct the path, or leave the catalog out.")
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise CatalogError(
            f"cannot be read: {error.strerror}",
            where=name,
            next_step="Correct the path, or leave the catalog out.",
        ) from error
    if len(content) > MAX_BYTES:
        raise CatalogError("is larger than 1 MiB, which no catalog is", where=name)
    try:
        return _File.model_validate_json(content)
    except pydantic.ValidationError as error:
        raise _invalid(name, content, error) from error


def _invalid(name: str, content: bytes, error: pydantic.ValidationError) -> CatalogError:
    found = [(e["loc"], _words(e)) for e in error.errors()[:MOST_PROBLEMS]]
    syntax = _SYNTAX.fullmatch(found[0][1])
    if syntax is not None:
        where = f"{name}:{syntax['line']}:{max(int(syntax['column']), 1)}"
        return CatalogError(f"Invalid JSON: {syntax['what']}", where=where, next_step=NEXT_STEP)
    places = _places(name, content.decode("utf-8", "replace"))
    problems = [(_place(places, name, location), _problem(location, message)) for location, message in found]
    first, others = problems[0], problems[1:]
    words = "; ".join((first[1], *(f"{source}: {problem}" for source, problem in others)))
    return CatalogError(f"is not a valid catalog: {words}", where=str(first[0]), next_step=NEXT_STEP)


def _words(error: ErrorDetails) -> str:
    if error["type"] != "extra_forbidden":
        return error["msg"].removeprefix("Value error, ")
    known = [field.alias or name for name, field in _Entry.model_fields.items()]
    near = get_close_matches(str(error["loc"][-1]), known, n=1, cutoff=0.4)
    return f"there is no such field; did you mean {near[0]}?" if near else "there is no such field"


def _places(name: str, text: str) -> Places | None:
    """Where everything stands; what JSON allows is read as the YAML that it is too."""
    documents = list(read_documents(SourceText(name, text), Findings()))
    return Places.of(documents[0]) if documents else None


def _place(places: Places | None, name: str, location: tuple[int | str, ...]) -> Source:
    if places is None:
        return Source(name, 1, 1)
    return places.nearest(tuple(str(part) for part in location), VALUE)


def _problem(location: tuple[int | str, ...], message: str) -> str:
    path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location).lstrip(".")
    return f"{path}: {message}" if path else message
