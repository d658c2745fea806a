"""A limit that is set anew with every reply: a later one costs nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

__all__ = ["Alarm"]

_ONCE_MORE: Final = 0.001  # seconds: more than nothing, so that every loop looks at the network before


class Alarm:
    """Calls ``ring`` once the limit that was set last has passed.

    What came before that is heard first, though the process stood still: a loop that wakes up late may
    find that time is up before it has looked at the network.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, ring: Callable[[], object]) -> None:
        self._loop = loop
        self._ring = ring
        self._limit = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def set(self, limit: float) -> None:
        """Let it ring at ``limit``, in the loop's seconds, and no earlier."""
        self._limit = limit
        if self._timer is None or self._timer.when() > limit:
            self._rearm()

    def cancel(self) -> None:
        """Let it never ring."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _rearm(self) -> None:
        self.cancel()
        self._timer = self._loop.call_at(self._limit, self._look)

    def _look(self) -> None:
        if self._is_up():
            self._timer = self._loop.call_later(_ONCE_MORE, self._look_again)

    def _look_again(self) -> None:
        if self._is_up():
            self._ring()

    def _is_up(self) -> bool:
        """Whether the limit has passed; else it is waited for anew."""
        self._timer = None
        if self._loop.time() >= self._limit:
            return True
        self._rearm()
        return False
