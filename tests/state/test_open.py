"""From `state:` in the project file to a backend."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.errors import StateError
from reconciler.state.open import open_backend


def test_a_folder_is_opened_relative_to_the_project_and_not_made_yet(project: Path) -> None:
    assert open_backend("state/", project).describe() == "state"
    assert list(project.iterdir()) == []


@pytest.mark.parametrize("location", ["gs://acme-tune/state", "s3://acme/state", "https://x/y"])
def test_an_object_store_is_refused_in_plain_words(project: Path, location: str) -> None:
    with pytest.raises(StateError, match="not supported by this version; use a folder") as caught:
        open_backend(location, project)
    assert caught.value.where == location
    assert "spec.state" in caught.value.next_step


@pytest.mark.parametrize("location", ["", "  ", "a\0b"])
def test_what_cannot_be_a_folder_is_refused(project: Path, location: str) -> None:
    with pytest.raises(StateError, match="is not a folder"):
        open_backend(location, project)
