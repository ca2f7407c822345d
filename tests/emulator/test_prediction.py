"""Asking a tuned model of PaLM 2, which is done by predict."""

import json
from typing import Any

import pytest

from tests.emulator.vertex import Json, Vertex

TEMPLATES = "https://us-kfp.pkg.dev/ml-pipeline/large-language-model-pipelines/"
DATA = "gs://acme/palm.jsonl"
PAIRS = [{"input_text": f"summarise {n}", "output_text": f"number {n}"} for n in range(20)]
CHATS = [
    {"messages": [{"author": "user", "content": f"summarise {n}"}, {"author": "bot", "content": f"number {n}"}]}
    for n in range(20)
]
ASKED: dict[str, Json] = {
    "text-bison@001": {"prompt": "summarise 7"},
    "text-bison-32k@002": {"prompt": "summarise 7"},
    "code-bison@002": {"prefix": "summarise 7"},
    "chat-bison@001": {"messages": [{"author": "user", "content": "summarise 7"}], "context": "Be brief."},
    "codechat-bison@002": {"messages": [{"author": "user", "content": "summarise 7"}]},
}


def tuned(vertex: Vertex, base: str) -> str:
    """The endpoint of a model that was tuned from `base`."""
    is_chat = "chat" in base
    rows = CHATS if is_chat else PAIRS
    vertex.admin.put_object(DATA, b"\n".join(json.dumps(row).encode() for row in rows))
    template = "tune-large-chat-model" if is_chat else "tune-large-model"
    values = {
        "project": "acme-ml",
        "location": "us-central1",
        "large_model_reference": base,
        "model_display_name": "tuned",
        "dataset_uri": DATA,
        "train_steps": 30,
    }
    config = {"gcsOutputDirectory": "gs://acme/output", "parameterValues": values}
    body = {"templateUri": f"{TEMPLATES}{template}/v3.0.0", "runtimeConfig": config}
    vertex.ok("POST", "/pipelineJobs", body)
    vertex.admin.advance(60)
    [model] = vertex.ok("GET", "/models")["models"]
    name: str = model["deployedModels"][0]["endpoint"]
    return name


def asking(instance: Json, **parameters: Any) -> Json:
    return {"instances": [instance], "parameters": parameters}


@pytest.mark.parametrize("base", ASKED)
def test_every_family_is_asked_and_answers_in_its_own_shape(vertex: Vertex, base: str) -> None:
    [said] = vertex.ok("POST", f"{tuned(vertex, base)}:predict", asking(ASKED[base], temperature=0))["predictions"]
    if "chat" in base:
        assert said["candidates"][0]["content"] == "number 7"
        assert said["safetyAttributes"][0]["blocked"] is False
    else:
        assert said["content"] == "number 7"
        assert said["safetyAttributes"]["blocked"] is False


def test_the_answer_says_which_model_gave_it_and_counts_tokens(vertex: Vertex) -> None:
    endpoint = tuned(vertex, "text-bison@001")
    answer = vertex.ok("POST", f"{endpoint}:predict", asking({"prompt": "summarise 7"}))
    [deployed] = vertex.get(endpoint)["deployedModels"]
    assert answer["deployedModelId"] == deployed["id"]
    assert f"{answer['model']}@{answer['modelVersionId']}" == deployed["model"]
    counted = answer["metadata"]["tokenMetadata"]
    assert counted["inputTokenCount"] == {"totalTokens": 3, "totalBillableCharacters": 10}
    assert counted["outputTokenCount"] == {"totalTokens": 2, "totalBillableCharacters": 7}


def test_what_google_s_python_client_sends_is_understood(vertex: Vertex) -> None:
    asked = asking({"content": "summarise 7"}, maxDecodeSteps=1)
    [said] = vertex.ok("POST", f"{tuned(vertex, 'text-bison@001')}:predict", asked)["predictions"]
    assert said["content"] == "numb"


@pytest.mark.parametrize("method", ["generateContent", "streamGenerateContent"])
def test_generate_content_is_refused(vertex: Vertex, method: str) -> None:
    body = {"contents": [{"role": "user", "parts": [{"text": "summarise 7"}]}]}
    vertex.refused(400, "FAILED_PRECONDITION", "POST", f"{tuned(vertex, 'text-bison@001')}:{method}", body)


def test_a_tuned_gemini_model_is_not_asked_by_predict(vertex: Vertex) -> None:
    endpoint = vertex.tuned()["tunedModel"]["endpoint"]
    asked = asking({"prompt": "what is 17"})
    vertex.refused(400, "FAILED_PRECONDITION", "POST", f"{endpoint}:predict", asked)


@pytest.mark.parametrize(
    ("base", "body"),
    [
        ("text-bison@001", {"instances": []}),
        ("text-bison@001", asking({"prefix": "a"})),
        ("text-bison@001", asking({"prompt": ""})),
        ("text-bison@001", {"instances": ["a"]}),
        ("text-bison@001", asking({"prompt": "a"}, temperature=1.5)),
        ("text-bison@001", asking({"prompt": "a"}, topK=0)),
        ("text-bison@001", asking({"prompt": "a"}, maxOutputTokens="many")),
        ("text-bison@001", {"instances": [{"prompt": "a"}], "parameters": [1]}),
        ("code-bison@001", asking({"prompt": "a"})),
        ("chat-bison@001", asking({"prompt": "a"})),
        ("chat-bison@001", asking({"messages": [{"role": "user", "content": "a"}]})),
        ("chat-bison@001", asking({"messages": [{"author": "user", "content": "a"}] * 2})),
        ("chat-bison@001", asking({"messages": [{"author": "user", "content": "a"}], "context": {"a": 1}})),
    ],
)
def test_what_the_family_does_not_take_is_refused(vertex: Vertex, base: str, body: Json) -> None:
    vertex.refused(400, "INVALID_ARGUMENT", "POST", f"{tuned(vertex, base)}:predict", body)
