"""What is kept no longer: contents, then records, in small steps, and never what still waits (Q4, M38)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, final

from sqlalchemy import Table, and_, bindparam, delete, func, select, tuple_

from mailsend.model.mail_state import MailState
from mailsend.store.schema.mails import (
    attempt,
    blob,
    content,
    content_blob,
    event,
    idempotency,
    message,
    recipient,
)
from mailsend.store.times import moment

if TYPE_CHECKING:
    from sqlalchemy import Select

    from mailsend.store.database import Database, Transaction
    from mailsend.store.writer import Writer

__all__ = ["Alive", "Retention", "moment_ago"]

_FOR_EVER: Final = 36_500  # days; what somebody asks for beyond a century is no date any more
_STEP: Final = 200  # mails in one transaction
_BEFORE_ALL: Final = -(2**63)
_OPEN: Final = (MailState.QUEUED, MailState.SENDING, MailState.HELD)
_CLOSED: Final = tuple(str(one) for one in MailState if one not in _OPEN)

_is_over: Final = and_(
    message.c.state.in_(_CLOSED), func.coalesce(message.c.done_at, message.c.queued_at) < bindparam("before")
)
# From one customer to the next along an index: counting them all would read every row.
_NEXT_CUSTOMER: Final = select(func.min(message.c.customer)).where(message.c.customer > bindparam("last"))
_HAS_OWN: Final = select(message.c.id).where(message.c.customer == "").limit(1)

_CONTENTS: Final = (
    select(content.c.message, message.c.customer, message.c.state, message.c.done_at, message.c.queued_at)
    .select_from(content.outerjoin(message, message.c.id == content.c.message))
    .where(content.c.message > bindparam("last"))
    .order_by(content.c.message)
    .limit(_STEP)
)
# Each step goes on behind the one before: whatever stays is passed once, not with each of them.
_OLD_MAILS: Final = (
    select(message.c.queued_at, message.c.id)
    .where(
        message.c.customer == bindparam("customer"),
        message.c.queued_at < bindparam("before"),
        tuple_(message.c.queued_at, message.c.id) > tuple_(bindparam("queued_at"), bindparam("last")),
        _is_over,
    )
    .order_by(message.c.queued_at, message.c.id)
    .limit(_STEP)
)
_is_free: Final = and_(
    idempotency.c.kept_until < bindparam("now"),
    ~select(message.c.id)
    .where(message.c.id == idempotency.c.message, message.c.state.in_(_OPEN))
    .correlate(idempotency)
    .exists(),
)
_KEY: Final = tuple(idempotency.primary_key.columns)
_OLD_KEYS: Final = (
    select(*_KEY, idempotency.c.message)
    .where(tuple_(*_KEY) > tuple_(*[bindparam(one.name) for one in _KEY]), _is_free)
    .order_by(*_KEY)
    .limit(_STEP)
)
_TAKE_KEYS: Final = delete(idempotency).where(
    idempotency.c.message.in_(bindparam("mails", expanding=True)), _is_free
)
_UNUSED: Final = (
    select(blob.c.digest)
    .where(
        blob.c.digest > bindparam("last"),
        ~select(content_blob.c.digest).where(content_blob.c.digest == blob.c.digest).exists(),
    )
    .order_by(blob.c.digest)
    .limit(_STEP)
)
_OF_A_MAIL: Final[Mapping[Table, Any]] = {
    recipient: recipient.c.message,
    attempt: attempt.c.message,
    event: event.c.message,
    content: content.c.message,
    content_blob: content_blob.c.message,
    message: message.c.id,
}

Alive = Callable[[], bool]


@final
class Retention:
    """Takes out what is kept no longer. ``now`` has a zone; all methods raise StoreError.

    Each works in small transactions and stops where ``alive`` says no; what is left is for the next
    time. They give how much they took out.
    """

    def __init__(self, database: Database, writer: Writer) -> None:
        self._database = database
        self._writer = writer

    def customers(self) -> tuple[str, ...]:
        """Give the customers of whose mails there are records; empty text is the application itself."""
        found = [""] if self._read(_HAS_OWN) else []
        last = ""
        while (name := self._read(_NEXT_CUSTOMER, last=last)[0][0]) is not None:
            found.append(last := name)
        return tuple(found)

    def contents(
        self, days: Mapping[str, int], *, otherwise: int, now: datetime, alive: Alive = lambda: True
    ) -> int:
        """Take out the contents of mails that came to their end so many days ago, by customer."""
        before = {name: moment_ago(now, number) for name, number in days.items()}
        default = moment_ago(now, otherwise)
        latest = max(default, *before.values()) if before else default
        gone, last = 0, ""
        while alive() and (rows := self._read(_CONTENTS, last=last)):
            last = rows[-1].message
            over = [one.message for one in rows if _is_due(one, before.get(one.customer, default))]
            if over:
                gone += self._writer.do(_taking_out(over, (content, content_blob)))
            # An id begins with its time: behind so many new ones there are no old ones.
            if all(one.state is not None and one.queued_at >= latest for one in rows):
                break
        return gone

    def mails(self, customer: str, *, days: int, now: datetime, alive: Alive = lambda: True) -> int:
        """Take out everything about a customer's mails that came to their end so many days ago."""
        asked = {"customer": customer, "before": moment_ago(now, days)}
        gone, place = 0, {"queued_at": _BEFORE_ALL, "last": ""}
        while alive() and (rows := self._read(_OLD_MAILS, **asked, **place)):
            gone += self._writer.do(_taking_out([one.id for one in rows], tuple(_OF_A_MAIL)))
            place = {"queued_at": rows[-1].queued_at, "last": rows[-1].id}
        return gone

    def keys(self, *, now: datetime, alive: Alive = lambda: True) -> int:
        """Take out idempotency keys whose time is over and whose mail is not open."""
        at, gone = moment(now), 0
        place: dict[str, Any] = {"customer": "", "in_test_mode": -1, "key": ""}
        while alive() and (rows := self._read(_OLD_KEYS, now=at, **place)):
            gone += self._writer.do(_taking_keys([one.message for one in rows], at))
            place = {one: getattr(rows[-1], one) for one in place}
        return gone

    def blobs(self, *, alive: Alive = lambda: True) -> int:
        """Take out large contents that no mail holds any more."""
        gone, last = 0, ""
        while alive() and (rows := self._read(_UNUSED, last=last)):
            last = rows[-1].digest
            gone += self._writer.do(_taking_blobs([one.digest for one in rows]))
        return gone

    def _read(self, query: Select[Any], **values: Any) -> Sequence[Any]:
        return self._database.looking(lambda one: one.connection.execute(query, values).all())


