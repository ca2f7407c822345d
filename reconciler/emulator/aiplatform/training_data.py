"""Reading a tuning dataset: is every row well formed, how many tokens are in it, and what does it teach?

A token is four characters here.
"""

import hashlib
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from reconciler.emulator.answers import parts_text

MAX_TOKENS_PER_EXAMPLE = 131_072
BATCH = 8
# Answers are looked up among this many examples; more would only cost memory.
EXAMPLES_KEPT = 5_000
ROLES = ("user", "model", "function", "tool")


@dataclass(slots=True)
class TrainingData:
    """One dataset, read. Counts are tokens by row. `examples` are pairs of prompt and answer.

    `error` says what is wrong with the first malformed row; then the rest is incomplete.
    """

    digest: str
    rows: int = 0
    input_tokens: list[int] = field(default_factory=list)
    output_tokens: list[int] = field(default_factory=list)
    messages: list[int] = field(default_factory=list)
    billable_tokens: int = 0
    truncated: int = 0
    examples: list[tuple[str, str]] = field(default_factory=list)
    error: str = ""

    def steps(self, epochs: int) -> int:
        """How many steps a run of `epochs` takes."""
        return max(1, math.ceil(self.rows / BATCH)) * epochs


class RowError(Exception):
    """What is wrong with one row."""


@dataclass(frozen=True, slots=True)
class Row:
    """What one row holds. Lengths are in characters."""

    prompt: str
    answer: str
    messages: int
    inputs: int
    outputs: int
    billable: int


def read_training_data(content: bytes, method: str) -> TrainingData:
    """Read a whole JSONL file. `method` is a key of ROW_READERS. Never raises: see `TrainingData.error`."""
    data = TrainingData(digest(content, method))
    read = ROW_READERS[method]
    for number, line in enumerate(content.splitlines(), 1):
        if line.strip():
            try:
                _add(data, read(_object(line)))
            except RowError as error:
                data.error = f"Dataset validation failed. Row: {number}. {error}"
                return data
    if not data.rows:
        data.error = "Dataset validation failed. The dataset is empty."
    return data


def digest(content: bytes, method: str) -> str:
    """By which `TrainingData` is known."""
    return hashlib.blake2b(method.encode() + b"\0" + content, digest_size=16).hexdigest()


def data_stats(data: TrainingData, method: str, epochs: int) -> dict[str, Any]:
    """`TuningJob.tuningDataStats` for a run of `epochs`."""
    stats: dict[str, Any] = {
        "tuningDatasetExampleCount": str(data.rows),
        "totalBillableTokenCount": str(data.billable_tokens),
        "tuningStepCount": str(data.steps(epochs)),
        "userInputTokenDistribution": distribution(data.input_tokens),
        "userOutputTokenDistribution": distribution(data.output_tokens),
    }
    if method == "preference":
        stats["scoresDistribution"] = distribution([0, 1] * data.rows)
        stats["scoreVariancePerExampleDistribution"] = distribution([0.25] * data.rows)
        return {"preferenceOptimizationDataStats": stats}
    stats["totalTruncatedExampleCount"] = str(data.truncated)
    stats["userMessagePerExampleDistribution"] = distribution(data.messages)
    return {"supervisedTuningDataStats": stats}


def distribution(values: Sequence[float]) -> dict[str, Any]:
    """A DatasetDistribution; empty for no values."""
    if not values:
        return {}
    ordered = sorted(values)
    low, high = ordered[0], ordered[-1]
    width = (high - low) / 10 or 1
    counts = [0] * 10
    for value in ordered:
        counts[min(9, int((value - low) / width))] += 1
    return {
        "sum": sum(ordered),
        "min": low,
        "max": high,
        "mean": sum(ordered) / len(ordered),
        "median": _percentile(ordered, 50),
        "p5": _percentile(ordered, 5),
        "p95": _percentile(ordered, 95),
        "buckets": [
            {"count": count, "left": low + width * place, "right": low + width * (place + 1)}
            for place, count in enumerate(counts)
            if count
        ],
    }


def _percentile(ordered: Sequence[float], percent: int) -> float:
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]


def _add(data: TrainingData, row: Row) -> None:
    data.rows += 1
    inputs, outputs = math.ceil(row.inputs / 4), math.ceil(row.outputs / 4)
    data.input_tokens.append(inputs)
    data.output_tokens.append(outputs)
    data.messages.append(row.messages)
    data.billable_tokens += math.ceil(row.billable / 4)
    data.truncated += inputs + outputs > MAX_TOKENS_PER_EXAMPLE
    if len(data.examples) < EXAMPLES_KEPT:
        data.examples.append((row.prompt, row.answer))


