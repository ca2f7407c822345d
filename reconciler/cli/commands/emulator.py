"""`tuneform emulator`: Google's tuning APIs on one loopback port."""

from __future__ import annotations

from pathlib import Path

import click

from reconciler.cli import exit_codes
from reconciler.cli.session import Session
from reconciler.cli.verbs import Verb
from reconciler.errors import TuneformError

DEFAULT_PORT = 8484


@click.command("emulator", cls=Verb)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=DEFAULT_PORT,
    show_default=True,
    metavar="N",
    help="0 takes a free one.",
)
@click.option(
    "--run-seconds",
    type=click.FloatRange(min=0, min_open=True, max=1e6),
    default=20.0,
    show_default=True,
    metavar="S",
    help="How long a tuning job takes.",
)
@click.option("--data", metavar="DIR", help="Keep everything there between starts; without it, in memory.")
@click.pass_obj
def command(session: Session, port: int, run_seconds: float, data: str | None) -> int:
    """Serve Google's tuning APIs on this computer: no account, no cost, jobs that finish in seconds.

    Point tuneform at it with TUNEFORM_EMULATOR, as it says when it is ready. Ctrl-C ends it.
    """
    try:
        from reconciler.emulator.options import Options
        from reconciler.emulator.persistence import StartError
        from reconciler.emulator.server import serve
    except ModuleNotFoundError as missing:
        if (missing.name or "").partition(".")[0] == "reconciler":
            raise
        raise TuneformError(
            f"the emulator needs {missing.name}, which is not installed",
            next_step="Install it with: pip install 'tuneform[emulator]'",
        ) from missing
    folder: Path | None = session.path(data) if data is not None else None

    def announce(bound: int) -> None:
        console = session.console
        console.hint(f"Serving Google's tuning APIs; a job takes {run_seconds:g} seconds. Ctrl-C ends it.")
        console.hint("In another terminal:\n")
        console.print(f"  export TUNEFORM_EMULATOR=http://127.0.0.1:{bound}")

    try:
        serve(Options(run_seconds=run_seconds, data_dir=folder), port=port, ready=announce)
    except StartError as error:
        raise TuneformError(str(error), where="tuneform emulator") from error
    except KeyboardInterrupt:
        session.console.hint("\nStopped.")
    return exit_codes.DONE
