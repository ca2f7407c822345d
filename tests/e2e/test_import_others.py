"""Tuned models of the Gemini API and of PaLM pipelines are adopted, and live on like created ones."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from reconciler.applying.adopting.recording import UNTOLD
from tests.e2e.test_import import Outside, outside, versions, written
from tests.e2e.workshop import PROJECT, Workshop, jsonl

__all__ = ["outside"]
ALL = ("import", "--all", "--out", "specs", "--format", "json")
TEMPLATE = "https://us-kfp.pkg.dev/ml-pipeline/large-language-model-pipelines/tune-large-model/v3.0.0"
NUMBERS = [{"textInput": str(n), "output": str(n + 1)} for n in range(15)]


class Legacy(Outside):
    """Somebody who tunes on the services that take no new tunes."""

    def pairs(self) -> None:
        rows = [{"input_text": f"Long text {n}", "output_text": f"Short {n}"} for n in range(20)]
        self.upload("pairs.jsonl", jsonl(rows))

    def pipeline(self, ident: str, name: str = "Summary", **parameters: Any) -> str:
        body = {
            "displayName": name,
            "templateUri": TEMPLATE,
            "labels": {"team": "legacy"},
            "runtimeConfig": {
                "gcsOutputDirectory": "gs://acme-data/out",
                "parameterValues": {
                    "project": PROJECT,
                    "location": "us-central1",
                    "large_model_reference": "text-bison@001",
                    "model_display_name": name,
                    "train_steps": 30,
                    "learning_rate_multiplier": 1.0,
                    "dataset_uri": "gs://acme-data/pairs.jsonl",
                    **parameters,
                },
            },
        }
        answer = httpx.post(f"{self.parent}/pipelineJobs", params={"pipelineJobId": ident}, json=body)
        made: str = answer.raise_for_status().json()["name"]
        return made

    def tuned(self, ident: str, name: str = "", **fields: Any) -> str:
        hyperparameters = {"epochCount": 5, "batchSize": 4, "learningRate": 0.001}
        task = {"hyperparameters": hyperparameters, "trainingData": {"examples": {"examples": NUMBERS}}}
        body = {"displayName": name, "baseModel": "models/gemini-1.0-pro-001", "tuningTask": task, **fields}
        url = f"{self.url}/v1beta/tunedModels"
        httpx.post(url, params={"tunedModelId": ident}, json=body).raise_for_status()
        return f"tunedModels/{ident}"

    def cancel(self, name: str) -> None:
        if name.startswith("tunedModels/"):
            (operation,) = httpx.get(f"{self.url}/v1/{name}/operations").json()["operations"]
            name = operation["name"]
        httpx.post(f"{self.url}/v1/{name}:cancel", json={}).raise_for_status()


@pytest.fixture
def legacy(workshop: Workshop, outside: Outside) -> Legacy:
    assert outside.url == workshop.url
    someone = Legacy(workshop)
    someone.pairs()
    workshop.advance(60)
    return someone


def import_all(workshop: Workshop, *arguments: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(workshop.run(*ALL, *arguments).stdout)
    return found


def edit(workshop: Workshop, name: str, before: str, after: str) -> None:
    path = workshop.folder / f"specs/{name}.yaml"
    assert before in path.read_text()
    path.write_text(path.read_text().replace(before, after))


class TestGemini:
    def test_a_tuned_model_becomes_a_spec_with_its_unknown_data_marked(
        self, workshop: Workshop, legacy: Legacy
    ) -> None:
        legacy.tuned("number-1", "Number", description="counts")
        workshop.advance(60)
        (adopted,) = import_all(workshop)["adopted"]
        assert "so its digest is unknown" in adopted["notes"][0]
        head, *lines = written(workshop)["number.yaml"].splitlines()
        assert head.startswith("# Adopted from tunedModels/number-1, finished ")
        assert " ".join(line.removeprefix("# ") for line in lines[:2]) == UNTOLD
        assert lines[2:] == [
            "apiVersion: tuneform/v1",
            "kind: TunedModel",
            "metadata: {name: number}",
            "spec:",
            "  gemini:",
            "    baseModel: models/gemini-1.0-pro-001",
            "    tuningTask:",
            "      hyperparameters: {epochCount: 5, batchSize: 4, learningRate: 0.001}",
            "    displayName: Number",
            "    description: counts",
        ]
        (version,) = versions(workshop, "number")
        assert version["evidence"] == {"adopted": "unknown digest"}
        assert workshop.actions() == {}
        assert import_all(workshop)["summary"]["adopted"] == 0

    def test_a_model_without_a_display_name_is_called_by_its_id(self, workshop: Workshop, legacy: Legacy) -> None:
        legacy.tuned("generate-num-8122")
        workshop.advance(60)
        (adopted,) = import_all(workshop)["adopted"]
        assert adopted["address"] == "TunedModel/generate-num-8122"
        assert workshop.actions() == {}

    def test_what_failed_or_was_cancelled_is_left_with_the_reason(self, workshop: Workshop, legacy: Legacy) -> None:
        legacy.cancel(legacy.tuned("cancelled-1"))
        legacy.tuned("failed-1", description="emulator-outcome: fail-data")
        workshop.advance(60)
        result = import_all(workshop)
        assert result["adopted"] == []
        reasons = {item["name"]: item["reason"] for item in result["left"]}
        assert reasons == {
            "tunedModels/cancelled-1": "cancelled: The operation was cancelled.",
            "tunedModels/failed-1": "failed: The training data is not valid.",
        }

    def test_who_may_use_it_stays_so_when_it_is_tuned_again(self, workshop: Workshop, legacy: Legacy) -> None:
        name = legacy.tuned("number-1", "Number")
        workshop.advance(60)
        grant = {"granteeType": "EVERYONE", "role": "READER"}
        httpx.post(f"{legacy.url}/v1beta/{name}/permissions", json=grant).raise_for_status()
        import_all(workshop)
        assert "readers:\n      - everyone" in written(workshop)["number.yaml"]
        assert workshop.actions() == {}

    def test_a_retune_without_data_is_held_and_says_what_to_add(self, workshop: Workshop, legacy: Legacy) -> None:
        legacy.tuned("number-1", "Number")
        workshop.advance(60)
        import_all(workshop)
        edit(workshop, "number", "epochCount: 5", "epochCount: 6")
        (change,) = workshop.plan_json("--allow-retired")["changes"]
        assert (change["action"], change["reasons"][0]["code"]) == ("hold", "no_training_data")
        assert "add tuningTask.trainingData" in change["reasons"][0]["message"]
        assert change["source"]["file"] == "specs/number.yaml"

    def test_data_that_is_named_later_is_taken_at_its_word_and_then_counts(
        self, workshop: Workshop, legacy: Legacy
    ) -> None:
        legacy.tuned("number-1", "Number")
        workshop.advance(60)
        import_all(workshop)
        rows = [{"text_input": n["textInput"], "output": n["output"]} for n in NUMBERS]
        workshop.write("data/numbers.json", json.dumps(rows))
        workshop.write(
            "specs/numbers.yaml",
            "apiVersion: tuneform/v1\nkind: Dataset\nmetadata: {name: numbers}\n"
            "spec: {file: data/numbers.json, format: textPairs}\n",
        )
        edit(workshop, "number", "    tuningTask:\n", "    tuningTask:\n      trainingData: Dataset/numbers\n")
        (change,) = workshop.plan_json()["changes"]
        assert (change["action"], change["reasons"][0]["code"]) == ("adopt", "data_declared")
        workshop.apply()
        assert workshop.actions() == {}
        workshop.write("data/numbers.json", json.dumps([*rows, {"text_input": "99", "output": "100"}]))
        assert workshop.actions("--allow-retired") == {"TunedModel/number": "retune"}
        workshop.apply("--allow-retired", "--wait")
        assert [v["status"] for v in versions(workshop, "number")] == ["superseded", "ready"]
        workshop.write("data/numbers.json", json.dumps(rows))
        assert workshop.actions() == {"TunedModel/number": "rollback"}
        workshop.apply()
        workshop.run("destroy", "--auto-approve", "--allow-deletes", "1")
        assert httpx.get(f"{legacy.url}/v1beta/tunedModels").json().get("tunedModels", []) == []

    def test_it_is_adopted_under_a_spec_that_has_its_data(self, workshop: Workshop, legacy: Legacy) -> None:
        name = legacy.tuned("number-1", "Number")
        workshop.advance(60)
        printed = workshop.run("import", "TunedModel/mine", name).stdout
        examples = "      trainingData: {examples: {examples: [{textInput: '1', output: '2'}]}}\n"
        workshop.write("specs/mine.yaml", printed.replace("    tuningTask:\n", f"    tuningTask:\n{examples}"))
        workshop.run("import", "TunedModel/mine", name)
        assert workshop.actions() == {}


class TestPalm:
    def test_a_pipeline_becomes_a_spec_with_its_model_and_endpoint(self, workshop: Workshop, legacy: Legacy) -> None:
        legacy.pipeline("tune-1")
        workshop.advance(60)
        (adopted,) = import_all(workshop)["adopted"]
        assert (adopted["address"], adopted["notes"]) == ("TunedModel/summary", [])
        assert "/models/" in adopted["model"]
        assert "/endpoints/" in adopted["endpoint"]
        assert written(workshop)["summary.yaml"].splitlines()[1:] == [
            "apiVersion: tuneform/v1",
            "kind: TunedModel",
            "metadata: {name: summary, labels: {team: legacy}}",
            "spec:",
            "  palm:",
            "    location: us-central1",
            f"    templateUri: {TEMPLATE}",
            "    runtimeConfig:",
            "      gcsOutputDirectory: gs://acme-data/out",
            "      parameterValues:",
            "        large_model_reference: text-bison@001",
            "        dataset_uri: gs://acme-data/pairs.jsonl",
            "        train_steps: 30",
            "    displayName: Summary",
        ]
        assert workshop.actions() == {}
        assert import_all(workshop)["summary"] == {"adopted": 0, "left": 0, "managed": 1, "filtered": 0}

    def test_what_failed_was_cancelled_or_has_lost_its_model_is_left(self, workshop: Workshop, legacy: Legacy) -> None:
        legacy.pipeline("tune-1", dataset_uri="gs://acme-data/nothing.jsonl")
        legacy.cancel(legacy.pipeline("tune-2"))
        legacy.pipeline("tune-3", "Lost")
        workshop.advance(60)
        (model,) = httpx.get(f"{legacy.parent}/models").json()["models"]
        endpoint = model["deployedModels"][0]["endpoint"]
        undeploy = {"deployedModelId": model["deployedModels"][0]["deployedModelId"]}
        httpx.post(f"{legacy.url}/v1/{endpoint}:undeployModel", json=undeploy).raise_for_status()
        workshop.advance(60)
        legacy.delete(endpoint)
        legacy.delete(model["name"])
        workshop.advance(60)
        result = import_all(workshop)
        reasons = {item["name"].rpartition("/")[2]: item["reason"] for item in result["left"]}
        assert "does not exist" in reasons["tune-1"]
        assert reasons["tune-2"].startswith("cancelled")
        assert reasons["tune-3"].endswith("was deleted")
        assert result["adopted"] == []

    def test_an_adopted_pipeline_lives_on_like_a_created_one(self, workshop: Workshop, legacy: Legacy) -> None:
        legacy.pipeline("tune-1")
        workshop.advance(60)
        import_all(workshop)
        edit(workshop, "summary", "team: legacy", "team: support")
        assert workshop.actions() == {"TunedModel/summary": "update"}
        workshop.apply()
        assert workshop.actions() == {}
        edit(workshop, "summary", "train_steps: 30", "train_steps: 60")
        assert workshop.actions() == {"TunedModel/summary": "hold"}
        workshop.apply("--allow-retired", "--wait")
        workshop.apply()
        assert workshop.actions() == {}
        assert [v["status"] for v in versions(workshop, "summary")] == ["superseded", "ready"]
        edit(workshop, "summary", "train_steps: 60", "train_steps: 30")
        assert workshop.actions() == {"TunedModel/summary": "rollback"}
        workshop.apply()
        workshop.run("destroy", "--auto-approve", "--allow-deletes", "1")
        assert [httpx.get(f"{legacy.parent}/{c}").json().get(c, []) for c in ("models", "endpoints")] == [[], []]

    @pytest.mark.parametrize("leads", ["job", "model", "endpoint"])
    def test_whatever_names_it_leads_to_it(self, workshop: Workshop, legacy: Legacy, leads: str) -> None:
        job = legacy.pipeline("tune-1")
        workshop.advance(60)
        (model,) = httpx.get(f"{legacy.parent}/models").json()["models"]
        names = {"job": job, "model": model["name"], "endpoint": model["deployedModels"][0]["endpoint"]}
        workshop.run("import", "TunedModel/mine", names[leads], "--out", "specs")
        assert workshop.actions() == {}


def test_data_that_may_not_be_read_is_marked_and_stands_in_nobodys_way(workshop: Workshop, legacy: Legacy) -> None:
    legacy.pipeline("tune-1")
    workshop.advance(60)
    workshop.fault(match={"path": "storage.*"}, kind="status", status=403, times=1000)
    (adopted,) = import_all(workshop)["adopted"]
    assert adopted["notes"] == [
        "gs://acme-data/pairs.jsonl cannot be read: the digest of what was tuned from is unknown"
    ]
    assert workshop.plan_json()["complete"] is True
    assert workshop.actions() == {}
    edit(workshop, "summary", "train_steps: 30", "train_steps: 60")
    assert workshop.actions("--allow-retired") == {"TunedModel/summary": "retune"}


def test_a_service_that_cannot_be_read_is_named_once_and_the_others_are_adopted(
    workshop: Workshop, legacy: Legacy
) -> None:
    legacy.pipeline("tune-1")
    legacy.tuned("number-1", "Number")
    workshop.advance(60)
    workshop.fault(match={"method": "GET", "path": "models$"}, kind="refuse", times=1000)
    result = json.loads(workshop.run(*ALL, expect=5).stdout)
    assert [a["address"] for a in result["adopted"]] == ["TunedModel/number"]
    (unseen,) = result["unreadable"]
    assert unseen["what"].endswith("us-central1/models")
    assert result["left"][0]["reason"].endswith("could not be read")
    workshop.end_faults()
    assert [a["address"] for a in import_all(workshop)["adopted"]] == ["TunedModel/summary"]
    assert workshop.actions() == {}


def test_one_service_is_looked_at_by_itself(workshop: Workshop, legacy: Legacy) -> None:
    legacy.pipeline("tune-1")
    legacy.tuned("number-1", "Number")
    workshop.advance(60)
    result = import_all(workshop, "--provider", "gemini")
    assert [a["address"] for a in result["adopted"]] == ["TunedModel/number"]
    assert import_all(workshop, "--provider", "vertex")["summary"] == {
        "adopted": 0,
        "left": 0,
        "managed": 0,
        "filtered": 0,
    }
