"""Endpoints that people made for tuned models are adopted with the models, and applications can keep them."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from tests.e2e.test_import import Outside, body, import_all, outside, versions, written
from tests.e2e.workshop import Workshop

__all__ = ["outside"]
KEY = "projects/acme-ml/locations/us-central1/keyRings/ring/cryptoKeys/key"


class Operator(Outside):
    """Somebody who deploys by hand."""

    def __init__(self, workshop: Workshop) -> None:
        super().__init__(workshop)
        self.names: dict[str, str] = {}

    def tuned(self, *names: str, **fields: Any) -> list[str]:
        """Models of these display names; their jobs' names."""
        jobs = self.seed(*(body(name, **fields) for name in names))
        self.names.update({name: self.get(job)["tunedModel"]["model"] for name, job in zip(names, jobs, strict=True)})
        return jobs

    def endpoint(self, ident: str, display_name: str, shares: dict[str, int], **fields: Any) -> str:
        """An endpoint with that traffic."""
        given = {"displayName": display_name, **fields}
        httpx.post(f"{self.parent}/endpoints", params={"endpointId": ident}, json=given).raise_for_status()
        self.advance()
        name = f"{self.parent.partition('/v1/')[2]}/endpoints/{ident}"
        split: dict[str, int] = {}
        for model, percent in shares.items():
            deployed = {"model": self.names.get(model, model), "displayName": "by hand"}
            traffic = {"0": 100} if not split else {**dict.fromkeys(split, 0), next(iter(split)): 100, "0": 0}
            before = {d["id"] for d in self.get(name).get("deployedModels", [])}
            asked = {"deployedModel": deployed, "trafficSplit": traffic}
            httpx.post(f"{self.url}/v1/{name}:deployModel", json=asked).raise_for_status()
            self.advance()
            (new,) = {d["id"] for d in self.get(name)["deployedModels"]} - before
            split[new] = percent
        if split:
            self.patch(name, trafficSplit=split)
        return name

    def empty(self, endpoint: str) -> None:
        """Take off everything."""
        for deployed in self.get(endpoint).get("deployedModels", []):
            asked = {"deployedModelId": deployed["id"]}
            httpx.post(f"{self.url}/v1/{endpoint}:undeployModel", json=asked).raise_for_status()
            self.advance()


@pytest.fixture
def operator(workshop: Workshop, outside: Outside) -> Operator:
    assert outside.url == workshop.url
    return Operator(workshop)


def test_an_endpoint_becomes_a_spec_beside_its_models(workshop: Workshop, operator: Operator) -> None:
    operator.tuned("A", "B")
    words = {"labels": {"team": "support"}, "description": "x", "encryptionSpec": {"kmsKeyName": KEY}}
    stable = operator.endpoint("support", "Support", {"A": 90, "B": 10}, **words)
    result = import_all(workshop)
    assert [a["address"] for a in result["adopted"]] == ["TunedModel/a", "TunedModel/b", "Endpoint/support"]
    assert written(workshop)["support-endpoint.yaml"].splitlines() == [
        f"# Adopted from {operator.get(stable)['name']}.",
        "apiVersion: tuneform/v1",
        "kind: Endpoint",
        "metadata: {name: support, labels: {team: support}}",
        "spec:",
        "  location: us-central1",
        "  displayName: Support",
        "  description: x",
        "  endpointId: support",
        f"  encryptionSpec: {{kmsKeyName: {KEY}}}",
        "  traffic:",
        "    - {model: TunedModel/a, percent: 90}",
        "    - {model: TunedModel/b, percent: 10}",
    ]
    assert workshop.actions() == {}
    assert import_all(workshop)["adopted"] == []


