"""`tuneform gates`: what judging a version found, and a person's decision against it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from reconciler.cli import exit_codes
from reconciler.cli.options import converts, formats
from reconciler.cli.session import Session
from reconciler.cli.verbs import VerbGroup
from reconciler.core.address import Address


@click.group("gates", cls=VerbGroup)
def command() -> None:
    """Look at what judging a version found, or decide against it."""


@command.command("show")
@click.argument("address", callback=converts(Address.parse))
@click.option("--version", "number", type=click.IntRange(min=1), metavar="N", help="That version; else the newest.")
@formats("text", "json")
@click.pass_obj
def show(session: Session, address: Address, number: int | None, form: str) -> int:
    """Show by which gates a version of ADDRESS was judged, when, and with what result."""
    version = session.engine().version(address, number)
    console = session.console
    if form == "json":
        from reconciler.reports.json_report import json_text

        console.print(json_text({"address": str(address), "version": version.number, **version.evidence}))
        return exit_codes.DONE
    from reconciler.reports.gates import evidence_lines

    console.lines(evidence_lines(address, version, width=console.width, palette=console.palette))
    return exit_codes.DONE


@command.command("override")
@click.argument("address", callback=converts(Address.parse))
@click.option("--version", "number", type=click.IntRange(min=1), metavar="N", required=True, help="The version.")
@click.option("--reason", required=True, metavar="TEXT", help="Why; it is kept, with who and when.")
@click.pass_obj
def override(session: Session, address: Address, number: int, reason: str) -> int:
    """Let version N of ADDRESS serve whatever its gates say.

    The next apply promotes it, if the spec still asks for it.
    """
    from reconciler.reports.escape import visible

    kept: Mapping[str, Any] = session.engine().override_gates(address, number, reason)
    session.console.print(f"v{number} of {address} may serve: {visible(str(kept['reason']))}")
    session.console.hint("The next `tuneform apply` promotes it, if the spec still asks for it.")
    return exit_codes.DONE
