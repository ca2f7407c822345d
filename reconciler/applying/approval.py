"""What stands between a plan and its being carried out: a typed yes, a saved plan, limits on deletes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from reconciler.applying.outcomes import ApplyOptions
from reconciler.core.address import Address
from reconciler.core.amounts import counted
from reconciler.core.plan import Action, Change, Plan, Reason
from reconciler.core.plan_codec import plan_to_dict
from reconciler.errors import Held
from reconciler.planning.guards import counted_deletes
from reconciler.planning.reasons import Code

ChangeKey = tuple[Address, Action, int | None]


def held_changes(
    plan: Plan, *, max_deletes: int, allow_deletes: int | None, auto_approve: bool, saved: bool
) -> dict[ChangeKey, Reason]:
    """The changes that may not be carried out although the plan lists them, and why.

    Deletes above the limit need a saved plan, a typed yes, or `--allow-deletes N`. A resource that merely carries our
    labels is never taken over without a person's yes, for labels can be forged.
    """
    held: dict[ChangeKey, Reason] = {}
    deletes = counted_deletes(plan)
    approved_by_person = saved or not auto_approve
    limit = max_deletes if allow_deletes is None else allow_deletes
    if len(deletes) > limit and (allow_deletes is not None or not approved_by_person):
        reason = Reason(
            "delete_limit",
            f"{counted(len(deletes), 'delete')}, {limit} allowed: "
            f"use --allow-deletes {len(deletes)}, a saved plan or a typed yes",
        )
        held.update({change.key: reason for change in deletes})
    if not approved_by_person:
        why = "taking over what only carries labels needs a person's yes: apply without --auto-approve, or a saved plan"
        held.update({c.key: Reason("adopt_needs_yes", why) for c in plan.of(Action.ADOPT) if _takes_over(c)})
    return held


def _takes_over(change: Change) -> bool:
    """Whether something comes under management by it, and not merely the spec is believed about what is."""
    return all(reason.code != Code.DATA_DECLARED.value for reason in change.reasons)


def as_it_was_planned(options: ApplyOptions) -> ApplyOptions:
    """With a saved plan that destroys, planning again destroys too: `apply FILE` does what FILE shows."""
    changes = options.saved["changes"] if options.saved is not None else ()
    destroys = any(reason["code"] == Code.DESTROYED.value for change in changes for reason in change["reasons"])
    return replace(options, plan=replace(options.plan, destroy=True)) if destroys else options


def check_saved(plan: Plan, saved: Mapping[str, Any]) -> None:
    """Raise Held unless everything `plan` would do was approved in `saved`, at no higher cost.

    A saved plan is an assertion, not a program: nothing is ever carried out from it.
    """
    now = plan_to_dict(plan, tool_version="")
    if saved["state"]["lineage"] != now["state"]["lineage"]:
        raise Held(
            "the saved plan belongs to another state",
            next_step="Make a new plan in this project: tuneform plan --out FILE",
        )
    approved = {_key(change): change for change in saved["changes"]}
    extra = []
    for change in now["changes"]:
        if not Action(change["action"]).mutates:
            continue
        match = approved.get(_key(change))
        if match is None or not _within(change, match):
            extra.append(f"{change['action']} {change['address']}")
    if extra:
        raise Held(
            f"the world has changed since the plan was saved; not approved: {', '.join(extra[:10])}",
            next_step="Review a new plan: tuneform plan --out FILE",
        )


def _key(change: Mapping[str, Any]) -> tuple[str, str, Any]:
    return change["address"], change["action"], change.get("version")


def _within(change: Mapping[str, Any], approved: Mapping[str, Any]) -> bool:
    """Whether a change does no more, and costs no more, than the approved one."""
    if set(change.get("targets") or ()) - set(approved.get("targets") or ()):
        return False
    if [_effect(f) for f in change["fields"]] != [_effect(f) for f in approved["fields"]]:
        return False
    usd, ceiling = (change.get("cost") or {}).get("usd"), (approved.get("cost") or {}).get("usd")
    if usd is None:
        return ceiling is None
    return ceiling is not None and float(usd) <= float(ceiling) + 0.005


def _effect(field: Mapping[str, Any]) -> tuple[str, Any, Any]:
    return field["path"], field["before"], field["after"]
