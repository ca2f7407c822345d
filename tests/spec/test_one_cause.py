"""One mistake is one error: what only follows from it is not told besides."""

import pytest

from tests.spec.conftest import MODEL, Workspace


@pytest.mark.parametrize(
    ("right", "wrong", "message"),
    [
        ("{name: triage}", "{name: }", "metadata.name has no value"),
        ("{name: triage", "{nam: triage", "metadata.nam is not a field that tuneform knows"),
        ("baseModel: gemini-3.1-flash-lite", "baseModel:", "vertex.baseModel has no value"),
        ("baseModel: gemini-3.1-flash-lite", "base_model:", "vertex.base_model has no value"),
        ("baseModel: gemini", "baseModle: gemini", "vertex.baseModle is not a field that tuneform knows"),
    ],
)
def test_a_field_that_was_reported_is_not_reported_as_missing_too(
    work: Workspace, right: str, wrong: str, message: str
) -> None:
    assert right in MODEL
    work.spec(MODEL.replace(right, wrong))
    assert [finding.message for finding in work.findings()] == [message]


def test_a_field_that_nobody_wrote_is_reported_as_missing_beside_other_mistakes(work: Workspace) -> None:
    work.spec(MODEL.replace("{name: triage", "{nam: triage").replace("baseModel: gemini", "zzz: gemini"))
    assert work.codes() == ["unknown_field", "missing_field", "unknown_field"]
