"""Reads the packaged catalog and, over it, a user's own file.

Both have one shape, JSON: `{"date": "2026-11-01", "sources": {"key": "where it was read"}, "models": [{"id": …}]}`. An
override names only the facts it changes; a model that the packaged file does not have is added.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated, Any

import pydantic
from pydantic.alias_generators import to_camel

from reconciler.catalog.model import BaseModel, Catalog, Method
from reconciler.core.desired import Backend
from reconciler.errors import CatalogError

PACKAGED = Path(__file__).with_name("google-2026-11-01.json")
MAX_BYTES = 1 << 20

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


def load_catalog(override: Path | None = None) -> Catalog:
    """The packaged facts, with a user's own file merged over them model by model and fact by fact.

    Raises CatalogError, naming the file and every wrong place in it.
    """
    packaged = _read(PACKAGED)
    models = {entry.id: packaged.resolved(entry) for entry in packaged.models}
    date = packaged.date
    if override is not None:
        theirs = _read(override)
        date = theirs.date or date
        for entry in theirs.models:
            models[entry.id] = _merge(models.get(entry.id, {}), theirs.resolved(entry), str(override))
    if date is None:
        raise CatalogError("has no date", where=str(PACKAGED))
    return Catalog(date, {name: BaseModel(**facts) for name, facts in models.items()})


def _merge(ours: dict[str, Any], theirs: dict[str, Any], file: str) -> dict[str, Any]:
    """One model's facts with a user's over them; a price of theirs never keeps the source of ours."""
    merged = {**ours, **theirs}
    if "sources" in ours and "sources" in theirs:
        merged["sources"] = {**ours["sources"], **theirs["sources"]}
    if "price_per_million_tokens" in theirs:
        merged |= {"price_source": file, "price_date": None, "price_is_third_party": False}
        merged |= {name: theirs[name] for name in theirs if name.startswith("price_")}
    return merged


def _read(path: Path) -> _File:
    if path.exists() and not path.is_file():
        raise CatalogError("is not a file", where=str(path), next_step="Correct the path, or leave the catalog out.")
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise CatalogError(
            f"cannot be read: {error.strerror}",
            where=str(path),
            next_step="Correct the path, or leave the catalog out.",
        ) from error
    if len(content) > MAX_BYTES:
        raise CatalogError("is larger than 1 MiB, which no catalog is", where=str(path))
    try:
        return _File.model_validate_json(content)
    except pydantic.ValidationError as error:
        problems = "; ".join(_problem(e["loc"], e["msg"]) for e in error.errors()[:10])
        raise CatalogError(
            f"is not a valid catalog: {problems}",
            where=str(path),
            next_step='It is JSON such as {"models": [{"id": "gemini-2.5-flash", "pricePerMillionTokens": 5.0}]}.',
        ) from error


def _problem(location: tuple[int | str, ...], message: str) -> str:
    path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location).lstrip(".")
    message = message.removeprefix("Value error, ")
    return f"{path}: {message}" if path else message
