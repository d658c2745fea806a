"""What a transport has on one event loop: conversations, places for connections, the turn to log in."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, Final

from mailsend.transport.unfinished import keep

if TYPE_CHECKING:
    from mailsend.transport.smtp.session import Session
    from mailsend.transport.smtp.wire import Wire

__all__ = ["MANY", "Home", "Talk"]

MANY: Final = 1_000_000


class Talk:
    """One conversation: its place among the connections, and how it is cut before its content."""

    def __init__(self, loop: asyncio.AbstractEventLoop, wire: Wire, session: Session) -> None:
        self.wire = wire
        self.session = session
        self.patience = asyncio.timeout(None)
        self.place: asyncio.Semaphore | None = None
        self.ended: asyncio.Future[None] = loop.create_future()

    def close(self) -> None:
        """Ask it to end; before its content it need not finish what it waits for."""
        waits = not self.session.closing and self.session.cuttable and not self.session.in_content
        self.session.closing = True
        if waits:
            self.patience.reschedule(self.ended.get_loop().time())

    def leave_place(self) -> None:
        """Let the next connection have its place; calling it again does nothing."""
        if self.place is not None:
            self.place.release()
            self.place = None


class Home:
    """What lives on one event loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop, connections: int) -> None:
        self.loop = loop
        self.slots = asyncio.Semaphore(connections or MANY)
        self.login = asyncio.Lock()
        self._talks: set[Talk] = set()
        self._late: set[asyncio.Task[None]] = set()

    def begin(self, wire: Wire, session: Session) -> Talk:
        """Take note of a conversation."""
        talk = Talk(self.loop, wire, session)
        self._talks.add(talk)
        return talk

    def end(self, talk: Talk, read_on: Coroutine[Any, Any, None] | None) -> None:
        """Let go of a conversation; ``read_on`` is what is still to be heard though nobody waits."""
        self._talks.discard(talk)
        talk.ended.set_result(None)
        if read_on is None:
            talk.leave_place()
            return
        task = self.loop.create_task(read_on)
        self._late.add(task)
        keep(task)
        task.add_done_callback(self._late.discard)
        task.add_done_callback(lambda _: talk.leave_place())

    async def close(self, *, seconds: float) -> None:
        """Cut what is before its content, and wait ``seconds`` at most for what is past it."""
        talks = set(self._talks)
        for one in talks:
            one.close()
        await _ended(talks, seconds)
        for one in talks:
            if not one.ended.done():
                one.wire.abort()
        await _ended(talks, seconds)
        while self._late:  # each ends by the limit of its final dot
            await asyncio.wait(self._late)


async def _ended(talks: set[Talk], seconds: float) -> None:
    waiting = {one.ended for one in talks if not one.ended.done()}
    if waiting:
        await asyncio.wait(waiting, timeout=seconds)
