"""`tuneform` in a process of its own, forked from one that has everything imported already.

What a test sees is what a shell would: a real process with its own folder, environment, streams and exit code, which
can be killed. Only the half second of imports is paid once for all tests instead of once a command.
"""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from functools import cache
from io import TextIOWrapper
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import cast

PRELOADED = ("tests.preloaded",)


def tuneform(
    *arguments: str,
    folder: Path,
    environ: Mapping[str, str],
    prepare: Callable[[], None] | None = None,
    timeout: float = 120,
) -> subprocess.CompletedProcess[str]:
    """Run one command line in `folder` to its end, at most `timeout` seconds.

    `prepare` is called in the new process first; it has to be picklable. Raises subprocess.TimeoutExpired.
    """
    with tempfile.TemporaryDirectory() as scratch:
        out, err = Path(scratch, "stdout"), Path(scratch, "stderr")
        process = _server().Process(target=_become, args=(arguments, folder, dict(environ), out, err, prepare))
        process.start()
        process.join(timeout)
        if process.exitcode is None:
            process.kill()
            process.join()
            raise subprocess.TimeoutExpired(["tuneform", *arguments], timeout)
        code = process.exitcode
        process.close()
        return subprocess.CompletedProcess(
            ["tuneform", *arguments], code, out.read_text("utf-8"), err.read_text("utf-8")
        )


@cache
def _server() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(PRELOADED))
    return context


def _become(
    arguments: tuple[str, ...],
    folder: Path,
    environ: dict[str, str],
    out: Path,
    err: Path,
    prepare: Callable[[], None] | None,
) -> None:
    for path, number in ((out, 1), (err, 2)):
        opened = os.open(path, os.O_WRONLY | os.O_CREAT)
        os.dup2(opened, number)
        os.close(opened)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environ)
    if prepare is not None:
        prepare()
    for stream in (sys.stdout, sys.stderr):
        # The interpreter has looked at it already, in the server's environment.
        cast(TextIOWrapper, stream).reconfigure(encoding=environ.get("PYTHONIOENCODING") or "utf-8")
    sys.argv = ["tuneform", *arguments]
    from reconciler.cli.main import main

    main()
