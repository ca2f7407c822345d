"""How YAML is read: strictly, as YAML 1.2, with the place of everything that is refused."""

from pathlib import Path

import pytest

from reconciler.spec.findings import Findings
from reconciler.spec.source_text import decode
from reconciler.spec.yaml_reader import Document, read_documents
from tests.spec.conftest import MODEL, Workspace, place


def read(text: str) -> tuple[list[Document], Findings]:
    findings = Findings()
    source = decode("a.yaml", text.encode(), findings)
    return (list(read_documents(source, findings)) if source else []), findings


def value(text: str) -> object:
    documents, findings = read(text)
    assert not findings.sorted()
    return documents[0].value


def refusal(text: str) -> tuple[str, str]:
    """Code and place of the one thing that is wrong."""
    (found,) = read(text)[1].sorted()
    return found.code, f"{found.source.line}:{found.source.column}" if found.source else ""


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("no", "no"),
        ("on", "on"),
        ("y", "y"),
        ("true", True),
        ("False", False),
        ("010", 10),
        ("0o10", 8),
        ("0x1F", 31),
        ("+12", 12),
        ("-7", -7),
        ("1_000", "1_000"),
        ("1:30", "1:30"),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("-0.0", 0.0),
        ("2026-13-45", "2026-13-45"),
        ("~", None),
        ("Null", None),
        ("-", "-"),
        ("1.2.3", "1.2.3"),
        ("'3'", "3"),
        ('"true"', "true"),
    ],
)
def test_plain_values_are_read_as_yaml_1_2(written: str, meant: object) -> None:
    if written == "-":
        written = "'-'"
    result = value(f"key: {written}")
    assert isinstance(result, dict)
    assert result == {"key": meant}
    assert type(result["key"]) is type(meant)


@pytest.mark.parametrize(
    "written", [".nan", ".inf", "-.INF", "1e400", "-1e999", "9" * 5000, "1" * 2000 + ".5", "9223372036854775808"]
)
def test_numbers_that_no_field_can_hold_are_refused(written: str) -> None:
    assert refusal(f"key: {written}") == ("yaml_number", "1:6")


def test_the_largest_number_of_64_bits_is_read() -> None:
    assert value("key: 9223372036854775807") == {"key": 2**63 - 1}


@pytest.mark.parametrize(
    ("text", "code", "where"),
    [
        ("a: &x 1", "yaml_anchor", "1:4"),
        ("a: &x {b: 1}", "yaml_anchor", "1:4"),
        ("a: *x", "yaml_alias", "1:4"),
        ("a: {b: 1}\nc:\n  <<: {d: 1}", "yaml_merge_key", "3:3"),
        ("a: !!str b", "yaml_tag", "1:4"),
        ("a: ! b", "yaml_tag", "1:4"),
        ("a: !python/object:os.system x", "yaml_tag", "1:4"),
        ("%TAG ! tag:x,2000:\n---\na: b", "yaml_tag", "1:1"),
        ("%YAML 1.1\n---\na: b", "yaml_version", "1:1"),
        ("a: 1\nb: 2\na: 3", "duplicate_key", "3:1"),
        ("? [a]\n: b", "yaml_key", "1:3"),
        ("1: b", "yaml_key", "1:1"),
        ("null: b", "yaml_key", "1:1"),
        ("? \n: b", "yaml_key", "1:2"),
        (f"{'9' * 30}: b", "yaml_key", "1:1"),
        ("a: b: c", "yaml_syntax", "1:5"),
        ("a: `b`", "yaml_syntax", "1:4"),
        ("\ta: b", "yaml_syntax", "1:1"),
        ('a: "\\0"', "forbidden_character", "1:4"),
        ('a: "x\\x1b[31m"', "forbidden_character", "1:4"),
        ('"a\\u202e": b', "forbidden_character", "1:1"),
        ("a: x\u202ey", "forbidden_character", "1:5"),
        ("a: x # \u2066", "forbidden_character", "1:8"),
        ("a: 1\nb: \x07", "forbidden_character", "2:4"),
        ("a: x\x85y", "forbidden_character", "1:5"),
        ("ü: 1\nä: &x 1", "yaml_anchor", "2:4"),
    ],
)
def test_what_makes_a_spec_hard_to_review_is_refused_where_it_stands(text: str, code: str, where: str) -> None:
    assert refusal(text) == (code, where)


def test_a_duplicate_key_names_the_line_of_the_first() -> None:
    (found,) = read("a: 1\nb:\n  c: 1\n  d: 2\n  c: 3\n")[1].sorted()
    assert "c stands here twice; first in line 3" in found.message


def test_a_tab_is_named_for_what_it_is(work: Workspace) -> None:
    work.spec("metadata:\n\tname: x\n")
    assert work.finding("yaml_syntax").hint == "Indent with spaces, not with tabs."


def test_escaped_characters_that_only_separate_lines_are_text() -> None:
    assert value('a: "x\\ny\\tz\\L"') == {"a": "x\ny\tz\u2028"}


def test_version_1_2_may_be_said() -> None:
    assert value("%YAML 1.2\n---\na: b") == {"a": "b"}


