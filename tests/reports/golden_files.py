"""Comparing what people read with a file that a person has looked at.

After an intended change: TUNEFORM_GOLDEN=write python -m pytest tests/reports, then read the difference.
"""

import os
from pathlib import Path

FOLDER = Path(__file__).parent / "golden"


def matches_golden(name: str, text: str) -> None:
    path = FOLDER / name
    if os.environ.get("TUNEFORM_GOLDEN") == "write":
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8"), f"{path} differs; see golden_files.py"
