"""``AsyncMailer.outbox``: what ``Mailer.outbox`` does, awaited; the store is reached in a thread."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Unpack

from mailsend.mailer.outbox import BY, WHY, How, Outbox, Which

if TYPE_CHECKING:
    from datetime import datetime

    from mailsend.mailer.core import Core
    from mailsend.model.outbox import Applied, MailPage, QueueStats
    from mailsend.model.standing_hold import StandingHold
    from mailsend.model.stored_content import StoredContent
    from mailsend.model.stored_mail import StoredMail

__all__ = ["AsyncOutbox"]


class AsyncOutbox:
    """The queue of one AsyncMailer; see ``Outbox`` for what each method takes, gives and raises."""

    def __init__(self, core: Core) -> None:
        self._outbox = Outbox(core)

    async def search(self, query: str = "", *, limit: int = 50, after: str | None = None) -> MailPage:
        """Give open mails, newest first."""
        return await asyncio.to_thread(self._outbox.search, query, limit=limit, after=after)

    async def get(self, id: str) -> StoredMail:
        """Give a mail with its recipients, decisions, attempts and events."""
        return await asyncio.to_thread(self._outbox.get, id)

    async def content(self, id: str, *, by: str = BY) -> StoredContent:
        """Give what a mail says; the look is written down."""
        return await asyncio.to_thread(self._outbox.content, id, by=by)

    async def stats(self) -> QueueStats:
        """Say how full the queue is."""
        return await asyncio.to_thread(self._outbox.stats)

    async def standing(self) -> tuple[StandingHold, ...]:
        """Give the standing holds."""
        return await asyncio.to_thread(self._outbox.standing)

    async def stand(
        self,
        query: str,
        *,
        until: datetime | None = None,
        customer: str | None = None,
        reason: str = WHY,
        by: str = BY,
    ) -> StandingHold:
        """Hold what a query finds now and whatever comes that is like it."""
        return await asyncio.to_thread(
            self._outbox.stand, query, until=until, customer=customer, reason=reason, by=by
        )

    async def lift(self, id: int, *, reason: str = WHY, by: str = BY) -> None:
        """End a standing hold."""
        await asyncio.to_thread(self._outbox.lift, id, reason=reason, by=by)

    async def retry(self, which: Which = (), **how: Unpack[How]) -> Applied:
        """Let queued mails be due now."""
        return await asyncio.to_thread(self._outbox.retry, which, **how)

    async def force(self, which: Which = (), **how: Unpack[How]) -> Applied:
        """Let mails be due now whatever their clock says."""
        return await asyncio.to_thread(self._outbox.force, which, **how)

    async def hold(self, which: Which = (), **how: Unpack[How]) -> Applied:
        """Keep queued mails back until they are released."""
        return await asyncio.to_thread(self._outbox.hold, which, **how)

    async def release(self, which: Which = (), **how: Unpack[How]) -> Applied:
        """Let held mails go out, exactly the bytes that are kept."""
        return await asyncio.to_thread(self._outbox.release, which, **how)

    async def freeze(self, which: Which = (), **how: Unpack[How]) -> Applied:
        """Let the clock pass mails by."""
        return await asyncio.to_thread(self._outbox.freeze, which, **how)

    async def thaw(self, which: Which = (), **how: Unpack[How]) -> Applied:
        """Take back what ``freeze`` did."""
        return await asyncio.to_thread(self._outbox.thaw, which, **how)

    async def delete(self, which: Which = (), **how: Unpack[How]) -> Applied:
        """Cancel queued or held mails."""
        return await asyncio.to_thread(self._outbox.delete, which, **how)
