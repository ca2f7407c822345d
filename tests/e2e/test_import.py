"""Tuned models that an SDK made are adopted by one command, and live on like created ones."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from tests.e2e.workshop import LOCATION, PROJECT, Workshop, jsonl, supervised_row

ALL = ("import", "--all", "--out", "specs")
DATA = "gs://acme-data/train.jsonl"


def body(name: str = "Ticket triage", *, epochs: int = 2, **fields: Any) -> dict[str, Any]:
    return {
        "baseModel": "gemini-2.5-flash",
        "supervisedTuningSpec": {
            "trainingDatasetUri": DATA,
            "hyperParameters": {"epochCount": epochs, "adapterSize": "ADAPTER_SIZE_FOUR"},
        },
        "tunedModelDisplayName": name,
        **fields,
    }


class Outside:
    """Somebody who works on the same Google project without tuneform."""

    def __init__(self, workshop: Workshop) -> None:
        self.url = workshop.url
        self.parent = f"{workshop.url}/v1/projects/{PROJECT}/locations/{LOCATION}"

    def data(self) -> None:
        content = jsonl([supervised_row(n) for n in range(20)])
        self.upload("train.jsonl", content)

    def upload(self, name: str, content: str) -> None:
        path = f"{self.url}/upload/storage/v1/b/acme-data/o"
        httpx.post(path, params={"uploadType": "media", "name": name}, content=content).raise_for_status()

    def seed(self, *jobs: dict[str, Any], count: int | None = None) -> list[str]:
        seeded = {"project": PROJECT, "location": LOCATION, "jobs": jobs, "count": count or len(jobs)}
        answer = httpx.post(f"{self.url}/_emulator/seed", json=seeded)
        answer.raise_for_status()
        names: list[str] = answer.json()["names"]
        return names

    def create(self, job: dict[str, Any]) -> str:
        answer = httpx.post(f"{self.parent}/tuningJobs", json=job)
        answer.raise_for_status()
        name: str = answer.json()["name"]
        return name

    def get(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = httpx.get(f"{self.url}/v1/{name}").raise_for_status().json()
        return found

    def patch(self, name: str, **fields: Any) -> None:
        mask = {"updateMask": ",".join(fields)}
        httpx.patch(f"{self.url}/v1/{name}", params=mask, json=fields).raise_for_status()

    def delete(self, name: str) -> None:
        httpx.delete(f"{self.url}/v1/{name}").raise_for_status()

    def drop_models(self, jobs: list[str]) -> None:
        tuned = [self.get(job)["tunedModel"] for job in jobs]
        for endpoint in (t["endpoint"] for t in tuned):
            for deployed in self.get(endpoint).get("deployedModels", []):
                undeploy = {"deployedModelId": deployed["id"]}
                httpx.post(f"{self.url}/v1/{endpoint}:undeployModel", json=undeploy).raise_for_status()
        self.advance()
        for endpoint in (t["endpoint"] for t in tuned):
            self.delete(endpoint)
        self.advance()
        for model in (t["model"] for t in tuned):
            self.delete(model.partition("@")[0])
        self.advance()

    def advance(self) -> None:
        httpx.post(f"{self.url}/_emulator/clock", json={"advance": 60}).raise_for_status()


@pytest.fixture
def outside(workshop: Workshop) -> Outside:
    workshop.project()
    (workshop.folder / "specs").mkdir()
    someone = Outside(workshop)
    someone.data()
    workshop.advance(60)
    return someone


def import_all(workshop: Workshop, *arguments: str, **options: Any) -> dict[str, Any]:
    ran = workshop.run(*ALL, "--format", "json", *arguments, **options)
    found: dict[str, Any] = json.loads(ran.stdout)
    return found


def written(workshop: Workshop) -> dict[str, str]:
    return {path.name: path.read_text() for path in sorted((workshop.folder / "specs").iterdir())}


def test_two_hundred_jobs_are_adopted_by_one_command(workshop: Workshop, outside: Outside) -> None:
    good = [body(f"Model {n}", epochs=1 + n % 4, labels={"team": f"t{n % 3}"}) for n in range(180)]
    failed = [body("bad data", labels={"emulator-outcome": "fail-data"}) for _ in range(15)]
    outside.seed(*good, *failed)
    outside.drop_models(outside.seed(*[body(f"Dropped {n}", epochs=1) for n in range(5)]))
    result = import_all(workshop)
    assert result["summary"] == {"adopted": 180, "left": 20, "managed": 0, "filtered": 0}
    reasons = [item["reason"] for item in result["left"]]
    assert sum("was deleted" in reason for reason in reasons) == 5
    assert sum(reason.startswith("failed") for reason in reasons) == 15
    assert workshop.plan_json()["changes"] == []
    before = written(workshop)
    again = import_all(workshop)
    assert again["summary"] == {"adopted": 0, "left": 20, "managed": 180, "filtered": 0}
    assert written(workshop) == before
    path = workshop.folder / "specs/model-7.yaml"
    path.write_text(path.read_text().replace("epochCount: 4", "epochCount: 5"))
    assert workshop.actions() == {"TunedModel/model-7": "retune"}


def test_the_spec_is_as_a_person_would_have_written_it(workshop: Workshop, outside: Outside) -> None:
    (job,) = outside.seed(body(labels={"team": "support"}, description="routes tickets"))
    import_all(workshop)
    assert written(workshop)["ticket-triage.yaml"].splitlines()[1:] == [
        "apiVersion: tuneform/v1",
        "kind: TunedModel",
        "metadata: {name: ticket-triage, labels: {team: support}}",
        "spec:",
        "  vertex:",
        "    location: us-central1",
        "    baseModel: gemini-2.5-flash",
        "    supervisedTuningSpec:",
        f"      trainingDatasetUri: {DATA}",
        "      hyperParameters: {epochCount: 2, adapterSize: ADAPTER_SIZE_FOUR}",
        "    tunedModelDisplayName: Ticket triage",
        "    description: routes tickets",
    ]
    assert job in written(workshop)["ticket-triage.yaml"].splitlines()[0]


def test_a_dry_run_writes_nothing(workshop: Workshop, outside: Outside) -> None:
    outside.seed(body())
    result = import_all(workshop, "--dry-run")
    assert [item["file"] for item in result["adopted"]] == ["specs/ticket-triage.yaml"]
    assert written(workshop) == {}
    assert not (workshop.folder / "state").exists()


def test_an_adopted_model_lives_on_like_a_created_one(workshop: Workshop, outside: Outside) -> None:
    outside.seed(body(labels={"team": "support"}))
    import_all(workshop)
    path = workshop.folder / "specs/ticket-triage.yaml"
    path.write_text(path.read_text().replace("team: support", "team: sales"))
    assert workshop.actions() == {"TunedModel/ticket-triage": "update"}
    workshop.apply()
    assert workshop.actions() == {}
    path.write_text(path.read_text().replace("epochCount: 2", "epochCount: 3") + "  lifecycle: {keepLast: 1}\n")
    workshop.apply("--wait", "--allow-deletes", "1")
    assert workshop.actions() == {}
    assert [v["status"] for v in versions(workshop)] == ["deleted", "ready"]


def test_an_adopted_model_is_judged_by_gates_and_destroyed_like_a_created_one(
    workshop: Workshop, outside: Outside
) -> None:
    outside.seed(body(supervisedTuningSpec={**body()["supervisedTuningSpec"], "exportLastCheckpointOnly": True}))
    import_all(workshop)
    path = workshop.folder / "specs/ticket-triage.yaml"
    path.write_text(path.read_text() + "  gates: {metrics: [{name: /train_total_loss, max: 90}]}\n")
    assert workshop.actions() == {"TunedModel/ticket-triage": "evaluate"}
    workshop.apply()
    assert workshop.actions() == {}
    text = path.read_text()
    path.write_text(text.replace("max: 90", "max: 0.00001").replace("epochCount: 2", "epochCount: 3"))
    workshop.apply("--wait", expect=3)
    assert [v["status"] for v in versions(workshop)] == ["ready", "candidate"]
    path.write_text(text)
    workshop.apply()
    assert workshop.actions() == {}
    workshop.run("destroy", "--auto-approve", "--allow-deletes", "1")
    assert [httpx.get(f"{outside.parent}/{c}").json().get(c, []) for c in ("models", "endpoints")] == [[], []]


def versions(workshop: Workshop, name: str = "ticket-triage") -> list[dict[str, Any]]:
    record = json.loads(workshop.run("state", "show", f"TunedModel/{name}").stdout)
    found: list[dict[str, Any]] = record["versions"]
    return found


def test_versions_of_one_model_are_one_spec(workshop: Workshop, outside: Outside) -> None:
    (first,) = outside.seed(body())
    for epochs in (3, 4):
        model = outside.get(first)["tunedModel"]["model"]
        again = body(epochs=epochs, preTunedModel={"tunedModelName": model})
        del again["baseModel"]
        outside.seed(again)
    result = import_all(workshop)
    assert [(a["address"], a["versions"]) for a in result["adopted"]] == [("TunedModel/ticket-triage", 3)]
    assert workshop.actions() == {}
    assert [v["status"] for v in versions(workshop)] == ["superseded", "superseded", "ready"]
    assert "lifecycle: {keepLast: 3}" in written(workshop)["ticket-triage.yaml"]


def test_a_dataset_written_since_is_marked(workshop: Workshop, outside: Outside) -> None:
    outside.seed(body())
    workshop.advance(60)
    outside.upload("train.jsonl", jsonl([supervised_row(n) for n in range(30)]))
    (adopted,) = import_all(workshop)["adopted"]
    assert "was overwritten since" in adopted["notes"][0]
    (version,) = versions(workshop)
    assert version["datasets"][0]["crc32c"] == ""
    assert version["evidence"] == {"adopted": "unknown digest"}
    assert workshop.actions() == {}


def test_the_digest_of_unchanged_data_is_pinned(workshop: Workshop, outside: Outside) -> None:
    outside.seed(body())
    import_all(workshop)
    (version,) = versions(workshop)
    assert version["adopted"] is True
    assert version["datasets"][0]["crc32c"]
    assert version["evidence"] == {}


@pytest.mark.parametrize(
    "name",
    [
        "../../etc/passwd",
        "a: b # c",
        "\x1b[31mred\x1b[0m",
        "{{ jinja }} ${HOME} $(id)",
        "no",
        "007",
        "- [x] *bold* &anchor !tag",
        'quote " and \\ back',
        "line\nbreak",
        "\u202eevil",
        "日本語",
        "tuneform",
        "tuneform.prod",
        "é" * 100,
    ],
)
def test_no_display_name_breaks_a_file_or_leaves_the_folder(workshop: Workshop, outside: Outside, name: str) -> None:
    outside.seed(body(name))
    outside_folder = sorted(p.name for p in workshop.folder.parent.iterdir())
    ran = workshop.run(*ALL)
    assert "\x1b" not in ran.stdout
    assert len(written(workshop)) == 1
    assert workshop.actions() == {}
    assert sorted(p.name for p in workshop.folder.parent.iterdir()) == outside_folder


def test_names_that_collide_get_the_end_of_the_job_s_id(workshop: Workshop, outside: Outside) -> None:
    workshop.write("specs/ticket-triage.yaml", "# mine\n")
    jobs = outside.seed(body(), body())
    import_all(workshop)
    names = {f"ticket-triage-{job[-6:]}.yaml" for job in jobs}
    assert written(workshop).keys() == {"ticket-triage.yaml", *names}
    assert written(workshop)["ticket-triage.yaml"] == "# mine\n"


@pytest.mark.parametrize(
    ("given", "names"),
    [
        ("label=team:sales", {"b"}),
        ("label=team", {"b"}),
        ("name=A*", {"a"}),
        ("state=succeeded", {"a", "b"}),
        ("location=europe-*", set()),
        ("newer=1d", {"a", "b"}),
        ("older=1d", set()),
    ],
)
def test_filters_choose(workshop: Workshop, outside: Outside, given: str, names: set[str]) -> None:
    outside.seed(body("A"), body("B", labels={"team": "sales"}))
    result = import_all(workshop, "--filter", given)
    assert {item["address"].removeprefix("TunedModel/") for item in result["adopted"]} == names
    assert result["summary"]["filtered"] == 2 - len(names)


def test_several_filters_must_all_hold(workshop: Workshop, outside: Outside) -> None:
    sales = {"team": "sales"}
    outside.seed(body("A 1", labels=sales), body("A 2"), body("B 1", labels=sales), body("A 3", labels=sales))
    chosen = ("label=team:sales", "name=A*", "location=us-*", "state=*succeeded", "newer=1h")
    result = import_all(workshop, *(part for given in chosen for part in ("--filter", given)), "--provider", "vertex")
    assert {item["address"] for item in result["adopted"]} == {"TunedModel/a-1", "TunedModel/a-3"}
    assert workshop.actions() == {}


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("state=done", "'done' is no state of a run"),
        ("newer=30", "'30' is not an age"),
        ("older=3y", "'3y' is not an age"),
        ("label=:support", "':support' names no label"),
        ("name=", "'name=' is not a filter"),
        ("colour=red", "'colour=red' is not a filter"),
    ],
)
def test_a_filter_that_can_choose_nothing_is_wrong_usage(workshop: Workshop, given: str, says: str) -> None:
    workshop.project()
    assert says in workshop.run(*ALL, "--filter", given, expect=64).stderr


def test_a_look_needs_no_folder(workshop: Workshop, outside: Outside) -> None:
    outside.seed(body())
    (workshop.folder / "specs").rmdir()
    seen = workshop.run("import", "--all", "--dry-run").stdout
    assert "~ TunedModel/ticket-triage  specs/ticket-triage.yaml" in seen
    assert not (workshop.folder / "specs").exists()


def test_a_folder_of_specs_that_is_not_there_yet_is_made(workshop: Workshop, outside: Outside) -> None:
    outside.seed(body())
    (workshop.folder / "specs").rmdir()
    workshop.run("import", "--all", "--out", "specs/adopted")
    assert (workshop.folder / "specs/adopted/ticket-triage.yaml").exists()
    assert workshop.actions() == {}


def test_what_serves_on_an_endpoint_of_another_name_is_adopted_as_it_is(workshop: Workshop, outside: Outside) -> None:
    (job,) = outside.seed(body(labels={"team": "support", "tier": "gold"}))
    endpoint = outside.get(job)["tunedModel"]["endpoint"]
    outside.patch(endpoint, displayName="Support", labels={"team": "support"})
    (adopted,) = import_all(workshop)["adopted"]
    assert adopted["notes"] == ["label tier is left out: the endpoint does not have it, or has another value"]
    assert workshop.actions() == {}


def test_models_that_land_elsewhere_than_their_jobs_are_found(workshop: Workshop, outside: Outside) -> None:
    job = body(baseModel="gemini-3.1-flash-lite")
    job["supervisedTuningSpec"]["exportLastCheckpointOnly"] = True
    outside.seed(job)
    (adopted,) = import_all(workshop, "--location", LOCATION, "--location", "europe-west4")["adopted"]
    assert "/locations/us/" in adopted["model"]
    assert workshop.actions() == {}
    assert import_all(workshop)["summary"]["managed"] == 1


def test_jobs_of_other_projects_of_tuneform_are_left_to_them(workshop: Workshop, outside: Outside) -> None:
    outside.seed(body(labels={"tuneform-project": "theirs"}))
    (left,) = import_all(workshop)["left"]
    assert "'theirs'" in left["reason"]


def test_a_project_s_defaults_that_would_retune_are_told(workshop: Workshop, outside: Outside) -> None:
    workshop.project("  overrides:\n    - match: {name: ticket-*}\n      TunedModel: {vertex: {baseModel: other}}\n")
    outside.seed(body())
    result = import_all(workshop)
    assert result["adopted"] == []
    assert "vertex.baseModel: live gemini-2.5-flash, declared other" in result["left"][0]["reason"]
    assert written(workshop) == {}


def test_a_project_s_defaults_that_differ_from_google_s_are_answered_in_the_spec(
    workshop: Workshop, outside: Outside
) -> None:
    settings = "{exportLastCheckpointOnly: true, hyperParameters: {learningRateMultiplier: 2.0}}"
    workshop.project(f"  defaults: {{TunedModel: {{vertex: {{supervisedTuningSpec: {settings}}}}}}}\n")
    outside.seed(body())
    assert import_all(workshop)["left"] == []
    spec = written(workshop)["ticket-triage.yaml"]
    assert "learningRateMultiplier: 1.0" in spec
    assert workshop.actions() == {}


def test_a_folder_the_project_does_not_read_is_refused(workshop: Workshop, outside: Outside) -> None:
    outside.seed(body())
    ran = workshop.run("import", "--all", "--out", "elsewhere", expect=64)
    assert ran.stderr.count("would not be read as specs") == 1
    assert not (workshop.folder / "elsewhere").exists()
    ran = workshop.run("import", "--all", "--out", "../outside", expect=64)
    assert "not beneath the project's folder" in ran.stderr


class TestOne:
    def test_a_declared_model_is_recorded_and_plans_to_nothing(self, workshop: Workshop, outside: Outside) -> None:
        (job,) = outside.seed(body("triage", epochs=3, labels={"team": "support"}))
        workshop.model(data=DATA)
        path = workshop.folder / "specs/triage.yaml"
        path.write_text(path.read_text().replace("exportLastCheckpointOnly: true", "exportLastCheckpointOnly: false"))
        workshop.run("import", "TunedModel/triage", job)
        assert workshop.actions() == {}
        (version,) = versions(workshop, "triage")
        assert (version["run"], version["adopted"], version["status"]) == (job, True, "ready")

    @pytest.mark.parametrize("leads", ["model", "endpoint"])
    def test_a_model_or_an_endpoint_leads_to_its_job(self, workshop: Workshop, outside: Outside, leads: str) -> None:
        (job,) = outside.seed(body())
        name = outside.get(job)["tunedModel"][leads]
        ran = workshop.run("import", "TunedModel/mine", name, "--out", "specs")
        assert job in ran.stdout
        assert workshop.actions() == {}

    def test_without_a_folder_the_spec_is_printed(self, workshop: Workshop, outside: Outside) -> None:
        (job,) = outside.seed(body())
        printed = workshop.run("import", "TunedModel/mine", job).stdout
        assert "metadata: {name: mine}" in printed
        workshop.write("specs/mine.yaml", printed)
        workshop.run("import", "TunedModel/mine", job)
        assert workshop.actions() == {}

    def test_a_spec_that_asks_for_something_else_is_refused(self, workshop: Workshop, outside: Outside) -> None:
        (job,) = outside.seed(body("triage", epochs=4))
        workshop.model(data=DATA, epochs=3)
        ran = workshop.run("import", "TunedModel/triage", job, expect=1)
        assert "epochCount: live 4, declared 3" in ran.stderr
        assert workshop.actions() == {"TunedModel/triage": "create"}

    def test_a_difference_in_names_only_is_left_to_the_plan(self, workshop: Workshop, outside: Outside) -> None:
        (job,) = outside.seed(body("Something", epochs=3))
        workshop.write(
            "specs/triage.yaml",
            f"""\