def test_a_byte_order_mark_at_the_beginning_is_no_character() -> None:
    documents, findings = read("\ufeffa: 1")
    assert documents[0].value == {"a": 1}
    assert not findings.sorted()


@pytest.mark.parametrize("opening", ["[", "{a: ", "- "])
def test_deep_nesting_is_refused_at_the_level_that_is_too_deep(opening: str) -> None:
    code, where = refusal(opening * 200_000)
    assert (code, where) == ("too_large", f"1:{32 * len(opening) + 1}")


def test_thirty_two_levels_are_fine() -> None:
    assert value("[" * 32 + "]" * 32)


def test_a_document_of_too_many_values_is_given_up() -> None:
    assert refusal("a: [" + "1, " * 25_000 + "1]")[0] == "too_large"


def test_an_alias_bomb_costs_nothing() -> None:
    layers = "\n".join(f"l{i}: &l{i} [{', '.join([f'*l{i - 1}'] * 9)}]" for i in range(1, 12))
    codes = {d.code for d in read(f"l0: &l0 [x]\n{layers}")[1].sorted()}
    assert codes == {"yaml_anchor", "yaml_alias", "more_findings"}


def test_reading_goes_on_with_the_next_document_after_a_mistake() -> None:
    documents, findings = read("a: 1\n---\nb: [\n---\nc: `x`\n---\nd: 4\n")
    assert [d.value for d in documents if not d.damaged] == [{"a": 1}, {"d": 4}]
    assert [(d.code, d.source.line if d.source else 0) for d in findings.sorted()] == [
        ("yaml_syntax", 4),
        ("yaml_syntax", 5),
    ]


def test_places_are_right_after_reading_has_begun_anew() -> None:
    findings = read("a: [\n---\nb: 1\n---\nc: 1\nd:\n   *x\n")[1]
    assert [str(d.source) for d in findings.sorted()] == ["a.yaml:2:1", "a.yaml:7:4"]


def test_what_a_broken_document_said_before_it_broke_is_kept() -> None:
    documents, _ = read("kind: Dataset\nmetadata: {name: x}\nspec: `\n")
    assert documents[0].damaged
    assert documents[0].value == {"kind": "Dataset", "metadata": {"name": "x"}}


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n---\n", "---\n...\n", "null\n"])
def test_empty_documents_are_passed_over(text: str) -> None:
    assert read(text)[0] == []


def test_rubbish_between_documents_is_reported_once() -> None:
    documents, findings = read("a: 1\n... x\n")
    assert [d.code for d in findings.sorted()] == ["yaml_syntax"]
    assert [d.value for d in documents] == [{"a": 1}]


def test_an_indented_first_document_is_read() -> None:
    documents, _ = read("\n   a: 1\n   b: 2\n")
    assert documents[0].value == {"a": 1, "b": 2}


def test_windows_line_ends_do_not_shift_places(work: Workspace) -> None:
    work.write("specs/a.yaml", MODEL.replace("\n", "\r\n").replace("baseModel", "baseModle"))
    assert place(work.finding("unknown_field")) == "specs/a.yaml:6:5"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32", "latin-1", "cp1252"])
def test_a_file_that_is_not_utf_8_is_refused(work: Workspace, encoding: str) -> None:
    work.write("specs/a.yaml", MODEL.replace("triage", "münchen").encode(encoding))
    assert work.codes() == ["encoding"] if encoding != "utf-16-le" else ["forbidden_character"]


def test_the_place_of_a_wrong_byte_is_told(work: Workspace) -> None:
    work.write("specs/a.yaml", "a: 1\nü: \xff".encode().replace("\xff".encode(), b"\xff"))
    assert place(work.finding("encoding")) == "specs/a.yaml:2:4"


def test_json_is_read_with_its_way_of_writing_emoji(work: Workspace) -> None:
    head = '"apiVersion": "tuneform/v1", "kind": "TunedModel", "metadata": {"name": "triage"}'
    body = '"baseModel": "g", "supervisedTuningSpec": {"trainingDatasetUri": "gs://acme/t.jsonl"}'
    described = f'{body}, "description": "hi \\ud83d\\ude00 \\\\ud83d \\/"'
    work.write("specs/a.json", f'{{{head}, "spec": {{"vertex": {{{described}}}}}}}')
    assert work.model().description == "hi \U0001f600 \\ud83d /"


def test_half_an_emoji_is_refused(work: Workspace) -> None:
    work.write("specs/a.json", '{"a": "\\ud83d"}')
    assert work.codes() == ["yaml_syntax"]


def test_long_texts_are_not_repeated_in_messages(work: Workspace) -> None:
    work.spec(MODEL.replace("spec:", f"{'x' * 1000}: 1\nspec:"))
    assert len(work.finding("unknown_field").message) < 150


def test_a_hostile_file_is_read_to_its_end_without_hanging(tmp_path: Path) -> None:
    import time

    started = time.monotonic()
    for text in ("[" * 1_000_000, "{" * 1_000_000, "- " * 500_000, "? " * 500_000, "---\n" * 250_000, '"' * 1_000_000):
        read(text)
    assert time.monotonic() - started < 60, "a second is usual: this is a hang"
