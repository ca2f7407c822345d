"""What is said of many resources alike is said once, so that the one thing that matters is not lost in it."""

from __future__ import annotations

from reconciler.core.diagnostics import Diagnostic, Severity, Source
from reconciler.reports.diagnostics import diagnostic_lines
from reconciler.reports.palette import PLAIN


def shown(count: int, severity: Severity = "warning") -> list[str]:
    found = [
        Diagnostic(severity, "x", "it retires", f"TunedModel/m{n}", Source(f"specs/m{n}.yaml", 4, 5), "Tune another.")
        for n in range(count)
    ]
    return list(diagnostic_lines(found, width=100, palette=PLAIN))


def test_the_others_are_named_and_counted() -> None:
    assert shown(8) == [
        "Warning: it retires",
        "  specs/m0.yaml:4:5  TunedModel/m0",
        "  Tune another.",
        "  The same is said of TunedModel/m1, TunedModel/m2, TunedModel/m3, TunedModel/m4, TunedModel/m5 and",
        "  2 more.",
    ]


def test_every_error_is_told_by_itself() -> None:
    assert sum(line == "Error: it retires" for line in shown(3, "error")) == 3
