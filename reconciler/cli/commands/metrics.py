"""`tuneform metrics`: what tuning runs measured, drawn or as data."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from reconciler.cli import exit_codes
from reconciler.cli.options import converts, formats
from reconciler.cli.session import Session
from reconciler.cli.verbs import Verb
from reconciler.cli.whole_files import PUBLIC, write_whole
from reconciler.core.address import Address
from reconciler.errors import TuneformError, UsageError

if TYPE_CHECKING:
    from reconciler.core.metrics import Curves


@click.command("metrics", cls=Verb)
@click.argument("address", callback=converts(Address.parse))
@click.option(
    "--version",
    "numbers",
    multiple=True,
    type=click.IntRange(min=1),
    metavar="N",
    help="That version; may be repeated. Else the newest and the one that serves, or the one before.",
)
@click.option("--metric", "names", multiple=True, metavar="NAME", help="Draw that metric; else the losses.")
@click.option("--html", metavar="FILE", help="Write a page with every chart to FILE.")
@formats("text", "json", "csv")
@click.pass_obj
def command(
    session: Session, address: Address, numbers: tuple[int, ...], names: tuple[str, ...], html: str | None, form: str
) -> int:
    """Draw the training and validation curves of ADDRESS, several versions in one chart."""
    if html is not None:
        session.check_output(html, "--html")
    curves = session.engine().metrics(address, numbers)
    wanted = _known(curves, names)
    if html is not None:
        _write(session, html, curves)
    if form == "json":
        from reconciler.reports.metrics_data import metrics_json

        session.console.print(metrics_json(curves))
    elif form == "csv":
        from reconciler.reports.metrics_data import metrics_csv

        session.console.print(metrics_csv(curves))
    elif html is not None:
        from reconciler.reports.escape import visible

        session.console.print(f"The curves are drawn in {visible(html)}.")
    else:
        _draw(session, curves, wanted)
    return exit_codes.DONE


def _known(curves: Curves, names: tuple[str, ...]) -> tuple[str, ...]:
    """The names as Google writes them, with the slash in front. Raises UsageError for one that was not measured."""
    wanted = tuple(name if name.startswith("/") else f"/{name}" for name in names)
    for name in wanted:
        if name not in curves.names:
            known = ", ".join(curves.names) or "none"
            raise UsageError(f"there is no metric {name!r}", where="--metric", next_step=f"Metrics: {known}.")
    return wanted


def _draw(session: Session, curves: Curves, wanted: tuple[str, ...]) -> None:
    from reconciler.reports.chart_text import Look
    from reconciler.reports.metrics_text import metrics_lines

    console = session.console
    unicode = console.shows_unicode
    # Dots can be told apart by colour alone.
    braille = unicode and (console.palette.on or len(curves.versions) == 1)
    look = Look(min(console.width, 120), console.palette, braille, unicode)
    console.lines(metrics_lines(curves, wanted, look))


def _write(session: Session, file: str, curves: Curves) -> None:
    from reconciler.reports.metrics_html import metrics_page

    page = metrics_page(curves).encode(errors="backslashreplace")
    try:
        write_whole(session.path(file), page, mode=PUBLIC)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise TuneformError(
            f"the page cannot be written: {why}", where=file, next_step="Name a file in a folder that exists."
        ) from error
