"""`tuneform init`: a project file and an example to start from."""

from __future__ import annotations

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
# A model to tune. The fields of `vertex` are those of Google's API; `tuneform schema` describes them all.
# The data is a small public example; `tuneform plan` says what a tuning run would cost before anything is bought.
apiVersion: tuneform/v1
kind: TunedModel
metadata: {name: example, labels: {team: mine}}
spec:
  vertex:
    location: us-central1
    baseModel: gemini-3.1-flash-lite
    supervisedTuningSpec:
      trainingDatasetUri: gs://cloud-samples-data/ai-platform/generative_ai/sft_train_data.jsonl
      validationDatasetUri: gs://cloud-samples-data/ai-platform/generative_ai/sft_validation_data.jsonl
      hyperParameters: {epochCount: 1, adapterSize: 4}
  lifecycle: {keepLast: 2}       # the version that serves, and the one before it

# Data of your own: a local file, uploaded once per content. Refer to it as Dataset/my-data above.
# ---
# apiVersion: tuneform/v1
# kind: Dataset
# metadata: {name: my-data}
# spec: {file: data/my-data.jsonl, format: supervised, bucket: gs://my-bucket/datasets}
"""


@click.command("init", cls=Verb)
@click.pass_obj
def command(session: Session) -> int:
    """Write tuneform.yaml and specs/example.yaml. What is there already stays as it is."""
    folder = session.folder
    project_file = session.project_file or "tuneform.yaml"
    written = [
        _write(session, project_file, PROJECT_FILE.format(name=_name(folder))),
        _write(session, str(Path(project_file).parent / "specs" / "example.yaml"), EXAMPLE),
    ]
    console = session.console
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


def _name(folder: Path) -> str:
    """A project name from the folder's: lowercase letters, digits and dashes."""
    name = re.sub(r"[^a-z0-9]+", "-", folder.name.lower()).strip("-")
    name = re.sub(r"^[^a-z]+", "", name)[:50].rstrip("-")
    return name or "my-models"
