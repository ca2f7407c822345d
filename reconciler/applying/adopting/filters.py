"""Which tuned models an import is about: by label, location, state, name and age. All that are given must hold."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from fnmatch import fnmatchcase

from reconciler.core.moments import parse_moment
from reconciler.core.observed import Run
from reconciler.core.resource_names import location_of
from reconciler.core.runs import RunState
from reconciler.errors import UsageError

KEYS = ("label", "location", "state", "name", "newer", "older")
_AGE = re.compile(r"(\d{1,6})([smhdw])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


@dataclass(frozen=True, slots=True)
class Filter:
    """One condition. `value` is a glob; for ages it is a duration."""

    key: str
    value: str

    @staticmethod
    def parse(text: str) -> Filter:
        """Read `key=value`. Raises UsageError for anything else."""
        key, equals, value = text.partition("=")
        if not equals or key not in KEYS or not value:
            raise UsageError(
                f"{text[:200]!r} is not a filter",
                where="--filter",
                next_step="Write label=team:support, location=us-central1, state=succeeded, name='triage*', "
                "newer=30d or older=90d.",
            )
        if key in _CHECKS and (problem := _CHECKS[key](value)):
            raise UsageError(f"{value[:200]!r} {problem}", where=f"--filter {key}", next_step=_EXAMPLES[key])
        return Filter(key, value)

    def fits(self, run: Run, display_name: str, labels: Mapping[str, str], now: datetime) -> bool:
        """Whether a model, by its newest run, is meant."""
        return _TESTS[self.key](self.value, run, display_name, labels, now)


def _no_age(value: str) -> str:
    return "" if _AGE.fullmatch(value) else "is not an age"


def _no_state(value: str) -> str:
    wanted = _state_pattern(value)
    known = any(fnmatchcase(state, wanted) for state in RunState)
    return "" if known else "is no state of a run"


def _no_label(value: str) -> str:
    return "" if value.partition(":")[0] else "names no label"


_CHECKS: Mapping[str, Callable[[str], str]] = {
    "newer": _no_age,
    "older": _no_age,
    "state": _no_state,
    "label": _no_label,
}
_AGES = "A number with s, m, h, d or w behind it, such as 30d."
_EXAMPLES = {
    "newer": _AGES,
    "older": _AGES,
    "state": f"States: {', '.join(state.lower() for state in RunState)}; a glob such as *succeeded too.",
    "label": "Write label=team, or label=team:support.",
}

_Test = Callable[[str, Run, str, Mapping[str, str], datetime], bool]


def _label(value: str, _run: Run, _name: str, labels: Mapping[str, str], _now: datetime) -> bool:
    key, colon, wanted = value.partition(":")
    return key in labels and (not colon or fnmatchcase(labels[key], wanted))


def _location(value: str, run: Run, _name: str, _labels: Mapping[str, str], _now: datetime) -> bool:
    return fnmatchcase(location_of(run.name), value)


def _state(value: str, run: Run, _name: str, _labels: Mapping[str, str], _now: datetime) -> bool:
    return fnmatchcase(run.state, _state_pattern(value))


def _state_pattern(value: str) -> str:
    return re.sub(r"^(JOB|PIPELINE)_STATE_", "", value.upper())


def _name(value: str, _run: Run, name: str, _labels: Mapping[str, str], _now: datetime) -> bool:
    return fnmatchcase(name, value)


def _newer(value: str, run: Run, _name: str, _labels: Mapping[str, str], now: datetime) -> bool:
    made = parse_moment(run.created_at)
    return made is not None and now - made <= _age(value)


def _older(value: str, run: Run, _name: str, _labels: Mapping[str, str], now: datetime) -> bool:
    made = parse_moment(run.created_at)
    return made is not None and now - made > _age(value)


def _age(text: str) -> timedelta:
    match = _AGE.fullmatch(text)
    return timedelta(seconds=int(match[1]) * _SECONDS[match[2]]) if match else timedelta(0)


_TESTS: Mapping[str, _Test] = {
    "label": _label,
    "location": _location,
    "state": _state,
    "name": _name,
    "newer": _newer,
    "older": _older,
}
