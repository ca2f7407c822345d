"""Tuned models of the Gemini API: what create accepts, what is shown, what can be changed."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.emulator.gemini import BASE, NUMBERS, Gemini, Json, examples, model_body

NAME = "tunedModels/next-number"


@pytest.mark.parametrize(("batch_size", "steps"), [(2, 38), (4, 19)])
def test_steps_are_the_epochs_over_fifteen_examples_in_batches(gemini: Gemini, batch_size: int, steps: int) -> None:
    operation = gemini.create(body=model_body({"batchSize": batch_size, "epochCount": 5}))
    assert operation["metadata"]["totalSteps"] == steps


def test_create_answers_at_once_with_the_operation(gemini: Gemini) -> None:
    operation = gemini.create()
    assert operation["name"].startswith(f"{NAME}/operations/")
    assert operation["metadata"] == {
        "@type": "type.googleapis.com/google.ai.generativelanguage.v1beta.CreateTunedModelMetadata",
        "totalSteps": 38,
        "tunedModel": NAME,
    }
    assert "done" not in operation


def test_the_model_can_be_read_while_it_is_made(gemini: Gemini) -> None:
    gemini.create()
    assert gemini.get(NAME)["state"] == "CREATING"


def test_training_data_never_comes_back(gemini: Gemini) -> None:
    assert "trainingData" not in gemini.tuned()["tuningTask"]


def test_sampling_is_filled_in_from_the_base_model(gemini: Gemini) -> None:
    model = gemini.tuned(body=model_body(baseModel="models/gemini-1.5-flash-001-tuning"))
    assert (model["temperature"], model["topP"], model["topK"]) == (1, 0.95, 64)


def test_sampling_that_was_given_stays_even_where_it_is_zero(gemini: Gemini) -> None:
    assert gemini.tuned(body=model_body(temperature=0, topK=3))["temperature"] == 0


def test_numbers_have_the_precision_of_32_bits(gemini: Gemini) -> None:
    model = gemini.tuned(body=model_body({"learningRate": 0.0123456789}))
    assert model["tuningTask"]["hyperparameters"]["learningRate"] == 0.012345679


def test_snake_case_and_trailing_commas_of_the_tutorial_are_read(gemini: Gemini) -> None:
    rows = "".join(f'{{"text_input": "{asked}", "output": "{answer}",}},' for asked, answer in NUMBERS.items())
    text = f"""{{"display_name": "next number", "base_model": "{BASE}",
        "tuning_task": {{"hyperparameters": {{"batch_size": 2, "learning_rate": 0.001, "epoch_count":5,}},
                         "training_data": {{"examples": {{"examples": [{rows}]}}}}}}}}"""
    answer = gemini.http.post("/v1beta/tunedModels", params={"tunedModelId": "next-number"}, content=text.encode())
    assert answer.json()["metadata"]["totalSteps"] == 38
    parameters = gemini.get(NAME)["tuningTask"]["hyperparameters"]
    assert parameters == {"batchSize": 2, "learningRate": 0.001, "epochCount": 5}


def test_an_id_is_taken_as_it_is(gemini: Gemini) -> None:
    gemini.ok("POST", "tunedModels", model_body(displayName=""), tunedModelId="plain-8122")
    assert gemini.names() == ["tunedModels/plain-8122"]


def test_without_an_id_the_name_is_made_of_the_display_name(gemini: Gemini) -> None:
    gemini.ok("POST", "tunedModels", model_body(displayName="Number Generator, the Second of its Name"))
    [name] = gemini.names()
    model_id = name.removeprefix("tunedModels/")
    assert model_id.startswith("number-generator-the-")
    assert len(model_id) <= 40


def test_an_id_of_40_characters_is_the_longest(gemini: Gemini) -> None:
    gemini.create("a" * 40)
    gemini.refused(400, "INVALID_ARGUMENT", "POST", "tunedModels", model_body(), tunedModelId="a" * 41)


@pytest.mark.parametrize("model_id", ["1abc", "Abc", "ab_c", "abc-", "-abc", "ab c"])
def test_other_ids_are_refused(gemini: Gemini, model_id: str) -> None:
    gemini.refused(400, "INVALID_ARGUMENT", "POST", "tunedModels", model_body(), tunedModelId=model_id)


def test_a_model_needs_an_id_or_a_display_name(gemini: Gemini) -> None:
    text = gemini.refused(400, "INVALID_ARGUMENT", "POST", "tunedModels", model_body(displayName=""))
    assert text == "Either tuned_model_id or display_name must be set."


def test_an_id_is_used_once(gemini: Gemini) -> None:
    gemini.create()
    gemini.refused(409, "ALREADY_EXISTS", "POST", "tunedModels", model_body(), tunedModelId="next-number")


def test_ids_are_shared_by_everybody(gemini: Gemini, stranger: Gemini) -> None:
    gemini.create()
    stranger.refused(409, "ALREADY_EXISTS", "POST", "tunedModels", model_body(), tunedModelId="next-number")
    text = stranger.refused(403, "PERMISSION_DENIED", "GET", NAME)
    assert text == f"You do not have permission to access tuned model {NAME}"


def test_an_id_is_free_again_once_its_model_is_deleted(gemini: Gemini) -> None:
    first = gemini.create()
    gemini.ok("DELETE", NAME)
    assert gemini.create()["name"] != first["name"]


@pytest.mark.parametrize("base", ["models/gemini-2.5-flash", "models/gemini-1.5-flash-001", "models/none", "gemini"])
def test_a_base_model_that_cannot_be_tuned_is_not_found(gemini: Gemini, base: str) -> None:
    text = gemini.refused(404, "NOT_FOUND", "POST", "tunedModels", model_body(baseModel=base), tunedModelId="a")
    assert text == f"{base} is not found for CREATE TUNED MODEL at API version v1beta."


def rate(**parameters: Any) -> Json:
    return model_body(parameters)


def data(*rows: Json) -> Json:
    return model_body(tuningTask={"trainingData": {"examples": {"examples": list(rows)}}})


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(model_body(displayName="x" * 41), id="long display name"),
        pytest.param(model_body(temperature=1.5), id="temperature"),
        pytest.param(model_body(topP=-0.1), id="top p"),
        pytest.param(model_body(topK=0), id="top k"),
        pytest.param(model_body(labels={"a": "b"}), id="unknown field"),
        pytest.param(model_body(baseModel=""), id="no source"),
        pytest.param(model_body(tunedModelSource={"tunedModel": "tunedModels/a"}), id="two sources"),
        pytest.param({"displayName": "a", "baseModel": BASE}, id="no task"),
        pytest.param(model_body(tuningTask={}), id="no data"),
        pytest.param(data(), id="no examples"),
        pytest.param(data({"textInput": "1"}), id="no output"),
        pytest.param(data({"output": "1"}), id="no input"),
        pytest.param(data({"textInput": "x" * 40_001, "output": "1"}), id="long input"),
        pytest.param(data({"textInput": "1", "output": "x" * 5_001}), id="long output"),
        pytest.param(data({"textInput": "1", "output": "2", "weight": 3}), id="unknown field in an example"),
        pytest.param(rate(learningRate=0.1, learningRateMultiplier=2), id="two learning rates"),
        pytest.param(rate(learningRate=0), id="no learning rate"),
        pytest.param(rate(epochCount=0), id="no epochs"),
        pytest.param(rate(batchSize=-1), id="negative batch"),
        pytest.param(rate(epochCount="many"), id="not a number"),
    ],
)
def test_what_create_refuses(gemini: Gemini, body: Json) -> None:
    gemini.refused(400, "INVALID_ARGUMENT", "POST", "tunedModels", body, tunedModelId="a")
    assert gemini.names() == []


def test_the_longest_example_is_accepted(gemini: Gemini) -> None:
    gemini.create(body=data({"textInput": "x" * 40_000, "output": "y" * 5_000}))


def test_defaults_of_hyper_parameters_depend_on_the_number_of_examples(gemini: Gemini) -> None:
    gemini.create("few", model_body({}))
    many = model_body(tuningTask={"trainingData": examples({str(n): str(n + 1) for n in range(200)})})
    gemini.create("many", many)
    told = [gemini.get(f"tunedModels/{name}")["tuningTask"]["hyperparameters"] for name in ("few", "many")]
    assert told == [
        {"epochCount": 5, "batchSize": 4, "learningRate": 0.001},
        {"epochCount": 5, "batchSize": 16, "learningRate": 0.0002},
    ]


def test_tuning_goes_on_from_a_tuned_model(gemini: Gemini) -> None:
    gemini.tuned("first")
    body = model_body(tunedModelSource={"tunedModel": "tunedModels/first"})
    del body["baseModel"]
    second = gemini.tuned("second", body)
    assert second["tunedModelSource"] == {"tunedModel": "tunedModels/first", "baseModel": BASE}
    assert "baseModel" not in second


def test_flash_is_not_tuned_further(gemini: Gemini) -> None:
    gemini.tuned("first", model_body(baseModel="models/gemini-1.5-flash-001-tuning"))
    body = model_body(tunedModelSource={"tunedModel": "tunedModels/first"})
    del body["baseModel"]
    gemini.refused(400, "INVALID_ARGUMENT", "POST", "tunedModels", body, tunedModelId="second")


def test_a_patch_changes_what_its_mask_names(gemini: Gemini) -> None:
    gemini.tuned(body=model_body(description="old"))
    changed = gemini.ok("PATCH", NAME, {"displayName": "new", "description": "new"}, updateMask="displayName")
    assert (changed["displayName"], changed["description"]) == ("new", "old")
    assert gemini.get(NAME) == changed


def test_a_patch_without_a_mask_changes_what_its_body_has(gemini: Gemini) -> None:
    gemini.tuned(body=model_body(temperature=0.5))
    changed = gemini.ok("PATCH", NAME, {"description": "new"})
    assert (changed["description"], changed["temperature"]) == ("new", 0.5)


def test_masks_may_be_in_snake_case(gemini: Gemini) -> None:
    gemini.tuned()
    body = {"topP": 0.5, "readerProjectNumbers": [12]}
    changed = gemini.ok("PATCH", NAME, body, updateMask="top_p,reader_project_numbers")
    assert (changed["topP"], changed["readerProjectNumbers"]) == (0.5, ["12"])


@pytest.mark.parametrize("mask", ["baseModel", "tuningTask", "tuningTask.hyperparameters.epochCount", "state", "x"])
def test_nothing_else_can_be_patched(gemini: Gemini, mask: str) -> None:
    gemini.tuned()
    gemini.refused(400, "INVALID_ARGUMENT", "PATCH", NAME, {"baseModel": "models/a"}, updateMask=mask)


def test_a_patch_is_checked_as_a_create_is(gemini: Gemini) -> None:
    gemini.tuned()
    gemini.refused(400, "INVALID_ARGUMENT", "PATCH", NAME, {"temperature": 2}, updateMask="temperature")


def test_a_deleted_model_does_not_exist(gemini: Gemini) -> None:
    gemini.tuned()
    assert gemini.ok("DELETE", NAME) == {}
    assert gemini.refused(404, "NOT_FOUND", "GET", NAME) == f"Tuned model {NAME} does not exist."


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", f"v1beta/{NAME}:cancel"),
        ("PUT", f"v1beta/{NAME}"),
        ("GET", f"v1/{NAME}"),
        ("POST", "v1/tunedModels"),
        ("GET", "v1beta/tunedModel/next-number"),
        ("DELETE", f"v1/{NAME}/operations/abc"),
    ],
)
def test_urls_of_no_method_are_pages_in_html(gemini: Gemini, method: str, path: str) -> None:
    gemini.tuned()
    answer = gemini.http.request(method, path)
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html")


def test_hosts_of_other_services_have_no_tuned_models(gemini: Gemini) -> None:
    hosts = {"generativelanguage.googleapis.com": 200, "us-central1-aiplatform.googleapis.com": 404}
    answers = {h: gemini.http.get("/v1beta/tunedModels", headers={"host": h}).status_code for h in hosts}
    assert answers == hosts


def test_models_outlive_a_restart(tmp_path: Path) -> None:
    from reconciler.emulator.options import Options
    from reconciler.emulator.testing import RunningEmulator

    options = Options(data_dir=tmp_path)
    with RunningEmulator(options) as emulator, Gemini(emulator) as gemini:
        before = gemini.tuned()
        gemini.create("under-way")
    with RunningEmulator(options) as emulator, Gemini(emulator) as gemini:
        assert json.dumps(gemini.get(NAME)) == json.dumps(before)
        assert gemini.ask(NAME, "-5") == "-4"
        emulator.admin.advance(60)
        assert gemini.get("tunedModels/under-way")["state"] == "ACTIVE"
