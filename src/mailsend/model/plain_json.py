"""JSON that a terminal shows and does not obey."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["plain_json"]

# JSON lets stand what moves a cursor by one character (C1), and what turns a line's direction.
_OBEYED: Final = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def plain_json(written: str) -> str:
    """Give the same JSON with such characters escaped; outside strings there are none."""
    return written if written.isascii() and "\x7f" not in written else _OBEYED.sub(_escaped, written)


def _escaped(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"