def test_an_adopted_endpoint_follows_its_model(workshop: Workshop, operator: Operator) -> None:
    operator.tuned("A")
    stable = operator.endpoint("support", "Support", {"A": 100})
    import_all(workshop)
    path = workshop.folder / "specs/a.yaml"
    path.write_text(path.read_text().replace("epochCount: 2", "epochCount: 3"))
    workshop.apply("--wait")
    workshop.apply()
    assert workshop.actions() == {}
    (deployed,) = operator.get(stable)["deployedModels"]
    assert deployed["model"].partition("@")[0] == versions(workshop, "a")[1]["model"].partition("@")[0]
    serving = json.loads(workshop.run("output", "--format", "json").stdout)["Endpoint/support"]
    assert (serving["version"], serving["endpoint"]) == (2, operator.get(stable)["name"])


def test_a_model_that_serves_only_on_an_endpoint_of_people(workshop: Workshop, operator: Operator) -> None:
    (job,) = operator.tuned("A")
    operator.endpoint("stable", "Stable", {"A": 100})
    operator.empty(operator.get(job)["tunedModel"]["endpoint"])
    assert len(import_all(workshop)["adopted"]) == 2
    assert workshop.actions() == {}
    workshop.apply()
    assert versions(workshop, "a")[0]["endpoint"] == ""


def test_an_earlier_version_on_an_endpoint_is_named_by_its_number(workshop: Workshop, operator: Operator) -> None:
    (first,) = operator.tuned("A")
    model = operator.get(first)["tunedModel"]["model"]
    again = body("A", epochs=3, preTunedModel={"tunedModelName": model})
    del again["baseModel"]
    operator.seed(again)
    operator.endpoint("support", "Support", {"A": 100})
    import_all(workshop)
    assert "{model: TunedModel/a, percent: 100, version: 1}" in written(workshop)["support-endpoint.yaml"]
    assert workshop.actions() == {}


def test_endpoints_that_cannot_be_adopted_are_told(workshop: Workshop, operator: Operator) -> None:
    operator.tuned("A")
    (gone,) = operator.tuned("Failed later", labels={"tuneform-project": "theirs"})
    operator.endpoint("idle", "Idle", {})
    operator.endpoint("theirs", "Theirs", {"Failed later": 100})
    operator.endpoint("labelled", "Labelled", {"A": 100}, labels={"tuneform-project": "theirs"})
    left = {item["name"].rpartition("/")[2]: item["reason"] for item in import_all(workshop)["left"]}
    assert left["idle"] == "carries no model"
    assert "which is not managed and is not adopted with it" in left["theirs"]
    assert left["labelled"] == "carries the labels of the tuneform project 'theirs'"
    assert gone.rpartition("/")[2] in left
    assert workshop.actions() == {}


def test_what_stands_without_traffic_beside_what_serves_is_told(workshop: Workshop, operator: Operator) -> None:
    operator.tuned("A", "B")
    operator.endpoint("support", "Support", {"A": 100, "B": 0})
    (left,) = import_all(workshop)["left"]
    assert "TunedModel/b v1 gets no traffic any more" in left["reason"]
    assert workshop.actions() == {}


@pytest.mark.parametrize("name", ["../../etc/passwd", "a: b # c {{x}}", "007", "日本語", "A-endpoint"])
def test_no_display_name_breaks_a_file_or_leaves_the_folder(workshop: Workshop, operator: Operator, name: str) -> None:
    operator.tuned("A")
    operator.endpoint("support", name, {"A": 100})
    beside = sorted(path.name for path in workshop.folder.parent.iterdir())
    import_all(workshop)
    assert len(written(workshop)) == 2
    assert workshop.actions() == {}
    assert sorted(path.name for path in workshop.folder.parent.iterdir()) == beside


def test_a_name_that_no_spec_can_say_is_told(workshop: Workshop, operator: Operator) -> None:
    operator.tuned("A")
    operator.endpoint("support", "\x1b[31mred", {"A": 100})
    ran = workshop.run("import", "--all", "--out", "specs")
    assert "no spec can say it" in ran.stdout
    assert "\x1b" not in ran.stdout
    assert sorted(written(workshop)) == ["a.yaml"]
    assert workshop.actions() == {}


