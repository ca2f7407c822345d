"""Rows for supervised tuning: a conversation that ends with the answer to learn."""

from __future__ import annotations

from typing import Any

import msgspec

from reconciler.datasets.decoding import Row, RowDecoder, one_spelling
from reconciler.datasets.plain import plain_supervised
from reconciler.datasets.problems import Warn
from reconciler.datasets.tokens import weigh_json
from reconciler.datasets.turns import Content, check_instruction, check_turns


class SupervisedRow(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """`{"systemInstruction": {…}, "contents": […], "tools": […]}`, in camelCase or snake_case."""

    contents: list[Content]
    system_instruction: Content | None = msgspec.field(name="systemInstruction", default=None)
    system_instruction_snake: Content | None = msgspec.field(name="system_instruction", default=None)
    tools: list[dict[str, Any]] | None = None
    tool_config: Any = msgspec.field(name="toolConfig", default=None)
    tool_config_snake: Any = msgspec.field(name="tool_config", default=None)
    generation_config: Any = msgspec.field(name="generationConfig", default=None)
    generation_config_snake: Any = msgspec.field(name="generation_config", default=None)
    safety_settings: Any = msgspec.field(name="safetySettings", default=None)
    safety_settings_snake: Any = msgspec.field(name="safety_settings", default=None)
    labels: Any = None


_decode = RowDecoder(SupervisedRow)


def check_supervised(line: bytes, warn: Warn) -> Row:
    """Checks one row; all of its text is billed. Raises Problem."""
    if plain := plain_supervised(line):
        return Row(plain, plain)
    return check_any_supervised(line, warn)


def check_any_supervised(line: bytes, warn: Warn) -> Row:
    """The full check of a row. Raises Problem."""
    row = _decode(line, warn)
    turns = check_turns(row.contents, "model", warn)
    weight = turns.weight + check_instruction(row.system_instruction, row.system_instruction_snake, warn)
    if row != SupervisedRow(row.contents, row.system_instruction):
        weight += _weigh_settings(row)
    return Row(weight, weight, turns.multimodal)


def _weigh_settings(row: SupervisedRow) -> int:
    one_spelling(row.tool_config, row.tool_config_snake, "toolConfig")
    one_spelling(row.generation_config, row.generation_config_snake, "generationConfig")
    one_spelling(row.safety_settings, row.safety_settings_snake, "safetySettings")
    return weigh_json(row.tools) if row.tools else 0
