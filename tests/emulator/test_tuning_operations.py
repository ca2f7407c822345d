"""How a tuned model of the Gemini API comes to be: its operation, progress, failure, cancelling."""

import pytest

from reconciler.emulator.options import Options
from reconciler.emulator.testing import RunningEmulator
from tests.emulator.gemini import Gemini, model_body

NAME = "tunedModels/next-number"


def failing(fate: str) -> str:
    return f"emulator-outcome: {fate}"


@pytest.mark.parametrize("version", ["v1", "v1beta"])
def test_progress_is_read_from_the_operation(gemini: Gemini, version: str) -> None:
    operation = gemini.create()
    gemini.admin.advance(10)
    metadata = gemini.get(operation["name"], version=version)["metadata"]
    assert metadata["completedSteps"] >= 19
    assert metadata["completedPercent"] == pytest.approx(100 * metadata["completedSteps"] / 38, rel=1e-6)
    assert len(metadata["snapshots"]) == metadata["completedSteps"]


def test_a_snapshot_has_its_step_epoch_loss_and_time(gemini: Gemini) -> None:
    snapshots = gemini.tuned()["tuningTask"]["snapshots"]
    assert [s["step"] for s in snapshots] == list(range(1, 39))
    assert [s.get("epoch", 0) for s in snapshots] == [step * 2 // 15 for step in range(1, 39)]
    assert snapshots[0]["meanLoss"] > snapshots[-1]["meanLoss"] > 0
    assert snapshots[0]["computeTime"] < snapshots[-1]["computeTime"]


def test_zeros_are_left_out(gemini: Gemini) -> None:
    assert "epoch" not in gemini.tuned()["tuningTask"]["snapshots"][0]


def test_the_operation_ends_with_the_model(gemini: Gemini) -> None:
    operation = gemini.create()
    gemini.admin.advance(60)
    ended = gemini.get(operation["name"], version="v1")
    assert ended["done"] is True
    tuned = {"@type": "type.googleapis.com/google.ai.generativelanguage.v1beta.TunedModel"} | gemini.get(NAME)
    assert ended["response"] == tuned


def test_a_lost_operation_is_found_by_listing(gemini: Gemini) -> None:
    operation = gemini.create()
    [found] = gemini.get(f"{NAME}/operations", version="v1")["operations"]
    assert found["name"] == operation["name"]


def test_an_unknown_operation_is_not_found(gemini: Gemini) -> None:
    gemini.create()
    gemini.refused(404, "NOT_FOUND", "GET", f"{NAME}/operations/abc", version="v1")


@pytest.mark.parametrize(("fate", "code"), [("fail-internal", 13), ("fail-data", 3)])
def test_only_the_operation_says_why_a_model_failed(gemini: Gemini, fate: str, code: int) -> None:
    operation = gemini.create(body=model_body(description=failing(fate)))
    gemini.admin.advance(60)
    model = gemini.get(NAME)
    assert model["state"] == "FAILED"
    assert "error" not in model
    assert gemini.get(operation["name"])["error"]["code"] == code


def test_cancelling_works_on_v1_alone(gemini: Gemini) -> None:
    operation = gemini.create()
    assert gemini.send("POST", f"{operation['name']}:cancel", {}, version="v1beta").status_code == 404
    assert gemini.ok("POST", f"{operation['name']}:cancel", {}, version="v1") == {}


def test_a_cancelled_model_is_left_and_its_operation_says_so(gemini: Gemini) -> None:
    operation = gemini.create()
    gemini.admin.advance(10)
    gemini.ok("POST", f"{operation['name']}:cancel", {}, version="v1")
    gemini.admin.advance(1)
    ended = gemini.get(operation["name"], version="v1")
    assert (ended["done"], ended["error"]["code"]) == (True, 1)
    assert ended["metadata"]["completedSteps"] < 38
    assert gemini.get(NAME)["state"] == "ACTIVE"


def test_a_cancelled_model_can_be_made_to_fail() -> None:
    options = Options(cancelled_tuned_model="FAILED")
    with RunningEmulator(options) as emulator, Gemini(emulator) as gemini:
        operation = gemini.create()
        gemini.ok("POST", f"{operation['name']}:cancel", {}, version="v1")
        gemini.admin.advance(1)
        assert gemini.get(NAME)["state"] == "FAILED"


def test_a_cancel_may_come_too_late(gemini: Gemini) -> None:
    operation = gemini.create(body=model_body(description=failing("cancel-race")))
    gemini.ok("POST", f"{operation['name']}:cancel", {}, version="v1")
    gemini.admin.advance(60)
    assert "error" not in gemini.get(operation["name"])


def test_deleting_a_model_ends_its_training(gemini: Gemini) -> None:
    operation = gemini.create()
    gemini.ok("DELETE", NAME)
    gemini.refused(404, "NOT_FOUND", "GET", operation["name"], version="v1")
    gemini.admin.advance(60)
    assert gemini.names() == []


def test_the_next_number_comes_from_the_examples(gemini: Gemini) -> None:
    name = gemini.tuned()["name"]
    assert [gemini.ask(name, text) for text in ("nineteen", "-5", "5")] == ["twenty", "-4", "-4"]
    assert gemini.ask(name, "nineteen", version="v1") == "twenty"


def test_a_model_that_is_not_ready_does_not_answer(gemini: Gemini) -> None:
    gemini.create()
    body = {"contents": [{"parts": [{"text": "1"}]}]}
    gemini.refused(400, "FAILED_PRECONDITION", "POST", f"{NAME}:generateContent", body)


@pytest.mark.parametrize(
    "extra",
    [
        {"systemInstruction": {"parts": [{"text": "be brief"}]}},
        {"generationConfig": {"responseMimeType": "application/json"}},
        {"contents": [{"parts": [{"text": "x" * 40_001}]}]},
        {"contents": []},
    ],
)
def test_what_tuned_models_cannot_do(gemini: Gemini, extra: dict[str, object]) -> None:
    gemini.tuned()
    body = {"contents": [{"parts": [{"text": "1"}]}], **extra}
    gemini.refused(400, "INVALID_ARGUMENT", "POST", f"{NAME}:generateContent", body)


def test_answers_come_in_a_stream(gemini: Gemini) -> None:
    gemini.tuned()
    body = {"contents": [{"parts": [{"text": "four hundred"}]}]}
    answer = gemini.http.post(f"/v1beta/{NAME}:streamGenerateContent?alt=sse", json=body)
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.text.count("data: ") == 3


def test_base_models_say_whether_they_can_be_tuned(gemini: Gemini) -> None:
    models = gemini.get("models")["models"]
    tunable = {m["name"] for m in models if "createTunedModel" in m["supportedGenerationMethods"]}
    assert tunable == {"models/gemini-1.0-pro-001", "models/gemini-1.5-flash-001-tuning"}
    assert gemini.get("models/gemini-2.5-flash", version="v1")["displayName"] == "Gemini 2.5 Flash"
    gemini.refused(404, "NOT_FOUND", "GET", "models/none")
