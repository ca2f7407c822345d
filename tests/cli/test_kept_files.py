"""No report is written over what the project itself consists of."""

from pathlib import Path

import pytest

from tests.cli.conftest import Runner
from tests.spec.conftest import MODEL

PROJECT = "apiVersion: tuneform/v1\nkind: Project\nmetadata: {name: p}\nspec: {specs: [models/], state: kept/}\n"
COMMANDS = {
    "plan": ("plan", "--out"),
    "drift": ("drift", "--format", "json", "--out"),
    "metrics": ("metrics", "TunedModel/support-triage", "--html"),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in {"tuneform.yaml": PROJECT, "models/a.yaml": MODEL, "kept/state.json": "{}"}.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    (tmp_path / "link.html").symlink_to(tmp_path / "models/a.yaml")
    return tmp_path


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    ("file", "why"),
    [
        ("models/a.yaml", "is read as a spec of this project"),
        ("link.html", "is read as a spec of this project"),
        ("models/plan.json", "would be read as a spec"),
        ("tuneform.yaml", "is a project file"),
        ("kept/state.json", "lies in the folder of the state"),
        ("kept/new", "lies in the folder of the state"),
    ],
)
def test_what_belongs_to_the_project_is_refused_and_left(
    tuneform: Runner, folder: Path, command: str, file: str, why: str
) -> None:
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    ran = tuneform("-C", str(folder), *COMMANDS[command], file)
    assert ran.code == 64
    assert why in ran.err
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_every_other_place_may_be_written(tuneform: Runner, folder: Path, tmp_path: Path) -> None:
    (folder / "out").mkdir()
    for file in ("saved.plan", "out/plan.json", "models/report.txt", str(tmp_path / "elsewhere.json")):
        assert tuneform("-C", str(folder), "plan", "--out", file).code == 0


def test_a_project_file_that_cannot_be_read_is_not_written_over_either(tuneform: Runner, folder: Path) -> None:
    (folder / "tuneform.yaml").write_text("kind: [")
    assert tuneform("-C", str(folder), "drift", "--out", "tuneform.yaml").code == 64
    assert (folder / "tuneform.yaml").read_text() == "kind: ["
