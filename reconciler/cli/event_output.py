"""Where the events of an apply go: lines for people, JSON lines for scripts, or a live display on a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from reconciler.cli.session import Session
from reconciler.cli.sinks import JsonSink, PlainSink
from reconciler.core.events import EventSink


@contextmanager
def event_sink(session: Session, form: str, *, destroying: bool = False) -> Iterator[EventSink]:
    """The sink for this output; what it draws on a terminal is taken down at the end."""
    if form == "json":
        yield JsonSink(session)
        return
    plain = PlainSink(session, destroying=destroying)
    if not session.console.is_terminal or session.quiet:
        yield plain
        return
    from reconciler.cli.live import LiveSink

    live = LiveSink(session, plain)
    try:
        yield live
    finally:
        live.close()
