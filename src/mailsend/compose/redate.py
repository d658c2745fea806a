"""A mail that waited too long: its signatures taken off, its Date made anew (M34)."""

from __future__ import annotations

import re
from datetime import datetime

from mailsend.compose.headers import date as date_field

__all__ = ["redated"]

_FIELD_END = re.compile(rb"\r\n(?![ \t])")
_DATE = re.compile(rb"^Date:[^\r\n]*\r\n(?:[ \t][^\r\n]*\r\n)*", re.MULTILINE | re.IGNORECASE)


def redated(data: bytes, *, signatures: int, date: datetime | None) -> bytes:
    """Give ``data`` without its topmost ``signatures`` fields, and with another Date.

    ``date`` is aware; None keeps the Date that is there.
    """
    at = 0
    for _ in range(signatures):
        end = _FIELD_END.search(data, at)
        at = end.end() if end else len(data)
    bare = data[at:]
    if date is None:
        return bare
    return _DATE.sub(date_field("Date", date).encode(), bare, count=1)
