"""Jobs that google-genai made are adopted by one command."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from reconciler.emulator.options import Options
from reconciler.emulator.testing import RunningEmulator
from tests.conformance.conftest import LOCATION, PROJECT, SUPERVISED, jsonl, supervised_row

pytestmark = pytest.mark.filterwarnings("ignore:The SDK's tuning implementation is experimental")


def tuneform(folder: Path, url: str, *arguments: str) -> dict[str, Any]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("GOOGLE_", "CLOUDSDK_"))}
    ran = subprocess.run(
        [sys.executable, "-m", "reconciler", *arguments, "--format", "json"],
        cwd=folder,
        env={**kept, "TUNEFORM_EMULATOR": url, "GOOGLE_CLOUD_PROJECT": PROJECT},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    answer: dict[str, Any] = json.loads(ran.stdout)
    return answer


def test_what_the_sdk_made_is_adopted(tmp_path: Path) -> None:
    from google import genai
    from google.oauth2.credentials import Credentials

    with RunningEmulator(Options(run_seconds=20, max_concurrent_jobs=50)) as emulator:
        emulator.admin.put_object(SUPERVISED, jsonl(supervised_row(n) for n in range(20)))
        client = genai.Client(
            vertexai=True,
            project=PROJECT,
            location=LOCATION,
            credentials=Credentials(token="emulator"),
            http_options={"base_url": emulator.url},
        )
        for number in range(8):
            labels = {"team": "support"} if number < 6 else {"emulator-outcome": "fail-data"}
            client.tunings.tune(
                base_model="gemini-2.5-flash",
                training_dataset={"gcs_uri": SUPERVISED},
                config={"tuned_model_display_name": f"Triage {number}", "epoch_count": 2, "labels": labels},
            )
        client.close()
        emulator.admin.advance(600)
        (tmp_path / "specs").mkdir()
        command = ("import", "--all", "--out", "specs", "--provider", "vertex")
        assert tuneform(tmp_path, emulator.url, *command)["summary"]["adopted"] == 6
        assert tuneform(tmp_path, emulator.url, "plan")["changes"] == []
        assert tuneform(tmp_path, emulator.url, *command)["summary"]["adopted"] == 0
        spec = tmp_path / "specs/triage-3.yaml"
        spec.write_text(spec.read_text().replace("epochCount: 2", "epochCount: 3"))
        (change,) = tuneform(tmp_path, emulator.url, "plan")["changes"]
        assert (change["address"], change["action"]) == ("TunedModel/triage-3", "retune")
