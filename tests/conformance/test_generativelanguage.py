"""google-ai-generativelanguage over REST, unchanged, manages tuned models of the emulator."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from reconciler.emulator.testing import RunningEmulator
from tests.emulator.gemini import BASE, NUMBERS

NAME = "tunedModels/next-number"
EXAMPLES = [{"text_input": asked, "output": answer} for asked, answer in NUMBERS.items()]
MODEL = {
    "display_name": "next number",
    "base_model": BASE,
    "tuning_task": {
        "hyperparameters": {"batch_size": 2, "learning_rate": 0.001, "epoch_count": 5},
        "training_data": {"examples": {"examples": EXAMPLES}},
    },
}


@dataclass(frozen=True, slots=True)
class Gemini:
    """The clients of v1beta, and the one of v1 that operations need."""

    models: Any
    permissions: Any
    answers: Any
    operations: Any
    emulator: RunningEmulator

    def create(self, model_id: str = "next-number", **fields: Any) -> Any:
        """The operation that makes a tuned model."""
        return self.models.create_tuned_model(request={"tuned_model": {**MODEL, **fields}, "tuned_model_id": model_id})

    def tuned(self, model_id: str = "next-number") -> Any:
        """What the operation ends with."""
        operation = self.create(model_id)
        self.emulator.admin.advance(60)
        return operation.result(timeout=10)


@pytest.fixture(scope="session")
def clients(rest_client: Callable[[Any, str], Any]) -> tuple[Any, Any, Any, Any]:
    from google.ai import generativelanguage_v1, generativelanguage_v1beta

    beta = [rest_client(generativelanguage_v1beta, f"{n}Service") for n in ("Model", "Permission", "Generative")]
    return beta[0], beta[1], beta[2], rest_client(generativelanguage_v1, "ModelService")


@pytest.fixture
def gemini(clients: tuple[Any, Any, Any, Any], emulator: RunningEmulator) -> Gemini:
    return Gemini(*clients, emulator)


def test_a_model_is_tuned_to_its_end(gemini: Gemini) -> None:
    operation = gemini.create()
    assert (operation.metadata.total_steps, operation.metadata.tuned_model) == (38, NAME)
    assert gemini.models.get_tuned_model(name=NAME).state.name == "CREATING"
    gemini.emulator.admin.advance(60)
    model = operation.result(timeout=10)
    assert model.state.name == "ACTIVE"
    assert operation.metadata.completed_percent == 100
    assert [s.step for s in model.tuning_task.snapshots] == list(range(1, 39))
    assert model.tuning_task.hyperparameters.learning_rate == pytest.approx(0.001)


def test_models_are_listed_page_by_page(gemini: Gemini) -> None:
    made = {gemini.create(f"model-{n}").metadata.tuned_model for n in range(12)}
    assert {model.name for model in gemini.models.list_tuned_models()} == made
    request = {"page_size": 5, "filter": "owner:me next"}
    assert {model.name for model in gemini.models.list_tuned_models(request=request)} == made


def test_a_model_is_updated_and_deleted(gemini: Gemini) -> None:
    from google.api_core.exceptions import NotFound

    gemini.tuned()
    changed = {"name": NAME, "description": "counts on", "temperature": 0.0}
    mask = {"paths": ["description", "temperature"]}
    model = gemini.models.update_tuned_model(tuned_model=changed, update_mask=mask)
    assert (model.description, model.temperature, model.display_name) == ("counts on", 0.0, "next number")
    gemini.models.delete_tuned_model(name=NAME)
    with pytest.raises(NotFound, match=f"Tuned model {NAME} does not exist"):
        gemini.models.get_tuned_model(name=NAME)


def test_permissions_are_made_listed_changed_and_taken_back(gemini: Gemini) -> None:
    gemini.create()
    given = {"grantee_type": "USER", "email_address": "reader@example.com", "role": "READER"}
    made = gemini.permissions.create_permission(parent=NAME, permission=given)
    assert gemini.permissions.get_permission(name=made.name).email_address == "reader@example.com"
    changed = gemini.permissions.update_permission(
        permission={"name": made.name, "role": "WRITER"}, update_mask={"paths": ["role"]}
    )
    assert changed.role.name == "WRITER"
    listed = gemini.permissions.list_permissions(request={"parent": NAME, "page_size": 1})
    assert [permission.role.name for permission in listed] == ["OWNER", "WRITER"]
    gemini.permissions.delete_permission(name=made.name)
    assert len(list(gemini.permissions.list_permissions(parent=NAME))) == 1


def test_a_model_is_given_away(gemini: Gemini) -> None:
    gemini.create()
    gemini.permissions.transfer_ownership(request={"name": NAME, "email_address": "next@example.com"})
    roles = {p.email_address: p.role.name for p in gemini.permissions.list_permissions(parent=NAME)}
    assert roles["next@example.com"] == "OWNER"


def test_operations_are_found_and_cancelled_on_v1(gemini: Gemini) -> None:
    gemini.create()
    [operation] = gemini.operations.list_operations({"name": NAME}).operations
    gemini.operations.cancel_operation({"name": operation.name})
    gemini.emulator.admin.advance(60)
    ended = gemini.operations.get_operation({"name": operation.name})
    assert (ended.done, ended.error.code) == (True, 1)
    assert gemini.models.get_operation({"name": operation.name}).error.code == 1


def test_a_tuned_model_answers(gemini: Gemini) -> None:
    gemini.tuned()
    answer = gemini.answers.generate_content(model=NAME, contents=[{"parts": [{"text": "nineteen"}]}])
    assert answer.candidates[0].content.parts[0].text == "twenty"
    assert answer.candidates[0].finish_reason.name == "STOP"


def test_base_models_say_whether_they_can_be_tuned(gemini: Gemini) -> None:
    models = {model.name: set(model.supported_generation_methods) for model in gemini.models.list_models()}
    assert "createTunedModel" in models[BASE]
    assert (
        "createTunedModel" not in gemini.models.get_model(name="models/gemini-2.5-flash").supported_generation_methods
    )


def test_refusals_are_the_exceptions_that_they_are_with_google(gemini: Gemini) -> None:
    from google.api_core.exceptions import BadRequest, Conflict, NotFound

    gemini.create()
    with pytest.raises(Conflict):
        gemini.create()
    with pytest.raises(NotFound, match="is not found for CREATE TUNED MODEL"):
        gemini.create("other", base_model="models/gemini-2.5-flash")
    with pytest.raises(BadRequest):
        gemini.create("Other")
