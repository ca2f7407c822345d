"""Every trouble is told as where, what and what next, on stderr, with the exit code that stands for it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from reconciler import errors
from reconciler.cli.main import run
from reconciler.core.diagnostics import Diagnostic, Source
from tests.cli.conftest import Runner
from tests.cli.fakes import FakeEngine

SECRET = "ya29.secret-token"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.StateDamaged("is empty", where="state/state.json", next_step="tuneform state restore 3"), 1),
        (errors.Locked("another apply holds the lock", where="state/lock.json", next_step="Wait for it."), 5),
        (errors.InDoubt("sent and not answered", where="TunedModel/x", next_step="Run apply after 04:10."), 5),
        (errors.IncompleteView("us-central1 cannot be read", where="us-central1", next_step="Grant it."), 5),
        (errors.Held("over the limit", where="TunedModel/x", next_step="Raise maxCostUSD."), 3),
        (errors.UsageError("wrong", where="-f x", next_step="Another."), 64),
        (errors.PermissionDenied("no", status=403, code="PERMISSION_DENIED", where="jobs", next_step="Grant."), 1),
    ],
    ids=lambda value: type(value).__name__,
)
def test_an_error_says_where_what_and_what_next(tuneform: Runner, error: errors.TuneformError, code: int) -> None:
    ran = tuneform("plan", engine=FakeEngine(raises=error))
    assert ran.code == code
    assert ran.out == ""
    assert ran.err.splitlines() == [f"Error: {error.what}", f"  {error.where}", f"  {error.next_step}"]


def test_every_finding_in_the_specs_is_told_with_its_line(tuneform: Runner, tmp_path: Path) -> None:
    (tmp_path / "specs").mkdir()
    (tmp_path / "specs" / "a.yaml").write_text("kind: TunedModel\nspec:\n  epochCuont: 3\n")
    found = [
        Diagnostic("error", "unknown_field", 'unknown field "epochCuont"', "", Source("specs/a.yaml", 3, 3), "Fix it."),
        Diagnostic("error", "missing", "metadata is missing", "", Source("specs/a.yaml", 1, 1)),
        Diagnostic("warning", "w", "retires soon"),
    ]
    ran = tuneform("-C", str(tmp_path), "plan", engine=FakeEngine(raises=errors.SpecError(found)))
    assert ran.code == 1
    assert ran.out == ""
    assert "  specs/a.yaml:3:3\n  3 |   epochCuont: 3\n    |   ^\n  Fix it." in ran.err
    assert ran.err.endswith("2 errors, 1 warning in the specs. Correct them and run the command again.\n")


@pytest.mark.parametrize("name", ["credentials.json", "../outside.yaml", "/etc/passwd", "link.yaml", "fifo.yaml"])
def test_no_line_of_a_file_that_is_not_a_spec_is_ever_shown(tuneform: Runner, tmp_path: Path, name: str) -> None:
    project = tmp_path / "project"
    project.mkdir()
    for path in (project / "credentials.json", tmp_path / "outside.yaml"):
        path.write_text(SECRET)
    (project / "link.yaml").symlink_to(tmp_path / "outside.yaml")
    os.mkfifo(project / "fifo.yaml")
    found = Diagnostic("error", "yaml_syntax", "not YAML", "", Source(name, 1, 1))
    ran = tuneform("-C", str(project), "plan", engine=FakeEngine(raises=errors.SpecError([found])))
    assert ran.code == 1
    assert SECRET not in ran.err
    assert "root:" not in ran.err


def test_a_fault_of_ours_is_one_paragraph_with_a_number_and_no_traceback(tuneform: Runner) -> None:
    ran = tuneform("plan", engine=FakeEngine(raises=KeyError(SECRET)))
    assert ran.code == 1
    assert ran.out == ""
    assert "Traceback" not in ran.err
    assert SECRET not in ran.err
    assert "KeyError, report" in " ".join(ran.err.split())
    assert "github.com/tuneform/tuneform/issues" in ran.err
    assert ran.err == tuneform("plan", engine=FakeEngine(raises=KeyError("other"))).err


def test_with_verbose_a_fault_of_ours_shows_where_it_came_from(tuneform: Runner) -> None:
    ran = tuneform("plan", "--verbose", engine=FakeEngine(raises=ZeroDivisionError("\x1b[31mx")))
    assert "Traceback" in ran.err
    assert "\x1b" not in ran.err


@pytest.mark.parametrize("error", [KeyboardInterrupt(), RecursionError(), MemoryError()], ids=repr)
def test_even_the_worst_ends_in_words(tuneform: Runner, error: BaseException) -> None:
    ran = tuneform("plan", engine=FakeEngine(raises=error))
    assert ran.code == (130 if isinstance(error, KeyboardInterrupt) else 1)
    assert ran.err.strip()
    assert "Traceback" not in ran.err


def test_hostile_text_in_an_error_never_reaches_the_terminal_raw(tuneform: Runner) -> None:
    hostile = "\x1b[2J\u202e"
    ran = tuneform("plan", engine=FakeEngine(raises=errors.StateError(hostile, where=hostile, next_step=hostile)))
    assert "\x1b" not in ran.err
    assert r"\x1b[2J\u202e" in ran.err


def faked(*args: str) -> list[str]:
    return [sys.executable, "-m", "tests.cli.faked", *args]


def test_a_reader_that_goes_away_is_no_error() -> None:
    with subprocess.Popen(faked("long", "plan"), stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(20) == 0


def test_what_nobody_reads_is_done_all_the_same() -> None:
    with subprocess.Popen(faked("plain", "apply", "--auto-approve"), stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.wait(20) == 0


@pytest.mark.parametrize("closed", ["1>&-", "2>&-", "1>&- 2>&-", "0<&-"])
def test_closed_streams_are_no_reason_to_fail(closed: str) -> None:
    command = " ".join(faked("plain", "apply", "--auto-approve"))
    done = subprocess.run(["bash", "-c", f"{command} {closed}"], capture_output=True, text=True)
    assert done.returncode == 0
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", ["plan", "--help", "--version", "plan --help"])
def test_a_full_disk_under_the_output_is_told(command: str) -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run(faked("plain", *command.split()), stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 1
    assert done.stderr.startswith("Error: the output cannot be written: No space left on device")


def test_a_folder_that_was_removed_under_the_process_is_told(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    command = f"rmdir {gone} && exec {sys.executable} -m reconciler plan"
    environ = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(["bash", "-c", command], cwd=gone, env=environ, capture_output=True, text=True)
    assert done.returncode == 64
    assert "Error: the current folder was removed\n" in done.stderr


def test_a_project_file_that_is_a_folder_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "tuneform.yaml").mkdir()
    assert run(["-C", str(tmp_path), "plan"]) == 1
    assert "the file cannot be read: Is a directory\n  tuneform.yaml:1:1\n" in capsys.readouterr().err


def test_a_narrow_encoding_shows_escapes_instead_of_failing() -> None:
    done = subprocess.run(
        faked("plain", "plan", "--format", "markdown"),
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
    )
    assert done.returncode == 0
    assert "\\u" in done.stdout
