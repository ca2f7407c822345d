"""An audit in each of its formats, to stdout and to files."""

from __future__ import annotations

from reconciler import __version__
from reconciler.cli.destinations import Destination
from reconciler.cli.session import Session
from reconciler.cli.whole_files import PUBLIC, write_whole
from reconciler.core.drift import DriftReport
from reconciler.errors import TuneformError

FORMATS = ("text", "json", "markdown", "html", "junit", "openmetrics")
_FILE_WIDTH = 100


def deliver(session: Session, report: DriftReport, found: list[Destination]) -> None:
    """Write every report. Raises TuneformError for the first file that cannot be written, after all the others."""
    failed: list[TuneformError] = []
    for destination in found:
        if destination.file is None:
            _print(session, report, destination.form)
            continue
        try:
            _save(session, report, destination.form, destination.file)
        except TuneformError as error:
            failed.append(error)
    if failed:
        raise failed[0]


def _print(session: Session, report: DriftReport, form: str) -> None:
    console = session.console
    if form != "text":
        console.print(rendered(report, form))
        return
    if report.failures:
        return  # an error is told on stderr
    from reconciler.cli.excerpts import Excerpts
    from reconciler.reports.drift_text import drift_lines
    from reconciler.reports.text import TextOptions

    excerpts = Excerpts(session.settings.root)
    console.lines(drift_lines(report, TextOptions(console.width, console.palette, excerpts.line)))


def rendered(report: DriftReport, form: str) -> str:
    """The report in a format, without a line end."""
    if form == "json":
        from reconciler.reports.drift_json import drift_json

        return drift_json(report, __version__)
    if form == "markdown":
        from reconciler.reports.drift_markdown import drift_markdown

        return drift_markdown(report, __version__).rstrip("\n")
    if form == "html":
        from reconciler.reports.drift_html import drift_page

        return drift_page(report, __version__)
    if form == "junit":
        from reconciler.reports.drift_junit import drift_junit

        return drift_junit(report)
    if form == "openmetrics":
        from reconciler.reports.drift_openmetrics import drift_openmetrics

        return drift_openmetrics(report)
    from reconciler.reports.drift_text import drift_lines
    from reconciler.reports.text import TextOptions

    return "\n".join(drift_lines(report, TextOptions(_FILE_WIDTH)))


def _save(session: Session, report: DriftReport, form: str, file: str) -> None:
    data = f"{rendered(report, form)}\n".encode(errors="backslashreplace")
    try:
        write_whole(session.path(file), data, mode=PUBLIC)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise TuneformError(
            f"the report cannot be written: {why}",
            where=file,
            next_step="Name a file in a folder that exists and can be written.",
        ) from error
