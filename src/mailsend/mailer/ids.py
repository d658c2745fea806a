"""Our own ids: short, sortable by time, unguessable in their second half (H3)."""

from __future__ import annotations

import os
import time

__all__ = ["new_id"]

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's: no i, l, o, u
_PAIRS = [first + second for first in _ALPHABET for second in _ALPHABET]
_OCTETS = 10
_AT_ONCE = 64

# Drawn beforehand: each time that the system is asked, other threads run first. A forked child draws
# its own, and nothing is used twice: one step takes it off the list.
_drawn: list[bytes] = []
if hasattr(os, "register_at_fork"):  # Windows has no fork
    os.register_at_fork(after_in_child=_drawn.clear)


def new_id() -> str:
    """Give 26 characters: 48 bits of milliseconds since 1970 (UTC), then 80 bits of chance."""
    milliseconds = time.time_ns() // 1_000_000
    number = (milliseconds << 80) | int.from_bytes(_chance(), "big")
    return "".join([_PAIRS[(number >> shift) & 1023] for shift in range(120, -1, -10)])


def _chance() -> bytes:
    while True:
        try:
            return _drawn.pop()
        except IndexError:
            many = os.urandom(_OCTETS * _AT_ONCE)  # noqa: TID251 - chance is an argument everywhere below
            _drawn.extend(many[at : at + _OCTETS] for at in range(0, len(many), _OCTETS))
