"""An audit in six formats: what each says, that its readers can read it, and that nothing hostile gets through."""

from __future__ import annotations

import json
from dataclasses import replace
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics_families
from prometheus_client.parser import text_string_to_metric_families as prometheus_families

from reconciler.core.drift import DriftReport
from reconciler.reports.drift_html import drift_page
from reconciler.reports.drift_json import drift_json
from reconciler.reports.drift_junit import drift_junit
from reconciler.reports.drift_markdown import drift_markdown
from reconciler.reports.drift_openmetrics import drift_openmetrics
from reconciler.reports.drift_text import drift_lines
from reconciler.reports.layout import cells
from reconciler.reports.palette import COLOURED
from reconciler.reports.text import TextOptions
from tests.reports import audits
from tests.reports.audits import AUDITS, hostile
from tests.reports.golden_files import matches_golden
from tests.reports.hostile import HOSTILE, PAYLOADS
from tests.reports.test_escape import hidden_in
from tests.reports.test_markdown import tokens_of
from tests.reports.test_text import COLOURS

NAMES = pytest.mark.parametrize("name", AUDITS)


def text_of(report: DriftReport, width: int = 80) -> str:
    return "\n".join(drift_lines(report, TextOptions(width))) + "\n"


class TestText:
    @NAMES
    @pytest.mark.parametrize("width", [80, 100])
    def test_it_reads_as_it_was_looked_at(self, name: str, width: int) -> None:
        matches_golden(f"audit-{name}-{width}.txt", text_of(AUDITS[name], width))

    @NAMES
    def test_no_line_is_wider_than_the_terminal(self, name: str) -> None:
        assert max(map(cells, text_of(AUDITS[name]).splitlines())) <= 80

    @NAMES
    def test_the_verdict_stands_last(self, name: str) -> None:
        last = text_of(AUDITS[name]).rstrip().rpartition("\n\n")[2]
        assert name.replace("-", " ").capitalize() + ":" in last

    def test_what_is_told_of_many_alike_is_told_once_with_the_first_names(self) -> None:
        many = (replace(audits.NOTEBOOK, resource=f"{audits.NOTEBOOK.resource}{n:03}") for n in range(100))
        told = text_of(audits.audit(*many, audits.RETIRING))
        assert told.count("a finished run") == 1
        assert "tuningJobs/99019" in told
        assert "tuningJobs/99020" not in told
        assert "and 80 more, which `--format json` names" in told
        assert len(told.splitlines()) < 40

    def test_a_few_alike_are_told_one_by_one(self) -> None:
        few = (replace(audits.NOTEBOOK, resource=f"{audits.NOTEBOOK.resource}{n}") for n in range(3))
        assert text_of(audits.audit(*few)).count("a finished run") == 3

    @pytest.mark.parametrize("payload", PAYLOADS)
    def test_hostile_text_never_reaches_the_terminal_raw(self, payload: str) -> None:
        for line in drift_lines(hostile(payload), TextOptions(palette=COLOURED, excerpt=lambda _: payload)):
            assert hidden_in(COLOURS.sub("", line)) == set()


class TestJson:
    @NAMES
    def test_it_is_spelt_as_scripts_rely_on(self, name: str) -> None:
        matches_golden(f"audit-{name}.json", drift_json(AUDITS[name], "0.1.0") + "\n")

    def test_every_audit_has_the_same_keys(self) -> None:
        keys = [tuple(json.loads(drift_json(report, "0.1.0"))) for report in AUDITS.values()]
        assert len(set(keys)) == 1

    def test_what_could_not_be_seen_makes_no_percentage(self) -> None:
        told = {name: json.loads(drift_json(report, "0.1.0")) for name, report in AUDITS.items()}
        percents = {name: report["coverage"]["percent"] for name, report in told.items()}
        assert percents == {"in-sync": 100.0, "drift": 75.0, "incomplete": None, "error": None}

    @settings(max_examples=60, deadline=None)
    @given(HOSTILE)
    def test_any_text_comes_through_as_json(self, text: str) -> None:
        json.loads(drift_json(hostile(text), "0.1.0"))


class TestMarkdown:
    @NAMES
    def test_it_reads_as_it_was_looked_at(self, name: str) -> None:
        matches_golden(f"audit-{name}.md", drift_markdown(AUDITS[name], "0.1.0"))

    @settings(max_examples=60, deadline=None)
    @given(HOSTILE)
    def test_no_text_becomes_a_link_a_picture_or_markup(self, text: str) -> None:
        tokens = tokens_of(drift_markdown(hostile(text), "0.1.0"))
        assert not [t for t in tokens if t.type in ("link_open", "image", "code_block", "hr", "autolink")]
        assert len([t for t in tokens if t.type == "heading_open"]) == 1

    @pytest.mark.parametrize("payload", ["`" * 70_000, "|" * 70_000, "宽" * 40_000, "@" * 70_000])
    def test_it_always_fits_in_a_comment(self, payload: str) -> None:
        assert len(drift_markdown(hostile(payload), "0.1.0").encode()) <= 60_000

    def test_what_does_not_fit_is_counted(self) -> None:
        told = drift_markdown(audits.audit(*[audits.LABELS] * 2_000), "0.1.0")
        assert len(told.encode()) <= 60_000
        rows = sum(line.startswith("| ✏️") for line in told.splitlines())
        assert 0 < rows < 2_000
        assert f"_{2_000 - rows:,} more findings do not fit here._" in told


