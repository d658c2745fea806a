"""How far commands may be sent ahead of their replies to a server, as experience has it (M22)."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Final

from mailsend.model.server import Pipelining, Server

__all__ = ["forget_habits", "level_by", "level_for", "lower"]

_DAY: Final = 86_400.0
_BELOW: Final = {Pipelining.ACROSS: Pipelining.WITHIN, Pipelining.WITHIN: Pipelining.OFF}
_ORDER: Final = (Pipelining.OFF, Pipelining.WITHIN, Pipelining.ACROSS)


class _Learnt:
    """The levels that servers were lowered to, and until when; of this process."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        self.lock = threading.Lock()  # anew: another thread may have held it at a fork
        self.levels: dict[tuple[str, int], tuple[Pipelining, float]] = {}


_learnt: Final = _Learnt()


def level_for(server: Server, now: float) -> Pipelining:
    """Give the trait of ``server``, or the lower level that it was put on less than a day ago.

    ``now`` is in seconds on a steady clock.
    """
    wanted = server.pipelining or Pipelining.ACROSS
    known = _learnt.levels.get((server.host, server.port))
    if known is None or now >= known[1]:
        return wanted
    return min(wanted, known[0], key=_ORDER.index)


def level_by(server: Server, clock: Callable[[], float]) -> Callable[[], Pipelining]:
    """Give what tells the level of ``server`` whenever it is asked, several times for each mail."""
    wanted = server.pipelining or Pipelining.ACROSS
    return lambda: level_for(server, clock()) if _learnt.levels else wanted


def lower(server: Server, level: Pipelining, now: float) -> None:
    """Put ``server`` below ``level`` for a day: it lost step with what was sent ahead at that level.

    A level that is lower already stays: another connection may be behind with what it learns.
    """
    below = _BELOW.get(level)
    if below is not None:
        with _learnt.lock:
            below = min(below, level_for(server, now), key=_ORDER.index)
            _learnt.levels[server.host, server.port] = (below, now + _DAY)


def forget_habits() -> None:
    """Forget what was learnt: for tests, and in a process that was forked."""
    _learnt.forget()


if hasattr(os, "register_at_fork"):  # Windows has no fork
    os.register_at_fork(after_in_child=forget_habits)
