"""What tuning costs: said before, held by limits, compared with the bill after."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.e2e.workshop import Workshop

ADDRESS = "TunedModel/triage"


def priced(workshop: Workshop, usd_per_million: float, *, limits: str = "") -> None:
    """A project in which training 1M tokens of gemini-2.5-flash costs that much."""
    workshop.project("  catalog: prices.json\n")
    if limits:
        project = workshop.folder / "tuneform.yaml"
        project.write_text(project.read_text().replace("{maxConcurrentJobs: 20}", limits))
    price = {"id": "gemini-2.5-flash", "pricePerMillionTokens": usd_per_million}
    workshop.write("prices.json", json.dumps({"date": "2026-11-15", "models": [price]}))
    workshop.dataset()


def cost_of(workshop: Workshop, address: str = ADDRESS) -> dict[str, Any]:
    cost: dict[str, Any] = next(c["cost"] for c in workshop.plan_json()["changes"] if c["address"] == address)
    return cost


def test_a_plan_says_what_is_paid_once_on_which_basis_and_how_sure_that_is(workshop: Workshop) -> None:
    priced(workshop, 20_000)
    workshop.model()
    cost = cost_of(workshop)
    assert cost["estimate"]
    assert cost["low"] < cost["usd"] < cost["high"]
    assert cost["basis"] == "240 tokens x 3 epochs x 20000.00/1M (prices.json 2026-11-15)"
    shown = workshop.run("plan").stdout
    assert "cost  about US$14.40 once (10.80 to 19.44): 240 tokens x 3 epochs" in shown
    assert "Cost: about US$14.40 once" in shown


def test_the_bill_stands_beside_the_estimate_and_makes_the_next_plan_exact(workshop: Workshop) -> None:
    priced(workshop, 20_000)
    workshop.model()
    told = workshop.apply("--wait").stdout
    bill = "US$15.00 by billed tokens (250 tokens x 3 epochs x 20000.00/1M (prices.json 2026-11-15))"
    assert f"v1 succeeded; {bill}, 4 % more than planned (US$14.40)" in told
    assert f"v1: {bill}, 4 % more than planned (US$14.40)" in workshop.run("status").stdout
    workshop.model(epochs=6)
    workshop.model("other")
    for address, usd in ((ADDRESS, 30.0), ("TunedModel/other", 15.0)):
        cost = cost_of(workshop, address)
        assert (cost["usd"], cost["estimate"]) == (usd, False)
        assert cost["basis"].endswith("; the tokens that were billed for the same data before")


def test_a_program_gets_both_numbers(workshop: Workshop) -> None:
    priced(workshop, 20_000)
    workshop.model()
    events = [json.loads(line) for line in workshop.apply("--wait", "--format", "json").stdout.splitlines()]
    fields = next(e["fields"] for e in events if e["type"] == "finished")
    assert (fields["billed_usd"], fields["estimated_usd"]) == (15.0, 14.4)


@pytest.mark.parametrize(
    ("limits", "flags"),
    [("{maxConcurrentJobs: 20, maxCostUSD: 14}", ()), ("", ("--max-cost", "14"))],
)
def test_what_is_above_a_limit_is_held_and_nothing_is_bought(
    workshop: Workshop, limits: str, flags: tuple[str, ...]
) -> None:
    priced(workshop, 20_000, limits=limits)
    workshop.model()
    told = workshop.apply(*flags, expect=3).stdout
    assert "would cost 14.40 USD, and 14.00 USD is the limit" in told
    assert workshop.jobs() == []


def test_what_has_no_price_is_unknown_and_held_by_any_limit(workshop: Workshop) -> None:
    priced(workshop, 20_000)
    workshop.write("prices.json", '{"models": [{"id": "gemini-2.5-flash", "pricePerMillionTokens": null}]}')
    workshop.model()
    assert "cost  unknown: no training price for gemini-2.5-flash" in workshop.run("plan").stdout
    workshop.apply("--max-cost", "1000000", expect=3)
    assert workshop.jobs() == []


@pytest.mark.parametrize("at_once", [1, 20])
def test_a_limit_holds_for_the_whole_of_an_apply_that_waits(workshop: Workshop, at_once: int) -> None:
    priced(workshop, 20_000, limits=f"{{maxConcurrentJobs: {at_once}}}")
    for name in ("first", "second", "third"):
        workshop.model(name)
    told = workshop.apply("--wait", "--max-cost", "30", expect=3).stdout
    assert len(workshop.jobs()) == 2
    assert "TunedModel/third: would cost" in told


@pytest.mark.parametrize(
    ("entry", "place", "says"),
    [
        ('"pricePerMillionTokens": 0', "prices.json:2:55", "greater than 0"),
        ('"pricePerMillionTokens": -3', "prices.json:2:55", "greater than 0"),
        ('"pricePerMillionTokens": "3"', "prices.json:2:55", "valid number"),
        ('"price": 3', "prices.json:2:39", "there is no such field; did you mean"),
        ('"retires": "soon"', "prices.json:2:41", "date"),
        ('"retires" "soon"', "prices.json:2:40", "Invalid JSON"),
    ],
)
def test_a_catalog_that_is_not_valid_is_told_by_line_and_column(
    workshop: Workshop, entry: str, place: str, says: str
) -> None:
    priced(workshop, 1)
    workshop.model()
    workshop.write("prices.json", '{"models": [\n  {"id": "gemini-2.5-flash", ' + entry + "}]}")
    refused = workshop.run("plan", expect=1).stderr
    assert place in refused
    assert says in refused
    assert "null is what is not known" in " ".join(refused.split())


def test_a_misspelt_model_in_a_catalog_is_warned_of_by_validate(workshop: Workshop) -> None:
    priced(workshop, 1)
    workshop.model()
    workshop.write("prices.json", '{"models": [{"id": "gemini-2.5-flahs", "pricePerMillionTokens": 4}]}')
    told = workshop.run("validate")
    assert "no spec uses gemini-2.5-flahs" in told.stdout + told.stderr
    assert "Did you mean gemini-2.5-flash?" in told.stdout + told.stderr
