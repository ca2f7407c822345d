"""`tuneform drift` over real HTTP: what somebody did by hand is found, nothing is ever written, nothing is guessed."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import httpx
import pytest

from tests.e2e.test_endpoints import declare, live, patch, undeploy_everything
from tests.e2e.test_gemini import number_generator, tuned_models
from tests.e2e.test_palm import listed, summary
from tests.e2e.workshop import LOCATION, PROJECT, Workshop, jsonl, supervised_row

PLACE = f"/v1/projects/{PROJECT}/locations/{LOCATION}"
TRIAGE = "TunedModel/triage"


@pytest.fixture
def ready(workshop: Workshop) -> Workshop:
    """A model that serves behind a declared endpoint, as it was applied."""
    workshop.project()
    workshop.dataset()
    workshop.model()
    declare(workshop)
    workshop.apply("--wait")
    return workshop


def audit(workshop: Workshop, expect: int) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(workshop.run("drift", "--format", "json", expect=expect).stdout)
    return told


def found(workshop: Workshop, expect: int = 2) -> list[tuple[str, str]]:
    """(kind, address) of every finding, forecasts left out: the base models of these tests have retired long ago."""
    items = audit(workshop, expect)["items"]
    return [(item["kind"], item["address"]) for item in items if item["kind"] != "retiring"]


def changed(workshop: Workshop) -> dict[str, tuple[Any, Any]]:
    items = audit(workshop, 2)["items"]
    return {f["path"]: (f["before"], f["after"]) for item in items for f in item["fields"]}


def the_model(workshop: Workshop) -> dict[str, Any]:
    (model,) = listed(workshop, "models")
    return model


def own_endpoint(workshop: Workshop) -> dict[str, Any]:
    (endpoint,) = [e for e in listed(workshop, "endpoints") if e["name"] != live(workshop)[0]["name"]]
    return endpoint


def send(method: str, workshop: Workshop, name: str, **rest: Any) -> None:
    httpx.request(method, f"{workshop.url}/v1/{name}", **rest).raise_for_status()


def undeploy(workshop: Workshop, endpoint: dict[str, Any]) -> None:
    for deployed in endpoint["deployedModels"]:
        send("POST", workshop, f"{endpoint['name']}:undeployModel", json={"deployedModelId": deployed["id"]})


class TestInSync:
    def test_after_an_apply(self, ready: Workshop) -> None:
        told = audit(ready, 0)
        assert (told["verdict"], told["complete"], told["pending"]) == ("in_sync", True, [])
        assert told["audited"] == ["Dataset/train", "Endpoint/support", TRIAGE]
        assert told["coverage"]["percent"] == 100.0

    def test_after_an_apply_over_three_services(self, workshop: Workshop) -> None:
        number_generator(workshop)
        summary(workshop)
        workshop.dataset()
        workshop.model()
        workshop.apply("--allow-retired", "--wait")
        workshop.apply()
        told = audit(workshop, 0)
        assert told["verdict"] == "in_sync"
        # All three were tuned from models that Google has retired: a forecast come true, and no drift.
        assert {item["address"] for item in told["items"] if item["kind"] == "retiring"} == {
            "TunedModel/legacy-summary",
            "TunedModel/next-number",
            TRIAGE,
        }

    def test_while_a_run_is_under_way(self, workshop: Workshop) -> None:
        workshop.project()
        workshop.dataset()
        workshop.model()
        workshop.apply()
        assert found(workshop, 0) == []
        workshop.advance()
        assert found(workshop, 0) == []

    def test_an_edit_that_is_not_applied_yet_is_counted_apart(self, ready: Workshop) -> None:
        ready.model(epochs=9)
        told = audit(ready, 0)
        assert [(p["address"], p["action"]) for p in told["pending"]] == [(TRIAGE, "retune")]

    def test_before_anything_was_applied(self, workshop: Workshop) -> None:
        workshop.project()
        workshop.dataset()
        workshop.model()
        assert audit(workshop, 0)["audited"] == []


class TestByHand:
    """Somebody changes something in the console; each is told, and an apply puts right what can be."""

    def test_a_label_of_the_model(self, ready: Workshop) -> None:
        model = the_model(ready)
        labels = {**model["labels"], "team": "sales"}
        send("PATCH", ready, model["name"], params={"updateMask": "labels"}, json={"labels": labels})
        assert found(ready) == [("changed", TRIAGE)]
        assert changed(ready) == {"metadata.labels.team": ("support", "sales")}
        ready.apply()
        assert found(ready, 0) == []

    def test_the_traffic_of_an_endpoint(self, ready: Workshop) -> None:
        (endpoint,) = live(ready)
        body = {
            "deployedModel": {"model": the_model(ready)["name"], "displayName": "again"},
            "trafficSplit": {"0": 40, endpoint["deployedModels"][0]["id"]: 60},
        }
        send("POST", ready, f"{endpoint['name']}:deployModel", json=body)
        assert found(ready) == [("changed", "Endpoint/support")]

    def test_the_labels_and_the_name_of_an_endpoint(self, ready: Workshop) -> None:
        (endpoint,) = live(ready)
        labels = {k: v for k, v in endpoint["labels"].items() if k != "team"}
        patch(ready, "labels,displayName", {"labels": labels, "displayName": "Hello"})
        assert changed(ready) == {"displayName": ("Support", "Hello"), "metadata.labels.team": ("support", None)}
        ready.apply()
        assert found(ready, 0) == []

    def test_an_emptied_endpoint(self, ready: Workshop) -> None:
        undeploy_everything(ready)
        assert found(ready) == [("changed", "Endpoint/support")]

    def test_a_deleted_declared_endpoint(self, ready: Workshop) -> None:
        send("DELETE", ready, undeploy_everything(ready)["name"])
        assert found(ready) == [("missing", "Endpoint/support")]

    def test_a_deleted_endpoint_of_a_job(self, ready: Workshop) -> None:
        endpoint = own_endpoint(ready)
        undeploy(ready, endpoint)
        assert found(ready) == [("changed", TRIAGE)]
        send("DELETE", ready, endpoint["name"])
        assert found(ready) == [("missing", TRIAGE)]

    def test_a_deleted_model(self, ready: Workshop) -> None:
        undeploy(ready, own_endpoint(ready))
        undeploy_everything(ready)
        send("DELETE", ready, the_model(ready)["name"])
        told = audit(ready, 2)
        (missing,) = [item for item in told["items"] if item["kind"] == "missing"]
        assert (missing["address"], missing["severity"]) == (TRIAGE, "error")
        assert "/models/" in missing["resource"]

    def test_a_job_that_was_cancelled(self, workshop: Workshop) -> None:
        workshop.project()
        workshop.dataset()
        workshop.model()
        workshop.apply()
        (job,) = workshop.jobs()
        send("POST", workshop, f"{job['name']}:cancel", json={})
        workshop.advance(1)
        assert found(workshop) == [("changed", TRIAGE)]

    def test_an_overwritten_and_a_deleted_dataset(self, ready: Workshop) -> None:
        bucket = f"{ready.name}-bucket"
        (name,) = [o["name"] for o in httpx.get(f"{ready.url}/storage/v1/b/{bucket}/o").json()["items"]]
        ready.put_object(bucket, name, jsonl([supervised_row(99)]))
        assert found(ready) == [("dataset_changed", "Dataset/train")]
        assert set(changed(ready)) == {"crc32c"}
        httpx.delete(f"{ready.url}/storage/v1/b/{bucket}/o/{name.replace('/', '%2F')}").raise_for_status()
        assert found(ready) == [("dataset_changed", "Dataset/train")]
        assert changed(ready)["crc32c"][1] is None

    def test_a_gemini_model_that_was_renamed_or_deleted(self, workshop: Workshop) -> None:
        number_generator(workshop)
        workshop.apply("--allow-retired", "--wait")
        (model,) = tuned_models(workshop)
        url = f"{workshop.url}/v1beta/{model['name']}"
        renamed = {"displayName": "by hand"}
        httpx.patch(url, params={"updateMask": "displayName"}, json=renamed).raise_for_status()
        assert changed(workshop) == {"gemini.displayName": ("number generator", "by hand")}
        httpx.delete(url).raise_for_status()
        assert found(workshop) == [("missing", "TunedModel/next-number")]


class TestUnmanaged:
    def start(self, workshop: Workshop, **labels: str) -> str:
        (data,) = [
            o["name"] for o in httpx.get(f"{workshop.url}/storage/v1/b/{workshop.name}-bucket/o").json()["items"]
        ]
        job = {
            "baseModel": "gemini-2.5-flash",
            "supervisedTuningSpec": {"trainingDatasetUri": f"gs://{workshop.name}-bucket/{data}"},
            "labels": labels,
        }
        answer = httpx.post(f"{workshop.url}{PLACE}/tuningJobs", json=job)
        answer.raise_for_status()
        name: str = answer.json()["name"]
        return name

    def items(self, workshop: Workshop, expect: int = 2) -> list[dict[str, Any]]:
        return [item for item in audit(workshop, expect)["items"] if item["kind"] == "unmanaged"]

    def test_a_job_from_a_notebook_and_what_it_leaves(self, ready: Workshop) -> None:
        name = self.start(ready)
        (running,) = self.items(ready)
        assert (running["resource"], running["labelled"], running["related"]) == (name, False, [])
        ready.advance()
        (done,) = self.items(ready)
        assert done["resource"] == name
        assert {related.split("/")[-2] for related in done["related"]} == {"models", "endpoints"}

    def test_a_job_with_our_label(self, ready: Workshop) -> None:
        self.start(ready, **{"tuneform-project": ready.name, "tuneform-address": "tunedmodel_triage"})
        (item,) = self.items(ready)
        assert (item["address"], item["labelled"]) == (TRIAGE, True)

    def test_a_job_of_another_project_of_tuneform(self, ready: Workshop) -> None:
        self.start(ready, **{"tuneform-project": "acme-prod"})
        told = audit(ready, 0)
        assert told["coverage"]["elsewhere"] == {"acme-prod": 1}

    def test_an_endpoint_made_by_hand(self, ready: Workshop) -> None:
        send("POST", ready, f"{PLACE.removeprefix('/v1/')}/endpoints", json={"displayName": "demo"})
        (item,) = self.items(ready)
        assert "/endpoints/" in item["resource"]

    def test_what_the_state_forgot(self, ready: Workshop) -> None:
        ready.run("state", "rm", TRIAGE)
        (item,) = self.items(ready)
        assert (item["address"], item["labelled"]) == (TRIAGE, True)
        assert len(item["related"]) == 2


class TestBlindness:
    @pytest.mark.parametrize("path", ["tuningJobs$", "models$", "endpoints$", "/storage/"])
    def test_what_cannot_be_read_is_told_and_never_in_sync(self, ready: Workshop, path: str) -> None:
        ready.fault(match={"method": "GET", "path": path}, kind="refuse", status=403, times=None)
        told = audit(ready, 5)
        assert (told["verdict"], told["complete"], told["coverage"]["percent"]) == ("incomplete", False, None)
        assert {item["kind"] for item in told["items"]} <= {"unreadable", "retiring"}
        assert told["unseen"]
        ready.end_faults()
        assert found(ready, 0) == []


class TestReadOnly:
    def test_an_audit_sends_only_gets_and_leaves_no_trace(self, ready: Workshop) -> None:
        before = {p: (p.stat().st_mtime_ns, p.stat().st_size) for p in sorted(ready.folder.rglob("*"))}
        ready.forget_requests()
        found(ready, 0)
        assert ready.requests()["counts"].keys() == {"GET"}
        assert {p: (p.stat().st_mtime_ns, p.stat().st_size) for p in sorted(ready.folder.rglob("*"))} == before

    def test_it_works_while_somebody_else_applies(self, ready: Workshop) -> None:
        holder = subprocess.Popen(
            [sys.executable, "-m", "tests.state.hold_lock", str(ready.folder), "apply"], stdout=subprocess.PIPE
        )
        try:
            assert holder.stdout is not None
            assert holder.stdout.readline() == b"held\n"
            ready.run("state", "rm", TRIAGE, expect=5)
            assert found(ready, 0) == []
        finally:
            holder.kill()
            holder.communicate()

    def test_requests_grow_with_pages_and_not_with_specs(self, workshop: Workshop) -> None:
        workshop.project()
        workshop.dataset()
        counts = []
        for total in (2, 30):
            for number in range(total):
                workshop.model(f"triage-{number}", epochs=number + 1)
            workshop.apply("--wait", expect=None)
            workshop.advance()
            workshop.apply("--wait")
            workshop.forget_requests()
            found(workshop, 0)
            counts.append(workshop.requests()["counts"]["GET"])
        assert counts[1] <= counts[0] + 1


class TestIgnoring:
    RULE = (
        "  drift:\n    ignore:\n"
        "      - {{address: TunedModel/*, path: metadata.labels.*, reason: billing relabels,"
        " owner: finops@acme.example, until: {until}}}\n"
    )

    def relabel(self, workshop: Workshop) -> None:
        model = the_model(workshop)
        labels = {**model["labels"], "team": "sales"}
        send("PATCH", workshop, model["name"], params={"updateMask": "labels"}, json={"labels": labels})

    def test_what_a_rule_covers_is_in_sync_and_stays_in_the_report(self, ready: Workshop) -> None:
        self.relabel(ready)
        ready.project(self.RULE.format(until="2999-12-31"))
        told = audit(ready, 0)
        (ignored,) = told["ignored"]
        assert ignored["ignored_by"]["owner"] == "finops@acme.example"
        assert (ignored["ignored_by"]["file"], ignored["ignored_by"]["line"]) == ("tuneform.yaml", 11)

    def test_an_expired_rule_is_not_followed_and_told(self, ready: Workshop) -> None:
        self.relabel(ready)
        ready.project(self.RULE.format(until="2026-01-31"))
        told = audit(ready, 2)
        assert [d["code"] for d in told["diagnostics"]] == ["ignore_expired"]


class TestReports:
    def test_one_run_writes_every_format(self, ready: Workshop) -> None:
        names = {"json": "d.json", "markdown": "d.md", "html": "d.html", "junit": "d.xml", "openmetrics": "d.prom"}
        pairs = [word for form, file in names.items() for word in ("--format", form, "--out", file)]
        ready.forget_requests()
        shown = ready.run("drift", "--format", "text", *pairs).stdout
        once = ready.requests()["counts"]["GET"]
        assert shown.rstrip().endswith("In sync: 3 resources are as they were last written; 1 retiring.")
        assert all((ready.folder / file).stat().st_size for file in names.values())
        ready.forget_requests()
        ready.run("drift")
        assert ready.requests()["counts"]["GET"] == once

    def test_an_audit_that_fails_says_so_in_its_files_too(self, ready: Workshop) -> None:
        ready.write("specs/broken.yaml", "kind: TunedModel\n")
        ready.run("drift", "--format", "json", "--out", "d.json", expect=1)
        told = json.loads((ready.folder / "d.json").read_text())
        assert (told["verdict"], told["complete"]) == ("error", False)
        assert "in the specs" in told["errors"][0]["what"]
