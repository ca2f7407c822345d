"""A create was sent and its outcome is not recorded: find its run, or wait until absence may be concluded.

While such an intent is open nothing is ever bought for its address; apply settles it by two complete lists.
"""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.core.client_ids import is_attempt
from reconciler.core.desired import TunedModel
from reconciler.core.labels import ATTEMPT
from reconciler.core.moments import parse_moment
from reconciler.core.plan import Action
from reconciler.core.state import Intent
from reconciler.planning.reasons import Code
from reconciler.planning.transitions.findings import Finding, change
from reconciler.planning.world import World


def settle(world: World, model: TunedModel, intent: Intent) -> Iterator[Finding]:
    """Adopt the run that carries the attempt's label, or wait for certainty."""
    found = sorted(
        (r for r in world.observed.runs.values() if is_attempt(r.labels.get(ATTEMPT, ""), intent.attempt)),
        key=lambda r: (r.created_at, r.name),
    )
    if found:
        message = f"v{intent.version}: {found[0].name} was created by an attempt whose answer was lost"
        yield change(model, Action.ADOPT, Code.INTENT_FOUND, message, version=intent.version, targets=(found[0].name,))
        return
    yield change(model, *_patience(world, intent), version=intent.version)


def _patience(world: World, intent: Intent) -> tuple[Action, Code, str]:
    sent = f"a create of v{intent.version} was sent at {intent.sent_at} and its outcome is not known"
    decide_at = parse_moment(intent.decide_at)
    if decide_at is not None and world.now >= decide_at:
        return Action.WAIT, Code.IN_DOUBT, f"{sent}; the next apply can settle it (since {intent.decide_at})"
    return Action.HOLD, Code.IN_DOUBT, f"{sent}; it can be settled from {intent.decide_at} on"
