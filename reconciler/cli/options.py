"""The kinds of values that several verbs take, and the options they share."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

from reconciler.core.address import Address
from reconciler.errors import UsageError

if TYPE_CHECKING:
    from reconciler.applying.outcomes import PlanOptions

F = TypeVar("F", bound=Callable[..., Any])
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "": 1}
_DOLLARS = re.compile(r"(?:US)?\$?(\d{1,9}(?:\.\d{1,6})?)")
_DURATION = re.compile(r"(\d{1,9}(?:\.\d{1,3})?)([smhd]?)")


def converts(parse: Callable[[str], Any]) -> Callable[..., Any]:
    """A callback that turns what was typed into a value; what is wrong with it names the option it was typed for."""

    def convert(ctx: click.Context, param: click.Parameter, given: str | tuple[str, ...] | None) -> Any:
        try:
            if isinstance(given, tuple):
                return tuple(parse(item) for item in given)
            return None if given is None else parse(given)
        except UsageError as error:
            raise click.BadParameter(f"{error.what}. {error.next_step}", ctx, param) from error

    return convert


def parse_duration(text: str) -> float:
    """`90s`, `30m`, `6h`, `2d` or plain seconds, in seconds. Raises UsageError."""
    match = _DURATION.fullmatch(text.strip())
    if match is None or float(match[1]) == 0:
        raise UsageError(f"{text!r} is not a duration", next_step="Write 90s, 30m, 6h or 2d.")
    return float(match[1]) * _SECONDS[match[2]]


def parse_dollars(text: str) -> float:
    """An amount of US dollars, from 0. Raises UsageError."""
    amount = _DOLLARS.fullmatch(text.strip())
    if amount is None:
        raise UsageError(f"{text!r} is not an amount of US dollars", next_step="Write 25 or 7.50.")
    return float(amount[1])


def formats(*names: str) -> Callable[[F], F]:
    """`--format`, with the first name as its default."""
    return click.option(
        "--format", "form", type=click.Choice(names), default=names[0], show_default=True, help="How to print."
    )


def detailed_exitcode(meaning: str) -> Callable[[F], F]:
    """`--detailed-exitcode`."""
    return click.option("--detailed-exitcode", is_flag=True, help=meaning)


def selection(command: F) -> F:
    """What plan and apply have in common: which addresses, and which limits."""
    options: Sequence[Callable[[F], F]] = (
        click.option(
            "--target",
            "targets",
            multiple=True,
            callback=converts(Address.parse),
            metavar="ADDRESS",
            help="Only that; may be repeated.",
        ),
        click.option("--allow-retired", is_flag=True, help="Try services that take no new tunes any more."),
        click.option(
            "--max-cost", callback=converts(parse_dollars), metavar="USD", help="Hold what would cost more, all in all."
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


def plan_options(
    *, targets: Sequence[Address], allow_retired: bool, max_cost: float | None, destroy: bool, refresh: bool = True
) -> PlanOptions:
    """The engine's options."""
    from reconciler.applying.outcomes import PlanOptions

    return PlanOptions(tuple(targets), destroy, refresh, allow_retired, max_cost)
