"""What belongs to no mail that is kept: acts, questions, standing holds, domains; out it goes in small steps."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, final

from sqlalchemy import bindparam, delete, func, or_, select

from mailsend.store.retention import Alive, moment_ago
from mailsend.store.schema.mails import event, message, recipient
from mailsend.store.schema.upkeep import confirmation, provider, standing_hold
from mailsend.store.times import moment

if TYPE_CHECKING:
    from sqlalchemy import Column, Select

    from mailsend.store.database import Database
    from mailsend.store.writer import Writer

__all__ = ["LooseEnds"]

_STEP: Final = 500  # rows read at once, and taken out in one transaction
_QUESTIONS: Final = 50  # each names mails, perhaps many
_IDS: Final = 500  # in one statement, which takes so many values and no more

_ACTS: Final = (
    select(event.c.id, event.c.customer, event.c.at)
    .where(event.c.message == "", event.c.id > bindparam("last"))
    .order_by(event.c.id)
    .limit(_STEP)
)
_OVER: Final = (
    select(confirmation.c.digest, confirmation.c.messages)
    .where(confirmation.c.until < bindparam("now"), confirmation.c.digest > bindparam("last"))
    .order_by(confirmation.c.digest)
    .limit(_QUESTIONS)
)
_ONE_OF: Final = select(message.c.id).where(message.c.id.in_(bindparam("mails", expanding=True))).limit(1)
# SQLite gives the number of its newest row anew where that is gone, and a number names one hold for good.
_ENDED: Final = (
    select(
        standing_hold.c.id,
        standing_hold.c.customer,
        func.coalesce(standing_hold.c.lifted_at, standing_hold.c.until).label("at"),
    )
    .where(
        or_(standing_hold.c.lifted_at < bindparam("now"), standing_hold.c.until < bindparam("now")),
        standing_hold.c.id > bindparam("last"),
        standing_hold.c.id < select(func.max(standing_hold.c.id)).scalar_subquery(),
    )
    .order_by(standing_hold.c.id)
    .limit(_STEP)
)
_UNASKED: Final = (
    select(provider.c.domain)
    .where(
        provider.c.until < bindparam("now"),
        provider.c.domain > bindparam("last"),
        ~select(recipient.c.domain)
        .where(recipient.c.domain == provider.c.domain)
        .correlate(provider)
        .exists(),
    )
    .order_by(provider.c.domain)
    .limit(_STEP)
)

Days = Callable[[str], int]


@final
class LooseEnds:
    """Takes out what belongs to no mail and is kept no longer. ``now`` has a zone; all methods raise StoreError.

    ``days`` says for how many days a customer's records are kept; empty text is the application itself.
    Each works in small transactions and stops where ``alive`` says no; they give how much they took out.
    """

    def __init__(self, database: Database, writer: Writer) -> None:
        self._database = database
        self._writer = writer

    def acts(self, days: Days, *, now: datetime, alive: Alive = lambda: True) -> int:
        """Take out what was written down so many days ago of acts that concern no single mail."""
        return self._old(_ACTS, event.c.id, days, now=now, alive=alive)

    def holds(self, days: Days, *, now: datetime, alive: Alive = lambda: True) -> int:
        """Take out standing holds that were lifted, or came to their end, so many days ago."""
        return self._old(_ENDED, standing_hold.c.id, days, now=now, alive=alive)

    def questions(self, *, now: datetime, alive: Alive = lambda: True) -> int:
        """Take out questions of test mode that nobody can answer any more, and whose mails are all gone."""
        gone = 0
        for rows in self._pages(_OVER, "", alive, now=moment(now)):
            gone += self._take(
                confirmation.c.digest, [one.digest for one in rows if not self._any_is_kept(one.messages)]
            )
        return gone

    def domains(self, *, now: datetime, alive: Alive = lambda: True) -> int:
        """Take out who receives for domains that no mail went to; what is known of the others is renewed."""
        return sum(
            self._take(provider.c.domain, [one.domain for one in rows])
            for rows in self._pages(_UNASKED, "", alive, now=moment(now))
        )

    def _old(self, query: Select[Any], id: Column[int], days: Days, *, now: datetime, alive: Alive) -> int:
        gone = 0
        for rows in self._pages(query, 0, alive, now=moment(now)):
            gone += self._take(id, [one.id for one in rows if one.at < moment_ago(now, days(one.customer))])
        return gone

    def _pages(
        self, query: Select[Any], last: str | int, alive: Alive, **values: Any
    ) -> Iterator[Sequence[Any]]:
        """Give the rows of a query, part by part, each behind the ``last`` of the part before."""
        while alive() and (rows := self._read(query, last=last, **values)):
            yield rows
            last = rows[-1][0]

    def _any_is_kept(self, messages: str) -> bool:
        mails = json.loads(messages)
        parts = (mails[start : start + _IDS] for start in range(0, len(mails), _IDS))
        return any(self._read(_ONE_OF, mails=part) for part in parts)

    def _take(self, key: Column[Any], values: Sequence[Any]) -> int:
        """Take out the rows with these keys; what is over does not begin anew."""
        if not values:
            return 0
        taking = delete(key.table).where(key.in_(values))
        return self._writer.do(lambda transaction: transaction.connection.execute(taking).rowcount)

    def _read(self, query: Select[Any], **values: Any) -> Sequence[Any]:
        return self._database.looking(lambda one: one.connection.execute(query, values).all())
