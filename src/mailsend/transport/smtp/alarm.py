"""A limit that is set anew with every reply: a later one costs nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

__all__ = ["Alarm"]


class Alarm:
    """Calls ``ring`` once the limit that was set last has passed."""

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
        self._timer = None
        if self._loop.time() < self._limit:
            self._rearm()
        else:
            self._ring()
