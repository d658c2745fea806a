"""The AsyncMailer's queue: the same names, awaited; the store is reached through its own thread."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from mailsend.mailer import diversion

if TYPE_CHECKING:
    from mailsend.mailer.core import Core
    from mailsend.mailer.queueing.desk import QueueDesk
    from mailsend.mailer.queueing.handing_in import HandingIn
    from mailsend.mailer.queueing.ready import Ground
    from mailsend.mailer.queueing.stopping import Stopping
    from mailsend.mailer.thinking import Asked, Thinking
    from mailsend.model.done import Done
    from mailsend.model.message import Message
    from mailsend.model.submission import Refusal, Submission

__all__ = ["AsyncQueuedMail"]

# Making a mail ready mostly waits for nothing: of very many the loop's other tasks would wait for all.
_AT_ONCE: Final = 8


class AsyncQueuedMail:
    """What an AsyncMailer with a store does besides sending at once; without one each raises StoreError."""

    _core: Core
    _think: Callable[[Thinking[Any]], Awaitable[Any]]

    async def enqueue(self, message: Message | Submission | Refusal, connection: Any = None) -> str:
        """Put a mail into the queue and give its id, as ``Mailer.enqueue`` does.

        ``connection`` is an AsyncSession or AsyncConnection.
        """
        return (await self.enqueue_many((message,), connection))[0]

    async def enqueue_many(
        self, messages: Iterable[Message | Submission | Refusal], connection: Any = None
    ) -> list[str]:
        """Put mails into the queue with one commit, all or none; give their ids in order."""
        from mailsend.model.message import Message

        desk = await self._desk("enqueue")
        if diversion.current() is not None:
            return [diversion.tell_queued(await self._finished(one)) for one in messages]
        deposits = []
        for place, one in enumerate(messages, 1):
            made = await self._finished(one)
            deposits.append(desk.deposit(made, how="enqueue", is_new=isinstance(one, Message)))
            if place % _AT_ONCE == 0:
                await asyncio.sleep(0)
        if connection is not None:
            return await desk.put_by_async(connection, deposits)
        if all(one.is_plain for one in deposits):
            placed = await self._handing_in.put(desk, deposits)
        else:
            placed = await asyncio.wrap_future(desk.put(deposits))
        self._core.wake()
        return [one.id for one in placed]

    async def keep(self, submission: Submission | Refusal) -> str:
        """Keep a preview for a later request, and give its id, as ``Mailer.keep`` does."""
        desk = await self._desk("keep")
        deposit = desk.kept(self._core.finished(submission))
        return (await asyncio.wrap_future(desk.put([deposit])))[0].id

    async def deliver_due(
        self, limit: int = 100, *, concurrency: int = 16, stopping: Stopping | None = None
    ) -> Done:
        """Bring at most ``limit`` mails of the queue that are due on their way, as ``Mailer.deliver_due`` does."""
        desk = await self._desk("deliver_due")
        from mailsend.mailer.queueing.consigning import asked_of

        if diversion.current() is not None:
            from mailsend.model.done import Done

            return Done()
        claim, claiming = desk.claim(limit, concurrency=concurrency)
        claimed = await asyncio.wrap_future(claiming)
        if not claimed:
            return await asyncio.to_thread(desk.nothing_due)
        await asyncio.to_thread(self._core.test_mode.look_anew)
        grounds = {whose: await self._ground(whose) for whose in {asked_of(one.row) for one in claimed}}
        done = await self._core.rounds.bring(
            claim, claimed, grounds, concurrency=concurrency, stopping=stopping
        )
        return await asyncio.to_thread(desk.with_next_due, done)

    @cached_property
    def _handing_in(self) -> HandingIn:
        from mailsend.mailer.queueing.handing_in import HandingIn

        return HandingIn()

    async def _desk(self, what: str) -> QueueDesk:
        if self._core.store_door.is_open:
            return self._core.queue_desk(what)
        return await asyncio.to_thread(self._core.queue_desk, what)  # opening it takes a while

    async def _ground(self, whose: Asked) -> Ground | Exception:
        from mailsend.mailer.queueing.ready import find_ground

        try:
            ground: Ground = await self._think(find_ground(self._core, whose))
        except Exception as problem:  # noqa: BLE001 - a directory that is away stops no other customer's mail
            return problem
        return ground

    async def _finished(self, message: Message | Submission | Refusal) -> Submission:
        from mailsend.model.submission import Refusal, Submission

        if isinstance(message, Submission | Refusal):
            return self._core.finished(message)
        return self._core.finished((await self._think(self._core.think(message))).answer)
