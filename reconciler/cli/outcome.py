"""What an apply came to, in words and as JSON, and the exit code that it stands for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from reconciler.cli import exit_codes
from reconciler.cli.failures import error_lines
from reconciler.cli.session import Session
from reconciler.core.events import Event
from reconciler.core.plan import Action
from reconciler.reports.escape import visible
from reconciler.reports.layout import wrap
from reconciler.reports.palette import Palette, Style
from reconciler.reports.words import WORDS

if TYPE_CHECKING:
    from reconciler.applying.outcomes import ApplyResult

MOST_LISTED = 20


def exit_code_of(result: ApplyResult, *, detailed: bool) -> int:
    """The worst that happened decides; what merely still runs is 4 only when asked for."""
    if result.failures:
        return exit_codes.ERROR
    if result.doubts:
        return exit_codes.INCOMPLETE
    if result.held or not result.approved:
        return exit_codes.HELD
    return exit_codes.PENDING if result.pending and detailed else exit_codes.DONE


def print_outcome(session: Session, result: ApplyResult, verb: str) -> None:
    """Say what was done, what still runs, what was held and why; doubts go to stderr."""
    console = session.console
    console.lines(outcome_lines(result, verb, width=console.width, palette=console.palette))
    for doubt in result.doubts:
        lines = error_lines(
            doubt.what, doubt.where, doubt.next_step, width=console.width, palette=console.error_palette
        )
        console.error("\n".join(lines))


def outcome_lines(result: ApplyResult, verb: str, *, width: int, palette: Palette) -> Iterator[str]:
    """The end of an apply."""
    name = verb.capitalize()
    if not result.approved:
        yield palette.paint(f"{name} cancelled. Nothing was changed.", Style.BOLD)
        return
    if result.held:
        yield ""
        yield palette.paint("Held:", Style.YELLOW, Style.BOLD)
        for item in result.held[:MOST_LISTED]:
            yield from _item(f"{item.address}: {item.reason.message}", width)
        yield from _more(len(result.held))
    if result.pending:
        yield ""
        yield palette.paint("Still under way:", Style.BLUE, Style.BOLD)
        for what in result.pending[:MOST_LISTED]:
            yield from _item(what, width)
        yield from _more(len(result.pending))
        if result.timed_out:
            yield "  The time limit (--timeout) is over; the runs go on."
        onwards = f"The next `tuneform {verb}` goes on from there; with --wait it stays until they are done."
        yield from (f"  {line}" for line in wrap(onwards, width - 2))
    yield ""
    yield palette.paint(f"{_verdict(result, name)}{_counts(result)}.", _style(result), Style.BOLD)


def _verdict(result: ApplyResult, name: str) -> str:
    if result.failures:
        return f"{name} finished with {len(result.failures)} {'failure' if len(result.failures) == 1 else 'failures'}: "
    if result.interrupted:
        return f"{name} was interrupted: "
    if result.doubts:
        return f"{name} ended in doubt: "
    if result.held:
        return f"{name} held back {len(result.held)}: "
    return f"{name} done for now: " if result.pending else f"{name} complete: "


def _style(result: ApplyResult) -> Style:
    if result.failures or result.doubts:
        return Style.RED
    return Style.YELLOW if result.held or result.interrupted else Style.GREEN


def _counts(result: ApplyResult) -> str:
    counted = [(action, result.counts.get(action, 0)) for action in Action]
    return ", ".join(f"{count} {WORDS[action].done}" for action, count in counted if count) or "nothing was done"


def _item(text: str, width: int) -> Iterator[str]:
    first, *others = wrap(visible(text), width - 4)
    yield f"  - {first}"
    yield from (f"    {line}" for line in others)


def _more(count: int) -> Iterator[str]:
    if count > MOST_LISTED:
        yield f"  - and {count - MOST_LISTED} more"


def outcome_event(result: ApplyResult, verb: str) -> Event:
    """The last line of `--format json`."""
    return Event(
        "summary",
        f"{_verdict(result, verb.capitalize())}{_counts(result)}" if result.approved else f"{verb} was not approved",
        fields={
            "approved": result.approved,
            "interrupted": result.interrupted,
            "timed_out": result.timed_out,
            "counts": dict(result.counts),
            "held": [
                {"address": str(item.address), "code": item.reason.code, "message": item.reason.message}
                for item in result.held
            ],
            "pending": list(result.pending),
            "failed": [{"address": event.address, "message": event.message} for event in result.failures],
            "doubts": [
                {"where": doubt.where, "message": doubt.what, "next_step": doubt.next_step} for doubt in result.doubts
            ],
        },
    )
