"""Times in a query: dates, times, and how long ago."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final

from mailsend.decide.query.tokens import Term
from mailsend.errors import InvalidQuery
from mailsend.model.query import All, Key, Query, When

__all__ = ["when_of"]

_AGO: Final = re.compile(r"([0-9]{1,9})([smhdw])\Z", re.IGNORECASE | re.ASCII)
_UNITS: Final = {
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}
_LONGEST_AGO: Final = timedelta(days=36500)
_TIME: Final = re.compile(
    r"(?P<month>[0-9]{4}-[0-9]{2})(?:(?P<day>-[0-9]{2})(?:[T ](?P<minute>[0-9]{2}:[0-9]{2})(?P<second>:[0-9]{2})?"
    r"(?P<offset>Z|[+-][0-9]{2}:[0-9]{2})?)?)?\Z",
    re.IGNORECASE | re.ASCII,
)
_ADVICE: Final = (
    "Write a date (2026-03-31), a month (2026-03), a time (2026-03-31T08:30, with Z or +02:00 where it needs"
    " an offset) or how long ago (90m, 2h, 3d, 1w)."
)


def when_of(key: Key, term: Term, text: str, zone: tzinfo) -> Query:
    """Give the times that ``before:``, ``after:`` or ``on:`` ask for; raises InvalidQuery.

    A date is the time at which it begins; ``on:`` takes it from there to its end.
    """
    written = term.pattern.exact
    try:
        found = None if written is None else _ago(key, written) or _time(key, written, zone)
    except (ValueError, OverflowError) as problem:
        raise InvalidQuery(
            text, f"there is no such time ({problem})", position=term.place, advice=_ADVICE
        ) from None
    if found is None:
        raise InvalidQuery(text, f"{key}: takes a time", position=term.place, advice=_ADVICE)
    return found


def _ago(key: Key, written: str) -> Query | None:
    found = _AGO.match(written)
    if found is None:
        return None
    unit = _UNITS[found[2].lower()]
    ago = int(found[1]) * unit
    if ago > _LONGEST_AGO:
        raise ValueError("it is more than a hundred years ago")
    if key is not Key.ON:
        return When(key, ago)
    if not ago:
        raise ValueError("it has not ended yet")
    return All((When(Key.AFTER, ago), When(Key.BEFORE, ago - unit)))


def _time(key: Key, written: str, zone: tzinfo) -> Query | None:
    found = _TIME.match(written)
    if found is None:
        return None
    whole = written.upper() if found["day"] else f"{written}-01"
    begins = datetime.fromisoformat(whole)
    if key is not Key.ON:
        return When(key, _in_utc(begins, zone))
    return All((When(Key.AFTER, _in_utc(begins, zone)), When(Key.BEFORE, _in_utc(_end(found, begins), zone))))


def _end(found: re.Match[str], begins: datetime) -> datetime:
    if found["second"]:
        return begins + timedelta(seconds=1)
    if found["minute"]:
        return begins + timedelta(minutes=1)
    if found["day"]:
        return begins + timedelta(days=1)
    return begins.replace(year=begins.year + begins.month // 12, month=begins.month % 12 + 1)


def _in_utc(time: datetime, zone: tzinfo) -> datetime:
    return (time if time.tzinfo else time.replace(tzinfo=zone)).astimezone(UTC)
