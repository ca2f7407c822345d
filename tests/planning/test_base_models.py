"""What specs ask of their base models beyond what these are documented to take is warned of, and never forbidden."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reconciler.catalog.load import load_catalog
from reconciler.planning.base_models import misfits
from tests.planning.build import desired, model, supervised

CATALOG = load_catalog()
LITE = "gemini-3.1-flash-lite"


def preference(base: str) -> dict[str, Any]:
    return {"baseModel": base, "preferenceOptimizationSpec": {"trainingDatasetUri": "gs://acme/p.jsonl"}}


@pytest.mark.parametrize(
    ("body", "location", "code", "words"),
    [
        (preference(LITE), "us-central1", "base_model_method", "Methods it takes: supervised"),
        (supervised(base=LITE), "asia-east1", "base_model_location", "Locations: us-central1, europe-west4"),
        (supervised(base=LITE, adapterSize="ADAPTER_SIZE_THIRTY_TWO"), "us-central1", "base_model_adapter", "1, 2, 4"),
        ({**supervised(base=LITE), "encryptionSpec": {"kmsKeyName": "k"}}, "us-central1", "base_model_cmek", LITE),
    ],
)
def test_what_a_base_model_does_not_take_is_a_warning_at_its_field(
    body: dict[str, Any], location: str, code: str, words: str
) -> None:
    (found,) = misfits(desired(model(body=body, location=location)), CATALOG)
    assert (found.severity, found.code, found.address) == ("warning", code, "TunedModel/m")
    assert words in found.hint
    assert f"(catalog {CATALOG.date})" in found.hint
    assert found.source is not None


@pytest.mark.parametrize("body", [supervised(base=LITE, adapterSize="ADAPTER_SIZE_FOUR"), supervised(base="gemini-9")])
def test_what_fits_or_is_not_known_is_not_warned_of(body: dict[str, Any]) -> None:
    assert list(misfits(desired(model(body=body, location="us-central1")), CATALOG)) == []


def test_a_misspelt_model_in_ones_own_catalog_is_told_with_its_place(tmp_path: Path) -> None:
    path = tmp_path / "prices.json"
    path.write_text('{"models": [\n  {"id": "gemini-2.5-flahs", "pricePerMillionTokens": 4}\n]}')
    (found,) = misfits(desired(model(body=supervised(base=LITE), location="us-central1")), load_catalog(path))
    assert (found.code, str(found.source)) == ("catalog_unused", "prices.json:2:10")
    assert found.hint == "Did you mean gemini-2.5-flash?"


def test_a_new_model_that_a_spec_uses_is_no_mistake(tmp_path: Path) -> None:
    path = tmp_path / "prices.json"
    path.write_text('{"models": [{"id": "gemini-4-flash", "pricePerMillionTokens": 4}]}')
    assert list(misfits(desired(model(body=supervised(base="gemini-4-flash"))), load_catalog(path))) == []


def test_only_vertex_models_are_held_against_its_locations() -> None:
    spec = replace(model(body={"baseModel": "text-bison@001"}, location="asia-east1"), backend="palm")
    assert list(misfits(desired(spec), CATALOG)) == []
