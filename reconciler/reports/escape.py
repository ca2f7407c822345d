"""Hostile text made harmless, for a terminal and for Markdown.

Every string that a spec, a dataset, a server or a saved plan brought may have been written by somebody who wants the
reader to see something else than what is there: escape sequences, right-to-left overrides, invisible characters,
mentions, links. On a terminal such characters are shown by their escapes; in Markdown they become plain text.
"""

from __future__ import annotations

import re
import unicodedata

# Letters and marks that print as nothing, beyond what `str.isprintable` already refuses (Cc, Cf, Cs, Zl, Zp, Zs).
_INVISIBLE = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0") | {
    chr(code) for code in (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))
}
_ALLOWED_SPACE = "\u3000"
_SHORT = {"\n": "\\n", "\t": "\\t", "\r": "\\r"}
_MOST_MARKS = 4


def visible(text: str) -> str:
    r"""One line of `text` in which nothing is hidden: whatever does not print stands as its escape (`\x1b`, `\u202e`).

    More than a few combining marks on one letter are escaped too, so that a name cannot paint over its neighbours.
    """
    if text.isascii() and text.isprintable():
        return text
    shown: list[str] = []
    marks = 0
    for char in text:
        marks = marks + 1 if unicodedata.combining(char) or unicodedata.category(char) == "Me" else 0
        shown.append(char if marks <= _MOST_MARKS and _prints(char) else _escaped(char))
    return "".join(shown)


def visible_lines(text: str) -> list[str]:
    """The lines of a text of several lines, each made `visible`."""
    return [visible(line) for line in text.split("\n")]


def _prints(char: str) -> bool:
    return (char.isprintable() or char == _ALLOWED_SPACE) and char not in _INVISIBLE


def _escaped(char: str) -> str:
    if char in _SHORT:
        return _SHORT[char]
    code = ord(char)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def markdown_code(text: str) -> str:
    """`text` as a code span, in which Markdown, mentions and links have no power. Not for table cells."""
    shown = visible(text) or " "
    fence = "`" * (longest_run(shown, "`") + 1)
    # A space is stripped from both sides again; needed where a backtick or a space stands at an edge.
    pad = " " if shown[0] in "` " or shown[-1] in "` " else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


def markdown_cell(text: str) -> str:
    """`text` as a code span inside a table, where a bar ends the cell even within code."""
    return markdown_code(text).replace("|", "\\|")


def longest_run(text: str, char: str) -> int:
    """How many of `char` stand in a row at most."""
    return max((len(run) for run in re.findall(f"{re.escape(char)}+", text)), default=0)


def markdown_fence(lines: list[str]) -> str:
    """The fence for a block of `lines`: longer than any run of backticks in them."""
    return "`" * max(3, max((longest_run(line, "`") for line in lines), default=0) + 1)


# Stands in for the cut until the rest is escaped; `visible` has left no such character.
_CUT = "\x00"
_ENTITIES = {char: f"&#{ord(char)};" for char in "&<>`*_[]\\|~$"} | {_CUT: "&#8203;"}
# What GitHub and GitLab turn into links, mentions or pictures all by themselves; cut by a zero-width space.
_AUTOLINKS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"(?<=[@#!%^~$&])(?=[\w-])",
        r"(?<=:)(?=//)|(?<=www)(?=\.)",
        r"(?<=\bmailto)(?=:)|(?<=\bxmpp)(?=:)|(?<=\bG[HL])(?=-\d)",
        r"(?<=:)(?=[\w+-])",
    )
)
_HASH = re.compile(r"\b[0-9a-f]{7,64}\b")
_HASH_PIECE = re.compile(r"[0-9a-f]{1,6}")
_BLOCK_START = re.compile(r"^[#+=:.-]|^\d+(?=[.)])")


def markdown_text(text: str) -> str:
    """`text` as prose that a Markdown reader shows letter by letter, wherever in a line it stands."""
    shown = visible(text).strip()
    for pattern in _AUTOLINKS:
        shown = pattern.sub(_CUT, shown)
    shown = _HASH.sub(lambda found: _CUT.join(_HASH_PIECE.findall(found[0])), shown)
    shown = "".join(_ENTITIES.get(char, char) for char in shown)
    return _BLOCK_START.sub(lambda start: "".join(f"&#{ord(char)};" for char in start[0]), shown)
