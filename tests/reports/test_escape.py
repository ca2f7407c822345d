"""What a terminal would act on or hide is shown by its escape."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.reports.escape import markdown_code, visible, visible_lines
from tests.reports.hostile import HOSTILE, PAYLOADS

FORBIDDEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}


def hidden_in(text: str) -> set[str]:
    return {f"U+{ord(char):04X}" for char in text if unicodedata.category(char) in FORBIDDEN}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain text", "plain text"),
        ("\x1b[31m", r"\x1b[31m"),
        ("a\tb\nc\r", r"a\tb\nc\r"),
        ("\x7f\x9b", r"\x7f\x9b"),
        ("\u202etxt", r"\u202etxt"),
        ("\ud800", r"\ud800"),
        ("\U000e0041", r"\U000e0041"),
        ("e\u0301 is fine", "e\u0301 is fine"),
        ("日本語\u3000テスト", "日本語\u3000テスト"),
        ("a\u00a0b", r"a\xa0b"),
    ],
)
def test_what_does_not_print_stands_as_its_escape(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_a_flood_of_combining_marks_cannot_paint_over_its_neighbours() -> None:
    shown = visible("e" + "\u0301" * 50)
    assert shown.count("\u0301") <= 4
    assert r"\u0301" in shown


@given(HOSTILE)
def test_no_text_reaches_the_terminal_raw(text: str) -> None:
    assert hidden_in(visible(text)) == set()


@given(st.text(st.characters()))
def test_making_visible_twice_changes_nothing(text: str) -> None:
    assert visible(visible(text)) == visible(text)


def test_lines_of_a_text_stay_lines() -> None:
    assert visible_lines("a\x07\nb") == [r"a\x07", "b"]


@pytest.mark.parametrize("text", PAYLOADS)
def test_a_code_span_is_fenced_longer_than_any_backticks_in_it(text: str) -> None:
    span = markdown_code(text)
    fence = len(span) - len(span.lstrip("`"))
    inside = span[fence:-fence]
    assert "`" * fence not in inside
    assert "\n" not in inside
