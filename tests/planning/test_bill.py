"""What a run came to, beside what the plan had said."""

from __future__ import annotations

from dataclasses import replace

from reconciler.catalog.load import load_catalog
from reconciler.core.state import VersionStatus
from reconciler.planning.bill import bill
from tests.planning.build import model, version

CATALOG = load_catalog(None)
M = model("m")


def test_billed_tokens_times_epochs_times_price_is_the_bill() -> None:
    made = replace(
        version(M, 1, VersionStatus.READY),
        body={"baseModel": "gemini-3.1-flash-lite"},
        resolved={"supervisedTuningSpec": {"hyperParameters": {"epochCount": 3}}},
        billed_tokens=1_000_000,
        estimated_usd=8.1,
    )
    found = bill(made, CATALOG)
    assert found is not None
    assert found.usd == 9.0
    assert found.estimated == 8.1


def test_without_billed_tokens_or_a_price_there_is_no_bill() -> None:
    made = replace(version(M, 1, VersionStatus.READY), billed_tokens=None)
    assert bill(made, CATALOG) is None
    unknown = replace(made, billed_tokens=5, body={"baseModel": "gemini-99"}, resolved={})
    assert bill(unknown, CATALOG) is None
