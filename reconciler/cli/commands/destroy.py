"""`tuneform destroy`: delete what is managed."""

from __future__ import annotations

from typing import Any

import click

from reconciler.cli.carry_out import Request, carry_out, carrying_out
from reconciler.cli.session import Session
from reconciler.cli.verbs import Verb


@click.command("destroy", cls=Verb)
@carrying_out
@click.pass_obj
def command(session: Session, /, **flags: Any) -> int:
    """Delete everything that the project manages; `--target` narrows it down.

    PLANFILE is a plan saved by `tuneform plan --destroy --out`: only what it lists is done.
    """
    return carry_out(session, Request(**flags), "destroy")
