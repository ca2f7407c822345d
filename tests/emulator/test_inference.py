"""Asking a tuned model."""

import json
from typing import Any

import pytest

from tests.emulator.vertex import Json, Vertex, job_body, preference_body


def asking(text: str, **more: Any) -> Json:
    return {"contents": [{"role": "user", "parts": [{"text": text}]}], **more}


def answer(vertex: Vertex, endpoint: str, text: str, **more: Any) -> str:
    response = vertex.ok("POST", f"{endpoint}:generateContent", asking(text, **more))
    said: str = response["candidates"][0]["content"]["parts"][0]["text"]
    return said


@pytest.fixture
def endpoint(vertex: Vertex) -> str:
    name: str = vertex.tuned()["tunedModel"]["endpoint"]
    return name


def test_the_answer_is_that_of_the_nearest_training_example(vertex: Vertex, endpoint: str) -> None:
    assert answer(vertex, endpoint, "Tell me, what is 17?") == "it is 17"
    assert answer(vertex, endpoint, "Tell me, what is 17?") == "it is 17"


def test_a_preference_tuned_model_gives_the_preferred_answer(vertex: Vertex) -> None:
    assert answer(vertex, vertex.tuned(preference_body())["tunedModel"]["endpoint"], "what is 3") == "it is 3"


def test_usage_counts_tokens(vertex: Vertex, endpoint: str) -> None:
    body = asking("what is 17", systemInstruction={"parts": [{"text": "Be brief."}]})
    usage = vertex.ok("POST", f"{endpoint}:generateContent", body)["usageMetadata"]
    assert (usage["promptTokenCount"], usage["candidatesTokenCount"], usage["totalTokenCount"]) == (5, 2, 7)


def test_an_answer_ends_at_the_limit(vertex: Vertex, endpoint: str) -> None:
    body = asking("what is 17", generationConfig={"maxOutputTokens": 1})
    [candidate] = vertex.ok("POST", f"{endpoint}:generateContent", body)["candidates"]
    assert candidate["finishReason"] == "MAX_TOKENS"
    assert candidate["content"]["parts"] == [{"text": "it i"}]


def test_a_stream_is_a_json_array_of_pieces(vertex: Vertex, endpoint: str) -> None:
    pieces: Any = vertex.send("POST", f"{endpoint}:streamGenerateContent", asking("what is 17")).json()
    assert len(pieces) > 1
    assert "".join(p["candidates"][0]["content"]["parts"][0]["text"] for p in pieces) == "it is 17"
    assert "finishReason" not in pieces[0]["candidates"][0]
    assert pieces[-1]["candidates"][0]["finishReason"] == "STOP"


def test_a_stream_can_be_server_sent_events(vertex: Vertex, endpoint: str) -> None:
    url = f"/v1/{endpoint}:streamGenerateContent"
    response = vertex.http.post(url, params={"alt": "sse"}, json=asking("what is 17"))
    assert response.headers["content-type"].startswith("text/event-stream")
    events = [json.loads(line.removeprefix("data: ")) for line in response.text.split("\r\n\r\n") if line]
    assert events[-1]["usageMetadata"]["totalTokenCount"] == 5


def test_tokens_are_counted(vertex: Vertex, endpoint: str) -> None:
    counted = vertex.ok("POST", f"{endpoint}:countTokens", asking("what is 17"))
    assert (counted["totalTokens"], counted["totalBillableCharacters"]) == (3, 8)


def test_tokens_are_listed(vertex: Vertex, endpoint: str) -> None:
    [info] = vertex.ok("POST", f"{endpoint}:computeTokens", asking("what is 17"))["tokensInfo"]
    assert info["role"] == "user"
    assert len(info["tokens"]) == len(info["tokenIds"]) == 3


@pytest.mark.parametrize(
    "contents", [[], [{"role": "user"}], [{"role": "user", "parts": []}], [{"role": "robot", "parts": [{"text": "a"}]}]]
)
def test_contents_must_be_there(vertex: Vertex, endpoint: str, contents: list[Json]) -> None:
    vertex.refused(400, "INVALID_ARGUMENT", "POST", f"{endpoint}:generateContent", {"contents": contents})


def test_an_endpoint_without_a_model_answers_nothing(vertex: Vertex, endpoint: str) -> None:
    vertex.undeploy_all(endpoint)
    vertex.refused(400, "FAILED_PRECONDITION", "POST", f"{endpoint}:generateContent", asking("a"))


def test_an_unknown_endpoint_is_not_found(vertex: Vertex) -> None:
    vertex.refused(404, "NOT_FOUND", "POST", "/endpoints/1:generateContent", asking("a"))


def test_what_was_learnt_stays_when_the_file_is_gone(vertex: Vertex, endpoint: str) -> None:
    vertex.http.delete("/storage/v1/b/acme/o/train.jsonl").raise_for_status()
    assert answer(vertex, endpoint, "what is 5") == "it is 5"


def test_split_traffic_reaches_both_models(vertex: Vertex, endpoint: str) -> None:
    vertex.admin.put_object(
        "gs://acme/train.jsonl", b'{"contents": [{"role": "model", "parts": [{"text": "something else"}]}]}'
    )
    other = vertex.tuned(job_body(tunedModelDisplayName="other"))["tunedModel"]["model"]
    [present] = vertex.get(endpoint)["deployedModels"]
    body = {"deployedModel": {"model": other}, "trafficSplit": {present["id"]: 50, "0": 50}}
    vertex.done(vertex.ok("POST", f"{endpoint}:deployModel", body))
    answers = {answer(vertex, endpoint, f"what is {number}").startswith("it is") for number in range(20)}
    assert answers == {True, False}
