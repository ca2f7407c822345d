"""What a finished run came to, in words."""

from __future__ import annotations

from reconciler.core.amounts import dollars
from reconciler.planning.bill import Bill


def in_words(bill: Bill) -> str:
    """`US$9.00 by billed tokens (…), 11 % more than planned (US$8.10)`."""
    return f"{dollars(bill.usd)} by billed tokens ({bill.basis}){_beside_the_plan(bill)}"


def _beside_the_plan(bill: Bill) -> str:
    if not bill.estimated:
        return ""
    share = round(100 * (bill.usd / bill.estimated - 1))
    if not share:
        return ", as the plan said"
    return f", {abs(share)} % {'more' if share > 0 else 'less'} than planned ({dollars(bill.estimated)})"
