"""Wrong usage is answered with 64, one sentence and where to look."""

from pathlib import Path

import pytest

from reconciler import __version__
from tests.cli.conftest import Runner
from tests.cli.fakes import FakeEngine

WRONG = [
    ["pln"],
    ["plan", "--bogus"],
    ["plan", "extra"],
    ["plan", "--format", "yaml"],
    ["plan", "--target", "Model/x"],
    ["plan", "--max-cost", "free"],
    ["apply", "--timeout", "soon"],
    ["apply", "--allow-deletes", "-1"],
    ["apply", "a", "b"],
    ["output", "nothing"],
    ["output", "--raw", "endpoint"],
    ["state"],
    ["state", "shew"],
    ["state", "rm"],
    ["state", "mv", "TunedModel/a"],
    ["state", "restore", "first"],
    ["emulator", "--port", "70000"],
    ["completion", "tcsh"],
    ["-C", "/no/such/folder", "plan"],
    ["-f", "missing.yaml", "plan"],
    ["--no-such-option"],
]


@pytest.mark.parametrize("args", WRONG, ids=" ".join)
def test_wrong_usage_exits_with_64_and_says_why_on_stderr(tuneform: Runner, args: list[str]) -> None:
    ran = tuneform(*args)
    assert ran.code == 64
    assert ran.out == ""
    assert ran.err.strip()
    assert "Traceback" not in ran.err


def test_no_verb_at_all_shows_the_help(tuneform: Runner) -> None:
    ran = tuneform()
    assert ran.code == 64
    assert "validate" in ran.err


def test_a_near_miss_is_answered_with_the_verb_that_was_meant(tuneform: Runner) -> None:
    assert "Did you mean 'plan'?" in tuneform("pln").err


def test_a_wrong_address_says_what_an_address_is(tuneform: Runner) -> None:
    assert "TunedModel/support-triage" in tuneform("plan", "--target", "triage").err


def test_the_help_lists_every_verb_with_what_it_does(tuneform: Runner) -> None:
    help_text = tuneform("--help").out
    for verb in ("init", "validate", "plan", "apply", "destroy", "status", "output", "schema", "state", "emulator"):
        assert f"\n  {verb} " in help_text


@pytest.mark.parametrize("verb", ["init", "validate", "plan", "apply", "destroy", "status", "output", "schema", "state",
                                  "emulator", "completion"])  # fmt: skip
def test_every_verb_has_its_help(tuneform: Runner, verb: str) -> None:
    ran = tuneform(verb, "--help")
    assert ran.code == 0
    assert f"Usage: tuneform {verb}" in ran.out


@pytest.mark.parametrize("line", ["-C {} plan", "plan -C {}"])
def test_global_options_stand_before_or_after_the_verb(tuneform: Runner, tmp_path: Path, line: str) -> None:
    engine = FakeEngine()
    assert tuneform(*line.format(tmp_path).split(), engine=engine).code == 0
    assert engine.settings is not None
    assert engine.settings.directory == tmp_path


@pytest.mark.parametrize("line", ["-f {} --verbose plan", "plan -f {} --verbose", "state list --verbose -f {}"])
def test_the_project_file_may_be_named_anywhere(tuneform: Runner, tmp_path: Path, line: str) -> None:
    project = tmp_path / "tuneform.prod.yaml"
    project.touch()
    engine = FakeEngine()
    assert tuneform("-C", str(tmp_path), *line.format(project.name).split(), engine=engine).code == 0
    assert engine.settings is not None
    assert engine.settings.project_file == Path("tuneform.prod.yaml")
    assert engine.settings.root == tmp_path
    assert engine.settings.verbose


@pytest.mark.parametrize("line", ["--version", "plan --version", "state list --version"])
def test_the_version_is_told_wherever_it_is_asked_for(tuneform: Runner, line: str) -> None:
    ran = tuneform(*line.split())
    assert (ran.code, ran.out) == (0, f"tuneform {__version__}\n")
