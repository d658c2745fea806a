"""Times to come, as people type them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final

from mailsend.cli.exits import CommandFailed, Exit

__all__ = ["time_in"]

_SPAN: Final = re.compile(r"([1-9][0-9]{0,5})([mhdw])\Z")
_SPANS: Final = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def time_in(text: str, now: datetime) -> datetime:
    """Read a time: a span from now, or a date, with its hour or without, in UTC unless it says otherwise."""
    span = _SPAN.match(text)
    try:
        if span is not None:
            return now + timedelta(**{_SPANS[span[2]]: int(span[1])})
        read = datetime.fromisoformat(text)
    except (ValueError, OverflowError):  # of the second kind is what lies behind the year 9999
        raise CommandFailed(
            Exit.USAGE, f"--until {text}: this is no time", advice="Write 2h, 7d, or 2026-12-31T12:00."
        ) from None
    read = read if read.tzinfo is not None else read.replace(tzinfo=UTC)
    if read <= now:
        raise CommandFailed(Exit.USAGE, f"--until {text}: this has passed", advice="Name a time to come.")
    return read
