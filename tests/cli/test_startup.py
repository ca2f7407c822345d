"""`tuneform --version` and `--help` answer at once, as they import nothing but click; a verb what it needs itself."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = {"httpx", "pydantic", "rich", "google", "yaml", "orjson", "msgspec", "deepdiff", "starlette"}


def imported_by(*args: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "reconciler", *args], capture_output=True, text=True, check=True
    )
    return {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if line.startswith("import time:")}


@pytest.mark.parametrize("args", [["--version"], ["--help"], ["plan", "--help"], ["apply", "--version"]], ids=str)
def test_help_and_version_import_nothing_heavy(args: list[str]) -> None:
    modules = imported_by(*args)
    assert {name.partition(".")[0] for name in modules} & HEAVY == set()
    assert not {name for name in modules if name.startswith(("reconciler.engine", "reconciler.reports"))}


@pytest.mark.parametrize("verb", ["plan --no-refresh", "status"])
def test_a_plan_imports_neither_the_audit_nor_the_import_nor_the_emulator(tmp_path: Path, verb: str) -> None:
    (tmp_path / "tuneform.yaml").write_text(
        "apiVersion: tuneform/v1\nkind: Project\nmetadata: {name: acme}\nspec: {google: {project: acme-ml}}\n"
    )
    (tmp_path / "specs").mkdir()
    modules = imported_by("-C", str(tmp_path), *verb.split())
    others = ("reconciler.planning.drift", "reconciler.applying.adopting", "reconciler.emulator", "starlette")
    assert not {name for name in modules if name.startswith(others)}


def seconds_of_work(*args: str) -> float:
    """The processor time of the whole process; what else the computer does leaves it alone."""
    process = subprocess.Popen([sys.executable, "-m", "reconciler", *args], stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    return used.ru_utime + used.ru_stime


def test_the_version_is_there_within_80_milliseconds() -> None:
    assert any(seconds_of_work("--version") <= 0.080 for _ in range(20))
