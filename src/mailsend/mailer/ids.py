"""Our own ids: short, sortable by time, unguessable in their second half (H3)."""

from __future__ import annotations

import os
import time

__all__ = ["new_id"]

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's: no i, l, o, u
_PAIRS = [first + second for first in _ALPHABET for second in _ALPHABET]


def new_id() -> str:
    """Give 26 characters: 48 bits of milliseconds since 1970 (UTC), then 80 bits of chance."""
    milliseconds = time.time_ns() // 1_000_000
    number = (milliseconds << 80) | int.from_bytes(os.urandom(10), "big")  # noqa: TID251 - the same
    return "".join([_PAIRS[(number >> shift) & 1023] for shift in range(120, -1, -10)])
