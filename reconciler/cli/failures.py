"""Errors as people read them: where, what, what to do next; and the exit code that each stands for."""

from __future__ import annotations

import errno
import hashlib
import traceback
from collections.abc import Iterator

import click

from reconciler.cli import exit_codes
from reconciler.cli.excerpts import Excerpts
from reconciler.cli.session import Session
from reconciler.errors import SpecError, TuneformError
from reconciler.reports.diagnostics import count_in_words, diagnostic_lines
from reconciler.reports.escape import visible_lines
from reconciler.reports.layout import wrap
from reconciler.reports.palette import Palette, Style

REPORT_AT = "https://github.com/tuneform/tuneform/issues"


def tell(error: BaseException, session: Session) -> int:
    """Say on stderr what went wrong; the exit code of the process."""
    try:
        return _tell(error, session)
    except TuneformError as unwritable:
        return unwritable.exit_code


def _tell(error: BaseException, session: Session) -> int:
    console = session.console
    width, palette = console.width, console.error_palette
    match error:
        case click.exceptions.NoArgsIsHelpError():
            console.error(error.ctx.get_help() if error.ctx else error.format_message())
            return exit_codes.USAGE
        case click.UsageError():
            _error_block(session, error.format_message(), "", _usage_hint(error))
            return exit_codes.USAGE
        case click.Abort() | KeyboardInterrupt():
            console.error("\nInterrupted. What was begun is recorded; the next apply goes on from there.")
            return exit_codes.INTERRUPTED
        case click.ClickException():
            _error_block(session, error.format_message(), "", "")
            return exit_codes.ERROR
        case SpecError():
            _spec_block(session, error)
            return error.exit_code
        case TuneformError():
            _error_block(session, error.what, error.where, error.next_step)
            if session.verbose and error.__cause__ is not None:
                console.error("\n".join(_cause_lines(error.__cause__, width, palette)))
            return error.exit_code
        case OSError(errno=errno.ENOSPC, filename=None):  # the help, which click writes by itself
            _error_block(session, f"the output cannot be written: {error.strerror}", "", "Free some space.")
            return exit_codes.ERROR
        case _:
            console.error("\n".join(_bug_lines(error, width, palette)))
            if session.verbose:
                console.error("\n".join(visible_lines("".join(traceback.format_exception(error)).rstrip())))
            return exit_codes.ERROR


def error_lines(what: str, where: str, next_step: str, *, width: int, palette: Palette) -> Iterator[str]:
    """The block in which every error stands."""
    first, *others = [part for line in visible_lines(f"Error: {what}") for part in wrap(line, width)]
    yield palette.paint("Error:", Style.RED, Style.BOLD) + palette.paint(first.removeprefix("Error:"), Style.BOLD)
    yield from (palette.paint(line, Style.BOLD) for line in others)
    for line in visible_lines(where) if where else ():
        yield f"  {palette.paint(line, Style.CYAN)}"
    for line in visible_lines(next_step) if next_step else ():
        yield from (f"  {part}" for part in wrap(line, width - 2))


def _error_block(session: Session, what: str, where: str, next_step: str) -> None:
    console = session.console
    lines = error_lines(what, where, next_step, width=console.width, palette=console.error_palette)
    console.error("\n".join(lines))


def _usage_hint(error: click.UsageError) -> str:
    return f"See: {error.ctx.command_path} --help" if error.ctx else ""


def _spec_block(session: Session, error: SpecError) -> None:
    console = session.console
    excerpts = Excerpts(session.settings.root)
    lines = diagnostic_lines(
        error.diagnostics, width=console.width, palette=console.error_palette, excerpt=excerpts.line
    )
    console.error("\n".join(lines))
    console.error(f"\n{count_in_words(error.diagnostics)} in the specs. {error.next_step}")


def _cause_lines(cause: BaseException, width: int, palette: Palette) -> Iterator[str]:
    text = f"because of {type(cause).__name__}: {cause}"
    for line in visible_lines(text):
        yield from (f"  {palette.paint(part, Style.DIM)}" for part in wrap(line, width - 2))


def _bug_lines(error: BaseException, width: int, palette: Palette) -> Iterator[str]:
    """Names the kind of error and where it came from, never its message: that may quote what is secret."""
    where = "".join(f"{frame.name}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__))
    number = hashlib.sha256(f"{type(error).__name__}{where}".encode()).hexdigest()[:12]
    return error_lines(
        f"tuneform met something that it was not written for ({type(error).__name__}, report {number}).",
        "",
        "This is a fault in tuneform. What was done so far is recorded, and the next apply goes on from there. "
        f"Please report the command, the output of --verbose and the number above at {REPORT_AT}",
        width=width,
        palette=palette,
    )
