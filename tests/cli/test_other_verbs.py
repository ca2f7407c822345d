"""validate, status, output, state, init, schema, completion: what they print and how they end."""

import json
import subprocess
from pathlib import Path

import pytest
import yaml

from reconciler.applying.outcomes import Standing, Validation
from reconciler.cli.main import run
from reconciler.core.address import Address
from reconciler.core.diagnostics import Diagnostic, Source
from reconciler.errors import SpecError
from tests.cli.conftest import Runner
from tests.cli.fakes import ENDPOINT, TRIAGE, FakeEngine

BROKEN = SpecError(
    [
        Diagnostic("error", "unknown_field", "unknown field", "TunedModel/x", Source("specs/a.yaml", 3, 5), "Fix it."),
        Diagnostic("warning", "retiring", "retires soon"),
    ]
)


class TestValidate:
    def test_valid_specs_are_counted(self, tuneform: Runner) -> None:
        ran = tuneform("validate")
        assert (ran.code, ran.err) == (0, "")
        assert ran.out == "Success! The specs are valid: 2 TunedModels, 1 Dataset.\n"

    def test_warnings_are_shown_and_are_no_failure(self, tuneform: Runner) -> None:
        engine = FakeEngine(validation=Validation((Diagnostic("warning", "w", "retires soon"),), {"TunedModel": 1}))
        ran = tuneform("validate", engine=engine)
        assert ran.code == 0
        assert ran.out == "Warning: retires soon\n\nSuccess! The specs are valid: 1 TunedModel; 1 warning.\n"

    def test_paths_are_beneath_the_chosen_folder(self, tuneform: Runner, tmp_path: Path) -> None:
        engine = FakeEngine()
        tuneform("-C", str(tmp_path), "validate", "a.yaml", "/abs/b.yaml", engine=engine)
        assert engine.asked["paths"] == [tmp_path / "a.yaml", Path("/abs/b.yaml")]

    def test_as_text_errors_go_to_stderr(self, tuneform: Runner) -> None:
        ran = tuneform("validate", engine=FakeEngine(raises=BROKEN))
        assert (ran.code, ran.out) == (1, "")
        assert "specs/a.yaml:3:5" in ran.err

    def test_as_json_they_are_the_result(self, tuneform: Runner) -> None:
        ran = tuneform("validate", "--format", "json", engine=FakeEngine(raises=BROKEN))
        assert (ran.code, ran.err) == (1, "")
        report = json.loads(ran.out)
        assert (report["valid"], report["error_count"], report["diagnostics"][0]["line"]) == (False, 1, 3)
        assert json.loads(tuneform("validate", "--format", "json").out)["valid"] is True

    def test_as_sarif_files_are_named_from_the_folder_that_the_command_ran_in(
        self, tuneform: Runner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "models").mkdir()
        monkeypatch.chdir(tmp_path)
        ran = tuneform("-C", "models", "validate", "--format", "sarif", engine=FakeEngine(raises=BROKEN))
        assert ran.code == 1
        places = [
            result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
            for result in json.loads(ran.out)["runs"][0]["results"]
        ]
        assert places == ["models/specs/a.yaml", "models/tuneform.yaml"]


RUNNING = Standing(
    TRIAGE, 1, 2, "active", "RUNNING", "job", "model", ENDPOINT, "us-central1", "2026-11-20T11:02:03Z", 120, 400
)


class TestStatus:
    def test_the_table_says_what_serves_and_what_runs(self, tuneform: Runner) -> None:
        ran = tuneform("status", engine=FakeEngine(standings=(RUNNING,)))
        assert ran.code == 0
        assert "TunedModel/support-triage  v1      v2 running, 120/400 steps  2026-11-20 11:02Z" in ran.out
        assert ENDPOINT in ran.out

    def test_as_json_all_of_it(self, tuneform: Runner) -> None:
        ran = tuneform("status", "--format", "json", engine=FakeEngine(standings=(RUNNING,)))
        assert json.loads(ran.out)["resources"][0]["run_state"] == "RUNNING"

    def test_without_refresh_google_is_not_asked(self, tuneform: Runner) -> None:
        engine = FakeEngine()
        tuneform("status", "--no-refresh", engine=engine)
        assert engine.asked["refresh_first"] is False


