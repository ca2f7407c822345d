"""A prompt in the terms of PaLM 2: each family's instance, and what it cannot be asked."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.catalog.palm import PalmFamily, palm_family
from reconciler.core.prompts import Expectation, Judged, Prompt, PromptFile
from reconciler.datasets.palm_prompts import palm_request, unaskable
from reconciler.datasets.problems import Problem

TEXT, CODE, CHAT, CODE_CHAT = PalmFamily


def turn(text: str, role: str = "user") -> dict[str, Any]:
    return {"role": role, "parts": [{"text": text}]}


TALK = [turn("Hello"), turn("Hello!", "model"), turn("Where is it?")]
MESSAGES = [
    {"author": "user", "content": "Hello"},
    {"author": "bot", "content": "Hello!"},
    {"author": "user", "content": "Where is it?"},
]
BRIEF = {"systemInstruction": {"parts": [{"text": "Be brief."}]}}


@pytest.mark.parametrize(
    ("base", "family"),
    [
        ("text-bison@001", TEXT),
        ("text-bison-32k@002", TEXT),
        ("code-bison", CODE),
        ("chat-bison@002", CHAT),
        ("codechat-bison-32k@002", CODE_CHAT),
        ("textembedding-gecko@003", None),
        ("gemini-2.5-flash", None),
        ("", None),
    ],
)
def test_a_base_model_is_of_a_family(base: str, family: PalmFamily | None) -> None:
    assert palm_family(base) is family


@pytest.mark.parametrize(
    ("family", "contents", "settings", "instance"),
    [
        (TEXT, [turn("Where is it?")], {}, {"prompt": "Where is it?"}),
        (CODE, [turn("def f():")], {}, {"prefix": "def f():"}),
        (CHAT, TALK, {}, {"messages": MESSAGES}),
        (CHAT, TALK, BRIEF, {"messages": MESSAGES, "context": "Be brief."}),
        (CODE_CHAT, TALK[:1], BRIEF, {"messages": MESSAGES[:1], "context": "Be brief."}),
        (TEXT, [{"parts": [{"text": "Where "}, {"text": "is it?"}]}], {}, {"prompt": "Where is it?"}),
    ],
)
def test_a_prompt_becomes_the_instance_of_its_family(
    family: PalmFamily, contents: list[dict[str, Any]], settings: dict[str, Any], instance: dict[str, Any]
) -> None:
    assert palm_request(family, contents, settings) == {"instances": [instance]}


def test_the_settings_become_parameters() -> None:
    config = {"temperature": 0, "topP": 0.9, "topK": 40, "maxOutputTokens": 256}
    assert palm_request(CHAT, TALK, {"generationConfig": config})["parameters"] == config


@pytest.mark.parametrize(
    ("family", "contents", "settings", "field"),
    [
        (TEXT, TALK, {}, "contents"),
        (CODE, TALK, {}, "contents"),
        (TEXT, TALK[:1], BRIEF, "systemInstruction"),
        (CODE, TALK[:1], BRIEF, "systemInstruction"),
        (CODE, TALK[:1], {"generationConfig": {"topK": 40}}, "generationConfig.topK"),
        (
            TEXT,
            TALK[:1],
            {"generationConfig": {"responseMimeType": "application/json"}},
            "generationConfig.responseMim",
        ),
        (TEXT, TALK[:1], {"generationConfig": {"secret \x1b": 1}}, "`generationConfig`"),
        (CHAT, [turn("a"), turn("b")], {}, "contents[1].role"),
        (CHAT, [turn("a", "model"), turn("b")], {}, "contents[0].role"),
        (CHAT, TALK, {"systemInstruction": {"parts": []}}, "systemInstruction.parts"),
        (TEXT, [{"parts": [{"inlineData": {"data": "AA=="}}]}], {}, "contents[0].parts[0]"),
        (TEXT, [{"parts": [{"text": "a"}, {"text": "b", "thought": True}]}], {}, "contents[0].parts[1]"),
        (TEXT, [turn("")], {}, "contents[0].parts"),
    ],
)
def test_what_a_family_cannot_be_asked_is_told_with_its_field(
    family: PalmFamily, contents: list[dict[str, Any]], settings: dict[str, Any], field: str
) -> None:
    with pytest.raises(Problem) as told:
        palm_request(family, contents, settings)
    assert str(told.value).startswith(f"`{field.strip('`')}")
    assert told.value.code == "prompt_palm"


def test_every_line_of_a_file_that_cannot_be_asked_is_told_until_there_are_too_many() -> None:
    expected = Expectation(Judged.EXACT, "a")
    prompts = tuple(Prompt(n, (turn("a"),), expected, BRIEF if n % 2 else {}) for n in range(1, 101))
    found = list(unaskable(TEXT, PromptFile("p.jsonl", "", prompts)))
    assert [f.source.line for f in found if f.source] == list(range(1, 40, 2))
    assert list(unaskable(CHAT, PromptFile("p.jsonl", "", prompts))) == []
