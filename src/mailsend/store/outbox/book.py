"""The queue as people see it: searched, shown, and changed by query or by id (Q1, Q2, Q11)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final, final

from sqlalchemy import bindparam, select, text, tuple_

from mailsend.decide.last_look import HoldReason
from mailsend.decide.state import Act
from mailsend.errors import StoreError
from mailsend.model.outbox import Applied, MailPage, QueueStats
from mailsend.model.query import All, Query
from mailsend.store.outbox.acts import BY_HAND
from mailsend.store.outbox.doing import Doing, Told
from mailsend.store.outbox.found import Found
from mailsend.store.outbox.stats import queue_stats
from mailsend.store.reading import LISTED, mails_with, read_mail
from mailsend.store.schema.mails import message
from mailsend.store.search import OPEN, Cursor, page
from mailsend.store.statement import Statement
from mailsend.store.times import moment

if TYPE_CHECKING:
    from mailsend.model.standing_hold import StandingHold
    from mailsend.model.stored_mail import StoredMail
    from mailsend.store.database import Database, Transaction
    from mailsend.store.writer import Writer

__all__ = ["Outbox"]

_AT_ONCE: Final = 200  # mails changed in one transaction
_BEFORE_ALL: Final = -(2**63)
_EXPIRED: Final = Statement(
    select(message.c.id, message.c.queued_at)
    .where(
        text("state = 'held' AND frozen = 0"),
        message.c.expires_at <= bindparam("now"),
        tuple_(message.c.queued_at, message.c.id) > tuple_(bindparam("queued_at"), bindparam("mail")),
    )
    .order_by(message.c.queued_at, message.c.id)
    .limit(_AT_ONCE)
)

Alive = Callable[[], bool]


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
        doing = Doing(act, now=now, by=by, reason=reason, dry_run=dry_run, hold_reason=hold_reason)
        changed: list[str] = []
        refused: dict[str, str] = {}
        words: dict[str, str] = {}  # each once, for however many mails
        many = 0
        for part, told in self._done(doing, ids, query):
            for one, obstacle in told:
                if obstacle is None:
                    changed.append(one)
                else:
                    refused[one] = words.setdefault(obstacle, obstacle)
            many += part
            if progress is not None:
                progress(many)
        return Applied(act=str(act), changed=tuple(changed), refused=refused, dry_run=dry_run)

    def hold_what(self, standing: StandingHold, *, now: datetime) -> int:
        """Hold the queued mails that a standing hold catches, and give how many.

        What is on its way is caught at its next attempt.
        """
        doing = Doing(
            Act.HOLD,
            now=now,
            by=standing.by,
            reason=f"Kept back by {standing}",
            hold_reason=HoldReason.STANDING_HOLD,
        )
        return sum(_changed(told) for _, told in self._done(doing, (), standing.waiting))

    def expire(self, *, now: datetime, alive: Alive = lambda: True) -> int:
        """End held mails whose ``expires_at`` has passed; give how many. It stops where ``alive`` says no."""
        doing = Doing(Act.EXPIRE, now=now, by="mailsend", reason="expires_at has passed")
        done, place = 0, {"queued_at": _BEFORE_ALL, "mail": ""}
        while alive() and (due := self._database.read(_EXPIRED, now=moment(now), **place)):
            done += _changed(self._writer.do(doing.to([one.id for one in due])))
            place = {"queued_at": due[-1].queued_at, "mail": due[-1].id}
        return done

    def stats(self, *, now: datetime) -> QueueStats:
        """Say how full the queue is."""
        return self._database.looking(lambda transaction: queue_stats(transaction, now))

    def _done(self, doing: Doing, ids: Sequence[str], query: Query | None) -> Iterator[tuple[int, Told]]:
        """Do it part by part, with a commit for each; give how large each was, and what came of it."""
        named = list(dict.fromkeys(ids))
        found = None if query is None else Found(self._database, query, now=doing.now, at_once=_AT_ONCE)
        for start in range(0, len(named), _AT_ONCE):
            part = named[start : start + _AT_ONCE]
            yield len(part), self._writer.do(doing.to(part))
        known = frozenset(named)
        for part in () if found is None else found.taken():
            several = [one for one in part if one not in known]
            yield len(several), self._writer.do(doing.to(several, where=query))


def _changed(told: Told) -> int:
    return sum(obstacle is None for _, obstacle in told)
