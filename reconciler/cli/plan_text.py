"""A plan on the console."""

from __future__ import annotations

from reconciler.cli.excerpts import Excerpts
from reconciler.cli.session import Session
from reconciler.core.plan import Plan
from reconciler.reports.text import TextOptions, plan_lines


def print_plan(session: Session, plan: Plan, *, destroying: bool = False) -> None:
    """Print the plan for people, as wide as the terminal."""
    console = session.console
    excerpts = Excerpts(session.settings.root)
    console.lines(plan_lines(plan, TextOptions(console.width, console.palette, excerpts.line, destroying)))
