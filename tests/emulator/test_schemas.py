"""The emulator's idea of the API is Google's."""

import subprocess
import sys
from pathlib import Path

import pytest

from reconciler.emulator.aiplatform.service import HANDLERS
from reconciler.emulator.discovery import load_api, snake_case
from reconciler.emulator.generativelanguage.service import HANDLERS as GEMINI_HANDLERS

ROOT = Path(__file__).parent.parent.parent


def test_the_extract_equals_the_discovery_documents_that_google_ships() -> None:
    command = [sys.executable, str(ROOT / "scripts" / "extract_schemas.py"), "--check"]
    checked = subprocess.run(command, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, f"{checked.stdout}run scripts/extract_schemas.py"


def test_the_extract_of_the_gemini_api_equals_the_installed_client_of_google() -> None:
    command = [sys.executable, str(ROOT / "scripts" / "extract_generativelanguage.py"), "--check"]
    checked = subprocess.run(command, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, f"{checked.stdout}run scripts/extract_generativelanguage.py"


def test_every_method_of_the_gemini_api_is_served() -> None:
    served = {method for version in ("v1", "v1beta") for method in load_api("generativelanguage", version).methods}
    assert set(GEMINI_HANDLERS) == served


@pytest.mark.parametrize("version", ["v1", "v1beta1"])
def test_every_extracted_method_is_served(version: str) -> None:
    assert set(load_api("aiplatform", version).methods) <= set(HANDLERS)


def test_every_handler_belongs_to_a_method() -> None:
    served = set(load_api("aiplatform", "v1").methods) | set(load_api("aiplatform", "v1beta1").methods)
    assert set(HANDLERS) == served


def test_v1beta1_alone_knows_the_progress_of_a_job() -> None:
    fields = {v: load_api("aiplatform", v).messages for v in ("v1", "v1beta1")}
    assert "tuningJobState" not in fields["v1"]["GoogleCloudAiplatformV1TuningJob"].fields
    assert "tuningJobState" in fields["v1beta1"]["GoogleCloudAiplatformV1beta1TuningJob"].fields


@pytest.mark.parametrize(
    ("camel", "snake"),
    [("trainingDatasetUri", "training_dataset_uri"), ("etag", "etag"), ("baseModel", "base_model")],
)
def test_field_paths_in_errors_are_in_snake_case(camel: str, snake: str) -> None:
    assert snake_case(camel) == snake
