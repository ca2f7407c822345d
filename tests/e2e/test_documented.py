"""What the page on the Gemini API tells people to try is done, letter by letter."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import httpx

from tests.e2e.workshop import Workshop

PAGE = Path(__file__).parent.parent.parent / "docs" / "gemini-and-palm.md"
FILE = re.compile(r"^`([\w/.-]+)`:\n\n```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"^\$ tuneform (.+)$", re.MULTILINE)


def test_the_number_generator_of_the_page_can_be_tried(workshop: Workshop) -> None:
    (section,) = re.findall(r"^## Try it.*?(?=^## )", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    files = dict(FILE.findall(section))
    assert sorted(files) == ["data/numbers.csv", "specs/numbers.yaml"]
    for path, text in files.items():
        workshop.write(path, text)
    told = [workshop.run(*shlex.split(command)).stdout for command in COMMAND.findall(section)]
    assert "v1 serves now" in told[0]
    (run,) = httpx.get(f"{workshop.url}/v1/{told[1].strip()}/operations").json()["operations"]
    assert run["metadata"]["totalSteps"] == 38
    asked = {"contents": [{"role": "user", "parts": [{"text": "seven"}]}]}
    answer = httpx.post(f"{workshop.url}/v1beta/{told[1].strip()}:generateContent", json=asked).json()
    assert answer["candidates"][0]["content"]["parts"][0]["text"] == "eight"
