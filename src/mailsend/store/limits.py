"""The limits of servers, shared by all processes: what was taken, and has not come back (M8, S2)."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, final

from sqlalchemy import bindparam, select

from mailsend.decide.limit import Limit, Out, Rate, Taken, Wait
from mailsend.model.limit_record import LimitRecord, RateRecord
from mailsend.store.buckets import (
    keep_rates,
    lane_name,
    put_back,
    read_bucket,
    take_from,
    take_kept,
)
from mailsend.store.events import note
from mailsend.store.limit_changes import change_limits, forget_limit
from mailsend.store.mails.written import storable
from mailsend.store.schema.upkeep import limit as table
from mailsend.store.server_changes import kept_text
from mailsend.store.server_codec import ServerCodec
from mailsend.store.server_limits import limits_kept
from mailsend.store.statement import Statement
from mailsend.store.times import MICROSECONDS, moment, time_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from concurrent.futures import Future

    from mailsend.model.secret import Secret
    from mailsend.store.database import Database, Transaction
    from mailsend.store.writer import Writer

__all__ = ["LimitBook", "keep_rates", "lane_name", "take_kept"]

_ALL: Final = Statement(select(table).order_by(table.c.name))
_THIS: Final = Statement(select(table.c.name).where(table.c.name == bindparam("which")))


@final
class LimitBook:
    """The buckets of all limited servers; each is alone with whoever takes from it until he has committed.

    How many are under way at once is no matter of this book. ``now`` and ``at`` have their zones. All
    methods raise StoreError.
    """

    def __init__(self, database: Database, writer: Writer, secret_keys: Sequence[Secret] = ()) -> None:
        self._database = database
        self._writer = writer
        self._codec = ServerCodec(secret_keys)

    def take(
        self, transaction: Transaction, name: str, limit: Limit, now: datetime, recipients: int = 1
    ) -> Taken | Wait:
        """Take one mail to ``recipients`` from every rate of ``limit``, or from none.

        It counts when the transaction is committed; until then nobody else can take.
        """
        return take_from(transaction, name, limit, now=moment(now), recipients=recipients)

    def give_back(
        self, transaction: Transaction, name: str, limit: Limit, at: datetime, recipients: int = 1
    ) -> None:
        """Put back what a mail took at the time ``at`` that no server has seen."""
        put_back(transaction, name, limit, at=moment(at), recipients=recipients)

    def taking(self, name: str, limit: Limit, now: datetime, recipients: int = 1) -> Future[Taken | Wait]:
        """Take in this process's next transaction; the future is done when that is committed."""
        return self._writer.submit(lambda transaction: self.take(transaction, name, limit, now, recipients))

    def giving_back(self, name: str, limit: Limit, at: datetime, recipients: int = 1) -> Future[None]:
        """Put back in this process's next transaction."""
        return self._writer.submit(
            lambda transaction: self.give_back(transaction, name, limit, at, recipients)
        )

    def keeping(self, limits: Mapping[str, Limit | None], now: datetime) -> Future[None]:
        """Write the rates of limits down by their names, where they differ, in this process's next transaction.

        None lifts one, where no server in the store has it still. Mails that were put off by what is
        changed are due anew.
        """
        at = moment(now)

        def work(transaction: Transaction) -> None:
            change_limits(
                transaction, limits, now=at, others=lambda names: limits_kept(transaction, self._codec, names)
            )

        return self._writer.submit(work)

    def all(self, *, now: datetime) -> tuple[LimitRecord, ...]:
        """Give what every limit has out at ``now``, sorted by name."""
        return tuple(_record(row, moment(now) / MICROSECONDS) for row in self._database.read(_ALL))

    def reset(self, name: str, *, reason: str, by: str, now: datetime) -> bool:
        """Forget what was taken from a limit, so that its mails are due; say whether there was any such limit."""
        for text, what in ((reason, "the reason"), (by, "who does it")):
            kept_text(text, what)

        def work(transaction: Transaction) -> bool:
            if not transaction.run(_THIS, which=storable(name)):
                return False
            forget_limit(transaction, name)
            note(transaction, "limit_reset", now=now, by=by, reason=reason, facts={"limit": name})
            return True

        return self._writer.do(work)


def _record(row: Any, now: float) -> LimitRecord:
    rates = tuple(_rate(rate, out, now) for rate, out in read_bucket(row.rates, row.bucket))
    return LimitRecord(name=row.name, rates=rates, at=time_of(row.at))


def _rate(rate: Rate, out: Out, now: float) -> RateRecord:
    waiting = [(back, many) for back, many in out if back > now]
    return RateRecord(
        amount=int(rate.amount),
        seconds=rate.seconds,
        per_recipient=rate.per_recipient,
        taken=sum(many for _, many in waiting),
        next_back=time_of(round(waiting[0][0] * MICROSECONDS)) if waiting else None,
    )
