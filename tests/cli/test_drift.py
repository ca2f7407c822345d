"""`tuneform drift` on the command line: which report goes where, and what the exit code says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from reconciler.core.drift import DriftReport
from reconciler.errors import CredentialsError
from tests.cli.conftest import Runner
from tests.cli.fakes import FakeEngine
from tests.reports import audits


def engine(report: DriftReport = audits.DRIFT) -> FakeEngine:
    return FakeEngine(audited=report)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("report", "code"), [(audits.IN_SYNC, 0), (audits.DRIFT, 2), (audits.INCOMPLETE, 5)], ids=["sync", "drift", "blind"]
)
def test_the_exit_code_is_the_verdict(tuneform: Runner, report: DriftReport, code: int) -> None:
    assert tuneform("drift", engine=engine(report)).code == code


def test_without_options_people_read_it(tuneform: Runner) -> None:
    assert tuneform("drift", engine=engine()).out.startswith("Missing (1)")


@pytest.mark.parametrize(
    "typed",
    [
        ("--format", "text", "--format", "json", "--out", "d.json"),
        ("--format", "json", "--out", "d.json", "--format", "text"),
    ],
)
def test_a_file_belongs_to_the_format_in_front_of_it_and_the_other_goes_to_stdout(
    tuneform: Runner, here: Path, typed: tuple[str, ...]
) -> None:
    ran = tuneform("drift", *typed, engine=engine())
    assert ran.out.startswith("Missing (1)")
    assert json.loads((here / "d.json").read_text())["verdict"] == "drift"


@pytest.mark.parametrize(
    "typed",
    [
        ("--format", "json", "--out", "d.json", "--format", "junit", "--out", "d.xml"),
        ("--out", "d.json", "--format", "json", "--out", "d.xml", "--format", "junit"),
        ("--format", "json", "--format", "junit", "--out", "d.json", "--out", "d.xml"),
    ],
)
def test_as_many_files_as_formats_are_paired_as_they_come(tuneform: Runner, here: Path, typed: tuple[str, ...]) -> None:
    ran = tuneform("drift", *typed, engine=engine())
    assert (here / "d.json").read_text().startswith("{")
    assert (here / "d.xml").read_text().startswith("<?xml")
    assert ran.out.startswith("Drift: 1 missing"), "one line says what the files hold"


def test_only_a_file_gets_the_text(tuneform: Runner, here: Path) -> None:
    assert tuneform("drift", "--out", "d.txt", "--quiet", engine=engine()).out == ""
    assert (here / "d.txt").read_text().startswith("Missing (1)")


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        (("--format", "json", "--format", "text"), "json and text would both go to stdout"),
        (("--format", "json", "--out", "a", "--out", "b"), "more --out than --format"),
        (("--format", "json", "--out", "a", "--format", "text", "--out", "a"), "'a' is given for two reports"),
        (("--format", "pdf"), "'pdf' is not one of"),
    ],
)
def test_what_cannot_be_paired_is_wrong_usage(tuneform: Runner, here: Path, typed: tuple[str, ...], told: str) -> None:
    ran = tuneform("drift", *typed, engine=engine())
    assert (ran.code, list(here.iterdir())) == (64, [])
    assert told in ran.err


def test_a_report_that_cannot_be_written_is_an_error_and_the_others_are_there(tuneform: Runner, here: Path) -> None:
    typed = ("--format", "json", "--out", "no/d.json", "--format", "junit", "--out", "d.xml")
    ran = tuneform("drift", *typed, engine=engine())
    assert ran.code == 1
    assert "the report cannot be written" in ran.err
    assert (here / "d.xml").exists()


def test_other_people_may_read_a_report(tuneform: Runner, here: Path) -> None:
    tuneform("drift", "--format", "openmetrics", "--out", "d.prom", engine=engine())
    assert (here / "d.prom").stat().st_mode & 0o044


def test_an_old_report_is_replaced_as_a_whole(tuneform: Runner, here: Path) -> None:
    (here / "d.json").write_text("x" * 100_000)
    tuneform("drift", "--format", "json", "--out", "d.json", engine=engine())
    assert json.loads((here / "d.json").read_text())
    assert [p.name for p in here.iterdir()] == ["d.json"]


def test_an_audit_that_was_not_made_is_told_in_every_report_and_on_stderr(tuneform: Runner, here: Path) -> None:
    failing = FakeEngine(raises=CredentialsError("there are no usable credentials", next_step="Log in."))
    typed = ("--format", "json", "--format", "openmetrics", "--out", "d.prom")
    ran = tuneform("drift", *typed, engine=failing)
    assert ran.code == 1
    assert "there are no usable credentials" in ran.err
    assert json.loads(ran.out)["errors"][0]["next_step"] == "Log in."
    assert 'verdict="error"} 1' in (here / "d.prom").read_text()
