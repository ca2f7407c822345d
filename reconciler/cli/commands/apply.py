"""`tuneform apply`: carry out a plan."""

from __future__ import annotations

from typing import Any

import click

from reconciler.cli.carry_out import Request, carry_out, carrying_out
from reconciler.cli.session import Session
from reconciler.cli.verbs import Verb


@click.command("apply", cls=Verb)
@carrying_out
@click.option(
    "--first-run-fix",
    is_flag=True,
    help="Before tuning, make an empty Vertex dataset in the region and wait five minutes: Google's remedy for a "
    "project's first tuning that fails with 500 INTERNAL.",
)
@click.pass_obj
def command(session: Session, /, **flags: Any) -> int:
    """Carry out what the specs ask for: one pass, or with --wait until everything is done.

    PLANFILE is a plan saved by `tuneform plan --out`: only what it lists is done, at no higher cost.
    """
    return carry_out(session, Request(**flags), "apply")
