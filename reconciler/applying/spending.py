"""What one apply spends over all its passes, so that a limit holds for the whole of it."""

from __future__ import annotations

from reconciler.core.state import IntentStatus, State

_SENT = frozenset({IntentStatus.SENDING, IntentStatus.COMMITTED})


def spent_between(before: State, after: State) -> float:
    """US dollars, as estimated, of every attempt that `after` knows and `before` did not; doubtful ones count too.

    An attempt without a known price counts as nothing: a limit holds it before it can become one.
    """
    known = _attempts(before)
    return sum(usd for attempt, usd in _attempts(after).items() if attempt not in known)


def _attempts(state: State) -> dict[str, float]:
    found = {i.attempt: i.estimated_usd or 0.0 for i in state.intents if i.status in _SENT}
    for record in state.resources.values():
        found.update({v.attempt: v.estimated_usd or 0.0 for v in record.versions if v.attempt})
    return found
