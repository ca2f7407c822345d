"""Files of a project that nothing but its author, or the state's own code, may write."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from reconciler.errors import SpecError
from reconciler.spec.files import is_named_by, is_project_file
from reconciler.spec.findings import Findings
from reconciler.spec.load import open_project
from reconciler.spec.paths import is_beneath
from reconciler.spec.project_file import ProjectFile, without_file

# What the state's folder holds, for a project whose own folder it is.
_OF_THE_STATE = frozenset({"state.json", "lock.json", "journal", "history"})


def why_kept(path: Path, root: Path, *, project_file: Path | None, environ: Mapping[str, str]) -> str:
    """Why a report must not be written to `path`, as the end of a sentence; empty where it may.

    The project is the one in `root`, or the one that `project_file` describes, as in `load`. One that cannot be used is
    taken to have its specs and its state where they usually are.
    """
    real = os.path.realpath(path)
    project = _project(root, project_file, environ)
    folder, state = project.project.root, project.project.state
    if not is_beneath(folder, real):
        return ""
    below = os.path.relpath(real, folder)
    if is_project_file(below):
        return "is a project file"
    if state.startswith("/") and _is_in_state(real, os.path.realpath(state), folder):
        return "lies in the folder of the state"
    if any(is_named_by(below, pattern) for pattern, _ in project.specs):
        return "is read as a spec of this project" if Path(real).exists() else "would be read as a spec"
    return ""


def _project(root: Path, project_file: Path | None, environ: Mapping[str, str]) -> ProjectFile:
    try:
        return open_project(root, project_file, environ, Findings())
    except SpecError:
        folder = (root / project_file).parent if project_file else root
        return without_file(os.path.realpath(folder), environ, Findings())


def _is_in_state(real: str, state: str, folder: str) -> bool:
    if state == folder:
        return os.path.relpath(real, folder).split("/")[0] in _OF_THE_STATE
    return is_beneath(state, real)
