"""A team brings its own prices and dates."""

import datetime as dt
import json
import re
from pathlib import Path
from typing import Any

import pytest

from reconciler.catalog.load import load_catalog
from reconciler.errors import CatalogError


def write(folder: Path, content: Any) -> Path:
    path = folder / "catalog.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def test_a_price_of_ours_replaces_the_packaged_one_and_nothing_else(tmp_path: Path) -> None:
    path = write(tmp_path, {"models": [{"id": "gemini-2.5-flash", "pricePerMillionTokens": 4.2}]})
    entry, packaged = load_catalog(path).find("gemini-2.5-flash"), load_catalog().find("gemini-2.5-flash")
    assert entry is not None
    assert packaged is not None
    assert entry.price_per_million_tokens == 4.2
    assert entry.retires == packaged.retires
    assert entry.methods == packaged.methods


def test_a_price_of_ours_does_not_keep_the_packaged_source(tmp_path: Path) -> None:
    path = write(tmp_path, {"models": [{"id": "gemini-2.5-flash", "pricePerMillionTokens": 4.2}]})
    entry = load_catalog(path).find("gemini-2.5-flash")
    assert entry is not None
    assert entry.price_source == "catalog.json"
    assert entry.price_date is None
    assert not entry.price_is_third_party


def test_a_price_of_ours_may_bring_its_source_and_date(tmp_path: Path) -> None:
    price = {"pricePerMillionTokens": 4.2, "priceSource": "contract", "priceDate": "2026-10-01"}
    path = write(tmp_path, {"sources": {"contract": "order 7"}, "models": [{"id": "gemini-2.5-flash", **price}]})
    entry = load_catalog(path).find("gemini-2.5-flash")
    assert entry is not None
    assert (entry.price_source, entry.price_date) == ("order 7", dt.date(2026, 10, 1))


def test_a_price_can_be_declared_unknown(tmp_path: Path) -> None:
    path = write(tmp_path, {"models": [{"id": "gemini-2.5-flash", "pricePerMillionTokens": None}]})
    entry = load_catalog(path).find("gemini-2.5-flash")
    assert entry is not None
    assert entry.price_per_million_tokens is None


def test_a_model_that_the_package_does_not_know_is_added(tmp_path: Path) -> None:
    path = write(tmp_path, {"models": [{"id": "gemini-4-flash", "methods": ["supervised"], "retires": "2028-01-01"}]})
    entry = load_catalog(path).find("gemini-4-flash")
    assert entry is not None
    assert entry.retires == dt.date(2028, 1, 1)


def test_a_date_of_ours_is_that_of_our_own_prices_and_of_no_others(tmp_path: Path) -> None:
    path = write(tmp_path, {"date": "2026-12-01", "models": [{"id": "gemini-2.5-flash", "pricePerMillionTokens": 4.2}]})
    catalog = load_catalog(path)
    ours, theirs = catalog.find("gemini-2.5-flash"), catalog.find("gemini-2.5-pro")
    assert ours is not None
    assert theirs is not None
    assert catalog.origin_of_price(ours) == "catalog.json 2026-12-01"
    assert catalog.origin_of_price(theirs) == f"catalog {load_catalog().date}"


def test_a_price_of_ours_without_a_date_is_not_dated(tmp_path: Path) -> None:
    catalog = load_catalog(write(tmp_path, {"models": [{"id": "m", "pricePerMillionTokens": 4.2}]}), name="p/c.json")
    assert catalog.origin_of_price(catalog.models["m"]) == "p/c.json"
    assert str(catalog.added["m"]) == "p/c.json:1:20"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("{", "Invalid JSON"),
        ("models: []", "Invalid JSON"),
        ("", "Invalid JSON"),
        ("[]", "object"),
        ({"modles": []}, "modles"),
        ({"models": [{"pricePerMillionTokens": 1.0}]}, "models[0].id"),
        ({"models": [{"id": ""}]}, "models[0].id"),
        ({"models": [{"id": "m", "price": 1.0}]}, "models[0].price"),
        ({"models": [{"id": "m", "pricePerMillionTokens": 0}]}, "models[0].pricePerMillionTokens"),
        ({"models": [{"id": "m", "pricePerMillionTokens": -1.0}]}, "models[0].pricePerMillionTokens"),
        ('{"models": [{"id": "m", "pricePerMillionTokens": NaN}]}', "models[0].pricePerMillionTokens"),
        ({"models": [{"id": "m", "pricePerMillionTokens": "3.00"}]}, "models[0].pricePerMillionTokens"),
        ({"models": [{"id": "m", "retires": "soon"}]}, "models[0].retires"),
        ({"models": [{"id": "m", "maxRows": 0}]}, "models[0].maxRows"),
        ({"models": [{"id": "m", "methods": ["magic"]}]}, "models[0].methods[0]"),
        ({"models": [{"id": "m"}, {"id": "m"}]}, "more than once"),
    ],
)
def test_a_wrong_file_is_refused_with_its_name_and_the_place(tmp_path: Path, content: Any, says: str) -> None:
    path = write(tmp_path, content)
    with pytest.raises(CatalogError) as raised:
        load_catalog(path)
    assert re.fullmatch(r"catalog\.json:\d+:\d+", raised.value.where)
    assert says in raised.value.what
    assert raised.value.next_step


@pytest.mark.parametrize(
    ("wrong", "place"),
    [
        ('{\n  "models": [\n    {"id": "m", "pricePerMillionTokens": 0}\n  ]\n}', "catalog.json:3:42"),
        ('{\n  "models": [\n    {"id": "m" "retires": null}\n  ]\n}', "catalog.json:3:16"),
        ('{\n\t"models": [\n\t\t{"id": "m", "price": 3}\n\t]\n}', "catalog.json:3:24"),
    ],
)
def test_a_wrong_place_is_told_by_line_and_column(tmp_path: Path, wrong: str, place: str) -> None:
    with pytest.raises(CatalogError) as raised:
        load_catalog(write(tmp_path, wrong))
    assert raised.value.where == place


def test_every_wrong_place_is_told_at_once(tmp_path: Path) -> None:
    path = write(tmp_path, {"models": [{"id": "m", "maxRows": 0, "retires": "soon"}]})
    with pytest.raises(CatalogError, match=r"maxRows.*retires"):
        load_catalog(path)


def test_a_file_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="No such file"):
        load_catalog(tmp_path / "none.json")


def test_a_folder_is_not_a_catalog(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="is not a file"):
        load_catalog(tmp_path)


def test_a_huge_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="1 MiB"):
        load_catalog(write(tmp_path, " " * (1 << 20) + "{}"))
