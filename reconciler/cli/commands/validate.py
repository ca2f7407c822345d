"""`tuneform validate`: are the specs, their references and their datasets in order?"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import click

from reconciler.cli import exit_codes
from reconciler.cli.options import formats
from reconciler.cli.session import Session
from reconciler.cli.verbs import Verb
from reconciler.errors import SpecError

if TYPE_CHECKING:
    from reconciler.core.diagnostics import Diagnostic


@click.command("validate", cls=Verb)
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@formats("text", "json", "sarif")
@click.pass_obj
def command(session: Session, paths: tuple[str, ...], form: str) -> int:
    """Check specs, references, datasets and policy, offline.

    PATH is a spec file or a folder of them; without one, the whole project is checked.
    """
    try:
        validation = session.engine().validate([session.path(path) for path in paths])
    except SpecError as error:
        if form == "text":
            raise
        session.console.print(_report(session, form, error.diagnostics, {}))
        return exit_codes.ERROR
    if form == "text":
        _print_text(session, validation.diagnostics, validation.counts)
    else:
        session.console.print(_report(session, form, validation.diagnostics, validation.counts))
    return exit_codes.DONE


def _report(session: Session, form: str, found: Sequence[Diagnostic], counts: Mapping[str, int]) -> str:
    if form == "json":
        from reconciler.reports.json_report import validation_json

        return validation_json(found, counts)
    from reconciler import __version__
    from reconciler.reports.sarif import sarif_report

    settings = session.settings
    folder = os.path.relpath(settings.root)
    project_file = settings.project_file.name if settings.project_file else "tuneform.yaml"
    return sarif_report(
        found, tool_version=__version__, folder="" if folder == "." else folder, project_file=project_file
    )


def _print_text(session: Session, found: Sequence[Diagnostic], counts: Mapping[str, int]) -> None:
    from reconciler.cli.excerpts import Excerpts
    from reconciler.reports.diagnostics import count_in_words, diagnostic_lines
    from reconciler.reports.palette import Style

    console = session.console
    excerpts = Excerpts(session.settings.root)
    if found:
        console.lines(diagnostic_lines(found, width=console.width, palette=console.palette, excerpt=excerpts.line))
        console.print()
    counted = ", ".join(f"{count} {kind}{'s' if count != 1 else ''}" for kind, count in counts.items() if count)
    remarks = f"; {count_in_words(found)}" if found else ""
    verdict = console.palette.paint("Success!", Style.GREEN, Style.BOLD)
    console.print(f"{verdict} The specs are valid: {counted or 'nothing is declared yet'}{remarks}.")
