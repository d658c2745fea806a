"""Standing holds: kept, lifted, and given to whoever takes the last look (M43)."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Final, final

from sqlalchemy import bindparam, insert, or_, select, update

from mailsend.decide.query import parse
from mailsend.errors import InvalidQuery, NotInStore, StoreError
from mailsend.model.query import Query
from mailsend.model.standing_hold import StandingHold, cannot_stand
from mailsend.store.events import note
from mailsend.store.mails.written import storable
from mailsend.store.schema.upkeep import standing_hold
from mailsend.store.statement import Statement
from mailsend.store.times import moment, moment_or_none, time_of, time_or_none

if TYPE_CHECKING:
    from mailsend.store.database import Database, Transaction
    from mailsend.store.writer import Writer

__all__ = ["StandingBook"]

_BITS: Final = 64  # of a number, with its sign
_SHOWN: Final = ("id", "query", "customer", "reason", "by", "at", "until")
_ACTIVE: Final = Statement(
    select(*(standing_hold.c[one] for one in _SHOWN))
    .where(
        standing_hold.c.lifted_at.is_(None),
        or_(standing_hold.c.until.is_(None), standing_hold.c.until > bindparam("now")),
    )
    .order_by(standing_hold.c.id)
)
_ADD: Final = Statement(
    insert(standing_hold).returning(standing_hold.c.id),
    columns=("query", "customer", "reason", "by", "at", "until", "lifted_at", "lifted_by"),
)
_LIFT: Final = Statement(
    update(standing_hold)
    .where(standing_hold.c.id == bindparam("which"), standing_hold.c.lifted_at.is_(None))
    .values(lifted_at=bindparam("now"), lifted_by=bindparam("who"))
    .returning(standing_hold.c.id)
)


@final
class StandingBook:
    """The standing holds. All methods raise StoreError."""

    def __init__(self, database: Database, writer: Writer) -> None:
        self._database = database
        self._writer = writer

    def active(self, *, now: datetime) -> tuple[StandingHold, ...]:
        """Give those that stand now, the oldest first."""
        return tuple(
            StandingHold(
                id=one.id,
                query=parse(one.query),
                customer=one.customer or None,
                reason=one.reason,
                by=one.by,
                at=time_of(one.at),
                until=time_or_none(one.until),
            )
            for one in self._database.read(_ACTIVE, now=moment(now))
        )

    def add(
        self,
        query: Query,
        *,
        customer: str | None,
        until: datetime | None,
        reason: str,
        by: str,
        now: datetime,
    ) -> StandingHold:
        """Let a query hold what it finds from now on; raises InvalidQuery for what no new mail can be asked."""
        wrong = cannot_stand(query)
        if wrong is not None:
            raise InvalidQuery(
                str(query),
                f"a standing hold cannot ask for {wrong}: a mail to come has nothing of the kind",
                position=str(query).index(wrong),
                advice="Ask for template, customer, unit, sender, requested, from, to, rcpt, domain, tag or kind.",
            )
        if not str(query):
            raise InvalidQuery(
                "",
                "this would hold every mail",
                position=0,
                advice="Name what it is for, as in template:invoice.",
            )
        parse(str(query))  # as it is read whenever mail goes out: longer by then, it might be too long
        if until is not None and moment(until) <= moment(now):
            raise StoreError("a standing hold cannot end in the past", advice="Name a time to come.")
        _check_named(reason, by)
        reason, by = storable(reason), storable(by)

        def work(transaction: Transaction) -> int:
            rows = transaction.run(
                _ADD,
                query=str(query),
                customer=customer or "",
                reason=reason,
                by=by,
                at=moment(now),
                until=moment_or_none(until),
                lifted_at=None,
                lifted_by="",
            )
            facts = {"query": str(query), "id": rows[0].id}
            note(
                transaction,
                "standing_hold",
                now=now,
                by=by,
                customer=customer or "",
                reason=reason,
                facts=facts,
            )
            return int(rows[0].id)

        number = self._writer.do(work)
        return StandingHold(
            id=number, query=query, customer=customer, reason=reason, by=by, at=now, until=until
        )

    def lift(self, id: int, *, reason: str, by: str, now: datetime) -> None:
        """End a standing hold; what it held stays held until it is released."""
        _check_named(reason, by)
        is_number = isinstance(id, int) and id.bit_length() < _BITS

        def work(transaction: Transaction) -> bool:
            if not is_number or not transaction.run(_LIFT, which=id, now=moment(now), who=storable(by)):
                return False
            note(transaction, "standing_hold_lifted", now=now, by=by, reason=reason, facts={"id": id})
            return True

        if not self._writer.do(work):
            raise NotInStore(
                f"there is no standing hold {id}", advice="Look which there are: mailsend queue stats."
            )


def _check_named(reason: str, by: str) -> None:
    for text, what in ((reason, "a reason"), (by, "a name of who does it")):
        if not text.strip():
            raise StoreError(f"a standing hold needs {what}", advice="It is shown wherever it counts.")
