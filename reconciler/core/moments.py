"""Points in time as they are written: RFC 3339, as Google and the state spell them."""

from __future__ import annotations

from datetime import UTC, datetime


def stamp(moment: datetime) -> str:
    """RFC 3339 in UTC with a `Z`, to the microsecond."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def parse_moment(text: str) -> datetime | None:
    """The reverse of `stamp`; also reads Google's nanoseconds. None for what is empty or no timestamp.

    A time without a zone is taken as UTC, so that every answer can be compared with every other.
    """
    if not text:
        return None
    try:
        # fromisoformat reads the `Z`, and cuts digits behind the sixth, from Python 3.11 on.
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def is_within(moment: str, begin: str, end: str) -> bool:
    """Whether a time lies between two others, each included; an empty or unreadable one bounds nothing."""
    at, first, last = parse_moment(moment), parse_moment(begin), parse_moment(end)
    return at is not None and (first is None or first <= at) and (last is None or at <= last)
