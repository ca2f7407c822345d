"""The plan for people: what will happen to what, why, at what cost, caused by which line of which spec."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from reconciler.core.plan import Action, Change, FieldClass, Plan
from reconciler.reports.diagnostics import Excerpt, diagnostic_lines, no_excerpt
from reconciler.reports.escape import visible
from reconciler.reports.field_lines import brief_field_lines, field_lines
from reconciler.reports.layout import cells, clip_middle, wrap
from reconciler.reports.palette import PLAIN, Palette, Style
from reconciler.reports.words import WORDS, cost_in_words, counts_in_words, sentence, total_cost

_SHOWS_TARGETS = (Action.DELETE, Action.CANCEL, Action.ADOPT, Action.FORGET)
_NARROWEST, _WIDEST = 40, 100
# Where more is new than a person reads field by field, each gets one line of what decides what is bought.
MOST_SET_OUT = 40
_BRIEFLY = (
    "So much is new that only what decides what is bought is shown of each; every field is in --format json, and "
    "with --target ADDRESS here."
)
_SHOWN_BRIEFLY = (FieldClass.TRAINING, FieldClass.SERVING)


@dataclass(frozen=True, slots=True)
class TextOptions:
    """How a plan is printed. `width` is in cells; a very wide terminal is not used up, as lines get hard to follow.

    `destroying` says that the plan was to delete what is managed, so that an empty one means another thing.
    """

    width: int = 80
    palette: Palette = PLAIN
    excerpt: Excerpt = no_excerpt
    destroying: bool = False

    @property
    def measure(self) -> int:
        """The width that lines are set to."""
        return min(max(self.width, _NARROWEST), _WIDEST)


def plan_lines(plan: Plan, options: TextOptions | None = None) -> Iterator[str]:
    """The whole plan, line by line, so that a plan of any length can be printed as it is made."""
    options = options or TextOptions()
    if plan.changes:
        yield from _legend(plan, options)
        brief = sum(is_new(change) for change in plan.changes) > MOST_SET_OUT
        for change in plan.changes:
            yield from _block(change, options, brief=brief and is_new(change))
            yield ""
        if brief:
            yield from wrap(_BRIEFLY, options.measure)
            yield ""
    if plan.diagnostics:
        yield from diagnostic_lines(
            plan.diagnostics, width=options.measure, palette=options.palette, excerpt=options.excerpt
        )
        yield ""
    if not plan.complete:
        yield from _incomplete(plan, options)
        yield ""
    yield from wrap_painted(summary_line(plan, destroying=options.destroying), options, Style.BOLD)


def summary_line(plan: Plan, *, destroying: bool = False) -> str:
    """`Plan: 1 to create, 1 to retune, 2 unchanged. Cost: about US$8.10 once.`"""
    if plan.changes:
        cost = total_cost(plan)
        heading = "Plan" if plan.complete else "Incomplete plan"
        return f"{heading}: {counts_in_words(plan)}." + (f" Cost: {cost}." if cost else "")
    unchanged = plan.summary.get(Action.NONE, 0)
    counted = f" ({unchanged} unchanged)" if unchanged else ""
    if not plan.complete:
        return f"No changes in what could be read{counted}; the rest is unknown."
    return "Nothing to destroy." if destroying else f"No changes. Live models match the specs.{counted}"


def wrap_painted(text: str, options: TextOptions, *styles: Style) -> Iterator[str]:
    """`text` wrapped to the measure, every line painted."""
    return (options.palette.paint(line, *styles) for line in wrap(text, options.measure))


def _legend(plan: Plan, options: TextOptions) -> Iterator[str]:
    yield from wrap(f"tuneform will do the following for {visible(plan.project)}:", options.measure)
    yield ""
    occurring = [action for action in Action if any(change.action is action for change in plan.changes)]
    line, used = " ", 1
    for action in occurring:
        words = WORDS[action]
        size = len(words.symbol) + 1 + len(action) + 3
        if used + size > options.measure:
            yield line.rstrip()
            line, used = " ", 1
        line += f" {options.palette.paint(words.symbol, words.style, Style.BOLD)} {action}  "
        used += size
    yield line.rstrip()
    yield ""


def is_new(change: Change) -> bool:
    """Whether a change makes something, now or once it may, so that all of its fields are new."""
    later = change.action in (Action.QUEUE, Action.HOLD, Action.WAIT) and change.serving is None
    return change.action is Action.CREATE or (later and bool(change.fields))


def _block(change: Change, options: TextOptions, *, brief: bool) -> Iterator[str]:
    palette, width = options.palette, options.measure
    yield from _heading(change, options)
    faint = () if change.action is Action.HOLD else (Style.DIM,)
    for reason in change.reasons:
        yield from (f"      {palette.paint(line, *faint)}" for line in wrap(visible(reason.message), width - 6))
    if brief:
        told = [field for field in change.fields if field.field_class in _SHOWN_BRIEFLY]
        yield from brief_field_lines(told, indent=6, width=width)
    else:
        yield from field_lines(change.fields, indent=6, width=width, palette=palette, new=is_new(change))
    if change.action in _SHOWS_TARGETS:
        sign = WORDS[change.action]
        for target in change.targets:
            yield f"      {palette.paint(sign.symbol, sign.style)} {clip_middle(visible(target), width - 8)}"
    if change.cost is not None:
        basis = f": {visible(change.cost.basis)}" if change.cost.basis else ""
        first, *others = wrap(f"{cost_in_words(change.cost)}{basis}", width - 12)
        yield f"      {palette.paint('cost', Style.BOLD)}  {first}"
        yield from (f"            {line}" for line in others)


def _heading(change: Change, options: TextOptions) -> Iterator[str]:
    words, palette, width = WORDS[change.action], options.palette, options.measure
    address, rest = str(change.address), sentence(change)
    line = f"  {palette.paint(words.symbol, words.style, Style.BOLD)} {palette.paint(address, Style.BOLD)}"
    used = 4 + cells(address) + 1 + cells(rest)
    if used > width:
        yield line
        yield from (f"    {palette.paint(part, words.style)}" for part in wrap(rest, width - 4))
        return
    line += f" {palette.paint(rest, words.style)}"
    place = f"{visible(change.source.file)}:{change.source.line}" if change.source else ""
    if place and used + 2 + cells(place) <= width:
        line += f"{' ' * (width - used - cells(place))}{palette.paint(place, Style.DIM)}"
    yield line


def _incomplete(plan: Plan, options: TextOptions) -> Iterator[str]:
    yield from wrap_painted(
        "This view is incomplete: something could not be read. What is missing here may well exist, so this plan "
        "will not be applied. Mend the access, then plan again.",
        options,
        Style.RED,
        Style.BOLD,
    )
    for what in plan.unreadable:
        first, *others = wrap(visible(what), options.measure - 4)
        yield f"  - {first}"
        yield from (f"    {line}" for line in others)
