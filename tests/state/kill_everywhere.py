"""Kills a pass, with a real SIGKILL, before every call that changes the disk, and half-way through writes.

Dying behind a call is dying before the next one, as far as the disk can tell.

    python -m tests.state.kill_everywhere FOLDER new|existing

Prints one JSON object: how many points there were, by call, and what went wrong at which.
"""

from __future__ import annotations

import fcntl
import itertools
import json
import os
import shutil
import signal
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.state.one_pass import begin, check, one_pass, void

CALLS = ("write", "fsync", "rename", "unlink", "mkdir")


def kill_at(point: int, report: Callable[[str], None]) -> None:
    """Make this process die at its `point`-th chance. Each call is a chance, a write is two."""
    chances = itertools.count(1)

    def chance(what: str) -> None:
        if next(chances) == point:
            report(f"killed {what}")
            os.kill(os.getpid(), signal.SIGKILL)

    def deadly(name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            chance(f"before {name}")
            if name != "write":
                return real(*args, **kwargs)
            file, data = args
            written = real(file, data[: len(data) // 2])
            chance("half-way through write")
            return written + real(file, data[written:])

        return call

    for name in CALLS:
        setattr(os, name, deadly(name, getattr(os, name)))
    fcntl.flock = deadly("flock", fcntl.flock)


def run_and_kill(project: Path, point: int) -> tuple[bool, list[str], str]:
    """Run a pass in a child that dies at `point`: whether it died, the steps it had reported, and where it was."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        pipe, put = writing, os.write
        kill_at(point, lambda line: void(put(pipe, f"{line}\n".encode())))
        one_pass(project, lambda step: void(put(pipe, f"{step}\n".encode())))
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as stream:
        lines = stream.read().split("\n")
    _, status = os.waitpid(child, 0)
    where = next((line for line in lines if line.startswith("killed ")), "")
    return os.WIFSIGNALED(status), lines, where


def main() -> None:
    folder, with_state = Path(sys.argv[1]), sys.argv[2] == "existing"
    template = folder / "template"
    before = begin(template, with_state=with_state)
    counts: Counter[str] = Counter()
    failures = []
    for point in itertools.count(1):
        project = folder / "project"
        shutil.copytree(template, project)
        killed, lines, where = run_and_kill(project, point)
        try:
            check(project, before, lines)
        except Exception as error:
            failures.append(f"{point}, {where}, after {lines}: {type(error).__name__}: {error}")
        shutil.rmtree(project)
        if not killed:
            assert "forgotten" in lines, lines
            break
        counts[where] += 1
    sys.stdout.write(json.dumps({"where": counts, "failures": failures}))


if __name__ == "__main__":
    main()