def test_a_lost_state_is_found_again_under_the_specs_that_are_there(workshop: Workshop, operator: Operator) -> None:
    operator.tuned("A", "B")
    operator.endpoint("support", "Support", {"A": 100})
    import_all(workshop)
    before = written(workshop)
    (workshop.folder / "state").rename(workshop.folder / "lost")
    told = workshop.plan_json()
    assert {c["address"]: c["action"] for c in told["changes"] if c["action"] == "create"}.keys() >= {"TunedModel/a"}
    assert [d["address"] for d in told["diagnostics"] if d["code"] == "lookalike_found"] == [
        "TunedModel/a",
        "TunedModel/b",
    ]
    again = import_all(workshop)
    assert [(a["address"], a["file"]) for a in again["adopted"]] == [
        ("TunedModel/a", ""),
        ("TunedModel/b", ""),
        ("Endpoint/support", ""),
    ]
    assert written(workshop) == before
    assert workshop.actions() == {}


def test_what_a_declared_model_could_be_several_of_is_left_to_a_person(workshop: Workshop, operator: Operator) -> None:
    jobs = operator.tuned("A")
    import_all(workshop)
    (workshop.folder / "state").rename(workshop.folder / "lost")
    jobs += operator.tuned("A")
    result = import_all(workshop)
    assert result["adopted"] == []
    assert "one of 2 that TunedModel/a, which is declared, could be" in result["left"][0]["reason"]
    workshop.run("import", "TunedModel/a", jobs[0])
    assert workshop.actions() == {}


class TestOne:
    def test_an_endpoint_of_managed_models_is_adopted_by_its_name(self, workshop: Workshop, operator: Operator) -> None:
        operator.tuned("A")
        import_all(workshop)
        stable = operator.endpoint("support", "Support", {"A": 100})
        printed = workshop.run("import", "Endpoint/front", stable).stdout
        assert "metadata: {name: front}" in printed
        workshop.run("import", "Endpoint/front", stable, "--out", "specs")
        assert workshop.actions() == {}

    def test_a_declared_endpoint_is_recorded_and_the_plan_says_what_differs(
        self, workshop: Workshop, operator: Operator
    ) -> None:
        operator.tuned("A")
        import_all(workshop)
        stable = operator.endpoint("support", "Support", {"A": 100})
        workshop.write(
            "specs/front.yaml",
            """\
apiVersion: tuneform/v1
kind: Endpoint
metadata: {name: front}
spec: {traffic: [{model: TunedModel/a, percent: 100}]}
""",
        )
        workshop.run("import", "Endpoint/front", stable)
        assert workshop.actions() == {"Endpoint/front": "update"}
        workshop.apply()
        assert operator.get(stable)["displayName"] == "front"
        assert workshop.actions() == {}

    @pytest.mark.parametrize(
        ("arguments", "exit_code", "says"),
        [
            (("Endpoint/x", "{job}"), 64, "is not the name of an endpoint"),
            (("Endpoint/x", "{own}"), 1, "belongs to the model whose run made it"),
            (("Endpoint/x", "{stable}x"), 1, "was not found"),
            (("Endpoint/x", "{stable}"), 1, "which is not managed"),
        ],
    )
    def test_what_cannot_be_adopted_is_told(
        self, workshop: Workshop, operator: Operator, arguments: tuple[str, ...], exit_code: int, says: str
    ) -> None:
        (job,) = operator.tuned("A")
        own = operator.get(job)["tunedModel"]["endpoint"]
        stable = operator.endpoint("support", "Support", {"A": 100})
        given = [part.format(job=job, own=own, stable=stable) for part in arguments]
        assert says in workshop.run("import", *given, expect=exit_code).stderr

    def test_a_model_brings_the_endpoint_that_serves_it_along(self, workshop: Workshop, operator: Operator) -> None:
        (job,) = operator.tuned("A")
        operator.tuned("B")
        operator.endpoint("support", "Support", {"A": 100})
        workshop.run("import", "TunedModel/mine", job, "--out", "specs")
        assert sorted(written(workshop)) == ["mine.yaml", "support-endpoint.yaml"]
        assert workshop.actions() == {}
