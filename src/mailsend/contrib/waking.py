"""Waking an engine's workers: after the commit, off the caller's thread, at most ten times a second."""

from __future__ import annotations

import atexit
import logging
import os
import threading
import weakref
from collections.abc import Callable
from typing import Final

__all__ = ["Waker"]

_APART: Final = 0.1  # seconds between two wake-ups of one process
_IDLE: Final = 30.0  # seconds after which a thread without work ends
_AT_EXIT: Final = 1.0  # seconds that a program waits for a wake-up that is under way
_log: Final = logging.getLogger("mailsend.contrib")
_all: weakref.WeakSet[Waker] = weakref.WeakSet()


class Waker:
    """Calls ``wake`` soon after each call of its own, on a thread of its own; several calls make one.

    What ``wake`` raises is logged and changes nothing: the mail is in the store, and the periodic task
    finds it. Any thread may call, and a forked child has a waker of its own. ``rest`` is called on that
    thread when there was nothing to wake for a while, and at the end.
    """

    def __init__(self, wake: Callable[[], object], *, rest: Callable[[], object] = lambda: None) -> None:
        self._wake = wake
        self._rest = rest
        self._begin()
        _all.add(self)

    def _begin(self) -> None:
        self._changed = threading.Condition()
        self._asked = False
        self._busy = False
        self._closing = False
        self._thread: threading.Thread | None = None

    def forget(self) -> None:
        """Know of no thread, as in a forked child: the parent's does not exist there."""
        self._begin()

    def __call__(self) -> None:
        """Wake soon."""
        with self._changed:
            self._asked = True
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="mailsend waker", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def flush(self, seconds: float = _AT_EXIT) -> None:
        """Wait until nothing is left to wake for, at most so long."""
        with self._changed:
            self._changed.wait_for(lambda: not self._asked and not self._busy, seconds)

    def close(self, seconds: float = _AT_EXIT) -> None:
        """Wait as ``flush`` does, and rest; another call begins anew."""
        self.flush(seconds)
        with self._changed:
            thread, self._closing = self._thread, True
            self._changed.notify_all()
        if thread is not None:
            thread.join(seconds)
        self._closing = False

    def _run(self) -> None:
        while self._next():
            try:
                self._wake()
            except Exception as problem:  # noqa: BLE001 - whatever an engine raises when its server is away
                _log.warning("no worker could be woken (%s); the periodic task will see to it", problem)
            with self._changed:
                self._busy = False
                self._changed.notify_all()
                self._changed.wait_for(lambda: self._closing, _APART)

    def _next(self) -> bool:
        with self._changed:
            self._changed.wait_for(lambda: self._asked or self._closing, _IDLE)
            if not self._asked:
                self._rest()  # within the lock: whoever asks now begins a thread behind it
                self._thread = None
                return False
            self._asked, self._busy = False, True
            return True


def _after_fork() -> None:
    for one in list(_all):
        one.forget()


def _at_exit() -> None:
    for one in list(_all):
        one.close()


os.register_at_fork(after_in_child=_after_fork)
atexit.register(_at_exit)