class TestOutput:
    def test_everything_that_serves(self, tuneform: Runner) -> None:
        assert tuneform("output").out == f"{TRIAGE}\n  version   1\n  endpoint  {ENDPOINT}\n"

    def test_as_json_by_address(self, tuneform: Runner) -> None:
        assert json.loads(tuneform("output", "--format", "json").out) == {
            str(TRIAGE): {"version": 1, "endpoint": ENDPOINT}
        }

    def test_as_json_of_one_address_alone(self, tuneform: Runner) -> None:
        ran = tuneform("output", str(TRIAGE), "--format", "json")
        assert json.loads(ran.out) == {"version": 1, "endpoint": ENDPOINT}

    def test_one_field_for_a_script(self, tuneform: Runner) -> None:
        assert tuneform("output", str(TRIAGE), "--raw", "endpoint").out == f"{ENDPOINT}\n"
        assert tuneform("output", str(TRIAGE), "--raw", "nothing").code == 64


class TestState:
    def test_list(self, tuneform: Runner) -> None:
        assert tuneform("state", "list").out == f"Dataset/triage-train\n{TRIAGE}\n"
        assert json.loads(tuneform("state", "list", "--format", "json").out) == ["Dataset/triage-train", str(TRIAGE)]

    def test_show(self, tuneform: Runner) -> None:
        shown = json.loads(tuneform("state", "show", str(TRIAGE)).out)
        assert (shown["address"], shown["backend"], shown["versions"]) == (str(TRIAGE), "vertex", [])

    def test_rm_says_that_nothing_is_deleted(self, tuneform: Runner) -> None:
        engine = FakeEngine()
        ran = tuneform("state", "rm", str(TRIAGE), "Dataset/triage-train", engine=engine)
        assert ran.out.startswith(f"{TRIAGE} is forgotten; nothing was deleted.\n")
        assert engine.asked["removed"] == [TRIAGE, Address("Dataset", "triage-train")]

    def test_rm_of_something_unknown_removes_nothing_at_all(self, tuneform: Runner) -> None:
        engine = FakeEngine()
        ran = tuneform("state", "rm", str(TRIAGE), "TunedModel/unknown", engine=engine)
        assert ran.code == 1
        assert "removed" not in engine.asked

    def test_mv(self, tuneform: Runner) -> None:
        engine = FakeEngine()
        assert tuneform("state", "mv", str(TRIAGE), "TunedModel/b", engine=engine).code == 0
        assert engine.asked["moved"] == (TRIAGE, Address("TunedModel", "b"))

    def test_pull_gives_the_bytes_as_they_are(self, tuneform: Runner) -> None:
        assert tuneform("state", "pull").out == '{"serial":3}'

    def test_push_takes_a_file(self, tuneform: Runner, tmp_path: Path) -> None:
        (tmp_path / "s.json").write_bytes(b"bytes")
        engine = FakeEngine()
        ran = tuneform("-C", str(tmp_path), "state", "push", "s.json", "--force", engine=engine)
        assert ran.out == "The state is s.json now, serial 4.\n"
        assert (engine.asked["pushed"], engine.asked["force"]) == (b"bytes", True)
        missing = tuneform("-C", str(tmp_path), "state", "push", "none.json")
        assert missing.code == 1
        assert "the file cannot be read: No such file or directory" in missing.err

    def test_history_restore_and_unlock(self, tuneform: Runner) -> None:
        assert tuneform("state", "history").out == "No copies are kept yet.\n"
        assert tuneform("state", "restore", "3").out == "The copy of serial 3 is the state again, as serial 9.\n"
        assert tuneform("state", "unlock").out == "The state was not locked.\n"


