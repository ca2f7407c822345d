"""`tuneform import --from-request`: from a pasted body to a file that `validate` accepts."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

REQUESTS = Path(__file__).parent / "requests"
BODIES = sorted(p.name for p in REQUESTS.iterdir() if p.suffix != ".md")


def tuneform(folder: Path, *arguments: str, stdin: str = "", expect: int = 0) -> subprocess.CompletedProcess[str]:
    ran = subprocess.run(
        [sys.executable, "-m", "reconciler", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        input=stdin,
    )
    assert ran.returncode == expect, ran.stdout + ran.stderr
    assert "Traceback" not in ran.stderr
    return ran


@pytest.mark.parametrize("body", BODIES)
def test_the_file_that_is_written_is_valid(tmp_path: Path, body: str) -> None:
    out = "specs/mine.yaml"
    tuneform(tmp_path, "import", "--from-request", str(REQUESTS / body), "--name", "mine", "--out", out)
    assert "1 TunedModel" in tuneform(tmp_path, "validate").stdout


def test_the_name_comes_from_the_display_name(tmp_path: Path) -> None:
    body = REQUESTS / "gemini-api-number-generator.txt"
    printed = tuneform(tmp_path, "import", "--from-request", str(body)).stdout
    assert "metadata: {name: number-generator-model}" in printed


def test_a_body_may_come_from_standard_input(tmp_path: Path) -> None:
    body = (REQUESTS / "vertex-supervised-minimal.json").read_text()
    method = "projects/acme/locations/europe-west4/tuningJobs"
    printed = tuneform(tmp_path, "import", "--from-request", "-", "--method", method, stdin=body).stdout
    assert "location: europe-west4" in printed


def test_a_file_that_is_there_is_not_written_over(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("# mine\n")
    body = str(REQUESTS / "vertex-supervised-minimal.json")
    ran = tuneform(tmp_path, "import", "--from-request", body, "--out", "mine.yaml", expect=1)
    assert "cannot be written: File exists" in ran.stderr
    assert (tmp_path / "mine.yaml").read_text() == "# mine\n"


def test_a_body_that_no_spec_can_say_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    body = '{"baseModel": "g", "supervisedTuningSpec": {"trainingDatasetUri": "/tmp/train.jsonl"}}'
    ran = tuneform(tmp_path, "import", "--from-request", "-", "--out", "specs/a.yaml", stdin=body, expect=1)
    assert "trainingDatasetUri" in ran.stderr
    assert not (tmp_path / "specs").exists()


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    assert "cannot be read" in tuneform(tmp_path, "import", "--from-request", "nothing.json", expect=64).stderr
