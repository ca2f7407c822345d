"""Whole-process figures: wall seconds and peak memory of a command, several runs, the median to quote."""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Figure:
    """Medians over the counted runs: seconds and MiB."""

    wall: float
    cpu: float
    peak_mib: float
    runs: int


def measure(command: Sequence[str], *, cwd: Path, environ: Mapping[str, str], runs: int, expect: int = 0) -> Figure:
    """Run a command once to warm up and `runs` times counted. Raises when its exit code is not `expect`."""
    taken = [once(command, cwd=cwd, environ=environ, expect=expect) for _ in range(runs + 1)][1:]
    return Figure(
        wall=statistics.median(t[0] for t in taken),
        cpu=statistics.median(t[1] for t in taken),
        peak_mib=statistics.median(t[2] for t in taken),
        runs=runs,
    )


def once(
    command: Sequence[str], *, cwd: Path, environ: Mapping[str, str], expect: int = 0
) -> tuple[float, float, float]:
    """One run: wall seconds, CPU seconds, peak MiB, by the operating system's accounting of that process."""
    started = time.perf_counter()
    process = subprocess.Popen(
        list(command), cwd=cwd, env=dict(environ), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    assert process.stderr is not None
    said = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - started
    process.stderr.close()
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != expect:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}:\n{said.decode()[-2000:]}")
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024
