"""Prompt files: every mistake is told by file and line, before anything is sent."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from reconciler.applying.gates.reading import read_gates
from reconciler.datasets.prompts import MOST_PROMPTS, read_prompts
from tests.planning.build import desired, model

GOOD = '{"prompt": "Where is my order?", "expect": {"contains": "shipping"}}'


def expect(value: str) -> str:
    return f'{{"prompt": "a", "expect": {value}}}'


def test_prompts_and_whole_conversations_can_be_written(tmp_path: Path) -> None:
    turns = [
        {"role": "user", "parts": [{"text": "Hello"}]},
        {"role": "model", "parts": [{"text": "Hello!"}]},
        {"role": "user", "parts": [{"text": "Where is it?"}]},
    ]
    row = {
        "contents": turns,
        "expect": {"exact": "There"},
        "systemInstruction": {"parts": [{"text": "Be brief."}]},
        "generationConfig": {"temperature": 0},
    }
    (tmp_path / "p.jsonl").write_text(f"{GOOD}\n\n{json.dumps(row)}\n")
    file, findings = read_prompts("p.jsonl", root=str(tmp_path))
    assert findings == ()
    assert file is not None
    assert [prompt.line for prompt in file.prompts] == [1, 3]
    assert file.prompts[0].contents == ({"role": "user", "parts": [{"text": "Where is my order?"}]},)
    assert file.prompts[1].settings.keys() == {"systemInstruction", "generationConfig"}


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('{"prompt": ', "not JSON"),
        ("[]", "should be an object"),
        ('{"expect": {"exact": "a"}}', "either `prompt` or `contents`"),
        ('{"prompt": "a", "contents": [], "expect": {"exact": "a"}}', "either `prompt` or `contents`"),
        ('{"prompt": " ", "expect": {"exact": "a"}}', "should be a text"),
        ('{"prompt": "a"}', "no `expect`"),
        ('{"prompt": "a", "expects": {"exact": "a"}}', "a field that prompts do not have"),
        ('{"prompt": "a", "expect": {"exact": "a"}, "generationConfig": 1}', "generationConfig"),
        ('{"contents": [], "expect": {"exact": "a"}}', "list of turns"),
        ('{"contents": [{"role": "bot"}], "expect": {"exact": "a"}}', "contents[0]"),
        ('{"contents": [{"role": "user", "parts": []}], "expect": {"exact": "a"}}', "contents[0].parts"),
        ('{"contents": [{"role": "model", "parts": [{"text": "a"}]}], "expect": {"exact": "a"}}', "turn of the user"),
        (expect("{}"), "one of exact, contains, regex, jsonSchema"),
        (expect('{"exact": "a", "regex": "a"}'), "one of exact"),
        (expect('{"like": "a"}'), "one of exact"),
        (expect('{"contains": ""}'), "should not be empty"),
        (expect('{"exact": 1}'), "should be a text"),
        (expect('{"regex": "id=("}'), "no regular expression: missing ) at character 5"),
        (expect(json.dumps({"regex": "a" * 2000})), "longer than"),
        (expect('{"jsonSchema": {"type": "objekt"}}'), "`expect.jsonSchema.type` is not what JSON Schema has"),
        (expect('{"jsonSchema": true}'), "should be an object"),
        (expect('{"jsonSchema": {"$ref": "http://127.0.0.1/x"}}'), "outside"),
    ],
)
def test_a_broken_line_is_told_with_file_and_line(tmp_path: Path, line: str, words: str) -> None:
    (tmp_path / "p.jsonl").write_text(f"{GOOD}\n{line}\n")
    file, (finding,) = read_prompts("p.jsonl", root=str(tmp_path))
    assert file is None
    assert words in finding.message
    assert finding.source is not None
    assert (finding.source.file, finding.source.line) == ("p.jsonl", 2)


def test_every_broken_line_is_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "p.jsonl").write_text("{}\n" + GOOD + "\n[]\n")
    _, findings = read_prompts("p.jsonl", root=str(tmp_path))
    assert [f.source.line for f in findings if f.source] == [1, 3]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("\ufeff" + GOOD, "prompt_encoding"),
        ("\n", "prompt_none"),
        (f"{GOOD}\n" * (MOST_PROMPTS + 1), "prompt_too_many"),
        (None, "prompt_unreadable"),
    ],
)
def test_a_file_that_cannot_be_used_as_a_whole(tmp_path: Path, content: str | None, code: str) -> None:
    if content is not None:
        (tmp_path / "p.jsonl").write_text(content)
    _, findings = read_prompts("p.jsonl", root=str(tmp_path))
    assert [f.code for f in findings] == [code]


def test_a_file_outside_the_project_is_never_read(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(GOOD)
    project = tmp_path / "project"
    project.mkdir()
    (project / "p.jsonl").symlink_to("../secret")
    _, (finding,) = read_prompts("p.jsonl", root=str(project))
    assert finding.code == "prompt_outside_project"


def test_a_file_that_is_not_there_is_shown_where_the_spec_names_it(tmp_path: Path) -> None:
    spec = model(gates={"prompts": {"file": "nowhere.jsonl"}})
    want = desired(spec)
    _, (finding,) = read_gates(replace(want, project=replace(want.project, root=str(tmp_path))))
    assert finding.source == spec.sources.at("gates.prompts.file")
    assert finding.address == "TunedModel/m"
