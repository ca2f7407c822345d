"""`--format` and `--out` in pairs: one run, several reports."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import click

from reconciler.cli.verbs import Verb

_ORDER = "reconciler.order"


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a report in that format goes: a file, or stdout where `file` is None."""

    form: str
    file: str | None


class PairedVerb(Verb):
    """A command that remembers in which order its options were typed."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse, and note the name of every option as often as it was given."""
        _, _, order = self.make_parser(ctx).parse_args(args=list(args))
        ctx.meta[_ORDER] = [param.name for param in order]
        return super().parse_args(ctx, args)


def destinations(ctx: click.Context, forms: Sequence[str], files: Sequence[str], default: str) -> list[Destination]:
    """Which report goes where. Raises UsageError for what cannot be told.

    As many files as formats are paired as they come. With fewer, a file belongs to the format in front of it, and the
    one format that has none goes to stdout.
    """
    formats = list(forms) or [default]
    if len(files) == len(formats):
        found = [Destination(form, file) for form, file in zip(formats, files, strict=True)]
    elif len(files) > len(formats):
        raise click.UsageError("there are more --out than --format: give each file its format", ctx)
    else:
        found = list(_in_order(ctx.meta[_ORDER], iter(formats), iter(files)))
    _check(ctx, found)
    return found


def _in_order(order: Sequence[Any], forms: Iterator[str], files: Iterator[str]) -> Iterator[Destination]:
    waiting: str | None = None
    for name in order:
        if name == "forms":
            if waiting is not None:
                yield Destination(waiting, None)
            waiting = next(forms)
        elif name == "files":
            file = next(files)
            if waiting is None:
                waiting = next(forms)
            yield Destination(waiting, file)
            waiting = None
    rest = [waiting] if waiting is not None else []
    yield from (Destination(form, None) for form in (*rest, *forms))


def _check(ctx: click.Context, found: Sequence[Destination]) -> None:
    shown = [d.form for d in found if d.file is None]
    if len(shown) > 1:
        raise click.UsageError(f"{' and '.join(shown)} would both go to stdout: give all but one an --out", ctx)
    files = [d.file for d in found if d.file is not None]
    twice = next((file for at, file in enumerate(files) if file in files[:at]), None)
    if twice is not None:
        raise click.UsageError(f"{twice!r} is given for two reports", ctx)