class TestInit:
    def test_it_writes_a_project_that_is_valid(self, tuneform: Runner, tmp_path: Path) -> None:
        folder = tmp_path / "My Models 2!"
        folder.mkdir()
        assert tuneform("-C", str(folder), "init").code == 0
        project = yaml.safe_load((folder / "tuneform.yaml").read_text())
        assert (project["kind"], project["metadata"]["name"]) == ("Project", "my-models-2")
        kinds = [spec["kind"] for spec in yaml.safe_load_all((folder / "specs" / "example.yaml").read_text())]
        assert kinds == ["Dataset", "TunedModel"]

    def test_what_it_writes_passes_validation(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert run(["-C", str(tmp_path), "init"]) == 0
        assert run(["-C", str(tmp_path), "validate"]) == 0
        assert "Success! The specs are valid: 1 TunedModel, 1 Dataset.\n" in capsys.readouterr().out

    def test_it_never_overwrites(self, tuneform: Runner, tmp_path: Path) -> None:
        (tmp_path / "tuneform.yaml").write_text("mine")
        ran = tuneform("-C", str(tmp_path), "init")
        assert ran.code == 0
        assert "tuneform.yaml is there already; it was left as it is." in ran.out
        assert (tmp_path / "tuneform.yaml").read_text() == "mine"
        assert (tmp_path / "specs" / "example.yaml").is_file()

    def test_it_keeps_the_state_out_of_git(self, tuneform: Runner, tmp_path: Path) -> None:
        tuneform("-C", str(tmp_path), "init")
        assert "state/" in (tmp_path / ".gitignore").read_text().splitlines()

    @pytest.mark.parametrize(("there", "told"), [("*.log\n", True), ("state/\n", False), ("/state\n", False)])
    def test_it_tells_what_is_missing_in_a_gitignore_and_leaves_it(
        self, tuneform: Runner, tmp_path: Path, there: str, told: bool
    ) -> None:
        (tmp_path / ".gitignore").write_text(there)
        ran = tuneform("-C", str(tmp_path), "init")
        assert ("Add the line `state/` to it" in ran.out) == told
        assert (tmp_path / ".gitignore").read_text() == there

    def test_it_does_not_write_through_a_link(self, tuneform: Runner, tmp_path: Path) -> None:
        (tmp_path / "tuneform.yaml").symlink_to(tmp_path / "elsewhere")
        tuneform("-C", str(tmp_path), "init")
        assert not (tmp_path / "elsewhere").exists()

    def test_a_folder_that_cannot_be_written_is_told(self, tuneform: Runner, tmp_path: Path) -> None:
        (tmp_path / "specs").write_text("a file")
        ran = tuneform("-C", str(tmp_path), "init")
        assert ran.code == 1
        assert "cannot be written" in ran.err


def test_the_schema_is_json(tuneform: Runner) -> None:
    schema = json.loads(tuneform("schema").out)
    assert schema["$schema"].startswith("https://json-schema.org/")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_a_script_for_the_shell(tuneform: Runner, shell: str) -> None:
    ran = tuneform("completion", shell)
    assert ran.code == 0
    assert "_TUNEFORM_COMPLETE" in ran.out


def test_bash_can_load_the_completion_and_completes_verbs(tuneform: Runner, tmp_path: Path) -> None:
    script = tmp_path / "completion.bash"
    script.write_text(tuneform("completion", "bash").out)
    subprocess.run(["bash", "-n", str(script)], check=True)


def test_verbs_and_flags_are_completed(
    monkeypatch: pytest.MonkeyPatch, tuneform: Runner, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("_TUNEFORM_COMPLETE", "bash_complete")
    for words, expected in (("tuneform va", "plain,validate"), ("tuneform plan --det", "plain,--detailed-exitcode")):
        monkeypatch.setenv("COMP_WORDS", words)
        monkeypatch.setenv("COMP_CWORD", str(words.count(" ")))
        with pytest.raises(SystemExit):
            run([])
        assert expected in capsys.readouterr().out.splitlines()