def moment_ago(now: datetime, days: int) -> int:
    """Give the time so many days before ``now``, as the store keeps it."""
    return moment(now - timedelta(days=min(days, _FOR_EVER)))


def _is_due(row: Any, before: int) -> bool:
    if row.state is None:  # its mail is gone
        return True
    return row.state in _CLOSED and (row.done_at or row.queued_at) < before


def _taking_out(ids: Sequence[str], tables: Sequence[Table]) -> Callable[[Transaction], int]:
    """Give the work that takes these mails' rows out, where they have come to their end and stay there."""
    over = select(message.c.id).where(message.c.id.in_(ids)).with_for_update()

    def work(transaction: Transaction) -> int:
        run = transaction.connection.execute
        still_open = {one.id for one in run(over.add_columns(message.c.state)) if one.state in _OPEN}
        going = [one for one in ids if one not in still_open]
        for table in tables:
            run(delete(table).where(_OF_A_MAIL[table].in_(going)))
        return len(going)

    return work


def _taking_keys(mails: Sequence[str], now: int) -> Callable[[Transaction], int]:
    def work(transaction: Transaction) -> int:
        return transaction.connection.execute(_TAKE_KEYS, {"mails": mails, "now": now}).rowcount

    return work


def _taking_blobs(digests: Sequence[str]) -> Callable[[Transaction], int]:
    """Give the work that locks them, so that whoever is about to hold one waits, and then looks once more."""
    holding = select(content_blob.c.digest).where(content_blob.c.digest.in_(digests)).distinct()

    def work(transaction: Transaction) -> int:
        run = transaction.connection.execute
        run(select(blob.c.digest).where(blob.c.digest.in_(digests)).with_for_update()).all()
        held = {one.digest for one in run(holding)}
        going = [one for one in digests if one not in held]
        run(delete(blob).where(blob.c.digest.in_(going)))
        return len(going)

    return work
