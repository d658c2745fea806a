"""The queue as people see it: searched, shown, and changed by query or by id (Q1, Q2, Q11)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final, final

from sqlalchemy import bindparam, select, text

from mailsend.decide.last_look import HoldReason
from mailsend.decide.state import Act
from mailsend.errors import StoreError
from mailsend.model.outbox import Applied, MailPage, QueueStats
from mailsend.model.query import All, Query
from mailsend.store.outbox.acts import BY_HAND, act_on
from mailsend.store.outbox.stats import queue_stats
from mailsend.store.reading import LISTED, mails_with, read_mail
from mailsend.store.schema.mails import message
from mailsend.store.search import OPEN, Cursor, condition, found_ids, page
from mailsend.store.statement import Statement
from mailsend.store.times import moment

if TYPE_CHECKING:
    from mailsend.model.standing_hold import StandingHold
    from mailsend.model.stored_mail import StoredMail
    from mailsend.store.database import Database, Transaction
    from mailsend.store.writer import Writer

__all__ = ["Outbox"]

_AT_ONCE: Final = 200  # mails changed in one transaction
_EXPIRED: Final = Statement(
    select(message.c.id).where(
        text("state = 'held' AND frozen = 0"), message.c.expires_at <= bindparam("now")
    )
)


@final
class Outbox:
    """Mails that have not come to their end. Each act is written down with who did it, and why.

    All methods raise StoreError.
    """

    def __init__(self, database: Database, writer: Writer) -> None:
        self._database = database
        self._writer = writer

    def search(self, query: Query, *, now: datetime, limit: int = 50, after: str | None = None) -> MailPage:
        """Give the open mails that ``query`` finds, newest first, with their recipients."""
        cursor = None if after is None else Cursor.read(after)

        def look(transaction: Transaction) -> MailPage:
            found = page(transaction, All((OPEN, query)), now=now, limit=limit, after=cursor, columns=LISTED)
            mails = mails_with(transaction, found.rows)
            return MailPage(mails=mails, next=None if found.next is None else str(found.next))

        return self._database.looking(look)

    def get(self, id: str) -> StoredMail | None:
        """Give a mail with all that is known of it but its content; None where there is none."""
        return self._database.looking(lambda transaction: read_mail(transaction, id))

    def found(self, query: Query, *, now: datetime) -> tuple[str, ...]:
        """Give the ids of all open mails that ``query`` finds."""
        return self._database.looking(lambda transaction: found_ids(transaction, All((OPEN, query)), now=now))

    def do(
        self,
        act: Act,
        ids: Sequence[str],
        *,
        query: Query | None = None,
        reason: str,
        by: str,
        now: datetime,
        dry_run: bool = False,
        progress: Callable[[int], object] | None = None,
        hold_reason: str = BY_HAND,
    ) -> Applied:
        """Do ``act`` to these mails, some hundred with each commit; ``progress`` is told how many are done.

        With ``query`` also to the open mails that it finds, where it finds each still when its turn comes.
        ``hold_reason`` is the code that a mail put on hold gets.

        Raises StoreError without a reason, or without a word who does it.
        """
        for said, what in ((reason, "a reason"), (by, "a name of who does it")):
            if not said.strip():
                raise StoreError(f"{act} needs {what}", advice="It is written down with the mail.")
        changed: list[str] = []
        refused: dict[str, str] = {}
        named = frozenset(ids)
        several = list(dict.fromkeys((*ids, *(() if query is None else self.found(query, now=now)))))
        for start in range(0, len(several), _AT_ONCE):
            part = several[start : start + _AT_ONCE]

            def work(transaction: Transaction, part: list[str] = part) -> list[tuple[str, str | None]]:
                gone = frozenset[str]()
                if query is not None:
                    gone = _gone(transaction, query, [one for one in part if one not in named], now)
                return [
                    (
                        one,
                        act_on(
                            transaction, act, one, now=now, by=by, reason=reason, dry_run=dry_run,
                            hold_reason=hold_reason,
                        ),
                    )
                    for one in part
                    if one not in gone
                ]  # fmt: skip

            for one, obstacle in self._writer.do(work):
                if obstacle is None:
                    changed.append(one)
                else:
                    refused[one] = obstacle
            if progress is not None:
                progress(start + len(part))
        return Applied(act=str(act), changed=tuple(changed), refused=refused, dry_run=dry_run)

    def hold_what(self, standing: StandingHold, *, now: datetime) -> Applied:
        """Hold the queued mails that a standing hold catches; what is on its way is caught at its next attempt."""
        return self.do(
            Act.HOLD,
            (),
            query=standing.waiting,
            reason=f"Kept back by {standing}",
            by=standing.by,
            now=now,
            hold_reason=HoldReason.STANDING_HOLD,
        )

    def expire(self, *, now: datetime) -> int:
        """End held mails whose ``expires_at`` has passed; give how many."""
        due = [one.id for one in self._database.read(_EXPIRED, now=moment(now))]
        if not due:
            return 0
        done = self.do(Act.EXPIRE, due, reason="expires_at has passed", by="mailsend", now=now)
        return len(done.changed)

    def stats(self, *, now: datetime) -> QueueStats:
        """Say how full the queue is."""
        return self._database.looking(lambda transaction: queue_stats(transaction, now))


def _gone(transaction: Transaction, query: Query, mails: Sequence[str], now: datetime) -> frozenset[str]:
    """Give those of these mails that ``query`` finds no longer; the others stay as they are until the commit."""
    these = select(message.c.id).where(message.c.id.in_(mails))
    run = transaction.connection.execute
    run(these.order_by(message.c.id).with_for_update()).all()
    found = run(these.where(condition(All((OPEN, query)), now=now, driven=True))).scalars()
    return frozenset(mails).difference(found)