class Page(HTMLParser):
    """The tags and the attributes of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes.update(name for name, _ in attrs)


class TestHtml:
    @NAMES
    def test_every_finding_is_on_the_page(self, name: str) -> None:
        page = drift_page(AUDITS[name], "0.1.0")
        for item in AUDITS[name].items:
            assert (item.address or item.resource) in page
        assert "default-src 'none'" in page

    @pytest.mark.parametrize("payload", PAYLOADS)
    def test_hostile_text_adds_no_tag_and_no_attribute(self, payload: str) -> None:
        plain, page = Page(drift_page(hostile("x"), "0.1.0")), Page(drift_page(hostile(payload), "0.1.0"))
        assert (page.tags, page.attributes) == (plain.tags, plain.attributes)
        assert not {"script", "img", "a", "iframe"} & set(page.tags)


# What Apache Ant's schema asks for: https://github.com/windyroad/JUnit-Schema (JUnit.xsd).
SUITE = {"name", "tests", "failures", "errors", "skipped", "time", "timestamp", "hostname", "id", "package"}
CASE = {"name", "classname", "time"}


def cases(report: DriftReport) -> dict[str, list[str]]:
    """The outcomes of each test case, by name."""
    suites = ET.fromstring(drift_junit(report).encode())
    return {case.attrib["name"]: [child.tag for child in case] for case in suites.iter("testcase")}


class TestJunit:
    @NAMES
    def test_it_reads_as_it_was_looked_at(self, name: str) -> None:
        matches_golden(f"audit-{name}.xml", drift_junit(AUDITS[name]) + "\n")

    @NAMES
    def test_it_has_the_shape_that_its_readers_ask_for(self, name: str) -> None:
        suites = ET.fromstring(drift_junit(AUDITS[name]).encode())
        (suite,) = suites
        assert (suites.tag, suites.attrib, set(suite.attrib)) == ("testsuites", {}, SUITE)
        tags = [child.tag for child in suite]
        found = list(suite.iter("testcase"))
        assert tags == ["properties", *["testcase"] * len(found), "system-out", "system-err"]
        assert all(set(case.attrib) == CASE and len(case) <= 1 for case in found)
        for outcome in ("failure", "error"):
            told = list(suite.iter(outcome))
            assert len(told) == int(suite.attrib[f"{outcome}s"])
            assert all({"type", "message"} == set(element.attrib) for element in told)
        assert suite.attrib["tests"] == str(len(found))

    def test_drift_fails_blindness_errs_and_what_is_in_sync_passes(self) -> None:
        assert set(map(tuple, cases(audits.IN_SYNC).values())) == {()}
        told = cases(audits.DRIFT)
        assert told["TunedModel/support-triage"] == told["Dataset/triage-train"] == ["failure"]
        assert told[audits.NOTEBOOK.resource] == ["failure"]
        told = cases(audits.INCOMPLETE)
        assert told["Endpoint/support"] == told[audits.BLIND.resource] == ["error"]
        assert told["Dataset/triage-train"] == []
        assert cases(audits.ERROR) == {"audit": ["error"]}

    def test_an_address_of_which_everything_is_ignored_is_skipped(self) -> None:
        (ignored,) = audits.DRIFT.ignored
        assert cases(audits.audit(ignored))["TunedModel/support-triage"] == ["skipped"]

    def test_a_forecast_fails_nothing(self) -> None:
        assert cases(audits.audit(audits.RETIRING))["TunedModel/support-triage"] == []

    @settings(max_examples=60, deadline=None)
    @given(HOSTILE)
    def test_any_text_comes_through_as_xml(self, text: str) -> None:
        assert len(cases(hostile(text))) >= 4


def samples(report: DriftReport) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    families = openmetrics_families(drift_openmetrics(report) + "\n")
    return {(s.name, frozenset(s.labels.items())): s.value for family in families for s in family.samples}


def value(report: DriftReport, name: str, **labels: str) -> float:
    return samples(report)[name, frozenset({"project": report.project, **labels}.items())]


class TestOpenMetrics:
    @NAMES
    def test_it_reads_as_it_was_looked_at(self, name: str) -> None:
        matches_golden(f"audit-{name}.prom", drift_openmetrics(AUDITS[name]) + "\n")

    @NAMES
    def test_openmetrics_and_the_older_format_read_the_same(self, name: str) -> None:
        text = drift_openmetrics(AUDITS[name]) + "\n"
        older = {
            (s.name, frozenset(s.labels.items())): s.value
            for family in prometheus_families(text)
            for s in family.samples
        }
        assert older == samples(AUDITS[name])
        assert all(family.documentation and family.type == "gauge" for family in openmetrics_families(text))

    def test_exactly_one_verdict_holds(self) -> None:
        for name, report in AUDITS.items():
            held = [
                dict(labels)["verdict"]
                for (metric, labels), number in samples(report).items()
                if metric == "tuneform_audit_verdict" and number == 1
            ]
            assert held == [name.replace("-", "_")]

    def test_only_a_complete_audit_renews_the_time_of_the_last_success(self) -> None:
        last = "tuneform_audit_last_success_timestamp_seconds"
        assert value(audits.DRIFT, last) == value(audits.DRIFT, "tuneform_audit_timestamp_seconds") == 1795233600
        assert all(metric != last for report in (audits.INCOMPLETE, audits.ERROR) for metric, _ in samples(report))

    def test_what_alerts_need(self) -> None:
        triage = {"address": "TunedModel/support-triage"}
        assert value(audits.DRIFT, "tuneform_drift", kind="missing", **triage) == 1
        assert value(audits.DRIFT, "tuneform_base_retirement_days", base_model="gemini-2.5-flash", **triage) == 29
        assert value(audits.DRIFT, "tuneform_drift_findings", kind="unmanaged") == 1
        assert value(audits.INCOMPLETE, "tuneform_unseen_resources") == 1

    @settings(max_examples=60, deadline=None)
    @given(HOSTILE)
    def test_any_text_comes_through_as_metrics(self, text: str) -> None:
        assert samples(hostile(text))
