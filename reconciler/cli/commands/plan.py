"""`tuneform plan`: what would be done, and nothing of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from reconciler.cli import exit_codes
from reconciler.cli.options import detailed_exitcode, formats, plan_options, selection
from reconciler.cli.session import Session
from reconciler.cli.verbs import Verb
from reconciler.core.address import Address

if TYPE_CHECKING:
    from reconciler.core.plan import Plan


@click.command("plan", cls=Verb)
@click.option("--out", metavar="FILE", help="Also save the plan, for review and for apply.")
@formats("text", "json", "markdown")
@detailed_exitcode("Exit with 2 when there are changes.")
@selection
@click.option("--no-refresh", is_flag=True, help="Plan from the recorded state, without asking Google.")
@click.option("--destroy", is_flag=True, help="Plan the deletion of everything that is managed.")
@click.pass_obj
def command(
    session: Session,
    out: str | None,
    form: str,
    detailed_exitcode: bool,
    targets: tuple[Address, ...],
    allow_retired: bool,
    max_cost: float | None,
    no_refresh: bool,
    destroy: bool,
) -> int:
    """Show what apply would do, why, and at what cost. Changes nothing, and only reads from Google."""
    options = plan_options(
        targets=targets, allow_retired=allow_retired, max_cost=max_cost, destroy=destroy, refresh=not no_refresh
    )
    if out is not None:
        session.check_output(out, "--out")
    plan = session.engine().plan(options)
    show(session, plan, form, destroying=destroy)
    if out is not None:
        save(session, plan, out, hint=form == "text")
    if not plan.complete:
        return exit_codes.INCOMPLETE
    return exit_codes.CHANGES if detailed_exitcode and not plan.is_empty else exit_codes.DONE


def show(session: Session, plan: Plan, form: str, *, destroying: bool = False) -> None:
    """Print a plan in one of the formats."""
    console = session.console
    if form == "text":
        from reconciler.cli.plan_text import print_plan

        print_plan(session, plan, destroying=destroying)
        return
    from reconciler import __version__

    if form == "json":
        from reconciler.reports.json_report import plan_json

        console.print(plan_json(plan, __version__))
    else:
        from reconciler.reports.markdown_report import plan_markdown

        console.print(plan_markdown(plan, __version__).rstrip("\n"))


def save(session: Session, plan: Plan, out: str, *, hint: bool) -> None:
    """Write the plan for a later apply."""
    from reconciler import __version__
    from reconciler.cli.plan_file import write_plan_file
    from reconciler.reports.escape import visible

    write_plan_file(session.path(out), plan, __version__, shown_as=out)
    if hint:
        session.console.hint(f"\nSaved the plan to {visible(out)}. Carry out exactly this with:")
        session.console.hint(f"  tuneform apply {visible(out)}")
