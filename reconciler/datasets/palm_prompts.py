"""A prompt in the terms of PaLM 2, whose models are asked by `predict` and take less than `generateContent`.

Text and code models take one text and no instruction beside it, chat models a conversation of alternating authors.
Source: the pages text, text-chat, code-generation and code-chat of Vertex AI's model reference; the name of the model's
turns is what google-cloud-aiplatform sends (vertexai/language_models, MODEL_AUTHOR).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from reconciler.catalog.palm import PalmFamily
from reconciler.core.diagnostics import Diagnostic
from reconciler.core.prompts import PromptFile
from reconciler.datasets.problems import Problem
from reconciler.datasets.prompts import MOST_ERRORS, prompt_diagnostic

CODE = "prompt_palm"
AUTHORS = MappingProxyType({"user": "user", "model": "bot"})
_is_field_name = re.compile(r"[a-zA-Z_]{1,40}").fullmatch
_ANY = ("temperature", "maxOutputTokens", "candidateCount", "stopSequences")
# What each page lists, or google-cloud-aiplatform sends, of what generationConfig has under the same name. Only the
# beginning of chat-bison's list could be found.
PARAMETERS: Mapping[PalmFamily, tuple[str, ...]] = MappingProxyType(
    {
        PalmFamily.TEXT: (*_ANY, "topP", "topK", "presencePenalty", "frequencyPenalty", "seed"),
        PalmFamily.CODE: (*_ANY, "presencePenalty", "frequencyPenalty", "seed"),
        PalmFamily.CHAT: (*_ANY, "topP", "topK"),
        PalmFamily.CODE_CHAT: (*_ANY, "presencePenalty", "frequencyPenalty", "seed"),
    }
)


def palm_request(
    family: PalmFamily, contents: Sequence[Mapping[str, Any]], settings: Mapping[str, Any]
) -> dict[str, Any]:
    """The body of a `predict` that asks what `contents` and `settings` ask.

    Raises Problem, with the field, for what that family cannot be asked.
    """
    instance = _conversation(family, contents, settings) if family.is_chat else _text(family, contents, settings)
    body: dict[str, Any] = {"instances": [instance]}
    if parameters := _parameters(family, settings.get("generationConfig", {})):
        body["parameters"] = parameters
    return body


def unaskable(family: PalmFamily, file: PromptFile) -> Iterator[Diagnostic]:
    """A finding for every prompt of a file that models of that family cannot be asked; for no more than the first few.

    They are told before anything is paid for.
    """
    found = 0
    for prompt in file.prompts:
        try:
            palm_request(family, prompt.contents, prompt.settings)
        except Problem as problem:
            yield prompt_diagnostic(file.file, problem.on_line(prompt.line))
            found += 1
            if found == MOST_ERRORS:
                return


def _text(family: PalmFamily, contents: Sequence[Mapping[str, Any]], settings: Mapping[str, Any]) -> dict[str, Any]:
    if "systemInstruction" in settings:
        hint = "Put the instruction into the prompt itself, as the training data has it."
        raise Problem(CODE, f"is nothing {family} models take", path="systemInstruction", hint=hint)
    if len(contents) > 1:
        hint = "Put what was said before into the one text."
        raise Problem(CODE, f"has several turns; {family} models answer one text", path="contents", hint=hint)
    name = "prefix" if family is PalmFamily.CODE else "prompt"
    return {name: _said(contents[0], "contents[0]")}


def _conversation(
    family: PalmFamily, contents: Sequence[Mapping[str, Any]], settings: Mapping[str, Any]
) -> dict[str, Any]:
    messages = []
    for index, turn in enumerate(contents):
        role = turn.get("role", "user")
        if role != ("model" if index % 2 else "user"):
            hint = "User and model take turns; the user begins and ends."
            raise Problem(CODE, f"is out of turn for {family} models", path=f"contents[{index}].role", hint=hint)
        messages.append({"author": AUTHORS[role], "content": _said(turn, f"contents[{index}]")})
    instance: dict[str, Any] = {"messages": messages}
    if "systemInstruction" in settings:
        instance["context"] = _said(settings["systemInstruction"], "systemInstruction")
    return instance


def _said(turn: Mapping[str, Any], path: str) -> str:
    """The text of a turn; Gemini too reads several parts as one text."""
    parts = turn.get("parts")
    texts = []
    for index, part in enumerate(parts if isinstance(parts, list) else ()):
        text = part.get("text") if isinstance(part, dict) and len(part) == 1 else None
        if not isinstance(text, str):
            raise Problem(CODE, "is not plain text, and PaLM models take nothing else", path=f"{path}.parts[{index}]")
        texts.append(text)
    said = "".join(texts)
    if not said:
        raise Problem(CODE, "holds no text, and PaLM models take no empty one", path=f"{path}.parts")
    return said


def _parameters(family: PalmFamily, config: Mapping[str, Any]) -> dict[str, Any]:
    for name in config:
        if name not in PARAMETERS[family]:
            hint = f"They take {', '.join(PARAMETERS[family])}."
            path = f"generationConfig.{name}" if _is_field_name(name) else "generationConfig"
            raise Problem(CODE, f"holds what {family} models do not take", path=path, hint=hint)
    return dict(config)