apiVersion: tuneform/v1
kind: TunedModel
metadata: {{name: triage}}
spec:
  vertex:
    baseModel: gemini-2.5-flash
    supervisedTuningSpec: {{trainingDatasetUri: {DATA}, hyperParameters: {{epochCount: 3}}}}
""",
        )
        workshop.run("import", "TunedModel/triage", job)
        assert workshop.actions() == {"TunedModel/triage": "update"}

    def test_a_job_under_way_is_followed(self, workshop: Workshop, outside: Outside) -> None:
        job = outside.create(body())
        workshop.run("import", "TunedModel/mine", job, "--out", "specs")
        workshop.advance()
        workshop.apply("--wait")
        assert workshop.actions() == {}
        assert [v["status"] for v in versions(workshop, "mine")] == ["ready"]

    @pytest.mark.parametrize(
        ("arguments", "exit_code", "says"),
        [
            (("TunedModel/x", f"projects/{PROJECT}/locations/{LOCATION}/tuningJobs/1"), 1, "was not found"),
            (("TunedModel/x", "nonsense"), 64, "is not the name of a tuned model"),
            (("Dataset/x", f"projects/{PROJECT}/locations/{LOCATION}/tuningJobs/1"), 64, "cannot be adopted"),
            (("TunedModel/x",), 64, "say what to import"),
            (("--all",), 64, "--out specs/"),
            (("--all", "--out", "specs", "--filter", "colour=red"), 64, "is not a filter"),
        ],
    )
    def test_what_cannot_be_adopted_is_told(
        self, workshop: Workshop, outside: Outside, arguments: tuple[str, ...], exit_code: int, says: str
    ) -> None:
        outside.seed(body())
        assert says in workshop.run("import", *arguments, expect=exit_code).stderr

    def test_what_is_recorded_is_not_adopted_twice(self, workshop: Workshop, outside: Outside) -> None:
        (job,) = outside.seed(body())
        import_all(workshop)
        ran = workshop.run("import", "TunedModel/other", job, expect=1)
        assert "managed already" in ran.stderr
        ran = workshop.run("import", "TunedModel/ticket-triage", job, expect=1)
        assert "recorded already" in ran.stderr
