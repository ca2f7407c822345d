"""`tuneform init`: a project file and an example to start from."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import click

from reconciler.cli import exit_codes
from reconciler.cli.session import Session
from reconciler.cli.verbs import Verb
from reconciler.errors import TuneformError

PROJECT_FILE = """\
# A tuneform project: https://github.com/tuneform/tuneform
apiVersion: tuneform/v1
kind: Project
metadata: {{name: {name}}}
spec:
  specs: [specs/]          # folders, files or globs, beneath this file's folder
  state: state/            # what tuneform recorded: keep it, and let it be written by one place
  # google:
  #   project: my-project  # else GOOGLE_CLOUD_PROJECT, else what Google's own tools are set to
  #   location: us-central1
  limits:
    maxConcurrentJobs: 1   # Google's own default quota
    maxCostUSD: 50         # what would cost more is held
    maxDeletes: 0          # more need a saved plan, a typed yes, or --allow-deletes N
"""
EXAMPLE = """\
# Data to learn from: a local file, uploaded once per content. Put the name of a bucket of yours here.
apiVersion: tuneform/v1
kind: Dataset
metadata: {name: example-train}
spec: {file: data/example.jsonl, format: supervised, bucket: gs://my-bucket/datasets}
---
# A model to tune. The fields of `vertex` are those of Google's API; `tuneform schema` describes them all.
# `tuneform plan` says what a tuning run would cost before anything is bought.
apiVersion: tuneform/v1
kind: TunedModel
metadata: {name: example, labels: {team: mine}}
spec:
  vertex:
    location: us-central1
    baseModel: gemini-3.1-flash-lite
    supervisedTuningSpec:
      trainingDatasetUri: Dataset/example-train      # or a gs:// URI; what that would cost is not known beforehand
      hyperParameters: {epochCount: 1, adapterSize: 4}
      exportLastCheckpointOnly: true
  lifecycle: {keepLast: 2}       # the version that serves, and the one before it
"""
GITIGNORE = """\
# What tuneform recorded: it changes with every apply and belongs in one place, which is not git.
state/
"""
EXAMPLE_ROWS = 120


@click.command("init", cls=Verb)
@click.pass_obj
def command(session: Session) -> int:
    """Write tuneform.yaml, specs/example.yaml, data/example.jsonl and a .gitignore that leaves the state out.

    What is there already stays as it is.
    """
    folder = session.folder
    project_file = session.project_file or "tuneform.yaml"
    beside = Path(project_file).parent
    written = [
        _write(session, project_file, PROJECT_FILE.format(name=_name(folder))),
        _write(session, str(beside / "specs" / "example.yaml"), EXAMPLE),
        _write(session, str(beside / "data" / "example.jsonl"), "".join(map(_example_row, range(1, EXAMPLE_ROWS + 1)))),
    ]
    written.append(_write(session, str(beside / ".gitignore"), GITIGNORE))
    console = session.console
    if not written[-1] and not _leaves_out_the_state(session.path(str(beside / ".gitignore"))):
        console.print("Add the line `state/` to it: the state changes with every apply and must not be in git.")
    if any(written):
        console.hint("\nNext: edit the example, then `tuneform validate` and `tuneform plan`.")
        console.hint("To try it without a Google account: tuneform emulator")
    return exit_codes.DONE


def _write(session: Session, name: str, text: str) -> bool:
    """Create a file; False if there is one of that name."""
    from reconciler.reports.escape import visible

    path = session.path(name)
    if os.path.lexists(path):
        session.console.print(f"{visible(name)} is there already; it was left as it is.")
        return False
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    except OSError as error:
        raise TuneformError(
            f"cannot be written: {error.strerror or error}",
            where=name,
            next_step="Choose a folder that can be written.",
        ) from error
    with os.fdopen(handle, "w", encoding="utf-8") as stream:
        stream.write(text)
    session.console.print(f"{visible(name)} written.")
    return True


def _leaves_out_the_state(gitignore: Path) -> bool:
    """Whether a .gitignore names the folder of the state; False where it cannot be read."""
    try:
        lines = gitignore.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return False
    return any(line.strip().strip("/") == "state" for line in lines)


def _example_row(number: int) -> str:
    """One conversation that ends with the answer to learn."""
    turns = (("user", f"Where is parcel {number}?"), ("model", f"queue=shipping parcel={number}"))
    return json.dumps({"contents": [{"role": role, "parts": [{"text": text}]} for role, text in turns]}) + "\n"


def _name(folder: Path) -> str:
    """A project name from the folder's: lowercase letters, digits and dashes."""
    name = re.sub(r"[^a-z0-9]+", "-", folder.name.lower()).strip("-")
    name = re.sub(r"^[^a-z]+", "", name)[:50].rstrip("-")
    return name or "my-models"
