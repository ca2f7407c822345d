"""`tuneform drift`: what is live and not as it was last written."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from reconciler.cli import exit_codes
from reconciler.cli.destinations import Destination, PairedVerb, destinations
from reconciler.cli.drift_reports import FORMATS, deliver
from reconciler.cli.session import Session
from reconciler.core.drift import DriftReport, Failure, Verdict
from reconciler.core.moments import stamp
from reconciler.errors import SpecError, TuneformError

if TYPE_CHECKING:
    from collections.abc import Sequence

_EXIT = {
    Verdict.IN_SYNC: exit_codes.DONE,
    Verdict.DRIFT: exit_codes.CHANGES,
    Verdict.INCOMPLETE: exit_codes.INCOMPLETE,
    Verdict.ERROR: exit_codes.ERROR,
}


@click.command("drift", cls=PairedVerb)
@click.option(
    "--format",
    "forms",
    multiple=True,
    type=click.Choice(FORMATS),
    help="How to report; may be repeated, each with an --out of its own. Without any: text.",
)
@click.option(
    "--out", "files", multiple=True, metavar="FILE", help="Where the report of the format in front of it goes."
)
@click.pass_context
def command(ctx: click.Context, forms: Sequence[str], files: Sequence[str]) -> int:
    """Audit what is live against what was last written.

    Changes nothing: only reads from Google, takes no lock, writes no state. What specs ask for and was not applied yet
    is no drift. Exits with 0 in sync, 2 drift, 5 when something could not be read, 1 when there was no audit.
    """
    session: Session = ctx.obj
    wanted = destinations(ctx, forms, files, default=FORMATS[0])
    for file in files:
        session.check_output(file, "--out")
    try:
        report = session.engine().drift()
    except TuneformError as error:
        _tell_files(session, error, wanted)
        raise
    deliver(session, report, wanted)
    if all(destination.file is not None for destination in wanted):
        from reconciler.reports.drift_words import summary_sentence

        session.console.hint(summary_sentence(report))
    return _EXIT[report.verdict]


def _tell_files(session: Session, error: TuneformError, wanted: list[Destination]) -> None:
    """Reports of an audit that could not be made: who reads only these must not take silence for success."""
    failure = Failure(error.what, error.where, error.next_step)
    found = error.diagnostics if isinstance(error, SpecError) else ()
    report = DriftReport(_project(session), stamp(datetime.now(UTC)), failures=(failure,), diagnostics=found)
    try:
        deliver(session, report, wanted)
    except TuneformError:
        return  # the first error is the one to tell


def _project(session: Session) -> str:
    """The project's name, so that an alert knows whose audit fails; empty where its file cannot be read either."""
    from reconciler.spec.load import load_project

    try:
        settings = session.settings
        return load_project(settings.directory, project_file=settings.project_file, environ=settings.environ).name
    except TuneformError:
        return ""
