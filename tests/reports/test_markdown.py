"""The plan as a comment on a pull request: money and danger first, never too long, nothing hostile in it."""

import re

import pytest
from hypothesis import given, settings
from markdown_it import MarkdownIt
from markdown_it.token import Token

from reconciler.core.plan import Action
from reconciler.reports.markdown_report import plan_markdown
from tests.reports import plans
from tests.reports.golden_files import matches_golden
from tests.reports.hostile import HOSTILE, PAYLOADS
from tests.reports.test_escape import hidden_in
from tests.reports.test_text import NAMED, hostile_plan

OURS = re.compile(r"</?(details|summary|sub)>")
MENTIONS = re.compile(
    r"@\w|#\w|://\S|www\.\w|\bGH-\d|mailto:\w|:\w+:|\b[0-9a-f]{7,40}\b|\$\w+\$",
)


def tokens_of(markdown: str) -> list[Token]:
    flat = []
    for token in MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).parse(markdown):
        flat.append(token)
        flat.extend(token.children or [])
    return flat


@pytest.mark.parametrize("name", NAMED)
def test_the_comment_reads_as_in_the_golden_file(name: str) -> None:
    matches_golden(f"{name}.md", plan_markdown(NAMED[name], "0.1.0"))


def test_money_and_removals_stand_before_everything_else() -> None:
    comment = plan_markdown(plans.EVERYTHING, "0.1.0")
    title = comment.splitlines()[2]
    assert "2 paid runs, about US$8.10 once, plus 1 of unknown cost, 1 removal" in title
    assert "> [!CAUTION]" in comment
    rows = [line for line in comment.splitlines() if line.startswith("| ") and "`" in line]
    assert "old-router" in rows[0]
    assert "support-triage" in rows[1]
    assert comment.index("specs/triage.yaml:14") < comment.index("| Resource |")


def check_harmless(comment: str) -> None:
    assert hidden_in(comment) <= {"U+000A"}
    tokens = tokens_of(comment)
    assert not [t for t in tokens if t.type in ("link_open", "image", "code_block", "hr", "autolink")]
    headings = [t for t in tokens if t.type == "heading_open"]
    assert len(headings) == 1
    comments = 0
    for token in tokens:
        if token.type in ("html_block", "html_inline"):
            rest = OURS.sub("", token.content).strip()
            comments += rest.startswith("<!-- tuneform") and rest.endswith("-->") and rest.count("-->") == 1
            assert rest in ("", "Full diff") or rest.startswith("<!-- tuneform"), token.content
        if token.type == "text":
            assert not MENTIONS.search(token.content), token.content
    assert comments == 1


@pytest.mark.parametrize("payload", PAYLOADS)
def test_hostile_text_becomes_no_link_mention_picture_or_markup(payload: str) -> None:
    check_harmless(plan_markdown(hostile_plan(payload), "0.1.0"))


@settings(max_examples=80, deadline=None)
@given(HOSTILE)
def test_no_text_at_all_becomes_markup(text: str) -> None:
    check_harmless(plan_markdown(hostile_plan(text), "0.1.0"))


@pytest.mark.parametrize("count", [40, 300, 10_000])
def test_a_long_plan_fits_in_a_comment_and_says_what_is_missing(count: int) -> None:
    many = plans.plan(
        *(plans.change(Action.CREATE, f"m{n}", "New.", fields=plans.CREATE.fields) for n in range(count)),
        plans.DELETE,
    )
    comment = plan_markdown(many, "0.1.0")
    assert len(comment.encode()) <= 60_000
    assert "| 🗑️ | `TunedModel/old-router`" in comment
    rows = sum(line.startswith("| 🟢") for line in comment.splitlines())
    if rows < count:
        assert f"_{count - rows:,} more changes do not fit here._" in comment
    shown = sum(line.startswith("+ TunedModel") for line in comment.splitlines())
    if shown < count:
        assert f"The diff of {count - shown + (0 if shown else 1):,} changes does not fit here." in comment
    check_harmless(comment)


@pytest.mark.parametrize("payload", ["`" * 70_000, "|" * 70_000, "宽" * 40_000, "@" * 70_000])
def test_one_endless_text_does_not_make_the_comment_endless(payload: str) -> None:
    assert len(plan_markdown(hostile_plan(payload), "0.1.0").encode()) <= 60_000


def test_what_has_no_fields_to_show_is_not_listed_as_if_it_were_the_whole_diff() -> None:
    assert "Full diff" not in plan_markdown(plans.plan(plans.UPLOAD), "0.1.0")
