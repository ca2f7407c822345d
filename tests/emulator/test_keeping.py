"""What is kept in a folder is never overwritten while the index still names it."""

import json
from pathlib import Path

from reconciler.emulator.options import Options
from reconciler.emulator.testing import RunningEmulator
from tests.emulator.gemini import Gemini
from tests.emulator.vertex import Vertex, supervised_rows


def kept(folder: Path) -> dict[str, str]:
    """The files of the last save, by part."""
    files: dict[str, str] = json.loads((folder / "world.json").read_text())["parts"]
    return files


def revision(name: str) -> int:
    return int(name.removesuffix(".json").split("-")[1])


def test_files_have_new_names_after_a_restart(tmp_path: Path) -> None:
    options = Options(data_dir=tmp_path)
    with RunningEmulator(options) as emulator, Vertex(emulator) as vertex, Gemini(emulator) as gemini:
        emulator.admin.put_object("gs://acme/train.jsonl", supervised_rows())
        for number in range(3):
            vertex.create()
            gemini.create(f"model-{number}")
    before = kept(tmp_path)
    with RunningEmulator(options) as emulator, Vertex(emulator) as vertex, Gemini(emulator) as gemini:
        vertex.create()
        gemini.create("one-more")
    after = kept(tmp_path)
    rises = {part: revision(after[part]) > revision(before[part]) for part in ("aiplatform", "generativelanguage")}
    assert rises == {"aiplatform": True, "generativelanguage": True}
