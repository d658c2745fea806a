"""The log as people see it: searched, exported, counted, and asked about a case (Q3, Q12, T8)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING, Final, final

from mailsend.errors import StoreError
from mailsend.model.case_file import Found, domain_of
from mailsend.model.outbox import MailPage
from mailsend.model.periods import Unit
from mailsend.model.query import Query
from mailsend.model.statistics import Group, Statistics
from mailsend.store.events import note
from mailsend.store.journal.following import Following
from mailsend.store.journal.links import linked_mails, providers_of
from mailsend.store.journal.statistics import statistics
from mailsend.store.queue.deposit import place
from mailsend.store.reading import LISTED, mails_with, read_mail
from mailsend.store.search import Cursor, count, first_queued, page
from mailsend.store.times import moment, time_or_none

if TYPE_CHECKING:
    from mailsend.model.stored_mail import StoredMail
    from mailsend.store.database import Database, Transaction
    from mailsend.store.queue import Deposit
    from mailsend.store.writer import Writer

__all__ = ["RESENT", "Journal"]

RESENT: Final = "resent"
_PAGE: Final = 200  # mails that an export reads at a time


@final
class Journal:
    """All mails of the store, at their end or not. All methods raise StoreError."""

    def __init__(self, database: Database, writer: Writer) -> None:
        self._database = database
        self._writer = writer

    def search(
        self,
        query: Query,
        *,
        now: datetime,
        limit: int = 50,
        after: str | None = None,
        attempts: bool = False,
    ) -> MailPage:
        """Give the mails that ``query`` finds, newest first, with recipients, and ``attempts`` if asked."""
        cursor = None if after is None else Cursor.read(after)

        def look(transaction: Transaction) -> MailPage:
            found = page(transaction, query, now=now, limit=limit, after=cursor, columns=LISTED)
            mails = mails_with(transaction, found.rows, attempts=attempts)
            return MailPage(mails=mails, next=None if found.next is None else str(found.next))

        return self._database.looking(look)

    def all(self, query: Query, *, now: datetime, attempts: bool = False) -> Iterator[StoredMail]:
        """Give all mails that ``query`` finds, newest first, read page by page as they are taken."""
        after = None
        while True:
            found = self.search(query, now=now, limit=_PAGE, after=after, attempts=attempts)
            yield from found.mails
            if found.next is None:
                return
            after = found.next

    def following(self, query: Query) -> Following:
        """Give what tells of each mail that ``query`` finds whenever something happens to it from now on."""
        return Following(self._database, query)

    def count(self, query: Query, *, now: datetime) -> int:
        """Give how many mails ``query`` finds."""
        return self._database.looking(lambda transaction: count(transaction, query, now=now))

    def case(
        self, query: Query, *, now: datetime, most: int
    ) -> tuple[int, datetime | None, tuple[Found, ...]]:
        """Give how many mails ``query`` finds, when the first of them was queued, and the newest ``most``.

        These are whole, with what goes with them.
        """

        def look(transaction: Transaction) -> tuple[int, datetime | None, tuple[Found, ...]]:
            rows = page(transaction, query, now=now, limit=most, columns=LISTED).rows
            mails = [one for row in rows if (one := read_mail(transaction, row.id)) is not None]
            links = linked_mails(transaction, [one.id for one in mails])
            addresses = {who.address for one in mails for who in one.recipients}
            domains = providers_of(transaction, {domain_of(one) for one in addresses})
            found = tuple(
                Found(
                    mail=_without_content(one),
                    links=links.get(one.id, ()),
                    providers={who.address: domains[domain_of(who.address)] for who in one.recipients},
                )
                for one in mails
            )
            first = first_queued(transaction, query, now=now)
            return count(transaction, query, now=now), time_or_none(first), found

        return self._database.looking(look)

    def providers(self, domains: Iterable[str]) -> Mapping[str, str]:
        """Give who receives mail for each of these domains (A-labels); empty where nobody has looked yet."""
        return self._database.looking(lambda transaction: providers_of(transaction, domains))

    def statistics(
        self,
        query: Query,
        *,
        by: Unit,
        zone: tzinfo,
        timezone: str,
        since: datetime | None,
        until: datetime | None,
        group: Group | None,
        now: datetime,
    ) -> Statistics:
        """Count what ``query`` finds, period by period; ``timezone`` is the name of ``zone``."""
        return self._database.looking(
            lambda transaction: statistics(
                transaction,
                query,
                by=by,
                zone=zone,
                timezone=timezone,
                since=since,
                until=until,
                group=group,
                now=now,
            )
        )

    def resend(self, deposit: Deposit, mail: StoredMail, *, by: str, reason: str, now: datetime) -> str:
        """Put a mail in that was made from ``mail``, and write down who did it and why; give its id."""
        for text, what in ((reason, "a reason"), (by, "a name of who does it")):
            if not text.strip():
                raise StoreError(f"sending again needs {what}", advice="It is written down with the mail.")

        def work(transaction: Transaction) -> str:
            placed = place(transaction, deposit, now=moment(now))
            note(
                transaction,
                RESENT,
                now=now,
                by=by,
                message=mail.id,
                customer=mail.customer or "",
                reason=reason,
                facts={"mail": placed.id},
            )
            return placed.id

        return self._writer.do(work)


def _without_content(mail: StoredMail) -> StoredMail:
    return replace(mail, subject="") if mail.sensitive else mail
