"""Mails that were given up, read for the notices to their authors, each told of once (Q5, M16)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, final

from sqlalchemy import and_, bindparam, func, select, update

from mailsend.model.address import Address
from mailsend.model.given_up import OPEN, GivenUp, GivenUpRecipient
from mailsend.model.mailbox import Mailbox
from mailsend.model.reply import Reply
from mailsend.model.report import Outcome
from mailsend.store.events import note
from mailsend.store.queue import Deposit
from mailsend.store.queue.deposit import place
from mailsend.store.schema.mails import content, event, message, recipient
from mailsend.store.times import moment, time_of, time_or_none

if TYPE_CHECKING:
    from sqlalchemy import Select

    from mailsend.store.database import Database, Transaction
    from mailsend.store.writer import Writer

__all__ = ["GAVE_UP", "NOTICED", "NoticeBook", "Told", "Waiting"]

GAVE_UP: Final = "gave_up"
NOTICED: Final = "noticed"
BY: Final = "mailsend"

_LONGEST_HEADER: Final = 65_536  # octets that are looked at
_END_OF_HEADER: Final = b"\r\n\r\n"
_EVENTS: Final = 100

# An event that nobody was told of has no reason yet.
_is_untold: Final = and_(event.c.act == GAVE_UP, event.c.reason == "")
_WAITING: Final = (
    select(event.c.id, event.c.at, event.c.message, event.c.facts)
    .where(event.c.at >= bindparam("since"), event.c.id > bindparam("after"), _is_untold)
    .order_by(event.c.id)
    .limit(bindparam("most"))
)
_NOTICED: Final = select(event.c.at, event.c.facts).where(
    event.c.at >= bindparam("since"), event.c.act == NOTICED
)
_TO: Final = select(recipient.c.message, recipient.c.key).where(
    recipient.c.message.in_(bindparam("notices", expanding=True)), recipient.c.position == 0
)
_MAIL: Final = select(message).where(message.c.id == bindparam("mail"))
_RECIPIENTS: Final = (
    select(recipient).where(recipient.c.message == bindparam("mail")).order_by(recipient.c.position)
)
_CONTENT: Final = select(
    func.substr(content.c.data, 1, _LONGEST_HEADER).label("head"), content.c.asked, content.c.sealed
).where(content.c.message == bindparam("mail"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A mail that was given up, and the events that say so and of which nobody has been told."""

    events: tuple[int, ...]
    at: datetime
    mail: GivenUp


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A notice that was made: when (UTC), to which address (its key), and whether it told of several mails."""

    at: datetime
    to: str
    digest: bool


@final
class NoticeBook:
    """Reads what notices are made of, and puts them into the queue. All methods raise StoreError."""

    def __init__(self, database: Database, writer: Writer) -> None:
        self._database = database
        self._writer = writer

    def waiting(self, *, since: datetime, after: int = 0, most: int = _EVENTS) -> tuple[Waiting, ...]:
        """Give mails given up ``since`` whose authors have not been told, in the order of their events.

        They come from ``most`` events behind the event ``after``.
        """
        at = moment(since)

        def look(transaction: Transaction) -> tuple[Waiting, ...]:
            by_mail: dict[str, list[Any]] = {}
            for row in _all(transaction, _WAITING, since=at, after=after, most=most):
                by_mail.setdefault(row.message, []).append(row)
            return tuple(_waiting(transaction, mail, rows) for mail, rows in by_mail.items())

        return self._database.looking(look)

    def told(self, *, since: datetime) -> tuple[Told, ...]:
        """Give the notices made ``since``; one that told of several mails stands there once.

        Whom each told stands in its own record alone, so that who is erased there is erased.
        """
        at = moment(since)

        def look(transaction: Transaction) -> tuple[Told, ...]:
            made: dict[str, tuple[datetime, bool]] = {}
            for row in _all(transaction, _NOTICED, since=at):
                facts = json.loads(row.facts)
                made[facts["notice"]] = time_of(row.at), facts["digest"]
            found = []
            for notices in _by_the_hundred(made):
                for one in _all(transaction, _TO, notices=notices):
                    when, digest = made[one.message]
                    found.append(Told(at=when, to=one.key, digest=digest))
            return tuple(found)

        return self._database.looking(look)

    def post(self, deposit: Deposit, waiting: Sequence[Waiting], *, reason: str, now: datetime) -> bool:
        """Put a notice into the queue and write down what it tells of, in one transaction.

        ``reason`` says why its recipient is told. False where somebody else told of one of these mails
        meanwhile: then nothing is written.
        """
        facts = {"notice": deposit.message["id"], "digest": len(waiting) > 1}

        def work(transaction: Transaction) -> bool:
            if not _are_untold(transaction, waiting):
                return False
            place(transaction, deposit, now=moment(now))
            _mark(transaction, waiting, reason)
            for one in waiting:
                note(
                    transaction,
                    NOTICED,
                    now=now,
                    by=BY,
                    message=one.mail.id,
                    customer=one.mail.customer,
                    reason=reason,
                    facts=facts,
                )
            return True

        return self._writer.do(work)

    def pass_over(self, waiting: Waiting, *, reason: str) -> None:
        """Write down that nobody is told of a mail, and why: a code."""

        def work(transaction: Transaction) -> None:
            if _are_untold(transaction, (waiting,)):
                _mark(transaction, (waiting,), reason)

        self._writer.do(work)


def _by_the_hundred(ids: Iterable[str]) -> Iterator[list[str]]:
    """Give them by the hundred: a statement takes only so many values."""
    left = list(ids)
    for begin in range(0, len(left), _EVENTS):
        yield left[begin : begin + _EVENTS]


def _all(transaction: Transaction, query: Select[Any], **values: Any) -> Sequence[Any]:
    return transaction.connection.execute(query, values).all()


def _are_untold(transaction: Transaction, waiting: Iterable[Waiting]) -> bool:
    """Lock the events, so that who comes second waits and finds them told."""
    wanted = _events(waiting)
    locked = select(event.c.id).where(event.c.id.in_(wanted), _is_untold).with_for_update()
    return len(transaction.connection.execute(locked).all()) == len(wanted)


def _mark(transaction: Transaction, waiting: Iterable[Waiting], reason: str) -> None:
    """Write into the events themselves what came of them, so that none is told twice."""
    told = update(event).where(event.c.id.in_(_events(waiting))).values(reason=reason)
    transaction.connection.execute(told)


def _events(waiting: Iterable[Waiting]) -> list[int]:
    return [one for each in waiting for one in each.events]


def _waiting(transaction: Transaction, mail: str, events: Sequence[Any]) -> Waiting:
    (row,) = _all(transaction, _MAIL, mail=mail)  # events go with their mail
    told_of = {place for one in events for place in json.loads(one.facts).get("recipients", ())}
    rows = _all(transaction, _RECIPIENTS, mail=mail)
    kept = _all(transaction, _CONTENT, mail=mail)
    return Waiting(
        events=tuple(one.id for one in events),
        at=time_of(events[0].at),
        mail=GivenUp(
            id=row.id,
            customer=row.customer,
            business_unit=row.business_unit,
            kind=row.kind,
            in_test_mode=bool(row.in_test_mode),
            sensitive=bool(row.sensitive),
            message_id=row.message_id,
            subject=row.subject,
            locale=row.locale,
            reply_to=_addresses(row.reply_to),
            verified=bool(kept) and not kept[0].sealed and _is_verified(bytes(kept[0].asked)),
            recipients=tuple(_recipient(one) for one in rows if _is_told_of(one, told_of)),
            addressed=frozenset(
                key for one in rows for key in (one.key, one.envelope_address.casefold()) if key
            ),
            header=_header(row, bytes(kept[0].head) if kept and not kept[0].sealed else b""),
            arrived=time_of(row.queued_at),
            tried=time_or_none(row.tried_at),
            tried_until=time_or_none(row.gives_up_at),
        ),
    )


def _is_told_of(row: Any, told_of: set[int]) -> bool:
    if row.field == "archive":  # its address is nobody's business but the customer's
        return False
    return row.position in told_of or row.outcome in OPEN or row.outcome == Outcome.UNKNOWN


def _recipient(row: Any) -> GivenUpRecipient:
    reply = None if row.code is None else Reply(row.code, row.reply, row.enhanced or None)
    return GivenUpRecipient(
        address=Address.parse(row.address),
        outcome=Outcome(row.outcome),
        reason=row.reason,
        reply=reply,
        server=row.server,
        tried=time_of(row.updated_at),
    )


def _addresses(kept: str) -> tuple[Address, ...]:
    from mailsend.model.address_list import read_address_list

    return tuple(one.address for one in read_address_list(kept, field="reply_to")) if kept else ()


def _is_verified(asked: bytes) -> bool:
    return json.loads(asked.decode("utf-8", "surrogatepass")).get("reply_to_verified") is True


def _header(row: Any, head: bytes) -> bytes:
    """Give the header fields of the frozen bytes; of what nobody may see only what tells no content."""
    if head and not row.sensitive:
        fields, end, _ = head.partition(_END_OF_HEADER)
        # A header longer than that ends with a whole line.
        return fields + b"\r\n" if end else head[: head.rfind(b"\r\n") + 2]
    from mailsend.compose.headers import address_list, message_id, text

    written = [address_list("From", (Mailbox.parse(row.sender_mailbox),))]
    if row.subject and not row.sensitive:
        written.append(text("Subject", row.subject))
    written.append(message_id("Message-ID", row.message_id))
    return "".join(written).encode()
