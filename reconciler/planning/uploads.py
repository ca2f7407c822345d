"""Which uploads wait because no run of this pass would read them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from reconciler.core.address import Address
from reconciler.core.plan import Action, Change
from reconciler.planning.reasons import Code
from reconciler.planning.transitions.findings import Finding, instead
from reconciler.planning.world import World

_SHOWN_USERS = 3


def hold_back_uploads(world: World, findings: Sequence[Finding]) -> list[Finding]:
    """The findings, with a wait in place of the upload of every dataset whose users are all held.

    `findings` are guarded already. A dataset that nothing uses, or that a queued model uses, is uploaded all the same.
    """
    of: dict[Address, list[Change]] = defaultdict(list)
    for finding in findings:
        if isinstance(finding, Change):
            of[finding.address].append(finding)
    kept_back = {address for address, changes in of.items() if _is_kept_back(changes)}
    return [_unless_idle(world, f, kept_back) if isinstance(f, Change) else f for f in findings]


def _is_kept_back(changes: Sequence[Change]) -> bool:
    """Whether no run of an address can start in this pass because of a hold, or of a wait for what is held."""
    if any(c.action.is_paid or c.action is Action.QUEUE for c in changes):
        return False
    return any(
        c.action is Action.HOLD or (c.action is Action.WAIT and c.reasons[0].code == Code.DEPENDENCY) for c in changes
    )


def _unless_idle(world: World, change: Change, kept_back: set[Address]) -> Change:
    if change.action is not Action.CREATE or change.address not in world.desired.datasets:
        return change
    users = [address for address in world.users.get(change.address, ()) if address in world.scope]
    if not users or not kept_back.issuperset(users):
        return change
    more = f" and {len(users) - _SHOWN_USERS} more" if len(users) > _SHOWN_USERS else ""
    message = f"is uploaded when a run needs it; now held: {', '.join(map(str, users[:_SHOWN_USERS]))}{more}"
    return instead(change, Action.WAIT, Code.USERS_HELD, message)
