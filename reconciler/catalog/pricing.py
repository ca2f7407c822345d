"""What a tuning run costs: pure arithmetic over tokens, epochs and the catalog's prices."""

from __future__ import annotations


def tuning_cost(tokens: int, epochs: int, price_per_million: float) -> float:
    """US dollars for one run: billable training tokens x epochs x price per million tokens.

    Source: https://docs.cloud.google.com/gemini-enterprise-agent-platform/models/tuning/supervised-tuning (quota and
    pricing). Rounded to a ten-thousandth of a dollar, so that equal inputs print and compare equal.
    """
    return round(tokens * epochs * price_per_million / 1_000_000, 4)


def cost_basis(tokens: int, epochs: int, price_per_million: float, origin: str) -> str:
    """The sentence that goes with a cost: `2700000 tokens x 1 epoch x 3.00/1M (catalog 2026-11-01)`.

    `origin` is what `Catalog.origin_of_price` says.
    """
    noun = "epoch" if epochs == 1 else "epochs"
    cents = f"{price_per_million:.2f}"
    price = cents if float(cents) == price_per_million else str(price_per_million)
    return f"{tokens} tokens x {epochs} {noun} x {price}/1M ({origin})"
