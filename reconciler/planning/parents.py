"""Order between models: what goes on from another is tuned when that one has come to rest.

A parent that is retuned in the same commit would else be gone on from as it was, and the child be paid for twice. A
parent that is held does not move: its version that serves is gone on from.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from reconciler.core.address import Address
from reconciler.core.plan import Action, Change
from reconciler.planning.reasons import Code
from reconciler.planning.transitions.findings import instead
from reconciler.planning.world import World

_MOVES = frozenset(
    {
        Action.CREATE,
        Action.RETUNE,
        Action.QUEUE,
        Action.WAIT,
        Action.EVALUATE,
        Action.PROMOTE,
        Action.ROLLBACK,
    }
)


def movers(changes: Iterable[Change]) -> dict[Address, Change]:
    """The models that are about to serve another version, and by which change."""
    models = (c for c in changes if c.address.kind == "TunedModel")
    return {c.address: c for c in models if c.action in _MOVES and c.reasons[0].code != Code.GATES_CHANGED.value}


def after_parent(world: World, change: Change, moving: Mapping[Address, Change]) -> Change:
    """The change itself, or a wait where it would be tuned from a version that is about to be replaced."""
    model = world.desired.models.get(change.address)
    if model is None or not change.action.is_paid:
        return change
    parent = next((moving[address] for address in model.depends_on if address in moving), None)
    if parent is None:
        return change
    version = f" with v{parent.version}" if parent.version else ""
    message = f"waits for {parent.address} to come to rest{version}, to go on from that"
    return instead(change, Action.WAIT, Code.DEPENDENCY, message)
