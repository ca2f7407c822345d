"""Findings as SARIF 2.1.0, so that a code review shows them on the line they are about.

Format: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html. What GitHub needs beyond it: a place for
every result, a relative path, a rule id that stays, and a fingerprint that does not move with the line.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote

from reconciler.core.diagnostics import Diagnostic, Source
from reconciler.reports.json_report import json_text

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
INFORMATION = "https://github.com/tuneform/tuneform"


def sarif_report(found: Sequence[Diagnostic], *, tool_version: str, folder: str, project_file: str) -> str:
    """One run of one tool. `folder` leads from the repository to the project; findings without a place are put at
    the top of `project_file`.
    """
    rules = sorted({d.code for d in found})
    seen: Counter[str] = Counter()
    driver = {
        "name": "tuneform",
        "version": tool_version,
        "informationUri": INFORMATION,
        "rules": [{"id": code, "name": _camel(code), "shortDescription": {"text": _words(code)}} for code in rules],
    }
    results = [_result(d, rules, seen, folder, project_file) for d in found]
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return json_text({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]})


def _result(
    found: Diagnostic, rules: Sequence[str], seen: Counter[str], folder: str, project_file: str
) -> dict[str, Any]:
    place = found.source or Source(project_file, 1, 1)
    identity = "\n".join((found.code, place.file, found.address, found.message))
    seen[identity] += 1
    fingerprint = hashlib.sha256(f"{identity}\n{seen[identity]}".encode(errors="backslashreplace")).hexdigest()
    return {
        "ruleId": found.code,
        "ruleIndex": rules.index(found.code),
        "level": found.severity,
        "message": {"text": " ".join(text for text in (found.message, found.hint) if text)},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": _uri(folder, place.file), "uriBaseId": "%SRCROOT%"},
                    "region": {"startLine": max(place.line, 1), "startColumn": max(place.column, 1)},
                }
            }
        ],
        "partialFingerprints": {"tuneform/v1": fingerprint},
    }


def _uri(folder: str, file: str) -> str:
    return quote(str(PurePosixPath(folder.replace("\\", "/")) / file.replace("\\", "/")), errors="replace")


def _camel(code: str) -> str:
    return "".join(part.capitalize() for part in code.split("_"))


def _words(code: str) -> str:
    return code.replace("_", " ").capitalize()
