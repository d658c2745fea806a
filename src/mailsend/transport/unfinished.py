"""Mails past their final dot: ended early, nobody would ever know what became of them."""

from __future__ import annotations

import asyncio
from typing import Protocol
from weakref import WeakSet

__all__ = ["finish", "unfinished", "watch"]


class Keeper(Protocol):
    """Whoever holds conversations: on which loop, and which of them wait for their last reply."""

    loop: asyncio.AbstractEventLoop

    def unfinished(self) -> set[asyncio.Future[None]]:
        """Give a future for each mail whose final dot waits for its reply."""
        ...


_keepers: WeakSet[Keeper] = WeakSet()


def watch(keeper: Keeper) -> None:
    """Let ``unfinished`` tell of a keeper's mails for as long as it lives."""
    _keepers.add(keeper)


def unfinished() -> frozenset[asyncio.Future[None]]:
    """Give a future for each mail of the running loop that waits for the reply to its final dot.

    Each is done when the reply has come, at the latest when the server's ``dot_timeout`` has passed
    since the dot. Cancelling tasks does no harm to them: ending the loop would.
    """
    loop = asyncio.get_running_loop()
    return frozenset(one for keeper in tuple(_keepers) if keeper.loop is loop for one in keeper.unfinished())


async def finish() -> None:
    """Wait until the running loop has no such mail, whichever transport it belongs to."""
    while waiting := unfinished():
        await asyncio.wait(waiting)
