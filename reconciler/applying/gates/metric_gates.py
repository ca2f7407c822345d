"""Bounds on metrics, and not being worse than the version that serves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.applying.gates.result import GateResult, number
from reconciler.core.metrics import RunMetrics, is_loss


@dataclass(frozen=True, slots=True)
class Rival:
    """The version that serves while another is judged."""

    version: int
    metrics: RunMetrics


def judge_metric(gate: Mapping[str, Any], candidate: RunMetrics, rival: Rival | None) -> Iterator[GateResult]:
    """A result for each bound of one metric gate. What counts is the last value that the run wrote."""
    name = str(gate["name"])
    last = candidate.last(name)
    if last is None:
        known = ", ".join(candidate.names) or "none at all"
        yield GateResult(name, False, f"the run has no metric {name}; it has {known}")
        return
    value = last.value
    if (highest := gate.get("max")) is not None:
        yield _bounded(name, value, float(highest), passed=value <= highest, beyond="above")
    if (lowest := gate.get("min")) is not None:
        yield _bounded(name, value, float(lowest), passed=value >= lowest, beyond="below")
    if (allowed := gate.get("maxRegression")) is not None:
        lower = gate.get("better", "lower" if is_loss(name) else "higher") == "lower"
        yield _compared(name, value, rival, float(allowed), lower=lower)


def _bounded(name: str, value: float, bound: float, *, passed: bool, beyond: str) -> GateResult:
    """Something that is not a number compares as false and so does not pass."""
    relation = f"within {number(bound)}" if passed else f"{beyond} {number(bound)}"
    return GateResult(name, passed, f"{name} is {number(value)}, {relation}", value, bound)


def _compared(name: str, value: float, rival: Rival | None, allowed: float, *, lower: bool) -> GateResult:
    gate = f"{name} against the serving version"
    if rival is None:
        return GateResult(gate, True, f"{name} is {number(value)}; nothing serves yet to compare it with", value)
    before = rival.metrics.last(name)
    if before is None:
        detail = f"v{rival.version}, which serves, has no metric {name} to compare with"
        return GateResult(gate, False, detail, value)
    slack = allowed * abs(before.value)
    bound = before.value + slack if lower else before.value - slack
    passed = value <= bound if lower else value >= bound
    verdict = "no worse than" if passed else "worse than"
    detail = (
        f"{name} is {number(value)}, {verdict} v{rival.version}'s {number(before.value)} by more than {allowed:.4g}"
    )
    if passed:
        detail = f"{name} is {number(value)}; v{rival.version} has {number(before.value)}"
    return GateResult(gate, passed, detail, value, bound)
