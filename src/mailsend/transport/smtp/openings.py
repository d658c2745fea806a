"""Connections that are being opened, and those that are left since that failed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mailsend.decide.verdict import Reason, conclude
from mailsend.model.report import Exchange
from mailsend.transport.smtp.stop import Stopped

if TYPE_CHECKING:
    from mailsend.transport.smtp.link import Link
    from mailsend.transport.smtp.wire import Wire

__all__ = ["Openings"]


@dataclass(slots=True, eq=False)
class _Opening:
    """A connection that is being opened."""

    wire: Wire
    task: asyncio.Task[None] | None = None


class Openings:
    """Opens connections, each in a task of its own; ``wanted`` are on their way to being open.

    ``open_link`` opens one on a wire and gives the link. ``opened`` is told the link, ``failed`` what went
    wrong, ``left`` when nothing of an opening is there any more. ``farewell`` is in seconds.
    """

    def __init__(
        self,
        *,
        new_wire: Callable[[], Wire],
        open_link: Callable[[Wire], Awaitable[Link]],
        opened: Callable[[Link], None],
        failed: Callable[[Wire, Exception], None],
        left: Callable[[], None],
        farewell: float,
    ) -> None:
        self._new_wire = new_wire
        self._open_link = open_link
        self._opened = opened
        self._failed = failed
        self._left = left
        self._farewell = farewell
        self.wanted: set[_Opening] = set()
        self.leaving: set[_Opening] = set()

    @property
    def conversation(self) -> tuple[Exchange, ...]:
        """What was said on one of them so far."""
        return tuple(next(iter(self.wanted)).wire.conversation) if self.wanted else ()

    def begin(self) -> None:
        """Open one more."""
        opening = _Opening(self._new_wire())
        self.wanted.add(opening)
        opening.task = asyncio.get_running_loop().create_task(self._run(opening))
        opening.task.add_done_callback(lambda _: self._over(opening))

    def cancel(self, most: int) -> None:
        """Give up as many as are wanted, ``most`` at most."""
        for opening in tuple(self.wanted)[: max(0, most)]:
            self.wanted.discard(opening)
            self.leaving.add(opening)
            assert opening.task is not None  # set when it was added
            opening.task.cancel()

    def tasks(self) -> set[asyncio.Task[None]]:
        """Give what is still at work."""
        return {one.task for one in (*self.wanted, *self.leaving) if one.task is not None}

    async def _run(self, opening: _Opening) -> None:
        wire = opening.wire
        try:
            link = await self._open_link(wire)
        except asyncio.CancelledError:
            wire.abort()
            raise
        except Exception as problem:  # noqa: BLE001  told to whoever waits: a name look-up of the caller's may raise
            self.wanted.discard(opening)
            self.leaving.add(opening)
            self._failed(wire, problem)
            try:
                await wire.close(seconds=self._farewell)
            finally:
                wire.abort()
        else:
            self.wanted.discard(opening)
            self._opened(link)

    def _over(self, opening: _Opening) -> None:
        """Take note that nothing of an opening is left; it may have ended before it had begun."""
        if opening in self.leaving:
            self.leaving.discard(opening)
            self._left()
        elif opening in self.wanted:  # somebody else's doing: whoever waits for it would wait for ever
            self.wanted.discard(opening)
            self._failed(opening.wire, Stopped(conclude(Reason.CLOSED)))
