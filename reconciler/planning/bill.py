"""What a finished run came to, beside what was estimated before it was bought."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.catalog import Catalog
from reconciler.catalog.pricing import cost_basis, tuning_cost
from reconciler.core.state import Version
from reconciler.planning.blocks import base_model, epochs


@dataclass(frozen=True, slots=True)
class Bill:
    """US dollars by the tokens Google reports as billed; `estimated` is what the plan said, if it said anything."""

    usd: float
    basis: str
    estimated: float | None


def bill(version: Version, catalog: Catalog) -> Bill | None:
    """The bill of a finished run, or None where Google reports no tokens or the catalog knows no price.

    Billed tokens are those of one pass over the data, as TuningDataStats.totalBillableTokenCount reports them.
    """
    base = base_model(version.body) or base_model(version.resolved)
    known = catalog.find(base) if base else None
    rounds = epochs(version.resolved) or epochs(version.body)
    if version.billed_tokens is None or known is None or known.price_per_million_tokens is None or rounds is None:
        return None
    price = known.price_per_million_tokens
    return Bill(
        usd=tuning_cost(version.billed_tokens, rounds, price),
        basis=cost_basis(version.billed_tokens, rounds, price, catalog.origin_of_price(known)),
        estimated=version.estimated_usd,
    )
