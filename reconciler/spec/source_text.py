"""The text of a spec file: decoded, free of characters that hide something, and able to say where an offset is."""

from __future__ import annotations

import re
from dataclasses import dataclass

from reconciler.core.diagnostics import Source
from reconciler.spec.findings import Findings

# Control characters but tab and line ends, other line ends that editors do not count, direction overrides (they make
# a reviewer see another text than the parser: CVE-2021-42574), byte order marks inside a text, non-characters.
FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff]")
_UTF16_OR_32 = (b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff")
_SURROGATE_PAIR = re.compile(r"(?<!\\)((?:\\\\)*)\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})")


@dataclass(frozen=True, slots=True)
class SourceText:
    """One file's text. `file` is its path as findings show it."""

    file: str
    text: str

    def source_at(self, offset: int) -> Source:
        """The line and column of a character."""
        start = self.text.rfind("\n", 0, offset) + 1
        return Source(self.file, self.text.count("\n", 0, offset) + 1, offset - start + 1)


def decode(file: str, data: bytes, findings: Findings) -> SourceText | None:
    """The text of a file; None, with findings, when it is not clean UTF-8."""
    if data.startswith(_UTF16_OR_32):
        findings.error("encoding", "the file is UTF-16 or UTF-32", Source(file, 1, 1), hint="Save it as UTF-8.")
        return None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8-sig", "replace")
        place = SourceText(file, before).source_at(len(before))
        findings.error("encoding", "the file is not UTF-8 here", place, hint="Save it as UTF-8.")
        return None
    source = SourceText(file, text)
    return source if _is_clean(source, findings) else None


def _is_clean(source: SourceText, findings: Findings) -> bool:
    found = FORBIDDEN.search(source.text)
    if found is None:
        return True
    findings.error(
        "forbidden_character",
        f"the file holds {name_of(found[0])}, which a reader of the file does not see",
        source.source_at(found.start()),
        hint="Remove it; where a text really needs it, write it as an escape in double quotes.",
    )
    return False


def name_of(character: str) -> str:
    """A character that cannot be shown, as `U+202E`."""
    return f"U+{ord(character):04X}"


def join_surrogates(text: str) -> str:
    r"""JSON text with pairs such as `\ud83d\ude00` written the one way that YAML knows, `\U0001f600`.

    What stands behind such a pair on its line is then counted two columns further left.
    """
    return _SURROGATE_PAIR.sub(_joined, text) if r"\u" in text else text


def _joined(match: re.Match[str]) -> str:
    code = 0x10000 + ((int(match[2], 16) - 0xD800) << 10) + (int(match[3], 16) - 0xDC00)
    return f"{match[1]}\\U{code:08x}"
