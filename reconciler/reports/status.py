"""Where everything stands, as a table and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

from reconciler.core.address import Address
from reconciler.core.plan_codec import FORMAT_VERSION
from reconciler.reports.escape import visible
from reconciler.reports.events import steps_in_words
from reconciler.reports.json_report import json_text
from reconciler.reports.layout import cells, clip_middle, pad, wrap
from reconciler.reports.palette import Palette, Style

_KEYS = (
    "serving", "version", "status", "run_state", "run", "model", "endpoint", "location", "since",
    "completed_steps", "total_steps", "loss", "error", "details",
)  # fmt: skip
_HEADINGS = ("ADDRESS", "SERVES", "NEWEST", "SINCE")
_STYLES = {
    "ready": Style.GREEN,
    "failed": Style.RED,
    "cancelled": Style.RED,
    "deleted": Style.DIM,
    "superseded": Style.DIM,
}


class Standing(Protocol):
    """One address as a report sees it: which version serves, what the newest one is doing. Empty is not known."""

    @property
    def address(self) -> Address:
        """What it is called in the specs."""
        ...

    @property
    def serving(self) -> int | None:
        """The number of the version that serves."""
        ...

    @property
    def version(self) -> int | None:
        """The number of the newest version."""
        ...

    @property
    def status(self) -> str:
        """Where the newest version stands with us."""
        ...

    @property
    def run_state(self) -> str:
        """What the newest version's run says."""
        ...

    @property
    def run(self) -> str:
        """The resource name of the newest version's run."""
        ...

    @property
    def model(self) -> str:
        """The resource name of the model."""
        ...

    @property
    def endpoint(self) -> str:
        """The resource name of the endpoint."""
        ...

    @property
    def location(self) -> str:
        """Where the endpoint is."""
        ...

    @property
    def since(self) -> str:
        """Since when; RFC 3339."""
        ...

    @property
    def completed_steps(self) -> int | None:
        """How many steps the run has made."""
        ...

    @property
    def total_steps(self) -> int | None:
        """How many steps the run will make."""
        ...

    @property
    def loss(self) -> float | None:
        """The loss at the last step."""
        ...

    @property
    def error(self) -> str:
        """Why the newest run failed."""
        ...

    @property
    def details(self) -> Sequence[str]:
        """Further lines: endpoints of a model's checkpoints, or how an endpoint's traffic is divided."""
        ...


def status_json(rows: Sequence[Standing]) -> str:
    """Every address with all that is known of it; what is not known is null."""
    return json_text({"format_version": FORMAT_VERSION, "resources": [_values(row) for row in rows]})


def _values(row: Standing) -> dict[str, Any]:
    values = {key: getattr(row, key) for key in _KEYS}
    return {"address": str(row.address), **{key: None if value == "" else value for key, value in values.items()}}


def status_lines(rows: Sequence[Standing], *, width: int, palette: Palette) -> Iterator[str]:
    """A table; under each address its endpoint, what else there is, and why its newest run failed."""
    if not rows:
        yield "Nothing is recorded yet. `tuneform apply` creates what the specs declare."
        return
    table = [(str(row.address), _named(row.serving), _newest(row), _moment(row.since)) for row in rows]
    columns = [max(cells(line[index]) for line in (_HEADINGS, *table)) for index in range(len(_HEADINGS))]
    columns[0] = min(columns[0], max(width - sum(columns[1:]) - 6, 24))
    yield palette.paint(_line(_HEADINGS, columns), Style.BOLD)
    for row, line in zip(rows, table, strict=True):
        address, serves, newest, since = line
        style = _STYLES.get(row.status, Style.BLUE)
        yield "  ".join(
            (
                palette.paint(pad(clip_middle(address, columns[0]), columns[0]), Style.BOLD),
                pad(serves, columns[1]),
                palette.paint(pad(newest, columns[2]), style),
                since,
            )
        ).rstrip()
        if row.endpoint:
            yield f"  {palette.paint(clip_middle(visible(row.endpoint), width - 2), Style.DIM)}"
        if row.completed_steps is not None and row.loss is not None:
            yield f"  {_named(row.version)}: {steps_in_words(row.completed_steps, row.total_steps, row.loss)}"
        for detail in row.details:
            yield f"  {palette.paint(clip_middle(visible(detail), width - 2), Style.DIM)}"
        if row.error:
            yield from (f"  {palette.paint(part, Style.RED)}" for part in wrap(visible(row.error), width - 2))


def _line(texts: Sequence[str], columns: Sequence[int]) -> str:
    return "  ".join(pad(text, width) for text, width in zip(texts, columns, strict=True)).rstrip()


def _named(version: int | None) -> str:
    return "-" if version is None else f"v{version}"


def _newest(row: Standing) -> str:
    state = row.run_state if row.status in ("active", "cancelling") and row.run_state else row.status
    words = f"{_named(row.version)} {visible(state).lower()}"
    if row.completed_steps is None:
        return words
    return f"{words}, {row.completed_steps}{f'/{row.total_steps}' if row.total_steps else ''} steps"


def _moment(since: str) -> str:
    return f"{visible(since[:10])} {visible(since[11:16])}Z" if len(since) >= 16 else visible(since)
