"""The plan as a comment on a pull request: verdict, money and danger first, the whole diff folded away.

Never longer than a comment may be: what does not fit is left out from the bottom up (diff, findings, table rows) and
the comment says how much of it is missing. Nothing from a spec or a server becomes a link, a mention or markup.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from reconciler.core.plan import Action, Change, Plan
from reconciler.core.plan_codec import plan_to_dict
from reconciler.reports.escape import markdown_cell, markdown_code, markdown_fence, markdown_text, visible
from reconciler.reports.layout import clip
from reconciler.reports.markdown_parts import MOST_BYTES, MOST_LETTERS, MOST_NAME, Budget, findings, marker
from reconciler.reports.values import shortened, shown
from reconciler.reports.words import WORDS, cost_in_words, counts_in_words, total_cost, which_version

_URGENCY = (
    Action.DELETE, Action.CANCEL, Action.RETUNE, Action.CREATE, Action.FORGET, Action.ROLLBACK, Action.HOLD,
    Action.ADOPT, Action.DEPLOY, Action.PROMOTE, Action.UPDATE, Action.EVALUATE, Action.QUEUE, Action.WAIT,
)  # fmt: skip


def plan_markdown(plan: Plan, tool_version: str, *, most_bytes: int = MOST_BYTES) -> str:
    """The comment, at most `most_bytes` of UTF-8."""
    changes = sorted(plan.changes, key=lambda change: _URGENCY.index(change.action))
    digest = str(plan_to_dict(plan, tool_version)["digest"])
    head = [
        marker({"v": 1, "project": clip(plan.project, MOST_NAME), "digest": digest, "valid_at": plan.created_at}),
        _title(plan),
        *_alerts(plan),
    ]
    foot = _footer(plan, digest, tool_version)
    spare = 600  # the lines that say what was left out, table and fold around what was not
    budget = Budget(most_bytes - sum(len(text.encode()) + 2 for text in (*head, foot)) - spare)
    body = [*_table(changes, budget), *findings(plan.diagnostics, budget), *_diff(changes, budget)]
    return "\n\n".join((*head, *body, foot)) + "\n"


def _title(plan: Plan) -> str:
    bought = sum(change.is_paid for change in plan.changes)
    parts = [f"{bought} paid {'run' if bought == 1 else 'runs'}, {total_cost(plan)}"] if bought else []
    removed = len(plan.of(Action.DELETE, Action.CANCEL))
    parts += [f"{removed} {'removal' if removed == 1 else 'removals'}"] if removed else []
    parts += [] if plan.complete else ["incomplete view"]
    quiet = "no changes" if not plan.changes else "nothing paid, nothing removed"
    return f"## tuneform plan · {markdown_code(clip(visible(plan.project), MOST_NAME))}: {', '.join(parts) or quiet}"


def _alerts(plan: Plan) -> Iterator[str]:
    if not plan.complete:
        shown_reasons = [markdown_code(clip(visible(what), MOST_LETTERS)) for what in plan.unreadable[:10]]
        listed = "".join(f"\n> - {text}" for text in shown_reasons)
        yield f"> [!WARNING]\n> **Something could not be read, so this plan will not be applied.**{listed}"
    paid = [change for change in plan.changes if change.is_paid]
    removals = plan.of(Action.DELETE, Action.CANCEL)
    if paid or removals:
        lines = []
        if paid:
            billed = "1 new billed job" if len(paid) == 1 else f"{len(paid)} new billed jobs"
            lines.append(f"**{billed}**: {_named(paid)}.{_cause(paid)}")
        if removals:
            lines.append(f"**{len(removals)} to delete or cancel**: {_named(removals)}.")
        yield "> [!CAUTION]\n" + "\n>\n".join(f"> {line}" for line in lines)
    yield f"**Plan:** {counts_in_words(plan)}." if plan.changes else _nothing(plan)


def _nothing(plan: Plan) -> str:
    unchanged = plan.summary.get(Action.NONE, 0)
    return f"Live models match the specs ({unchanged} unchanged)." if plan.complete else "No changes in what was read."


def _named(changes: Sequence[Change]) -> str:
    names = ", ".join(markdown_code(str(change.address)) for change in changes[:5])
    return names if len(changes) <= 5 else f"{names} and {len(changes) - 5} more"


def _cause(paid: Sequence[Change]) -> str:
    """The first spec line that makes something be bought."""
    cause = next((f for change in paid for f in change.fields if f.source and f.before is not None), None)
    if cause is None or cause.source is None:
        return ""
    place = clip(f"{visible(cause.source.file)}:{cause.source.line}", MOST_LETTERS)
    return f" Cause: {markdown_code(place)} {markdown_code(clip(visible(cause.path), MOST_LETTERS))}."


def _table(changes: Sequence[Change], budget: Budget) -> Iterator[str]:
    if not changes:
        return
    rows, missing = budget.take(map(_row, changes))
    if rows:
        yield "\n".join(("| | Resource | Action | Why | Cost |", "|-|-|-|-|-:|", *rows))
    if missing:
        yield f"_{missing:,} more changes do not fit here._"


def _row(change: Change) -> str:
    reason = change.reasons[0].message if change.reasons else ""
    # Of something new every field is a cause; the change itself points at the one that matters.
    is_new = change.action is Action.CREATE and change.source is not None
    place = change.source if is_new else next((f.source for f in change.fields if f.source), change.source)
    why = markdown_text(clip(visible(reason), MOST_LETTERS))
    if place:
        why += f" {markdown_cell(clip(f'{visible(place.file)}:{place.line}', MOST_LETTERS))}"
    action = f"**{change.action}**{which_version(change)}"
    cost = cost_in_words(change.cost) if change.cost else ("unknown" if change.is_paid else "-")
    return f"| {WORDS[change.action].icon} | {markdown_cell(str(change.address))} | {action} | {why.strip()} | {cost} |"


def _diff(changes: Sequence[Change], budget: Budget) -> Iterator[str]:
    telling = [lines for change in changes if len(lines := list(_diff_block(change))) > 1]
    blocks, missing = budget.take(map("\n".join, telling))
    if blocks:
        fence = markdown_fence(blocks)
        text = "\n".join(blocks)
        yield f"<details><summary>Full diff</summary>\n\n{fence}diff\n{text}\n{fence}\n\n</details>"
    if missing:
        yield f"_The diff of {missing:,} changes does not fit here._"


def _diff_block(change: Change) -> Iterator[str]:
    sign = {Action.CREATE: "+", Action.DELETE: "-", Action.CANCEL: "-"}.get(change.action, "!")
    yield f"{sign} {change.address} {change.action}{which_version(change)}"
    for target in change.targets if sign == "-" else ():
        yield f"-   {clip(visible(target), MOST_LETTERS)}"
    for field in change.fields:
        path = clip(visible(field.path), MOST_LETTERS)
        place = f"  # {visible(field.source.file)}:{field.source.line}" if field.source else ""
        if field.before is not None:
            yield f"-   {path}: {shortened(shown(field.before), MOST_LETTERS)}"
        if field.after is not None:
            yield f"+   {path}: {shortened(shown(field.after), MOST_LETTERS)}{clip(place, MOST_LETTERS)}"


def _footer(plan: Plan, digest: str, tool_version: str) -> str:
    code: Callable[[str], str] = markdown_code
    facts = [
        f"plan {code(digest)}",
        f"specs {code(clip(visible(plan.spec_digest), 24))}",
        f"state serial {plan.state.serial}",
        "complete view" if plan.complete else "incomplete view",
        f"tuneform {code(tool_version)}",
        f"made {code(clip(visible(plan.created_at), 40))}",
    ]
    return f"<sub>{' · '.join(facts)}</sub>"
