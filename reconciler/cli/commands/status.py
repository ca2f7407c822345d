"""`tuneform status`: what serves, what runs, what failed."""

from __future__ import annotations

import click

from reconciler.cli import exit_codes
from reconciler.cli.options import formats
from reconciler.cli.session import Session
from reconciler.cli.verbs import Verb


@click.command("status", cls=Verb)
@click.option("--no-refresh", is_flag=True, help="As recorded, without asking Google.")
@formats("text", "json")
@click.pass_obj
def command(session: Session, no_refresh: bool, form: str) -> int:
    """Show every managed resource: which version serves, and what the newest one is doing."""
    from reconciler.reports.status import status_json, status_lines

    rows = session.engine().status(refresh_first=not no_refresh)
    console = session.console
    if form == "json":
        console.print(status_json(rows))
    else:
        console.lines(status_lines(rows, width=console.width, palette=console.palette))
    return exit_codes.DONE
