"""`make bench`: a no-op plan, refresh included, beside Terraform's no-op plan of as many resources; then its parts.

python -m bench [--sizes 1000,10000] [--runs 3]
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from bench import parts, project, terraform_peer
from bench.measure import Figure, measure, once

COLUMNS = ("models", "tool", "wall s", "cpu s", "peak MiB", "wall ratio", "memory ratio")


def main() -> None:
    parser = argparse.ArgumentParser(description="Time whole commands; ratios are ours over Terraform's.")
    parser.add_argument("--sizes", default="1000,10000", help="how many models, comma-separated")
    parser.add_argument("--runs", type=int, default=3, help="counted runs of each command, after one warm-up")
    options = parser.parse_args()
    print("A no-op plan: every model is tuned, nothing has changed. Medians of", options.runs, "runs.", flush=True)
    if not terraform_peer.available():
        print("There is no terraform here: our own figures only, without ratios.")
    print("  ".join(f"{name:>12}" for name in COLUMNS))
    for size in (int(text) for text in options.sizes.split(",")):
        ours, theirs = compare(size, options.runs)
        row(size, "tuneform", ours, theirs)
        if theirs is not None:
            row(size, "terraform", theirs, None)
    parts.report(max(int(text) for text in options.sizes.split(",")), options.runs)
    start_up(options.runs)


def compare(size: int, runs: int) -> tuple[Figure, Figure | None]:
    """Both tools' figures for one size."""
    with tempfile.TemporaryDirectory() as scratch, project.emulator() as url:
        folder = Path(scratch, "ours")
        project.build(folder, size, url)
        ours = measure(project.PLAN, cwd=folder, environ=project.environ(url), runs=runs)
    if not terraform_peer.available():
        return ours, None
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch, "theirs")
        terraform_peer.build(folder, size)
        return ours, measure(terraform_peer.PLAN, cwd=folder, environ=terraform_peer.environ(folder), runs=runs)


def row(size: int, tool: str, figure: Figure, peer: Figure | None) -> None:
    """One line of the table."""
    ratios = (f"{figure.wall / peer.wall:.2f} x", f"{figure.peak_mib / peer.peak_mib:.2f} x") if peer else ("", "")
    cells = (str(size), tool, f"{figure.wall:.2f}", f"{figure.cpu:.2f}", f"{figure.peak_mib:.0f}", *ratios)
    print("  ".join(f"{cell:>12}" for cell in cells), flush=True)


def start_up(runs: int) -> None:
    """`tuneform --version` as a whole process, beside a bare interpreter."""
    import os
    import statistics
    import sys

    def median(*command: str) -> float:
        here = Path.cwd()
        return statistics.median(once(command, cwd=here, environ=os.environ)[0] for _ in range(max(runs, 9))) * 1000

    script = Path(sys.executable).with_name("tuneform")
    version, bare = median(str(script), "--version"), median(sys.executable, "-I", "-c", "pass")
    print(f"\ntuneform --version: {version:.0f} ms; python -c pass: {bare:.0f} ms; ratio {version / bare:.2f} x")


if __name__ == "__main__":
    main()
