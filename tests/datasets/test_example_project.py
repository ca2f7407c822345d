"""The example project in the repository is one that a newcomer can trust."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from reconciler.catalog.load import load_catalog
from reconciler.core.address import Address
from reconciler.core.desired import Desired
from reconciler.datasets.inspect import Inspection, inspect_dataset
from reconciler.datasets.limits import check_limits
from reconciler.spec.load import load

ROOT = Path(__file__).parents[2]
DATA = ROOT / "specs" / "data"
QUEUES = {"shipping", "returns", "payment", "product", "account", "complaint", "other"}
PRIORITIES = {"low", "normal", "high", "urgent"}


@pytest.fixture(scope="module")
def desired() -> Desired:
    loaded = load(ROOT, environ={})
    assert loaded.diagnostics == ()
    return loaded.desired


def inspect(desired: Desired, name: str) -> Inspection:
    dataset = desired.datasets[Address("Dataset", name)]
    return inspect_dataset(dataset.path, dataset.format, root=desired.project.root, label=dataset.file)


def rows(file: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (DATA / file).read_text(encoding="utf-8").splitlines()]


def text(turn: dict[str, Any]) -> str:
    return "".join(part["text"] for part in turn["parts"])


def questions(file: str) -> list[str]:
    return [text(row["contents"][0]) for row in rows(file)]


@pytest.mark.parametrize(("name", "least"), [("triage-train", 160), ("triage-validation", 40), ("tone-train", 120)])
def test_each_dataset_passes_without_a_word(desired: Desired, name: str, least: int) -> None:
    found = inspect(desired, name)
    assert found.diagnostics == ()
    assert found.stats.rows >= least


@pytest.mark.parametrize(("model", "data"), [("support-triage", "triage-train"), ("reply-tone", "tone-train")])
def test_each_base_model_takes_its_data_and_is_not_retired(desired: Desired, model: str, data: str) -> None:
    catalog = load_catalog()
    body = desired.models[Address("TunedModel", model)].body
    base = catalog.find(body["baseModel"])
    assert base is not None
    assert base.takes_tunes(catalog.date)
    assert ("supervised" if "supervisedTuningSpec" in body else "preference") in base.methods
    assert check_limits(inspect(desired, data), base) == ()


def test_no_ticket_stands_there_twice() -> None:
    tickets = Counter(questions("triage_train.jsonl") + questions("triage_validation.jsonl"))
    assert [ticket for ticket, times in tickets.items() if times > 1] == []


def test_every_answer_is_one_line_of_json_with_known_words() -> None:
    for row in rows("triage_train.jsonl") + rows("triage_validation.jsonl"):
        ticket, answer = text(row["contents"][0]), json.loads(text(row["contents"][1]))
        assert list(answer) == ["queue", "priority", "language", "order"]
        assert answer["queue"] in QUEUES
        assert answer["priority"] in PRIORITIES
        assert answer["order"] is None or answer["order"] in ticket


def test_both_sets_of_tickets_know_every_queue_and_priority() -> None:
    for file in ("triage_train.jsonl", "triage_validation.jsonl"):
        answers = [json.loads(text(row["contents"][1])) for row in rows(file)]
        assert {a["queue"] for a in answers} == QUEUES
        assert {a["priority"] for a in answers} == PRIORITIES


def test_no_message_or_reply_stands_there_twice() -> None:
    texts = Counter(questions("tone_train.jsonl"))
    for row in rows("tone_train.jsonl"):
        texts.update(text(c["completion"]) for c in row["completions"])
    assert [said for said, times in texts.items() if times > 1] == []


def test_the_preferred_reply_does_not_always_come_first() -> None:
    first = Counter(row["completions"][0]["score"] for row in rows("tone_train.jsonl"))
    assert set(first) == {0, 1}
