"""``AsyncMailer.journal``: what ``Mailer.journal`` does, awaited; the store is reached in a thread."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from mailsend.mailer.clock import utc_now
from mailsend.mailer.journal import BY, EVERY, WHY, Progress, Reading
from mailsend.mailer.resending import Again, Resending
from mailsend.model.periods import Unit

if TYPE_CHECKING:
    from mailsend.mailer.core import Core
    from mailsend.mailer.thinking import Thinking
    from mailsend.model.address import Address
    from mailsend.model.case_file import CaseFile
    from mailsend.model.outbox import MailPage
    from mailsend.model.statistics import Group, Statistics
    from mailsend.model.stored_content import StoredContent
    from mailsend.model.stored_mail import StoredMail

__all__ = ["AsyncJournal"]

_PIECES: Final = 200  # pieces of an export that are fetched at a time


class AsyncJournal:
    """The log of one AsyncMailer; see ``Journal`` for what each method takes, gives and raises."""

    def __init__(self, core: Core, think: Callable[[Thinking[Any]], Awaitable[Any]]) -> None:
        self._core = core
        self._reading = Reading(core)
        self._think = think

    async def search(
        self, query: str = "", *, limit: int = 50, after: str | None = None, attempts: bool = False
    ) -> MailPage:
        """Give mails, at their end or not, newest first."""
        return await asyncio.to_thread(
            self._reading.search, query, limit=limit, after=after, attempts=attempts
        )

    async def get(self, id: str) -> StoredMail:
        """Give a mail with its recipients, decisions, attempts and events."""
        return await asyncio.to_thread(self._reading.get, id)

    async def content(self, id: str, *, by: str = BY) -> StoredContent:
        """Give what a mail says; the look is written down."""
        return await asyncio.to_thread(self._reading.content, id, by=by)

    async def count(self, query: str = "") -> int:
        """Give how many mails a query finds."""
        return await asyncio.to_thread(self._reading.count, query)

    async def export(
        self, query: str = "", *, format: str = "csv", progress: Progress | None = None
    ) -> AsyncIterator[str]:
        """Give the log in pieces of text, read as they are taken; ``progress`` is called in a thread."""
        pieces = self._reading.export(query, format=format, progress=progress)
        while some := await asyncio.to_thread(_next, pieces):
            for one in some:
                yield one

    async def follow(
        self, query: str = "", *, every: float = EVERY, attempts: bool = False
    ) -> AsyncIterator[StoredMail]:
        """Give mails that a query finds, without end, each time that something happens to one from now on."""
        following = await asyncio.to_thread(self._reading.following, query)
        while True:
            for one in await asyncio.to_thread(following.look, now=utc_now(), attempts=attempts):
                yield one
            await asyncio.sleep(every)

    async def statistics(
        self,
        *,
        by: Unit | str = Unit.DAY,
        since: datetime | None = None,
        until: datetime | None = None,
        query: str = "",
        group: Group | str | None = None,
        timezone: str | None = None,
    ) -> Statistics:
        """Count mails and recipients by period and group, with sizes and ratios."""
        return await asyncio.to_thread(
            self._reading.statistics,
            by=by,
            since=since,
            until=until,
            query=query,
            group=group,
            timezone=timezone,
        )

    async def case(self, query: str, *, most: int = 100) -> CaseFile:
        """Give all that the log can say of the mails that a query finds."""
        return await asyncio.to_thread(self._reading.case, query, most=most)

    async def resend(
        self, id: str, *, to: str | Address | None = None, reason: str = WHY, by: str = BY
    ) -> str:
        """Make a new mail from one in the log, put it into the queue, and give its id."""
        again = Again(id=id, to=to, reason=reason, by=by)
        resending = await asyncio.to_thread(Resending, self._core, again)
        message = await asyncio.to_thread(resending.message)
        submission = await self._think(resending.thinking(message))
        return await asyncio.to_thread(resending.put, submission)


def _next(pieces: Iterator[str]) -> list[str]:
    return list(islice(pieces, _PIECES))
