"""Starting, stopping and steering an emulator."""

import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from reconciler.emulator.options import Options
from reconciler.emulator.persistence import StartError
from reconciler.emulator.server import listen, serve
from reconciler.emulator.testing import RunningEmulator
from tests.emulator.vertex import Vertex, job_body, supervised_rows

READY = re.compile(r"Listening on (http://127\.0\.0\.1:\d+)\n")


def started(*arguments: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "reconciler.emulator", *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_the_command_says_where_it_listens_and_stops_on_interrupt(tmp_path: Path) -> None:
    with started("--run-seconds", "3", "--data", str(tmp_path)) as process:
        assert process.stdout
        match = READY.fullmatch(process.stdout.readline())
        assert match
        assert httpx.get(f"{match[1]}/_emulator/clock").status_code == 200
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=10)
    assert (process.returncode, errors) == (0, "")


def test_the_command_says_what_is_wrong_with_a_port() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with started("--port", str(port)) as process:
            _, errors = process.communicate(timeout=10)
    assert process.returncode == 1
    assert errors.startswith(f"Error: Port {port} cannot be used")


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.1", "example.com"])
def test_only_loopback_is_listened_on(host: str) -> None:
    with pytest.raises(StartError, match=re.escape(host)):
        serve(Options(), host=host, ready=lambda _: None)


@pytest.mark.parametrize("seconds", [-1, float("nan"), float("inf")])
def test_an_impossible_run_time_is_refused(seconds: float) -> None:
    with pytest.raises(StartError, match="Run seconds"):
        serve(Options(run_seconds=seconds), ready=lambda _: None)


def test_runs_can_take_no_time_at_all() -> None:
    with RunningEmulator(Options(run_seconds=0)) as emulator, Vertex(emulator) as vertex:
        emulator.admin.put_object("gs://acme/train.jsonl", supervised_rows())
        job = vertex.create()
        assert job["state"] == "JOB_STATE_PENDING"
        assert vertex.get(job["name"], version="v1beta1")["state"] == "JOB_STATE_SUCCEEDED"
        endpoint = vertex.ok("POST", "/endpoints", {"displayName": "x"})["name"].partition("/operations/")[0]
        assert vertex.get(vertex.ok("DELETE", endpoint)["name"])["done"]


@pytest.mark.parametrize("port", [70_000, -1])
def test_an_impossible_port_is_refused(port: int) -> None:
    with pytest.raises(StartError, match="Choose another"):
        listen("127.0.0.1", port)


def test_the_clock_moves_forward_only(vertex: Vertex) -> None:
    before = vertex.http.get("/_emulator/clock").json()
    vertex.admin.advance(90)
    after = vertex.http.get("/_emulator/clock").json()
    assert after["offset"] == before["offset"] + 90
    assert after["now"] > before["now"]
    for bad in (-1, "soon", None, 10**12):
        assert vertex.http.post("/_emulator/clock", json={"advance": bad}).status_code == 400


def test_reset_forgets_everything(vertex: Vertex) -> None:
    vertex.tuned()
    vertex.admin.reset()
    assert [vertex.names(c) for c in ("tuningJobs", "models", "endpoints")] == [[], [], []]
    vertex.refused(400, "INVALID_ARGUMENT", "POST", "/tuningJobs", job_body())


def test_seeded_jobs_look_as_if_they_had_run(vertex: Vertex) -> None:
    [name] = vertex.admin.seed("acme-ml", "us-central1", [job_body(labels={"team": "ml"})])
    job = vertex.get(name)
    assert job["state"] == "JOB_STATE_SUCCEEDED"
    assert vertex.get(job["tunedModel"]["endpoint"])["labels"]["team"] == "ml"
    assert vertex.get(job["experiment"])


def test_seeded_bodies_are_taken_in_turn(vertex: Vertex) -> None:
    bodies = [job_body(tunedModelDisplayName=name) for name in ("a", "b")]
    vertex.admin.seed("acme-ml", "us-central1", bodies, count=5)
    listed = vertex.ok("GET", "/tuningJobs")["tuningJobs"]
    assert [job["tunedModelDisplayName"] for job in listed] == ["a", "b", "a", "b", "a"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"project": "p", "location": "us-central1"},
        {"project": "p", "location": "us-central1", "jobs": []},
        {"project": "p", "location": "us-central1", "jobs": [{}]},
        {"project": "p", "location": "us-central1", "jobs": [{"x": 1}]},
        {"project": "p", "location": "us-central1", "jobs": [job_body()], "count": -1},
    ],
)
def test_a_bad_seed_is_refused(vertex: Vertex, body: dict[str, object]) -> None:
    assert vertex.http.post("/_emulator/seed", json=body).status_code == 400


