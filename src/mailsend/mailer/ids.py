"""Our own ids: short, sortable by time, unguessable in their second half (H3)."""

from __future__ import annotations

import os
import time

__all__ = ["new_id"]

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's: no i, l, o, u
_PAIRS = [first + second for first in _ALPHABET for second in _ALPHABET]
_BY_CHANCE = (_ALPHABET * 8).encode()  # a letter for each octet, all of them equally often
_LETTERS = 16
_AT_ONCE = 64

# Drawn beforehand: each time that the system is asked, other threads run first. A forked child draws
# its own, and nothing is used twice: one step takes it off the list.
_drawn: list[str] = []
if hasattr(os, "register_at_fork"):  # Windows has no fork
    os.register_at_fork(after_in_child=_drawn.clear)


def new_id() -> str:
    """Give 26 characters: 48 bits of milliseconds since 1970 (UTC), then 80 bits of chance."""
    milliseconds = time.time_ns() // 1_000_000
    return "".join([_PAIRS[(milliseconds >> shift) & 1023] for shift in (40, 30, 20, 10, 0)]) + _chance()


def _chance() -> str:
    while True:
        try:
            return _drawn.pop()
        except IndexError:
            octets = os.urandom(_LETTERS * _AT_ONCE)  # noqa: TID251 - chance is an argument everywhere below
            many = octets.translate(_BY_CHANCE).decode()
            _drawn.extend([many[at : at + _LETTERS] for at in range(0, len(many), _LETTERS)])
