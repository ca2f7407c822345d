"""Prompts for tuned PaLM models, which are asked by predict."""

from __future__ import annotations

import json

import httpx
import pytest

from tests.e2e.workshop import jsonl
from tests.gates.conftest import ADDRESS, Gated

TEMPLATES = "https://us-kfp.pkg.dev/ml-pipeline/large-language-model-pipelines/"
ASK = {"prompt": "Shorten: long text 7", "expect": {"exact": "Short 7"}}
TALK = {
    "contents": [
        {"role": "user", "parts": [{"text": "Good day"}]},
        {"role": "model", "parts": [{"text": "Good day!"}]},
        {"role": "user", "parts": [{"text": "Shorten: long text 7"}]},
    ],
    "systemInstruction": {"parts": [{"text": "Be brief."}]},
    "expect": {"exact": "Short 7"},
}


def bison(workshop: Gated, base: str) -> None:
    """A spec of a PaLM model with prompts as its gate, and its data in a bucket."""
    is_chat = "chat" in base
    asked = [(f"Shorten: long text {i}", f"Short {i}") for i in range(20)]
    rows = [
        {"messages": [{"author": "user", "content": said}, {"author": "bot", "content": answer}]}
        if is_chat
        else {"input_text": said, "output_text": answer}
        for said, answer in asked
    ]
    bucket = f"{workshop.name}-palm"
    httpx.post(f"{workshop.url}/storage/v1/b", params={"project": "acme-ml"}, json={"name": bucket})
    workshop.put_object(bucket, "rows.jsonl", jsonl(rows))
    workshop.write(
        "specs/triage.yaml",
        f"""\
apiVersion: tuneform/v1
kind: TunedModel
metadata: {{name: triage}}
spec:
  palm:
    location: us-central1
    templateUri: {TEMPLATES}{"tune-large-chat-model" if is_chat else "tune-large-model"}/v3.0.0
    runtimeConfig:
      gcsOutputDirectory: gs://{bucket}/palm
      parameterValues: {{large_model_reference: {base}, train_steps: 3, dataset_uri: gs://{bucket}/rows.jsonl}}
  gates:
    prompts: {{file: prompts.jsonl}}
""",
    )


@pytest.mark.parametrize(
    ("base", "prompt"),
    [("text-bison@001", ASK), ("code-bison@002", ASK), ("chat-bison@001", TALK), ("codechat-bison@002", TALK)],
)
def test_a_palm_model_that_answers_as_expected_serves(workshop: Gated, base: str, prompt: dict[str, object]) -> None:
    workshop.prompts({**prompt, "generationConfig": {"temperature": 0, "maxOutputTokens": 64}})
    bison(workshop, base)
    workshop.apply("--allow-retired", "--wait")
    assert workshop.serving() == 1
    sent = [r["path"] for r in workshop.requests()["requests"]]
    assert sum(path.endswith(":predict") for path in sent) == 1
    assert workshop.generated() == 0


def test_a_palm_model_that_answers_otherwise_does_not_serve(workshop: Gated) -> None:
    workshop.prompts({**ASK, "expect": {"exact": "something else"}})
    bison(workshop, "text-bison@001")
    done = workshop.apply("--allow-retired", "--wait", expect=3)
    assert "0 of 1 prompts answered as expected" in done.stdout
    assert workshop.actions("--allow-retired") == {ADDRESS: "hold"}


def test_a_prompt_that_a_family_cannot_be_asked_is_told_before_anything_is_sent(workshop: Gated) -> None:
    workshop.write("prompts.jsonl", json.dumps(ASK) + "\n" + json.dumps(TALK) + "\n")
    bison(workshop, "text-bison@001")
    workshop.forget_requests()
    for command in (["validate"], ["plan"], ["apply", "--auto-approve", "--allow-retired"]):
        told = workshop.run(*command, expect=1)
        assert "prompts.jsonl:2" in told.stderr
        assert "`systemInstruction` is nothing text-bison models take" in told.stderr
    assert workshop.requests()["requests"] == []


def test_prompts_for_a_model_that_nobody_knows_how_to_ask_are_an_error_of_the_spec(workshop: Gated) -> None:
    workshop.prompts(ASK)
    bison(workshop, "text-unicorn@001")
    told = workshop.run("validate", expect=1)
    assert "specs/triage.yaml:12" in told.stderr
    assert "nothing is known of text-unicorn@001" in told.stderr
