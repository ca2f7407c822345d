"""Findings as people read them: what, where, the line itself with a mark under the spot, and what to do next."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from reconciler.core.diagnostics import Diagnostic, Source
from reconciler.reports.escape import visible
from reconciler.reports.layout import cells, clip, wrap
from reconciler.reports.palette import Palette, Style

Excerpt = Callable[[Source], str | None]

HEADINGS = {
    "error": ("Error", Style.RED),
    "warning": ("Warning", Style.YELLOW),
    "note": ("Note", Style.BLUE),
}
_ORDER = ("error", "warning", "note")
# How many of those of which the same is said are named.
_NAMED = 5


def no_excerpt(_source: Source) -> str | None:
    """For reports that show no lines of files."""
    return None


def diagnostic_lines(
    found: Sequence[Diagnostic], *, width: int, palette: Palette, excerpt: Excerpt = no_excerpt
) -> Iterator[str]:
    """Every finding, errors first, an empty line between them. `excerpt` gives the line that a place stands in.

    What is said of many alike, and is no error, is said once, with the others named.
    """
    for index, alike in enumerate(_alike(sorted(found, key=lambda d: _ORDER.index(d.severity)))):
        if index:
            yield ""
        yield from _one(alike[0], width, palette, excerpt)
        if len(alike) > 1:
            yield from (f"  {line}" for line in wrap(_others(alike[1:]), width - 2))


def _alike(found: Sequence[Diagnostic]) -> list[list[Diagnostic]]:
    groups: dict[object, list[Diagnostic]] = {}
    for place, diagnostic in enumerate(found):
        same = (diagnostic.severity, diagnostic.code, diagnostic.message, diagnostic.hint)
        is_one_of_many = diagnostic.address and diagnostic.severity != "error"
        groups.setdefault(same if is_one_of_many else place, []).append(diagnostic)
    return list(groups.values())


def _others(alike: Sequence[Diagnostic]) -> str:
    named = ", ".join(visible(d.address) for d in alike[:_NAMED])
    more = f" and {len(alike) - _NAMED} more" if len(alike) > _NAMED else ""
    return f"The same is said of {named}{more}."


def _one(diagnostic: Diagnostic, width: int, palette: Palette, excerpt: Excerpt) -> Iterator[str]:
    heading, style = HEADINGS[diagnostic.severity]
    first, *others = wrap(f"{heading}: {visible(diagnostic.message)}", width)
    yield palette.paint(first[: len(heading) + 1], style, Style.BOLD) + palette.paint(
        first[len(heading) + 1 :], Style.BOLD
    )
    yield from (palette.paint(line, Style.BOLD) for line in others)
    yield from (f"  {palette.paint(line, Style.CYAN)}" for line in wrap(_place(diagnostic), width - 2) if line)
    if diagnostic.source:
        line = excerpt(diagnostic.source)
        if line is not None:
            yield from _quoted(line, diagnostic.source, width, palette, style)
    if diagnostic.hint:
        yield from (f"  {line}" for line in wrap(visible(diagnostic.hint), width - 2))


def _place(diagnostic: Diagnostic) -> str:
    where = visible(str(diagnostic.source)) if diagnostic.source else ""
    return f"{where}  {visible(diagnostic.address)}".strip()


def _quoted(line: str, source: Source, width: int, palette: Palette, style: Style) -> Iterator[str]:
    number = str(source.line)
    text = visible(line.rstrip().replace("\t", " "))
    offset = cells(visible(line[: source.column - 1].replace("\t", " ")))
    room = width - len(number) - 5
    if offset >= room:
        return
    bar = palette.paint("|", Style.DIM)
    yield f"  {palette.paint(number, Style.DIM)} {bar} {clip(text, room)}"
    yield f"  {' ' * len(number)} {bar} {' ' * offset}{palette.paint('^', style, Style.BOLD)}"


def count_in_words(found: Sequence[Diagnostic]) -> str:
    """`2 errors, 1 warning`; empty where nothing was found."""
    counts = [(severity, sum(d.severity == severity for d in found)) for severity in _ORDER]
    return ", ".join(f"{count} {name}{'s' if count > 1 else ''}" for name, count in counts if count)
