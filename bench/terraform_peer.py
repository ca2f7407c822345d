"""The peer: as many `terraform_data` resources, each with the ten attributes a tuned model has, already applied.

The state is written directly: a real apply of 10,000 takes over an hour (it rewrites the state after each resource).
The provider is built into the binary and calls no API, so the figure is Terraform's own overhead.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import uuid
from pathlib import Path
from typing import Any

PLAN = ("terraform", "plan", "-input=false", "-no-color", "-detailed-exitcode")


def available() -> bool:
    """Whether there is a terraform to compare with."""
    return shutil.which("terraform") is not None


def environ(folder: Path) -> dict[str, str]:
    """The environment of every run: no update check, no personal configuration."""
    (folder / "cli.tfrc").write_text("")
    return {**os.environ, "CHECKPOINT_DISABLE": "1", "TF_CLI_CONFIG_FILE": str(folder / "cli.tfrc")}


def build(folder: Path, count: int) -> None:
    """A configuration of `count` resource blocks, ten to a file, and the state in which nothing is to be done."""
    folder.mkdir(parents=True)
    for start in range(0, count, 10):
        blocks = "\n".join(_block(i) for i in range(start, min(start + 10, count)))
        (folder / f"models_{start:05d}.tf").write_text(blocks)
    state = {
        "version": 4,
        "terraform_version": _version(),
        "serial": 1,
        "lineage": str(uuid.uuid5(uuid.NAMESPACE_DNS, "bench.tuneform")),
        "outputs": {},
        "resources": [_instance(i) for i in range(count)],
        "check_results": None,
    }
    (folder / "terraform.tfstate").write_text(json.dumps(state))
    subprocess.run(
        ["terraform", "init", "-input=false"], cwd=folder, env=environ(folder), check=True, stdout=subprocess.DEVNULL
    )


def _version() -> str:
    answer = subprocess.run(
        ["terraform", "version", "-json"],
        check=True,
        capture_output=True,
        env={**os.environ, "CHECKPOINT_DISABLE": "1"},
    )
    return str(json.loads(answer.stdout)["terraform_version"])


def _attributes(number: int) -> dict[str, Any]:
    return {
        "display_name": f"model {number}",
        "base_model": "gemini-3.1-flash-lite",
        "training_uri": f"gs://acme/{number}/train.jsonl",
        "validation_uri": f"gs://acme/{number}/validation.jsonl",
        "epochs": 3 + number % 4,
        "adapter_size": 4,
        "learning_rate": 1.5,
        "location": "us-central1",
        "team": f"team-{number % 20}",
        "sha256": hashlib.sha256(str(number).encode()).hexdigest(),
    }


def _block(number: int) -> str:
    lines = "\n".join(f"    {key} = {json.dumps(value)}" for key, value in _attributes(number).items())
    return f'resource "terraform_data" "m{number}" {{\n  input = {{\n{lines}\n  }}\n}}\n'


def _instance(number: int) -> dict[str, Any]:
    value = _attributes(number)
    kinds = {key: "string" if isinstance(v, str) else "number" for key, v in value.items()}
    wrapped = {"value": value, "type": ["object", kinds]}
    identifier = str(uuid.uuid5(uuid.NAMESPACE_DNS, f"m{number}.bench.tuneform"))
    return {
        "mode": "managed",
        "type": "terraform_data",
        "name": f"m{number}",
        "provider": 'provider["terraform.io/builtin/terraform"]',
        "instances": [
            {
                "schema_version": 0,
                "attributes": {"id": identifier, "input": wrapped, "output": wrapped, "triggers_replace": None},
                "sensitive_attributes": [],
            }
        ],
    }
