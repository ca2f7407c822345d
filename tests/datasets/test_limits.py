"""A dataset held against what its base model takes."""

import pytest

from reconciler.catalog import BaseModel
from reconciler.catalog.load import load_catalog
from reconciler.core.desired import DatasetContent
from reconciler.datasets.inspect import Inspection, Stats
from reconciler.datasets.limits import check_limits
from tests.datasets.conftest import Folder, preference, supervised

MODEL = BaseModel(
    "small",
    max_tokens_per_example=100,
    max_rows=500,
    max_multimodal_rows=50,
    max_bytes=10_000,
    max_validation_rows=300,
)


def inspection(rows: int = 200, size: int = 1000, longest: int = 10, multimodal: int = 0) -> Inspection:
    content = DatasetContent("0" * 64, size, rows, 100)
    stats = Stats(rows, multimodal, 100, longest, longest_line=7)
    return Inspection(content, (), stats, "data.jsonl", "supervised")


def test_within_the_limits_nothing_is_said() -> None:
    assert check_limits(inspection(), MODEL) == ()


@pytest.mark.parametrize(
    ("found", "code"),
    [
        (inspection(longest=101), "dataset_limit_tokens"),
        (inspection(rows=501), "dataset_limit_rows"),
        (inspection(multimodal=1), "dataset_limit_rows"),
        (inspection(size=10_001), "dataset_limit_bytes"),
        (inspection(rows=99), "dataset_few_rows"),
    ],
)
def test_beyond_a_limit_there_is_a_warning_that_names_the_model(found: Inspection, code: str) -> None:
    (warning,) = check_limits(found, MODEL)
    assert (warning.severity, warning.code) == ("warning", code)
    assert "small" in warning.message or code == "dataset_few_rows"


def test_a_row_that_is_too_long_is_named_by_its_line() -> None:
    (warning,) = check_limits(inspection(longest=101), MODEL)
    assert str(warning.source) == "data.jsonl:7:1"


def test_what_the_catalog_does_not_know_is_not_warned_of() -> None:
    assert check_limits(inspection(rows=10**9, size=10**12, longest=10**7), BaseModel("new")) == ()


def test_a_validation_set_has_its_own_limit_and_need_not_be_large() -> None:
    assert check_limits(inspection(rows=40), MODEL, use="validation") == ()
    (warning,) = check_limits(inspection(rows=301), MODEL, use="validation")
    assert warning.code == "dataset_limit_rows"


def test_over_a_thousand_validation_rows_may_be_at_most_30_percent_of_the_training_rows() -> None:
    model = BaseModel("big", max_validation_rows=5000)
    assert check_limits(inspection(rows=1000), model, use="validation", training_rows=200) == ()
    assert check_limits(inspection(rows=1200), model, use="validation", training_rows=4000) == ()
    (warning,) = check_limits(inspection(rows=1201), model, use="validation", training_rows=4000)
    assert "30 %" in warning.message


def test_a_file_that_could_not_be_read_is_not_judged(folder: Folder) -> None:
    assert check_limits(folder.look_at("missing.jsonl"), MODEL) == ()


def test_a_real_file_is_held_against_a_real_model(folder: Folder) -> None:
    model = load_catalog().find("gemini-3.1-flash-lite")
    assert model is not None
    rows = [supervised(question="word " * 120_000)] + [supervised()] * 120
    (warning,) = check_limits(folder.inspect(rows, "supervised"), model)
    assert warning.code == "dataset_limit_tokens"
    assert "131072" in warning.message


def test_a_preference_row_is_as_long_as_its_prompt_and_longer_answer(folder: Folder) -> None:
    found = folder.inspect([preference("q" * 40, "g" * 80, "b" * 40)], "preference")
    assert found.stats.longest_tokens == (40 + 80) // 4
