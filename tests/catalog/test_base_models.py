"""What a user is told about the base model that a spec names."""

import datetime as dt

import pytest

from reconciler.catalog import BaseModel, Catalog
from reconciler.catalog.load import load_catalog

CATALOG = load_catalog()
BEFORE, AFTER = dt.date(2026, 10, 1), dt.date(2026, 11, 1)


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("gemini-2.5-flash", "gemini-2.5-flash"),
        (" gemini-2.5-flash ", "gemini-2.5-flash"),
        ("models/gemini-1.0-pro-001", "gemini-1.0-pro-001"),
        ("publishers/google/models/gemini-3.5-flash", "gemini-3.5-flash"),
        ("projects/p/locations/us-central1/publishers/google/models/gemini-2.5-pro", "gemini-2.5-pro"),
        ("gemini-2.5-flash@001", "gemini-2.5-flash"),
        ("gemini-2.0-flash", "gemini-2.0-flash-001"),
        ("text-bison@001", "text-bison@001"),
        ("text-bison", "text-bison@002"),
    ],
)
def test_every_way_of_writing_a_base_model_finds_it(written: str, found: str) -> None:
    entry = CATALOG.find(written)
    assert entry is not None
    assert entry.id == found


@pytest.mark.parametrize("unknown", ["", "gemini-9-ultra", "projects/1/locations/us-central1/models/123", "@001", "/"])
def test_an_unknown_base_model_is_not_guessed(unknown: str) -> None:
    assert CATALOG.find(unknown) is None


def test_gemini_3_tunes_in_two_regions_and_serves_from_their_multi_region() -> None:
    entry = CATALOG.find("gemini-3.1-flash-lite")
    assert entry is not None
    assert entry.tuning_regions == ("us-central1", "europe-west4")
    assert entry.serving == {"us-central1": "us", "europe-west4": "eu"}
    assert entry.cmek is False


def test_a_retired_model_names_its_successor_which_is_in_the_catalog() -> None:
    for entry in CATALOG.models.values():
        if entry.is_retired(AFTER):
            assert entry.successor in CATALOG.models, entry.id


def test_the_2_5_family_took_tunes_before_it_retired_and_none_after() -> None:
    entry = CATALOG.find("gemini-2.5-flash")
    assert entry is not None
    assert entry.takes_tunes(BEFORE)
    assert not entry.takes_tunes(AFTER)
    assert entry.is_retired(AFTER)


def test_palm_models_stopped_taking_tunes_half_a_year_before_they_retired() -> None:
    entry = CATALOG.find("text-bison@002")
    assert entry is not None
    between = dt.date(2025, 1, 1)
    assert not entry.takes_tunes(between)
    assert not entry.is_retired(between)


def test_a_model_without_dates_is_taken_to_be_open() -> None:
    entry = BaseModel("mine")
    assert entry.takes_tunes(AFTER)
    assert not entry.is_retired(AFTER)


FACTS_BY_SOURCE = {
    "methods": ("methods",),
    "regions": ("tuning_regions", "serving"),
    "limits": ("max_tokens_per_example", "max_rows", "max_bytes", "max_validation_rows", "adapter_sizes"),
    "dates": ("tuning_ends", "retires"),
    "cmek": ("cmek",),
}


@pytest.mark.parametrize("entry", CATALOG.models.values(), ids=lambda e: e.id)
def test_every_fact_says_where_it_was_read(entry: BaseModel) -> None:
    for group, facts in FACTS_BY_SOURCE.items():
        if any(getattr(entry, fact) not in (None, (), {}) for fact in facts):
            assert "https://" in entry.sources.get(group, ""), f"{entry.id} has {group} without a source"


@pytest.mark.parametrize("entry", CATALOG.models.values(), ids=lambda e: e.id)
def test_every_price_has_a_date_and_says_that_it_is_a_third_party_reading(entry: BaseModel) -> None:
    if entry.price_per_million_tokens is not None:
        assert entry.price_date is not None
        assert entry.price_is_third_party
        assert "third-party" in entry.price_source


@pytest.mark.parametrize(
    ("model", "price"),
    [
        ("gemini-3.5-flash", 10.0),
        ("gemini-3.1-flash-lite", 3.0),
        ("gemini-2.5-pro", 25.0),
        ("gemini-2.5-flash", 5.0),
        ("gemini-2.5-flash-lite", 1.5),
        ("gemini-3.5-flash-lite", None),
        ("text-bison@001", None),
    ],
)
def test_prices_are_the_recorded_ones_and_unknown_stays_unknown(model: str, price: float | None) -> None:
    entry = CATALOG.find(model)
    assert entry is not None
    assert entry.price_per_million_tokens == price


def test_a_catalog_can_be_made_of_a_few_models_by_hand() -> None:
    entry = BaseModel("mine", aliases=("my-model",))
    assert Catalog(AFTER, {"mine": entry}).find("models/my-model") is entry
