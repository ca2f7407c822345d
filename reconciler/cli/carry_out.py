"""What `apply` and `destroy` share: their flags, and the way from a plan to an exit code."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import click

from reconciler.cli.options import (
    F,
    converts,
    detailed_exitcode,
    formats,
    parse_duration,
    plan_options,
    selection,
)
from reconciler.cli.session import Session
from reconciler.core.address import Address
from reconciler.errors import UsageError


@dataclass(frozen=True, slots=True)
class Request:
    """The flags of one apply, as typed. `timeout` is in seconds."""

    planfile: str | None
    auto_approve: bool
    wait: bool
    timeout: float
    targets: tuple[Address, ...]
    allow_deletes: int | None
    allow_retired: bool
    max_cost: float | None
    form: str
    detailed_exitcode: bool
    first_run_fix: bool = False


def carrying_out(command: F) -> F:
    """The argument and the flags of apply and destroy."""
    options: Sequence[Callable[[F], F]] = (
        click.argument("planfile", required=False),
        click.option("--auto-approve", is_flag=True, help="Do not ask."),
        click.option("--wait/--no-wait", default=False, show_default=True, help="Stay until every run is done."),
        click.option(
            "--timeout",
            default="6h",
            show_default=True,
            metavar="DURATION",
            callback=converts(parse_duration),
            help="How long --wait stays.",
        ),
        click.option("--allow-deletes", type=click.IntRange(min=0), metavar="N", help="Delete up to that many."),
        selection,
        formats("text", "json"),
        detailed_exitcode("Exit with 4 while runs are under way."),
    )
    for option in reversed(options):
        command = option(command)
    return command


def carry_out(session: Session, request: Request, verb: str) -> int:
    """Apply, or destroy, as asked; the exit code."""
    from reconciler.applying.outcomes import ApplyOptions
    from reconciler.cli.approval import Approver
    from reconciler.cli.event_output import event_sink
    from reconciler.cli.outcome import exit_code_of, outcome_event, print_outcome
    from reconciler.cli.signals import heeding_signals

    saved = _saved(session, request)
    options = ApplyOptions(
        plan=plan_options(
            targets=request.targets,
            allow_retired=request.allow_retired,
            max_cost=request.max_cost,
            destroy=verb == "destroy",
        ),
        wait=request.wait,
        timeout=request.timeout,
        allow_deletes=request.allow_deletes,
        auto_approve=request.auto_approve,
        saved=saved,
        first_run_fix=request.first_run_fix,
    )
    engine = session.engine()
    with (
        heeding_signals(engine.interrupt.request, session.console.error) as received,
        event_sink(session, request.form, destroying=verb == "destroy") as emit,
    ):
        result = engine.apply(options, Approver(session, request.form, verb), emit)
    if request.form == "json":
        from reconciler import __version__
        from reconciler.core.moments import stamp
        from reconciler.reports.json_report import event_json

        last = outcome_event(result, verb)
        session.console.print(event_json(last, at=stamp(datetime.now(UTC)), tool_version=__version__))
    elif result.plan.changes or result.counts or result.doubts or result.failures:
        print_outcome(session, result, verb)
    return received.exit_code or exit_code_of(result, detailed=request.detailed_exitcode)


def _saved(session: Session, request: Request) -> dict[str, object] | None:
    if request.planfile is None:
        return None
    if request.targets:
        raise UsageError(
            "a saved plan says by itself what it is about",
            where="--target",
            next_step="Leave out --target, or make the plan with it: tuneform plan --target ADDRESS --out FILE",
        )
    from reconciler.cli.plan_file import read_plan_file

    return dict(read_plan_file(session.path(request.planfile), shown_as=request.planfile))
