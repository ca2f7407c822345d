"""The program `tuneform`: its verbs, and the one boundary where errors become words and an exit code."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

from reconciler.cli.session import Session
from reconciler.cli.verbs import Program

VERBS = {
    "init": "Write a project file and an example spec.",
    "validate": "Check the specs, offline.",
    "plan": "Show what apply would do, why, and at what cost.",
    "apply": "Carry out what the specs ask for.",
    "destroy": "Delete what the project manages.",
    "drift": "Audit what is live against what was last written.",
    "import": "Adopt tuned models that are live already.",
    "status": "Show what serves and what runs.",
    "output": "Show what applications should call.",
    "metrics": "Draw what tuning runs measured.",
    "gates": "Look at what judging a version found, or decide against it.",
    "schema": "Print the JSON Schema of specs, for editors.",
    "state": "Look at the recorded state, or mend it.",
    "emulator": "Serve Google's tuning APIs on this computer, for trying things out.",
    "completion": "Print completion for a shell.",
}

program = Program(
    verbs=VERBS,
    name="tuneform",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    help="Keep tuned models on Google's APIs equal to what spec files declare.",
    epilog="Start with `tuneform init`. Each command has its own help: tuneform COMMAND --help",
)


def main() -> None:
    """The console entry point; ends the process."""
    sys.exit(run(sys.argv[1:]))


def run(args: Sequence[str], session: Session | None = None) -> int:
    """Run one command line; its exit code. Whatever goes wrong is told on stderr; only SystemExit passes."""
    session = session or Session()
    for stream in (sys.stdout, sys.stderr):
        # A log in a narrow encoding shows escapes rather than ending the run.
        reconfigure: Any = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")
    try:
        outcome = program.main(args=list(args), prog_name="tuneform", standalone_mode=False, obj=session)
    except (Exception, KeyboardInterrupt) as error:
        from reconciler.cli.failures import tell

        return tell(error, session)
    return outcome if isinstance(outcome, int) else 0
