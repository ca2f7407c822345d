"""What is known about base models, on a date."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from reconciler.core.desired import Backend
from reconciler.core.diagnostics import Source

Method = Literal["supervised", "preference"]


@dataclass(frozen=True, slots=True)
class BaseModel:
    """One model that could be tuned. None, or an empty collection, means that the fact is not known.

    `serving` maps a tuning region to the multi-region where the tuned model lands; a region that is not in it serves
    where it tunes. `retires` is the last day; with `retires_is_earliest` Google promises it will not be sooner. A tuned
    model stops with its base. `price_per_million_tokens` is US dollars per million training tokens (tokens x epochs).
    `sources` maps a group of facts (`methods`, `regions`, `limits`, `dates`, `price`) to where they were read.
    `price_file` is the user's own file where the price is from there.
    """

    id: str
    aliases: tuple[str, ...] = ()
    backends: tuple[Backend, ...] = ("vertex",)
    methods: tuple[Method, ...] = ()
    tuning_regions: tuple[str, ...] = ()
    serving: Mapping[str, str] = field(default_factory=dict)
    adapter_sizes: tuple[int, ...] = ()
    max_tokens_per_example: int | None = None
    max_rows: int | None = None
    max_multimodal_rows: int | None = None
    max_bytes: int | None = None
    max_validation_rows: int | None = None
    price_per_million_tokens: float | None = None
    price_source: str = ""
    price_date: dt.date | None = None
    price_is_third_party: bool = False
    price_file: str = ""
    tuning_ends: dt.date | None = None
    retires: dt.date | None = None
    retires_is_earliest: bool = False
    successor: str | None = None
    cmek: bool | None = None
    sources: Mapping[str, str] = field(default_factory=dict)

    def is_retired(self, today: dt.date) -> bool:
        """Whether its announced last day is past."""
        return self.retires is not None and today > self.retires

    def takes_tunes(self, today: dt.date) -> bool:
        """Whether no announced date rules out a new tuning job today."""
        return not self.is_retired(today) and (self.tuning_ends is None or today <= self.tuning_ends)


@dataclass(frozen=True, slots=True)
class Catalog:
    """Facts as read on `date`. `models` is by id; `added` says where a user's own file adds one."""

    date: dt.date
    models: Mapping[str, BaseModel]
    added: Mapping[str, Source] = field(default_factory=dict)

    def origin_of_price(self, model: BaseModel) -> str:
        """Where a price is from, and from when: `catalog 2026-11-01`, or the user's file with its date if any."""
        if not model.price_file:
            return f"catalog {self.date}"
        return f"{model.price_file} {model.price_date}" if model.price_date else model.price_file

    def find(self, base_model: str) -> BaseModel | None:
        """The entry for a base model as specs and APIs write it.

        Accepts `gemini-2.5-flash`, `models/…`, `publishers/google/models/…`, a full resource path, and a version after
        an `@`, which falls back to the entry without one.
        """
        name = base_model.strip().rpartition("/")[2]
        for candidate in (name, name.partition("@")[0]):
            if found := self.models.get(candidate):
                return found
            if found := next((m for m in self.models.values() if candidate in m.aliases), None):
                return found
        return None
