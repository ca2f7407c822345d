"""`tuneform import --from-request`: from a pasted body to a file that `validate` accepts."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from tests.processes import tuneform

REQUESTS = Path(__file__).parent.parent / "spec/requests"
BODIES = sorted(p.name for p in REQUESTS.iterdir())


def run(folder: Path, *arguments: str, stdin: str = "", expect: int = 0) -> subprocess.CompletedProcess[str]:
    typed = folder.parent / "typed.txt"
    typed.write_text(stdin)
    ran = tuneform(*arguments, folder=folder, environ=os.environ, prepare=partial(_type, str(typed)))
    assert ran.returncode == expect, ran.stdout + ran.stderr
    assert "Traceback" not in ran.stderr
    return ran


def _type(path: str) -> None:
    sys.stdin = Path(path).open(encoding="utf-8")  # noqa: SIM115 - it is read by the command


@pytest.mark.parametrize("body", BODIES)
def test_the_file_that_is_written_is_valid(tmp_path: Path, body: str) -> None:
    out = "specs/mine.yaml"
    run(tmp_path, "import", "--from-request", str(REQUESTS / body), "--name", "mine", "--out", out)
    assert "1 TunedModel" in run(tmp_path, "validate").stdout


def test_the_name_comes_from_the_display_name(tmp_path: Path) -> None:
    body = REQUESTS / "gemini-api-number-generator.txt"
    printed = run(tmp_path, "import", "--from-request", str(body)).stdout
    assert "metadata: {name: number-generator-model}" in printed


def test_a_body_may_come_from_standard_input(tmp_path: Path) -> None:
    body = (REQUESTS / "vertex-supervised-minimal.json").read_text()
    method = "projects/acme/locations/europe-west4/tuningJobs"
    printed = run(tmp_path, "import", "--from-request", "-", "--method", method, stdin=body).stdout
    assert "location: europe-west4" in printed


def test_a_folder_gets_a_file_of_the_model_s_name(tmp_path: Path) -> None:
    body = str(REQUESTS / "gemini-api-number-generator.txt")
    run(tmp_path, "import", "--from-request", body, "--out", "specs/")
    for name in ("another", "tuneform"):
        run(tmp_path, "import", "--from-request", body, "--out", "specs", "--name", name)
    files = {path.name for path in (tmp_path / "specs").iterdir()}
    assert files == {"number-generator-model.yaml", "another.yaml", "tuneform-model.yaml"}


def test_nothing_is_written_outside_of_the_project(tmp_path: Path) -> None:
    body = str(REQUESTS / "vertex-supervised-minimal.json")
    project = tmp_path / "project"
    project.mkdir()
    ran = run(project, "import", "--from-request", body, "--out", "../mine.yaml", expect=64)
    assert "is not beneath the project's folder" in ran.stderr
    assert not (tmp_path / "mine.yaml").exists()


def test_scripts_get_it_as_json(tmp_path: Path) -> None:
    body = str(REQUESTS / "vertex-supervised-minimal.json")
    ran = run(tmp_path, "import", "--from-request", body, "--name", "mine", "--format", "json")
    made = json.loads(ran.stdout)
    assert (made["address"], made["file"]) == ("TunedModel/mine", "")
    assert made["spec"].startswith("# Made from the request body")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (bytes(range(128, 256)), "it is not UTF-8 text"),
        (b"{" * 3_000_000, "larger than 1 MiB"),
        (b"", "is not JSON"),
        (b'{"baseModel": MODEL}', "body.json:1:15"),
        (b'{"contents": []}', "is not the body of a request that tunes a model"),
    ],
)
def test_what_is_no_request_is_told_in_words(tmp_path: Path, content: bytes, says: str) -> None:
    (tmp_path / "body.json").write_bytes(content)
    assert says in run(tmp_path, "import", "--from-request", "body.json", expect=64).stderr


def test_a_file_that_is_there_is_not_written_over(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("# mine\n")
    body = str(REQUESTS / "vertex-supervised-minimal.json")
    ran = run(tmp_path, "import", "--from-request", body, "--out", "mine.yaml", expect=1)
    assert "cannot be written: File exists" in ran.stderr
    assert (tmp_path / "mine.yaml").read_text() == "# mine\n"


def test_a_body_that_no_spec_can_say_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    body = '{"baseModel": "g", "supervisedTuningSpec": {"trainingDatasetUri": "/tmp/train.jsonl"}}'
    ran = run(tmp_path, "import", "--from-request", "-", "--out", "specs/a.yaml", stdin=body, expect=1)
    assert "trainingDatasetUri" in ran.stderr
    assert not (tmp_path / "specs").exists()


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    assert "cannot be read" in run(tmp_path, "import", "--from-request", "nothing.json", expect=64).stderr


def test_a_mistake_in_the_body_is_not_shown_in_a_file_that_has_nothing_to_do_with_it(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("\n" * 20)
    body = tmp_path / "body.json"
    body.write_text('{"baseModel": "g", "supervisedTuningSpec": {"trainingDatasetUri": "nowhere"}}')
    told = run(tmp_path, "import", "--from-request", str(body), "--out", "mine.yaml", expect=1).stderr
    assert "the spec made of body.json:" in told
    assert "mine.yaml" not in told