def _object(line: bytes) -> dict[str, Any]:
    try:
        row = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise RowError(f"The row is not valid JSON: {error}.") from None
    if not isinstance(row, dict):
        raise RowError("The row is not a JSON object.")
    return row


def _supervised_row(row: dict[str, Any]) -> Row:
    contents = _contents(row)
    if contents[-1][0] != "model":
        raise RowError("The last content must have the role model.")
    inputs = len(_system(row)) + sum(len(text) for role, text in contents if role != "model")
    outputs = sum(len(text) for role, text in contents if role == "model")
    return Row(_last_user(contents), contents[-1][1], len(contents), inputs, outputs, inputs + outputs)


def _preference_row(row: dict[str, Any]) -> Row:
    contents = _contents(row)
    if contents[-1][0] != "user":
        raise RowError("The last content must have the role user.")
    completions = row.get("completions")
    if not isinstance(completions, list) or len(completions) != 2:
        raise RowError("There must be exactly two completions.")
    by_score = dict(_completion(part) for part in completions)
    if set(by_score) != {0, 1}:
        raise RowError("One completion must have score 1 and the other score 0.")
    inputs = len(_system(row)) + sum(len(text) for _, text in contents)
    outputs = sum(len(text) for text in by_score.values())
    return Row(_last_user(contents), by_score[1], len(contents), inputs, outputs, 2 * inputs + outputs)


def _pair_row(row: dict[str, Any]) -> Row:
    for name in ("input_text", "output_text"):
        if not isinstance(row.get(name), str) or not row[name]:
            raise RowError(f"Field {name} is missing or empty.")
    asked, answer = row["input_text"], row["output_text"]
    return Row(asked, answer, 2, len(asked), len(answer), len(asked) + len(answer))


def _chat_row(row: dict[str, Any]) -> Row:
    turns = row.get("messages")
    if not isinstance(turns, list) or len(turns) < 2:
        raise RowError("Field messages is missing or has less than two turns.")
    texts = [_said(turn) for turn in turns]
    context = row.get("context", "")
    if not isinstance(context, str):
        raise RowError("Field context must be text.")
    length = len(context) + sum(map(len, texts))
    return Row(texts[-2], texts[-1], len(texts), length - len(texts[-1]), len(texts[-1]), length)


def _said(turn: Any) -> str:
    """What one turn of a chat says."""
    if not isinstance(turn, dict) or not all(isinstance(turn.get(n), str) and turn[n] for n in ("author", "content")):
        raise RowError("A message must have an author and content.")
    text: str = turn["content"]
    return text


def _completion(part: Any) -> tuple[float, str]:
    if not isinstance(part, dict) or not isinstance(part.get("score"), int | float) or isinstance(part["score"], bool):
        raise RowError("A completion must be an object with a score.")
    role, text = _content(part.get("completion"))
    if role != "model":
        raise RowError("A completion must have the role model.")
    return part["score"], text


def _contents(row: dict[str, Any]) -> list[tuple[str, str]]:
    contents = row.get("contents")
    if not isinstance(contents, list) or not contents:
        raise RowError("Field contents is missing or empty.")
    return [_content(content) for content in contents]


def _content(content: Any) -> tuple[str, str]:
    """Role and text. A content without a role is the user's (function responses often have none)."""
    if not isinstance(content, dict):
        raise RowError("A content must be an object.")
    role = content.get("role") or "user"
    if role not in ROLES:
        raise RowError(f"Unknown role {str(role)[:50]!r}; use user or model.")
    parts = content.get("parts")
    if not isinstance(parts, list) or not parts or not all(isinstance(part, dict) and part for part in parts):
        raise RowError("A content must have a list of parts that are not empty.")
    return role, parts_text(parts)


def _system(row: dict[str, Any]) -> str:
    system = row.get("systemInstruction", row.get("system_instruction"))
    if system is None:
        return ""
    if not isinstance(system, dict) or not isinstance(system.get("parts"), list):
        raise RowError("The system instruction must be an object with parts.")
    return parts_text(system["parts"])


def _last_user(contents: list[tuple[str, str]]) -> str:
    return next((text for role, text in reversed(contents) if role == "user"), contents[0][1])


ROW_READERS: dict[str, Callable[[dict[str, Any]], Row]] = {
    "supervised": _supervised_row,
    "preference": _preference_row,
    "pairs": _pair_row,
    "chats": _chat_row,
}
