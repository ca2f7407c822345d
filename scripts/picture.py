"""Draws docs/images/plan.svg: a plan after two lines of the example project have changed, as a terminal shows it."""

from __future__ import annotations

import io
import os
import pty
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.text import Text

from reconciler.emulator.options import Options
from reconciler.emulator.testing import RunningEmulator

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "docs/images/plan.svg"
WIDTH = 88


def main() -> None:
    with tempfile.TemporaryDirectory() as scratch, RunningEmulator(Options(run_seconds=0.5)) as emulator:
        folder = Path(scratch)
        shutil.copy(ROOT / "tuneform.yaml", folder)
        shutil.copytree(ROOT / "specs", folder / "specs")
        environ = {**os.environ, "TUNEFORM_EMULATOR": emulator.url, "COLUMNS": str(WIDTH), "TERM": "xterm-256color"}
        environ.pop("NO_COLOR", None)
        on_a_terminal(folder, environ, "apply", "--auto-approve", "--wait")
        spec = folder / "specs/triage.yaml"
        changed = spec.read_text().replace("epochCount: 3", "epochCount: 4").replace("task: triage}", "task: sorting}")
        spec.write_text(changed)
        shown = on_a_terminal(folder, environ, "plan")
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True)
    console.print(Text("$ tuneform plan", style="bold"))
    console.print(Text.from_ansi(shown.replace("\r\n", "\n").rstrip()))
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_text(console.export_svg(title="tuneform", font_aspect_ratio=0.61))
    print(f"wrote {TARGET.relative_to(ROOT)}")


def on_a_terminal(folder: Path, environ: dict[str, str], *arguments: str) -> str:
    """What a command prints when it believes that a person looks on."""
    master, slave = pty.openpty()
    command = [sys.executable, "-m", "reconciler", *arguments]
    process = subprocess.Popen(command, cwd=folder, env=environ, stdout=slave, stderr=slave, stdin=subprocess.DEVNULL)
    os.close(slave)
    shown = b""
    try:
        while chunk := os.read(master, 65536):
            shown += chunk
    except OSError:
        pass
    process.wait()
    return shown.decode()


if __name__ == "__main__":
    main()
