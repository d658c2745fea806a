"""At a fork no thread is within SQLite: its own locks would stay shut in the child for good."""

from __future__ import annotations

import os
import threading
from typing import Final

__all__ = ["FORK_GATE"]

_PATIENCE: Final = 5.0  # seconds that a fork waits for a commit


class ForkGate:
    """A context manager around every use of SQLite; a fork waits until nobody else is within one.

    See https://sqlite.org/howtocorrupt.html, 2.6, for what a child may not do besides.
    """

    def __init__(self) -> None:
        self._begin()

    def _begin(self) -> None:
        self._changed = threading.Condition()
        self._within = 0
        self._forks = False
        self._mine = threading.local()

    def __enter__(self) -> None:
        depth = getattr(self._mine, "depth", 0)
        with self._changed:
            while self._forks and not depth:
                self._changed.wait()
            self._within += 1
        self._mine.depth = depth + 1

    def __exit__(self, *_: object) -> None:
        self._mine.depth -= 1
        with self._changed:
            self._within -= 1
            self._changed.notify_all()

    def before_fork(self) -> None:
        """Let nobody in, and wait for those who are within, but for this thread itself."""
        mine = getattr(self._mine, "depth", 0)
        with self._changed:
            self._forks = True
            self._changed.wait_for(lambda: self._within <= mine, timeout=_PATIENCE)

    def in_parent(self) -> None:
        """Let them in again."""
        with self._changed:
            self._forks = False
            self._changed.notify_all()

    def in_child(self) -> None:
        """Begin anew: the other threads do not exist here."""
        self._begin()


FORK_GATE: Final = ForkGate()

if hasattr(os, "register_at_fork"):  # Windows has no fork
    os.register_at_fork(
        before=FORK_GATE.before_fork,
        after_in_parent=FORK_GATE.in_parent,
        after_in_child=FORK_GATE.in_child,
    )