class TestKeepingData:
    """With a data folder, everything is there again after a restart."""

    def test_jobs_models_and_objects_are_kept(self, tmp_path: Path) -> None:
        options = Options(data_dir=tmp_path / "data")
        with RunningEmulator(options) as emulator, Vertex(emulator) as vertex:
            emulator.admin.put_object("gs://acme/train.jsonl", supervised_rows())
            job = vertex.tuned()
            model = vertex.get(job["tunedModel"]["model"])
            endpoint = vertex.get(job["tunedModel"]["endpoint"])
            operation = vertex.done(vertex.ok("POST", "/endpoints", {"displayName": "x"}))
        with RunningEmulator(options) as emulator, Vertex(emulator) as vertex:
            assert vertex.get(job["name"]) == job
            assert vertex.get(job["tunedModel"]["model"]) == model
            assert vertex.get(job["tunedModel"]["endpoint"]) == endpoint
            assert vertex.get(operation["name"]) == operation
            asked = {"contents": [{"role": "user", "parts": [{"text": "what is 9"}]}]}
            answer = vertex.ok("POST", f"{endpoint['name']}:generateContent", asked)
            assert answer["candidates"][0]["content"]["parts"][0]["text"] == "it is 9"
            vertex.create()

    def test_a_job_goes_on_where_it_was(self, tmp_path: Path) -> None:
        options = Options(data_dir=tmp_path)
        with RunningEmulator(options) as emulator, Vertex(emulator) as vertex:
            emulator.admin.put_object("gs://acme/train.jsonl", supervised_rows())
            job = vertex.create()
            emulator.admin.advance(10)
        with RunningEmulator(options) as emulator, Vertex(emulator) as vertex:
            assert vertex.get(job["name"])["state"] == "JOB_STATE_RUNNING"
            emulator.admin.advance(11)
            assert vertex.get(job["name"])["state"] == "JOB_STATE_SUCCEEDED"

    def test_quotas_and_queues_are_kept(self, tmp_path: Path) -> None:
        options = Options(data_dir=tmp_path, max_concurrent_jobs=1)
        with RunningEmulator(options) as emulator, Vertex(emulator) as vertex:
            emulator.admin.put_object("gs://acme/train.jsonl", supervised_rows())
            vertex.create()
            queued = vertex.create()
        with RunningEmulator(options) as emulator, Vertex(emulator) as vertex:
            assert vertex.create()["state"] == "JOB_STATE_QUEUED"
            emulator.admin.advance(21)
            assert vertex.get(queued["name"])["state"] == "JOB_STATE_PENDING"

    def test_what_was_answered_survives_a_kill(self, tmp_path: Path) -> None:
        with started("--data", str(tmp_path)) as process:
            assert process.stdout
            match = READY.fullmatch(process.stdout.readline())
            assert match
            body = {"displayName": "x"}
            made = httpx.post(f"{match[1]}/v1/projects/p1/locations/us-central1/endpoints", json=body)
            process.kill()
        name = made.json()["name"].partition("/operations/")[0]
        with RunningEmulator(Options(data_dir=tmp_path)) as emulator, Vertex(emulator) as vertex:
            assert vertex.get(name)["displayName"] == "x"

    def test_two_emulators_cannot_share_a_folder(self, tmp_path: Path) -> None:
        with RunningEmulator(Options(data_dir=tmp_path)), pytest.raises(StartError, match="Another emulator"):
            serve(Options(data_dir=tmp_path), ready=lambda _: None)

    def test_a_folder_that_cannot_be_read_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "world.json").write_text('{"format": 1, "clock"')
        with pytest.raises(StartError, match="to start afresh"):
            serve(Options(data_dir=tmp_path), ready=lambda _: None)

    def test_another_format_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "world.json").write_text('{"format": 99}')
        with pytest.raises(StartError, match="format 99"):
            serve(Options(data_dir=tmp_path), ready=lambda _: None)

    def test_a_file_in_place_of_the_folder_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        with pytest.raises(StartError, match="cannot be used to keep data"):
            serve(Options(data_dir=tmp_path / "file"), ready=lambda _: None)
