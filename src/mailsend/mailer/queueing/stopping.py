"""The word that rounds under way should end, and how they heed it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any

__all__ = ["Stopping"]


class Stopping:
    """Said ``softly``, no further mail is begun; ``at_once``, those begun are broken off as well.

    Any thread may say so. What a round then still holds is given back.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._asked = False
        self._hurried = False
        self._breaks: list[Callable[[], object]] = []

    @property
    def asked(self) -> bool:
        """Whether no further mail is to be begun."""
        return self._asked

    def softly(self) -> None:
        """Let rounds end with the mails that they have begun."""
        self._asked = True

    def at_once(self) -> None:
        """Let rounds break off what they have begun; a mail whose content is out becomes unknown (M20)."""
        with self._lock:
            self._asked = self._hurried = True
            breaks = tuple(self._breaks)
        for one in breaks:
            one()

    async def heeded(self, works: asyncio.Future[Any]) -> None:
        """Wait for ``works`` of the running loop, or break them off where that is said."""
        loop = asyncio.get_running_loop()

        def break_off() -> None:
            loop.call_soon_threadsafe(works.cancel)

        with self._lock:
            self._breaks.append(break_off)
            late = self._hurried
        if late:
            break_off()
        try:
            await works
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if not self._hurried or (task is not None and task.cancelling()):
                raise
        finally:
            with self._lock:
                self._breaks.remove(break_off)
