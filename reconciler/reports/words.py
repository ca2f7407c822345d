"""How each action is called: its symbol, its colour, the verb in a sentence, and how a summary counts it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from reconciler.core.amounts import SMALLEST_SHOWN, dollars
from reconciler.core.plan import Action, Change, Cost, Plan
from reconciler.reports.palette import Style


@dataclass(frozen=True, slots=True)
class ActionWords:
    """`joint` leads to the version that an action is about: created `as` v1, promoted `to` v2; empty is `(v1)`."""

    symbol: str
    style: Style
    sentence: str
    counted: str
    done: str
    icon: str
    joint: str = ""


WORDS: Mapping[Action, ActionWords] = {
    Action.CREATE: ActionWords("+", Style.GREEN, "will be created", "to create", "created", "🟢", "as"),
    Action.RETUNE: ActionWords("*", Style.MAGENTA, "will be retuned", "to retune", "retuned", "💸", "as"),
    Action.UPDATE: ActionWords("~", Style.YELLOW, "will be updated in place", "to update", "updated", "✏️"),
    Action.DEPLOY: ActionWords(">", Style.CYAN, "will be deployed", "to deploy", "deployed", "🚀"),
    Action.PROMOTE: ActionWords("^", Style.CYAN, "will be promoted", "to promote", "promoted", "⬆️", "to"),
    Action.ROLLBACK: ActionWords("<", Style.YELLOW, "will be rolled back", "to roll back", "rolled back", "⏪", "to"),
    Action.EVALUATE: ActionWords("?", Style.CYAN, "will be evaluated", "to evaluate", "evaluated", "🧪"),
    Action.ADOPT: ActionWords("=", Style.CYAN, "will be adopted", "to adopt", "adopted", "🤝", "as"),
    Action.WAIT: ActionWords(".", Style.BLUE, "waits", "waiting", "waiting", "⏳"),
    Action.QUEUE: ActionWords(":", Style.BLUE, "is queued", "queued", "queued", "🕒"),
    Action.HOLD: ActionWords("!", Style.YELLOW, "is held", "held", "held", "✋"),
    Action.CANCEL: ActionWords("x", Style.RED, "will be cancelled", "to cancel", "cancelled", "🛑"),
    Action.DELETE: ActionWords("-", Style.RED, "will be deleted", "to delete", "deleted", "🗑️"),
    Action.FORGET: ActionWords("/", Style.DIM, "will be forgotten", "to forget", "forgotten", "💨"),
    Action.NONE: ActionWords(" ", Style.DIM, "is unchanged", "unchanged", "unchanged", "✅"),
}
_NAMES_SERVING = (Action.RETUNE, Action.EVALUATE, Action.WAIT, Action.HOLD)


def sentence(change: Change) -> str:
    """What happens to an address, as the end of a sentence: `will be retuned as v2 (v1 keeps serving)`."""
    is_upload = change.address.kind == "Dataset" and change.action is Action.CREATE
    return ("will be uploaded" if is_upload else WORDS[change.action].sentence) + which_version(change)


def which_version(change: Change) -> str:
    """What to add to an action's name: ` as v2 (v1 keeps serving)`, ` (v3)` or nothing."""
    text = ""
    joint = WORDS[change.action].joint
    if change.version is not None:
        text = f" {joint} v{change.version}" if joint else f" (v{change.version})"
    if change.action in _NAMES_SERVING and change.serving not in (None, change.version):
        text += f" (v{change.serving} keeps serving)"
    return text


def cost_in_words(cost: Cost) -> str:
    """`about US$8.10 once (6.40 to 12.00)`, `none`, or `unknown`."""
    if cost.usd is None:
        return "unknown"
    if cost.usd == 0:
        return "none"
    about = "about " if cost.estimate and cost.usd >= SMALLEST_SHOWN else ""
    band = ""
    if cost.low is not None and cost.high is not None and cost.high >= SMALLEST_SHOWN:
        band = f" ({cost.low:,.2f} to {cost.high:,.2f})"
    return f"{about}{dollars(cost.usd)} once{band}"


def total_cost(plan: Plan) -> str:
    """`about US$8.10 once, plus 1 of unknown cost`; empty where nothing is bought."""
    paid = [change for change in plan.changes if change.is_paid]
    if not paid:
        return ""
    unknown = f"{plan.unknown_costs} of unknown cost" if plan.unknown_costs else ""
    if plan.unknown_costs == len(paid) and not plan.cost_usd:
        return unknown
    total = cost_in_words(Cost(plan.cost_usd, "", any(c.cost.estimate for c in plan.changes if c.cost)))
    return f"{total}, plus {unknown}" if unknown else total


def counts_in_words(plan: Plan) -> str:
    """`1 to create, 1 to retune, 2 unchanged`."""
    counted = [(action, plan.summary.get(action, 0)) for action in Action]
    return ", ".join(f"{count} {WORDS[action].counted}" for action, count in counted if count)
