"""Findings for code review: the shape that SARIF 2.1.0 and GitHub ask for."""

import json
from typing import Any

import jsonschema
import pytest

from reconciler.core.diagnostics import Diagnostic, Source
from reconciler.reports.sarif import sarif_report
from tests.reports.hostile import PAYLOADS

# The parts of the OASIS schema that such a report uses, with what GitHub requires on top.
ESSENTIAL = {
    "type": "object",
    "required": ["$schema", "version", "runs"],
    "additionalProperties": False,
    "properties": {
        "$schema": {"type": "string", "format": "uri"},
        "version": {"const": "2.1.0"},
        "runs": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "required": ["tool", "results"],
                "additionalProperties": False,
                "properties": {
                    "columnKind": {"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
                    "tool": {
                        "type": "object",
                        "required": ["driver"],
                        "properties": {
                            "driver": {
                                "type": "object",
                                "required": ["name", "rules"],
                                "properties": {
                                    "rules": {
                                        "type": "array",
                                        "uniqueItems": True,
                                        "items": {"type": "object", "required": ["id", "shortDescription"]},
                                    }
                                },
                            }
                        },
                    },
                    "results": {"type": "array", "items": {"$ref": "#/$defs/result"}},
                },
            },
        },
    },
    "$defs": {
        "result": {
            "type": "object",
            "required": ["ruleId", "message", "locations", "partialFingerprints"],
            "additionalProperties": False,
            "properties": {
                "ruleId": {"type": "string"},
                "ruleIndex": {"type": "integer", "minimum": 0},
                "level": {"enum": ["none", "note", "warning", "error"]},
                "message": {"type": "object", "required": ["text"]},
                "partialFingerprints": {"type": "object", "additionalProperties": {"type": "string"}},
                "locations": {
                    "type": "array",
                    "minItems": 1,
                    "items": {
                        "type": "object",
                        "required": ["physicalLocation"],
                        "properties": {
                            "physicalLocation": {
                                "type": "object",
                                "required": ["artifactLocation", "region"],
                                "properties": {
                                    "artifactLocation": {
                                        "type": "object",
                                        "required": ["uri"],
                                        "properties": {"uri": {"type": "string", "pattern": "^[^/: ][^: ]*$"}},
                                    },
                                    "region": {
                                        "type": "object",
                                        "required": ["startLine"],
                                        "properties": {
                                            "startLine": {"type": "integer", "minimum": 1},
                                            "startColumn": {"type": "integer", "minimum": 1},
                                        },
                                    },
                                },
                            }
                        },
                    },
                },
            },
        }
    },
}
UNKNOWN = Diagnostic(
    "error", "unknown_field", "unknown field", "TunedModel/x", Source("specs/a b.yaml", 4, 7), "Remove."
)
NOWHERE = Diagnostic("warning", "policy", "no label")


def report(*found: Diagnostic, folder: str = "models") -> Any:
    made = json.loads(sarif_report(found, tool_version="0.1.0", folder=folder, project_file="tuneform.yaml"))
    jsonschema.validate(made, ESSENTIAL)
    return made


def test_a_finding_stands_on_its_line_of_a_file_named_from_the_repository() -> None:
    [result] = report(UNKNOWN)["runs"][0]["results"]
    assert result["ruleId"] == "unknown_field"
    assert result["level"] == "error"
    assert result["message"]["text"] == "unknown field Remove."
    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "models/specs/a%20b.yaml"
    assert place["region"] == {"startLine": 4, "startColumn": 7}


def test_in_the_repository_itself_the_path_has_no_leading_folder() -> None:
    [result] = report(UNKNOWN, folder="")["runs"][0]["results"]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "specs/a%20b.yaml"


def test_a_finding_without_a_place_is_put_on_the_project_file() -> None:
    [result] = report(NOWHERE)["runs"][0]["results"]
    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "models/tuneform.yaml"


def fingerprints(*found: Diagnostic) -> list[str]:
    return [r["partialFingerprints"]["tuneform/v1"] for r in report(*found)["runs"][0]["results"]]


def test_a_fingerprint_stays_when_the_line_moves_and_tells_twins_apart() -> None:
    moved = Diagnostic("error", "unknown_field", "unknown field", "TunedModel/x", Source("specs/a b.yaml", 90, 1))
    assert fingerprints(UNKNOWN) == fingerprints(moved)
    assert len(set(fingerprints(UNKNOWN, moved))) == 2


def test_no_findings_are_a_valid_report_too() -> None:
    assert report()["runs"][0]["results"] == []


@pytest.mark.parametrize("payload", PAYLOADS)
def test_any_text_makes_a_valid_report(payload: str) -> None:
    report(Diagnostic("error", "code", payload, payload, Source(payload.strip("/: \n"), 1, 1), payload))
