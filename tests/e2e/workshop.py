"""A project in a temporary folder, the emulator beside it, and the command line as a person types it."""

from __future__ import annotations

import json
import os
import subprocess
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from reconciler.emulator.options import Options
from reconciler.emulator.testing import RunningEmulator
from tests.processes import tuneform

PROJECT = "acme-ml"
LOCATION = "us-central1"


def supervised_row(number: int) -> dict[str, Any]:
    return {
        "contents": [
            {"role": "user", "parts": [{"text": f"Ticket {number}: where is my order?"}]},
            {"role": "model", "parts": [{"text": f"queue=shipping id={number}"}]},
        ]
    }


def preference_row(number: int) -> dict[str, Any]:
    def completion(score: int, text: str) -> dict[str, Any]:
        return {"score": score, "completion": {"role": "model", "parts": [{"text": text}]}}

    return {
        "contents": [{"role": "user", "parts": [{"text": f"Ticket {number}: the parcel is late."}]}],
        "completions": [completion(1, "I am sorry, let me look at once."), completion(0, "Wait.")],
    }


def jsonl(rows: list[dict[str, Any]]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


@dataclass
class Workshop:
    """`run` is one command; nothing is shared between two of them but files and the emulator."""

    folder: Path
    url: str
    name: str

    def write(self, path: str, text: str) -> Path:
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
        return target

    def project(self, extra: str = "") -> None:
        self.write(
            "tuneform.yaml",
            f"""\
apiVersion: tuneform/v1
kind: Project
metadata: {{name: {self.name}}}
spec:
  specs: [specs/]
  state: state/
  google: {{project: {PROJECT}, location: {LOCATION}}}
  limits: {{maxConcurrentJobs: 20}}
{extra}""",
        )

    def dataset(self, name: str = "train", rows: int = 20, *, method: str = "supervised") -> None:
        make = supervised_row if method == "supervised" else preference_row
        self.write(f"data/{name}.jsonl", jsonl([make(i) for i in range(rows)]))
        self.write(
            f"specs/{name}.yaml",
            f"""\
apiVersion: tuneform/v1
kind: Dataset
metadata: {{name: {name}}}
spec: {{file: data/{name}.jsonl, format: {method}, bucket: gs://{self.name}-bucket/datasets}}
""",
        )

    def model(
        self, name: str = "triage", *, data: str = "Dataset/train", epochs: int = 3, labels: str = "", extra: str = ""
    ) -> None:
        self.write(
            f"specs/{name}.yaml",
            f"""\
apiVersion: tuneform/v1
kind: TunedModel
metadata: {{name: {name}, labels: {{team: support{labels}}}}}
spec:
  vertex:
    location: {LOCATION}
    baseModel: gemini-2.5-flash
    supervisedTuningSpec:
      trainingDatasetUri: {data}
      hyperParameters: {{epochCount: {epochs}, adapterSize: 4}}
      exportLastCheckpointOnly: true
{extra}""",
        )

    @property
    def environ(self) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("GOOGLE_", "TUNEFORM_", "CLOUDSDK_"))}
        return {**kept, "TUNEFORM_EMULATOR": self.url, "NO_COLOR": "1", "COLUMNS": "250"}

    def run(
        self, *arguments: str, expect: int | None = 0, prepare: Callable[[], None] | None = None, **environ: str
    ) -> subprocess.CompletedProcess[str]:
        done = tuneform(*arguments, folder=self.folder, environ={**self.environ, **environ}, prepare=prepare)
        if expect is not None:
            assert done.returncode == expect, f"exit {done.returncode}\n{done.stdout}\n{done.stderr}"
        assert "Traceback" not in done.stderr
        return done

    def apply(
        self, *arguments: str, expect: int | None = 0, prepare: Callable[[], None] | None = None
    ) -> subprocess.CompletedProcess[str]:
        return self.run("apply", "--auto-approve", *arguments, expect=expect, prepare=prepare)

    def plan_json(self, *arguments: str) -> dict[str, Any]:
        shown: dict[str, Any] = json.loads(self.run("plan", "--format", "json", *arguments).stdout)
        return shown

    def actions(self, *arguments: str) -> dict[str, str]:
        return {change["address"]: change["action"] for change in self.plan_json(*arguments)["changes"]}

    def jobs(self, location: str = LOCATION) -> list[dict[str, Any]]:
        """Every tuning job of this workshop's project label, as the emulator has it."""
        answer = httpx.get(
            f"{self.url}/v1/projects/{PROJECT}/locations/{location}/tuningJobs", params={"pageSize": 100}
        )
        jobs: list[dict[str, Any]] = answer.json().get("tuningJobs", [])
        return [j for j in jobs if j.get("labels", {}).get("tuneform-project") == self.name]

    def put_object(self, bucket: str, name: str, text: str) -> None:
        """Write an object as somebody else would, whatever was there before."""
        url = f"{self.url}/upload/storage/v1/b/{bucket}/o"
        httpx.post(url, params={"uploadType": "media", "name": name}, content=text).raise_for_status()

    def advance(self, seconds: float = 3600) -> None:
        httpx.post(f"{self.url}/_emulator/clock", json={"advance": seconds}).raise_for_status()

    def fault(self, **fault: Any) -> None:
        httpx.post(f"{self.url}/_emulator/faults", json=fault).raise_for_status()

    def end_faults(self) -> None:
        httpx.delete(f"{self.url}/_emulator/faults").raise_for_status()

    def requests(self) -> dict[str, Any]:
        answer: dict[str, Any] = httpx.get(f"{self.url}/_emulator/requests").json()
        return answer

    def forget_requests(self) -> None:
        httpx.delete(f"{self.url}/_emulator/requests").raise_for_status()


@contextmanager
def open_workshop(folder: Path, options: Options) -> Iterator[Workshop]:
    """A workshop with an emulator of its own, in a project whose name nobody else has."""
    with RunningEmulator(options) as emulator:
        yield Workshop(folder, emulator.url, f"w{uuid.uuid4().hex[:12]}")
