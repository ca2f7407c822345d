"""Asking a tuned PaLM model: what is sent, and what its answers become."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from reconciler.applying.gates.prompt_gate import text_of
from reconciler.core.state import Version, VersionStatus
from reconciler.datasets.problems import Problem
from reconciler.errors import CloudError
from reconciler.providers.palm.provider import PalmProvider
from tests.cloud.scripted import Act, Received, ScriptedServer, reply
from tests.providers.conftest import LABEL, Quick, client_for
from tests.providers.pipeline_api import ENDPOINT

HELLO = [{"role": "user", "parts": [{"text": "Hello"}]}]
HARMLESS = {"blocked": False, "categories": [], "scores": []}
BLOCKED = {"blocked": True, "errors": [220]}


@dataclass
class Here:
    server: ScriptedServer
    provider: PalmProvider
    answer: dict[str, Any]

    def says(self, **prediction: Any) -> None:
        self.answer["predictions"] = [prediction]


@pytest.fixture
def here() -> Iterator[Here]:
    answer: dict[str, Any] = {}

    def script(_: Received) -> Act:
        return reply(answer)

    with ScriptedServer(script) as server, client_for(server.port, Quick()) as client:
        yield Here(server, PalmProvider(client, LABEL), answer)


def tuned(base: str) -> Version:
    body = {"runtimeConfig": {"parameterValues": {"large_model_reference": base}}}
    return Version(1, VersionStatus.READY, "", body, "", endpoint=ENDPOINT)


def test_a_text_model_is_asked_by_predict(here: Here) -> None:
    here.says(content="Hi!", safetyAttributes=HARMLESS)
    answer = here.provider.generate(tuned("text-bison@001"), HELLO, {"generationConfig": {"temperature": 0}})
    assert text_of(answer) == ("Hi!", "")
    (sent,) = here.server.received
    assert (sent.method, sent.path) == ("POST", f"/v1/{ENDPOINT}:predict")
    assert sent.json() == {"instances": [{"prompt": "Hello"}], "parameters": {"temperature": 0}}


def test_a_chat_model_answers_with_candidates(here: Here) -> None:
    here.says(candidates=[{"author": "1", "content": "Hi!"}], safetyAttributes=[HARMLESS])
    assert text_of(here.provider.generate(tuned("codechat-bison@002"), HELLO)) == ("Hi!", "")


@pytest.mark.parametrize(
    ("base", "prediction"),
    [
        ("text-bison@001", {"content": "I cannot help with that.", "safetyAttributes": BLOCKED}),
        ("code-bison@001", {"content": "", "safetyAttributes": BLOCKED}),
        ("chat-bison@001", {"candidates": [{"content": "I cannot help."}], "safetyAttributes": [BLOCKED]}),
        ("chat-bison@001", {"candidates": [], "safetyAttributes": [BLOCKED]}),
    ],
)
def test_what_google_blocked_is_no_answer(here: Here, base: str, prediction: dict[str, Any]) -> None:
    here.says(**prediction)
    assert text_of(here.provider.generate(tuned(base), HELLO)) == ("", "no answer (SAFETY)")


@pytest.mark.parametrize("base", ["text-bison@001", "chat-bison@001"])
@pytest.mark.parametrize(
    "predictions",
    [
        None,
        [],
        [3],
        "text",
        [{}],
        [{"content": 3, "safetyAttributes": 3}],
        [{"candidates": {}, "safetyAttributes": {}}],
        [{"candidates": [None], "safetyAttributes": [None]}],
    ],
)
def test_an_answer_of_another_shape_is_no_answer(here: Here, base: str, predictions: Any) -> None:
    here.answer["predictions"] = predictions
    assert text_of(here.provider.generate(tuned(base), HELLO)) == ("", "no answer (no candidates)")


def test_a_prompt_that_the_family_cannot_be_asked_is_not_sent(here: Here) -> None:
    with pytest.raises(Problem, match="systemInstruction"):
        here.provider.generate(tuned("text-bison@001"), HELLO, {"systemInstruction": {"parts": [{"text": "a"}]}})
    assert here.server.received == []


def test_a_model_of_an_unknown_family_is_not_asked(here: Here) -> None:
    with pytest.raises(CloudError, match="nothing is known of how text-unicorn@001 is asked"):
        here.provider.generate(tuned("text-unicorn@001"), HELLO)
    assert here.server.received == []
